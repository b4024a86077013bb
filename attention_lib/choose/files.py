"""Calibrations as files: the reader's own in the cache folder, and the one that is shipped."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import torch

from ..checks import check_instance, check_not_negative, check_path, check_positive, shown
from ..writing import replace_file
from .calibration import Calibration
from .mechanisms import MECHANISMS
from .origin import Origin
from .rates import Point
from .setting import Setting

FORMAT = 1
DEFAULT = Path(__file__).with_name("default_calibration.json")
SHORTEST, LONGEST = 1e-9, 1e9  # seconds of one call on any machine
_COLUMNS = ("n", "d_head", "n_heads", "batch")


def cache_folder():
    """Where this library keeps what can be measured again: a folder of the reader's.

    `XDG_CACHE_HOME/attention_lib` where that is set, else the system's place for such files.
    """
    home = os.environ.get("XDG_CACHE_HOME")
    if not home and sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA")
    if not home:
        home = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(home) / "attention_lib"


def cached_path():
    """The file of the calibration with as many threads as torch uses now."""
    return cache_folder() / f"calibration_{torch.get_num_threads()}.json"


def save(calibration, path):
    """Write a calibration as JSON, whole or not at all; the folder is made.

    Raises:
        OSError: the place cannot be written.
    """
    check_instance(Calibration, calibration=calibration)
    check_path(path=path)
    path = Path(path)
    record = {
        "format": FORMAT,
        "origin": calibration.origin.as_json(),
        "judge_spread": float(f"{calibration.judge_spread:.3g}"),
        "columns": [*_COLUMNS, "options", "seconds"],
        "points": {
            name: {
                mode: [_row(one) for one in points]
                for (other, mode), points in calibration.points.items()
                if other == name
            }
            for name in MECHANISMS
        },
    }
    text = _one_row_a_line(json.dumps(record, indent=1))
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text + "\n")


def _one_row_a_line(text):
    """JSON in which each list without lists, and what it holds, stands on one line."""
    inner = re.compile(r"\[([^\[\]]*)\]")
    return inner.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


def load(path):
    """Read what `save` wrote.

    Returns:
        `Calibration`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a complete calibration of this version.
    """
    check_path(path=path)
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, a number of 5,000 digits
        raise ValueError(f"{path} is not JSON: {error}") from None
    try:
        calibration = _from_record(record)
        calibration.laws  # noqa: B018 - the laws follow from the points, or there are none
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a calibration: {error}") from None
    return calibration


def load_here(path):
    """Read a calibration that was measured on this machine.

    Raises:
        FileNotFoundError, ValueError: as `load`; also where processor, cores, threads, torch or
            library are others now.
    """
    calibration = load(path)
    differences = calibration.origin.differences(Origin.here())
    if differences:
        raise ValueError(f"{path} was measured elsewhere: {differences}")
    return calibration


def _row(point):
    sizes = [getattr(point.setting, column) for column in _COLUMNS]
    return [*sizes, point.options, float(f"{point.seconds:.4g}")]


def _from_record(record):
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError(f"it must have format {FORMAT}")
    if set(record["points"]) != set(MECHANISMS):
        raise ValueError(f"it must have the mechanisms {', '.join(MECHANISMS)}")
    points = {}
    for name, modes in record["points"].items():
        for mode in _modes(name):
            points[name, mode] = [_point(name, mode, row) for row in modes[mode]]
            if not points[name, mode]:
                raise ValueError(f"there is no measurement of {name}, {mode}")
    spread = record["judge_spread"]
    check_not_negative(judge_spread=spread)
    return Calibration(Origin.from_json(record["origin"]), points, spread)


def _modes(name):
    for causal in (False, True) if MECHANISMS[name].causal else (False,):
        for training in (False, True):
            yield Setting(n=1, causal=causal, training=training).mode


def _point(name, mode, row):
    *sizes, options, seconds = row
    causal, training = mode.startswith("causal"), mode.endswith("training")
    sizes = dict(zip(_COLUMNS, sizes, strict=True))
    setting = Setting(**sizes, causal=causal, training=training)
    if not isinstance(options, dict) or set(options) != set(MECHANISMS[name].grid()[0]):
        raise ValueError(f"{name} has other options than {options!r}")
    MECHANISMS[name].count(setting.at(n=1), options)  # refuses values that there cannot be
    check_positive(seconds=seconds)
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"seconds must lie in [{SHORTEST}, {LONGEST}], got {shown(seconds)}")
    return Point(setting, options, seconds)
