"""A stored notebook in pieces: what comes before the exercises, each exercise, and what follows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from ..pipeline.page_text import EXERCISE
from ..pipeline.project import Chapter, PipelineError

CALL = re.compile(r"\bcheck\(\s*[\"']([\w.]+)[\"']\s*,\s*([\w.]+)")
SECTION = re.compile(r"^## (.+?)\s*$", re.MULTILINE)
# A heading of an exercise, a fold, or the line that leads to a folded solution.
MARK = re.compile(
    r"^### (?P<heading>Exercise .+?)\s*$"
    r"|^<details><summary>(?P<summary>.*?)</summary>\s*(?P<fold>.*?)\s*</details>[ \t]*$"
    r"|^\*One solution, folded:\*[ \t]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Piece:
    """A part of an exercise.

    kind  "text", "hint", "answer" (Markdown), "starter", "solution", "shown" (code that belongs to
          the question) or "proof" (code with which the book tries its own solution)
    """

    kind: str
    cell: NotebookNode


@dataclass
class Task:
    """An exercise as the page sets it."""

    number: int
    stars: int
    minutes: int
    title: str
    pieces: list[Piece] = field(default_factory=list)

    def all(self, *kinds: str) -> list[NotebookNode]:
        """The cells of the pieces of these kinds, in order."""
        return [piece.cell for piece in self.pieces if piece.kind in kinds]

    @property
    def heading(self) -> str:
        return f"### Exercise {self.number} ({'★' * self.stars}, {self.minutes} min): {self.title}"

    @property
    def checked(self) -> tuple[str, str] | None:
        """The name of the exercise that checks itself and of the student's function, if any."""
        found = [CALL.search(cell.source) for cell in self.all("starter")]
        return found[0].groups() if found and found[0] else None


@dataclass
class Sheet:
    """A page with its exercises taken apart."""

    name: str
    notebook: NotebookNode
    before: list[NotebookNode] = field(default_factory=list)
    introduction: str = ""
    tasks: list[Task] = field(default_factory=list)
    after: list[NotebookNode] = field(default_factory=list)

    @property
    def title(self) -> str:
        source = "\n".join(c.source for c in self.before if c.cell_type == "markdown")
        return re.search(r"^# (.+?)\s*$", source, re.MULTILINE)[1]

    @property
    def setup(self) -> NotebookNode:
        """The cell with the imports."""
        code = [cell for cell in self.before if cell.cell_type == "code"]
        return next((cell for cell in code if "setup" in tags(cell)), code[0])


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def read_sheet(chapter: Chapter) -> Sheet:
    """The stored notebook of a chapter in pieces.

    Raises PipelineError if its exercises have no form that can be taken apart.
    """
    sheet = Sheet(chapter.name, chapter.read_notebook())
    inside, done = False, False
    for cell in sheet.notebook.cells:
        if cell.cell_type == "code":
            place = sheet.after if done else sheet.before
            _add_code(sheet, cell) if inside else place.append(cell)
            continue
        for title, text in _sections(cell.source):
            if title:
                inside, done = title == "Exercises", done or inside
            if inside:
                _add_text(sheet, text)
            elif text.strip():
                (sheet.after if done else sheet.before).append(_part(cell, text))
    _require_form(sheet)
    return sheet


def _sections(source: str) -> list[tuple[str, str]]:
    """The text before the first heading of the second level, then each section with its title."""
    found = list(SECTION.finditer(source))
    starts = [0, *(one.start() for one in found)]
    ends = [*starts[1:], len(source)]
    titles = ["", *(one[1] for one in found)]
    pieces = zip(titles, starts, ends, strict=True)
    return [(title, source[start:end]) for title, start, end in pieces if start < end]


def _part(cell: NotebookNode, text: str) -> NotebookNode:
    """The cell itself where the text is all of it, so that its id stays."""
    return cell if text == cell.source else new_markdown_cell(text.strip())


def _add_text(sheet: Sheet, text: str) -> None:
    text, position = SECTION.sub("", text), 0
    for mark in MARK.finditer(text):
        _add_prose(sheet, text[position : mark.start()])
        position = mark.end()
        if mark["heading"]:
            sheet.tasks.append(_task(sheet, mark["heading"]))
        elif mark["summary"]:
            kind = "hint" if mark["summary"].startswith("Hint") else "answer"
            fold = f"<details><summary>{mark['summary']}</summary>\n\n{mark['fold']}\n\n</details>"
            _add(sheet, kind, new_markdown_cell(fold))
    _add_prose(sheet, text[position:])


def _add_prose(sheet: Sheet, text: str) -> None:
    if not text.strip():
        return
    if sheet.tasks:
        _add(sheet, "text", new_markdown_cell(text.strip()))
    else:
        sheet.introduction = text.strip()


def _add_code(sheet: Sheet, cell: NotebookNode) -> None:
    kind = next((one for one in ("starter", "solution") if one in tags(cell)), "shown")
    if kind == "shown" and sheet.tasks and sheet.tasks[-1].all("solution"):
        kind = "proof"
    _add(sheet, kind, cell)


def _add(sheet: Sheet, kind: str, cell: NotebookNode) -> None:
    if not sheet.tasks:
        raise _no_form(sheet, "something stands before the first exercise")
    sheet.tasks[-1].pieces.append(Piece(kind, cell))


def _task(sheet: Sheet, heading: str) -> Task:
    found = EXERCISE.match(heading)
    if not found:
        raise _no_form(sheet, f"the heading {heading!r} says no stars and minutes")
    return Task(int(found[1]), len(found[2]), int(found[3]), found[4])


def _require_form(sheet: Sheet) -> None:
    if not sheet.tasks:
        raise _no_form(sheet, "there are no exercises")
    for task in sheet.tasks:
        counts = [len(task.all(kind)) for kind in ("starter", "solution", "answer")]
        if counts[0] > 1 or counts[0] != counts[1] or not any(counts):
            raise _no_form(
                sheet,
                f"exercise {task.number} has {counts[0]} starters, {counts[1]} solutions and "
                f"{counts[2]} answers: expected one starter with one solution, or an answer",
            )
        if counts[0] and not task.checked:
            raise _no_form(sheet, f'exercise {task.number} ends in no check("page.task", function)')


def _no_form(sheet: Sheet, problem: str) -> PipelineError:
    mend = "give its exercises the form of CONTRIBUTING.md, then run `make notebooks`"
    return PipelineError(sheet.name, problem, mend)
