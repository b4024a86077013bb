"""Assignments for nbgrader from the exercises of a page.

An exercise in code is a cell to write in and a locked cell whose hidden tests give points; any
other is an answer in words, which a person grades. Both count as many points as there are stars.
"""

from __future__ import annotations

import ast
import re

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell

from ..pipeline.normalise import KERNELSPEC, LANGUAGE, cell_ids
from ..pipeline.project import PipelineError
from .sheet import Piece, Sheet, Task, tags

LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\.(?:ipynb|md)[^)]*\)")  # no page comes along
STUB = "# Your code: change what stands above, or write it anew here."
ANSWER = "*Your answer:*"
INTRODUCTION = """\
# Exercises: {title}

They belong to the page *{title}* of the book, whose figures and experiments you may need. Write in
the cells that say so and leave the others as they are. Below each function `check` says what is
wrong with it; grading calls it with other inputs. What holds counts, up to the first statement that
does not hold. At the end run everything once more from the top (menu *Kernel*), save, and hand in
this file under its name.
"""
TEST = """\
# Graded automatically. Do not change this cell: its tests are put back before they run.
check("{name}", {function})
### BEGIN HIDDEN TESTS
from attention_book.editions.grading import score

score("{name}", {function}, points={points}, given={given}, seed={seed})
### END HIDDEN TESTS"""


def assignment(sheet: Sheet, seed: int) -> NotebookNode:
    """The source version of a page's assignment, with solutions and hidden tests."""
    text = INTRODUCTION.format(title=sheet.title)
    cells = [_locked(new_markdown_cell(text), "introduction")]
    cells.append(_locked(new_code_cell(sheet.setup.source), "setup"))
    for task in sheet.tasks:
        cells += _task(task, sheet, seed)
    cells = [{**cell, "source": LINK.sub(r"*\1*", cell.source)} for cell in cells]
    for cell, name in zip(cells, cell_ids(cells), strict=True):
        cell["id"] = name
    metadata = {"kernelspec": KERNELSPEC, "language_info": LANGUAGE}
    return from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _task(task: Task, sheet: Sheet, seed: int) -> list[NotebookNode]:
    place = f"exercise_{task.number}"
    cells = [_locked(new_markdown_cell(task.heading), f"{place}_heading")]
    parts = len(task.all("starter", "answer"))
    for number, piece in enumerate(task.pieces):
        name, points = f"{place}_{piece.kind}_{number}", task.stars / parts
        if piece.kind == "starter":
            cells.append(_to_write_in(task, name))
            cells.append(_test(task, sheet, f"{place}_test", points, seed))
        elif piece.kind == "answer":
            cells.append(_in_words(piece, name, points))
        elif piece.kind in ("text", "hint", "shown"):
            text = _shown(piece.cell) if piece.kind == "shown" else piece.cell.source
            cells += [_locked(new_markdown_cell(text), name)] if text else []
    return cells


def _to_write_in(task: Task, name: str) -> NotebookNode:
    starter, solution = (without_check(task.all(kind)[0]) for kind in ("starter", "solution"))
    source = f"{starter}\n\n### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
    return _marked(new_code_cell(source), name, solution=True)


def _test(task: Task, sheet: Sheet, place: str, points: float, seed: int) -> NotebookNode:
    name, function = task.checked
    given = held_by_starter(task.all("starter")[0], sheet)
    source = TEST.format(name=name, function=function, points=f"{points:g}", given=given, seed=seed)
    return _marked(new_code_cell(source), place, grade=True, locked=True, points=points)


def _in_words(piece: Piece, name: str, points: float) -> NotebookNode:
    answer = re.sub(r"</?details>|<summary>.*?</summary>", "", piece.cell.source).strip()
    cell = new_markdown_cell(answer)
    return _marked(cell, name, grade=True, solution=True, points=points)


def _locked(cell: NotebookNode, name: str) -> NotebookNode:
    return _marked(cell, name, locked=True)


def _marked(cell: NotebookNode, name: str, **facts) -> NotebookNode:
    """The cell with the metadata by which nbgrader knows it."""
    plain = {"grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = {**plain, "grade_id": name, "schema_version": 3, **facts}
    return cell


def without_check(cell: NotebookNode) -> str:
    """The code without its call of `check`, which a cell of its own makes."""
    lines = cell.source.splitlines()
    for node in ast.parse(cell.source).body:
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "check":
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(lines).strip()


def held_by_starter(cell: NotebookNode, sheet: Sheet) -> int:
    """How many statements hold before anything is written, from the stored output."""
    texts = [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    if not any(": not yet." in text for text in texts):
        problem = "the stored output of a starter says nothing of its check"
        raise PipelineError(sheet.name, problem, f"run `make notebooks CHAPTER={sheet.name}`")
    return sum(len(re.findall(r"^  holds: ", text, re.MULTILINE)) for text in texts)


def _shown(cell: NotebookNode) -> str:
    """Code of the page and what it printed, to read: the assignment does not run the page."""
    if "remove-cell" in tags(cell):
        return ""
    code = "" if "remove-input" in tags(cell) else f"```python\n{cell.source}\n```\n\n"
    texts = [one.get("text") or one.get("data", {}).get("text/plain", "") for one in cell.outputs]
    printed = "\n".join(text.strip() for text in texts if text.strip())
    return f"{code}```text\n{printed}\n```" if printed else code.strip()
