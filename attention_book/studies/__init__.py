"""The stored results of the studies under `benchmarks/`: what took longer than a chapter may run.

They come with the package, so a chapter finds them wherever it is run.

>>> study = load("bottleneck_length")
>>> study.values("free", model="none", length=16).shape  # one row a seed
(5,)
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from attention_lib.checks import check_text, shown
from attention_lib.machine import conditions

__all__ = ["Study", "load", "names"]

RESULTS = Path(__file__).with_name("results")


def names() -> list[str]:
    """What `load` takes: the studies with a stored result."""
    return sorted(path.stem for path in RESULTS.glob("*.json"))


def load(name: str) -> Study:
    """The stored result of a study.

    Raises ValueError when there is none of this name; it lists those that there are. One that is
    damaged raises ValueError with the name of its file.
    """
    if not isinstance(name, str) or name not in names():
        raise ValueError(f"name must be one of {', '.join(names())}, got {shown(name)}")
    path = RESULTS / f"{name}.json"
    try:
        return Study(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is no stored study: {error}") from error


PARTS = {
    "study": str,
    "command": str,
    "date": str,
    "machine": dict,
    "versions": dict,
    "settings": dict,
    "results": (list, dict),
}


class Study:
    """A stored result. `settings` is what the study was run with, `record` the whole file.

    Raises TypeError or ValueError for a record that lacks a part or holds something else there.
    """

    def __init__(self, record: dict):
        _check_record(record)
        self.record = record
        self.name = record["study"]
        self.settings = record["settings"]

    def __repr__(self) -> str:
        return f"<study {self.name}. {self.provenance}>"

    @property
    def provenance(self) -> str:
        """When, where and with what it was measured, and by which command: Markdown."""
        record = self.record
        told = conditions(date=record["date"], versions=record["versions"], **record["machine"])
        return f"Measured on {told}, by `{record['command']}`."

    def weights(self) -> dict[str, np.ndarray]:
        """What the study kept of a trained network: name -> array, by the names of its state dict.

        They are stored in half precision and come as float32.

        Raises ValueError when the study kept none, and with the name of the file when that is
        damaged.
        """
        path = RESULTS / f"{self.name}.npz"
        if not path.is_file():
            raise ValueError(f"study {self.name} kept no weights, expected {path.name} beside it")
        try:
            with path.open("rb") as file, np.load(file) as kept:  # np.load leaves a bad one open
                found = {name: kept[name] for name in kept.files}
        except Exception as error:  # of many kinds: the bytes decide
            raise ValueError(f"{path} holds no weights: {error}") from error
        for name, array in found.items():
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise ValueError(f"{path} holds no weights: {name} must be finite floats")
        return {name: array.astype(np.float32) for name, array in found.items()}

    @property
    def runs(self) -> list[dict]:
        """Every run, in the stored order."""
        results = self.record["results"]
        parts = [results] if isinstance(results, list) else results.values()
        runs = [run for part in parts if isinstance(part, list) for run in part]
        return [run for run in runs if isinstance(run, dict)]

    def values(self, quantity: str, **match) -> np.ndarray:
        """A quantity of all runs that match: one row a run, in the stored order.

        quantity  a key of the runs; "outer.inner" for a key inside another
        match     key of the runs = value, such as model="none". Where the settings list `lengths`
                  and a run holds one number for each of them, length=16 picks that number.

        Raises ValueError that names what there is when nothing matches.
        """
        check_text(quantity=quantity)
        runs = [run for run in self.runs if _inside(run, quantity) is not None]
        if not runs:
            raise self._nothing("quantity", quantity, [key for run in self.runs for key in run])
        places = {key: self.settings.get(f"{key}s") for key in match if key not in runs[0]}
        for key in (key for key in match if key not in places):
            known = [run[key] for run in runs if key in run]
            runs = [run for run in runs if key in run and run[key] == match[key]]
            if not runs:
                raise self._nothing(key, match[key], known)
        try:
            found = np.array([_inside(run, quantity) for run in runs])
        except ValueError:
            raise ValueError(
                f"study {self.name}: quantity {quantity!r} differs in length from run to run"
            ) from None
        for key, known in places.items():
            if not isinstance(known, list) or found.shape[1:] != (len(known),):
                raise self._nothing("key", key, runs[0])
            if match[key] not in known:
                raise self._nothing(key, match[key], known)
            found = found[:, known.index(match[key])]
        return found

    def _nothing(self, what, wanted, known) -> ValueError:
        there = ", ".join(dict.fromkeys(map(repr, known)))
        return ValueError(f"study {self.name}: {what} must be one of {there}, got {shown(wanted)}")


def _check_record(record):
    if not isinstance(record, dict):
        raise TypeError(f"record must be a dict, got {type(record).__name__}")
    for name, kind in PARTS.items():
        if name not in record:
            raise ValueError(f"record must have the part {name}, got {', '.join(record)}")
        if not isinstance(record[name], kind):
            raise TypeError(
                f"{name} must be a JSON {'text' if kind is str else 'object or list'}, "
                f"got {type(record[name]).__name__}"
            )
    for name in ("cpu", "cores", "threads"):
        if name not in record["machine"]:
            raise ValueError(f"machine must have {name}, got {', '.join(record['machine'])}")


def _inside(run, path):
    for key in path.split("."):
        run = run.get(key) if isinstance(run, dict) else None
    return run
