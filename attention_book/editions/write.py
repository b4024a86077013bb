"""Editions put together and written, with what a reader of the folder should know."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode, from_dict
from tqdm import tqdm

from attention_lib.writing import replace_file

from ..pipeline.normalise import KERNELSPEC, LANGUAGE, STATE, cell_ids, linked_state
from ..pipeline.project import Chapter
from .sheet import Sheet, read_sheet


def as_notebook(cells: list[NotebookNode], sheet: Sheet, edition: str) -> NotebookNode:
    """The cells as a notebook, with the state of those figures alone that are in it."""
    cells = [{**cell, "source": without_links(cell.source)} for cell in cells]
    for cell, name in zip(cells, cell_ids(cells), strict=True):
        cell["id"] = name
    metadata = {"kernelspec": KERNELSPEC, "language_info": LANGUAGE}
    metadata["attention_book_edition"] = {"edition": edition, "page": sheet.name}
    widgets = sheet.notebook.metadata.get("widgets", {}).get(STATE)
    if widgets:
        state = linked_state(cells, widgets["state"])
        metadata["widgets"] = {STATE: {**widgets, "state": state}}
    return from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def write_editions(
    chapters: list[Chapter],
    folder: Path,
    edition: Callable[[Sheet], NotebookNode],
    readme: str,
) -> list[Path]:
    """One notebook a page and a README.md; the paths of the notebooks."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chapter in tqdm(chapters, desc=folder.name, unit="page"):
        path = folder / f"{chapter.name}.ipynb"
        replace_file(path, nbformat.writes(edition(read_sheet(chapter))) + "\n")
        written.append(path)
    replace_file(folder / "README.md", readme)
    return written


def without_links(source: str) -> str:
    """Links between notebooks stay; pages of the book that are none do not come along."""
    return re.sub(r"\[([^\]]*)\]\(\.\./[^)]*\)", r"\1", source)
