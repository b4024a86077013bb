"""The edition for students: the page as it is, and its exercises without what answers them."""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from .sheet import Sheet, Task, tags
from .write import as_notebook

ANSWER = "*Your answer:*"


def student_edition(sheet: Sheet) -> NotebookNode:
    """A notebook without solutions, answers of exercises and claims.

    Hints stay, and so do the folds of guesses and quiz questions: they belong to the reading.
    """
    cells = [*sheet.before, new_markdown_cell(f"## Exercises\n\n{sheet.introduction}")]
    for task in sheet.tasks:
        cells += [new_markdown_cell(task.heading), *_task(task)]
    # The claims name results of the exercises, and the text that they check is the writer's.
    cells += [cell for cell in sheet.after if "claims" not in tags(cell)]
    return as_notebook(cells, sheet, "student")


def _task(task: Task) -> list[NotebookNode]:
    cells = []
    for piece in task.pieces:
        if piece.kind in ("text", "hint", "shown"):
            cells.append(piece.cell)
        elif piece.kind == "starter":
            cells.append(cleared(piece.cell))
        elif piece.kind == "answer":
            cells.append(new_markdown_cell(ANSWER))
    return cells


def cleared(cell: NotebookNode) -> NotebookNode:
    """A code cell as if it had never been run."""
    return NotebookNode({**cell, "outputs": [], "execution_count": None})
