"""The file that keeps a reader's progress: where it lies, how it is read, how it grows.

It is JSON: {"format": 1, "exercises": {"page.task": {"tries": 3, "first_passed_at": "..."}}}. One
that cannot be understood is set aside, one that a newer version wrote is left alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from attention_lib.writing import replace_file

VARIABLE = "ATTENTION_BOOK_PROGRESS"
OFF = "off"
NAME = "attention-book-progress.json"
FORMAT = 1
PATIENCE = 5.0  # seconds to wait for another notebook that writes


class ProgressError(Exception):
    """Why the progress cannot be kept or read, in words for the reader."""


class DamagedError(ProgressError):
    """The file does not hold what was written there."""


@dataclass(frozen=True)
class Record:
    """What is known of one exercise. Once passed, it stays passed."""

    tries: int = 0
    first_passed_at: str | None = None

    @property
    def passed(self) -> bool:
        return self.first_passed_at is not None

    def after(self, passed: bool) -> Record:
        """The record after one more try."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Record(self.tries + 1, self.first_passed_at or (now if passed else None))


def place() -> Path | None:
    """The file, or None where no progress is kept: switched off, or a continuous integration.

    `ATTENTION_BOOK_PROGRESS` names the file (or a folder for it), or says "off"; without it the
    file lies in the user's folder for data of programs.
    """
    asked = os.environ.get(VARIABLE, "").strip()
    automatic = os.environ.get("CI", "").lower() not in ("", "0", "false")
    if asked.lower() == OFF or (automatic and not asked):
        return None
    if not asked:
        return _data_folder() / NAME
    path = Path(asked).expanduser().absolute()
    return path / NAME if path.is_dir() else path


def load(path: Path) -> dict[str, Record]:
    """The records by exercise; none where there is no file yet.

    Raises: DamagedError; ProgressError if a newer version wrote the file; OSError if it cannot
        be read.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        version, exercises = kept["format"], kept["exercises"]
        if type(version) is int and version > FORMAT:
            raise ProgressError(f"{path} was written by a newer version of the book: update it")
        if version != FORMAT:
            raise ValueError(f"format: expected {FORMAT}, got {version!r}")
        return {name: _record(entry) for name, entry in exercises.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(f"{path} is damaged ({type(error).__name__}: {error})") from error


def add(path: Path, name: str, passed: bool) -> tuple[dict[str, Record], str]:
    """Count one more try of the exercise; the records after it, and a remark or nothing.

    Notebooks that write at the same time wait for each other.
    """
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock", timeout=PATIENCE):
        try:
            records, remark = load(path), ""
        except DamagedError:
            records, remark = {}, _set_aside(path)
        records[name] = records.get(name, Record()).after(passed)
        replace_file(path, _text(records))
    return records, remark


def _record(entry: Mapping) -> Record:
    tries, first = entry["tries"], entry["first_passed_at"]
    if type(tries) is not int or tries < 1:
        raise ValueError(f"tries: expected a count from 1 on, got {tries!r}")
    if first is not None:
        datetime.fromisoformat(first)
    return Record(tries, first)


def _set_aside(path: Path) -> str:
    """Move the damaged file out of the way; what the reader is told."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.stem}.damaged-{now}{path.suffix}")
    os.replace(path, aside)
    return f"The file of your progress was damaged; it lies in {aside}, and a new one begins."


def _text(records: Mapping[str, Record]) -> str:
    exercises = {
        name: {"tries": one.tries, "first_passed_at": one.first_passed_at}
        for name, one in sorted(records.items())
    }
    return json.dumps({"format": FORMAT, "exercises": exercises}, indent=1) + "\n"


def _data_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("attention-book", appauthor=False)
