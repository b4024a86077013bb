"""The quiet line on a reader's progress below what `check` says."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.progress_file import ProgressError, Record, add, load, place
from attention_book.exercises.words import shortened, type_name

NOT_COUNTED = "The printed solution does not count."


def note(name: str, passed: bool, exercises: Mapping[str, Exercise]) -> str:
    """Keep the outcome of a try, and say how far the reader is; "" where nothing is kept.

    A cell that still is as the book printed it is no try of the reader. No mishap with the file
    may spoil the feedback, so each becomes a sentence.
    """
    path = None
    try:
        path = place()
        if path is None:
            return ""
        if is_printed(_request()):
            records, remark = load(path), NOT_COUNTED if passed else ""
        else:
            records, remark = add(path, name, passed)
    except Exception as error:
        return shortened(f"Your progress is not kept: {_reason(error, path)}.", 400)
    return " ".join(filter(None, [standing(name, records, exercises), remark]))


def standing(name: str, records: Mapping[str, Record], exercises: Mapping[str, Exercise]) -> str:
    """How many exercises pass, of the page of this one and of the book."""
    passed = {one for one in exercises if one in records and records[one].passed}
    page = [one for one in exercises if exercises[one].page == exercises[name].page]
    here = sum(one in passed for one in page)
    return f"Page: {here} of {len(page)} exercises pass; book: {len(passed)} of {len(exercises)}."


def is_printed(request: Mapping) -> bool:
    """Whether the running cell is the book's own: its solution, or a cell that nobody changed.

    JupyterLab sends tags and id with a cell. The stored id is a digest of the stored text (see
    attention_book/pipeline/normalise.py), so a cell that was changed no longer fits its id.
    """
    metadata = request.get("metadata") or {}
    source = (request.get("content") or {}).get("code", "")
    digest = hashlib.sha256(f"code\n{source}".encode()).hexdigest()[:8]
    stored = str(metadata.get("cellId", "")).partition("-")[0]
    return "solution" in (metadata.get("tags") or []) or digest == stored


def _request() -> Mapping:
    """The message that runs the present cell; empty outside of a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell.get_parent() if hasattr(shell, "get_parent") else {}


def _reason(error: Exception, path: Path | None) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"the package {error.name} is missing: pip install {error.name}"
    if isinstance(error, ProgressError):
        return str(error)
    if isinstance(error, OSError):
        return f"{path} cannot be used ({error.strerror or error})"
    return f"{type_name(error)}: {error}"
