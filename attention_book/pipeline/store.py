"""Write a notebook as it is stored; what its cells computed is not computed again."""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

from attention_lib.writing import replace_file

from .address import address_of
from .fingerprint import KEY
from .first_cell import with_first_cell
from .normalise import normalise
from .project import Chapter, Project
from .stills import add_stills


def store(project: Project, chapter: Chapter, notebook: NotebookNode) -> None:
    """Replace the stored notebook by this one, which normalise made."""
    before = chapter.read_notebook() if chapter.notebook.is_file() else None
    replace_file(chapter.notebook, _text(project, notebook, before))


def renew(project: Project, chapter: Chapter) -> bool:
    """Bring what no cell computes up to date: the first cell and the still pictures.

    Returns whether the stored notebook changed.
    """
    before = chapter.read_notebook()
    notebook = with_first_cell(chapter.read_notebook(), address_of(project.root))
    _count(notebook)
    notebook = normalise(notebook, {KEY: notebook.metadata.get(KEY, {})})
    text = _text(project, notebook, before)
    if text == chapter.notebook.read_text(encoding="utf-8"):
        return False
    replace_file(chapter.notebook, text)
    return True


def _text(project: Project, notebook: NotebookNode, before: NotebookNode | None) -> str:
    add_stills(notebook, before, project.root / "book" / "static")
    return nbformat.writes(notebook) + "\n"


def _count(notebook: NotebookNode) -> None:
    """Number the code cells as a kernel does."""
    run = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(run, start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
