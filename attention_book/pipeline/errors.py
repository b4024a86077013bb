"""The errors that tell a writer what to mend. Nothing here needs an installed package."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

MEGABYTE = 1_000_000


class PipelineError(Exception):
    """Something in the book has to be mended; the message says where and how."""

    def __init__(self, where: str, problem: str, mend: str):
        super().__init__(f"{where}: {problem}\n  mend: {mend}")
        self.where = where


def need_space(folder: Path, megabytes: int, purpose: str) -> None:
    """Stop before long work that the disk could not hold."""
    free = free_megabytes(folder)
    if free < megabytes:
        raise PipelineError(
            str(folder),
            f"{purpose} takes about {megabytes} MB, and {free} MB are free on this disk",
            f"free {megabytes - free} MB there, or move the book to another disk",
        )


def free_megabytes(folder: Path) -> int:
    """What is free on the disk of the folder, or of the nearest folder above it that exists."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free // MEGABYTE


def from_system(error: OSError) -> PipelineError | None:
    """A full disk or a folder that may not be written, in words; None for any other error."""
    place = str(error.filename or Path.cwd())
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = free_megabytes(Path(place).absolute())
        problem = f"the disk is full ({free} MB are free); what was there before is as it was"
        return PipelineError(place, problem, "free some space, then run the same command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PipelineError(
            place,
            f"it may not be read or written: {error.strerror}",
            "give yourself the right to it, or use a copy of the book in a folder of your own",
        )
    return None


def from_missing(error: ModuleNotFoundError, python: str) -> PipelineError:
    """A package that this Python lacks, in words."""
    return PipelineError(
        python,
        f"the package {error.name!r} is not installed in this Python",
        "run `make book` once, which sets up .venv, and use .venv/bin/python; or\n"
        f"        {python} -m pip install -r requirements.txt",
    )
