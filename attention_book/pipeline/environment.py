"""The surroundings in which every chapter runs, so that a second run gives the same numbers."""

from __future__ import annotations

import os
from pathlib import Path

from .project import ROOT

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def chapter_environment(root: Path = ROOT) -> dict[str, str]:
    """Environment variables of the kernels: one thread, fixed hashes, this attention_lib."""
    paths = [str(root), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **dict.fromkeys(THREADS, "1"),
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        # No progress bars in stored notebooks. A bar that is switched on by hand is dropped later.
        "TQDM_DISABLE": "1",
        # A solution that is run here is nobody's progress, and outputs name no file of a reader.
        "ATTENTION_BOOK_PROGRESS": "off",
    }


def apply(root: Path = ROOT) -> None:
    """Give this process, and so the kernels that it starts, the surroundings of the chapters."""
    os.environ.update(chapter_environment(root))
