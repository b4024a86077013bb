"""The edition for instructors: everything open, and plausible wrong answers beside each task."""

from __future__ import annotations

import re
from html import escape

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from ..exercises import all_exercises, check
from .sheet import Sheet, Task, tags
from .write import as_notebook

FOLDS = ("hide-cell", "hide-input")
SOLUTION = "**Solution.**"
ANSWER = "**Answer.**"


def instructor_edition(sheet: Sheet, notes: str = "") -> NotebookNode:
    """A notebook with solutions and answers unfolded and marked, and with notes for the class."""
    first, *rest = sheet.before
    cells = [first, *([_notes(notes)] if notes else []), *rest]
    cells.append(new_markdown_cell(f"## Exercises\n\n{sheet.introduction}"))
    for task in sheet.tasks:
        cells += [new_markdown_cell(task.heading), *_task(task)]
    return as_notebook([*cells, *sheet.after], sheet, "instructor")


def _notes(notes: str) -> NotebookNode:
    return new_markdown_cell(f'<div class="advanced">\n\n## For the class\n\n{notes}\n\n</div>')


def _task(task: Task) -> list[NotebookNode]:
    cells = []
    for piece in task.pieces:
        if piece.kind == "solution":
            cells += [new_markdown_cell(SOLUTION), unfolded(piece.cell)]
            cells.append(new_markdown_cell(wrong_answers(task.checked[0])))
        elif piece.kind == "answer":
            cells.append(new_markdown_cell(f"{ANSWER}\n\n{_inside(piece.cell.source)}"))
        else:
            cells.append(piece.cell)
    return cells


def unfolded(cell: NotebookNode) -> NotebookNode:
    """The cell with its code and its output shown."""
    metadata = {key: value for key, value in cell.metadata.items() if key != "jupyter"}
    metadata["tags"] = [tag for tag in tags(cell) if tag not in FOLDS]
    return NotebookNode({**cell, "metadata": metadata})


def _inside(fold: str) -> str:
    return re.fullmatch(r"<details><summary>.*?</summary>\s*(.*?)\s*</details>", fold, re.S)[1]


def wrong_answers(name: str) -> str:
    """What the check of an exercise tries, and the wrong answers that it was tried on."""
    exercise = all_exercises()[name]
    tried = "\n".join(f"1. {one.statement}" for one in exercise.behaviours)
    rows = "".join(
        f"<tr><td>{escape(mutant.reason)}</td>"
        f"<td>{escape(check(name, mutant.function).message)}</td></tr>"
        for mutant in exercise.mutants
    )
    return (
        f"**What `{name}` checks**, in this order:\n\n{tried}\n\n"
        "**Plausible wrong answers**, and what the student then reads:\n\n"
        "<table><thead><tr><th>the wrong answer</th><th>the message</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
