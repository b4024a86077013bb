"""A page of the book as its lint reads it: sections, words, cells, questions, exercises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from .project import Chapter

HEADING = re.compile(r"^(#+) (.+?)\s*$", re.MULTILINE)
EXERCISE = re.compile(r"^Exercise (\d+) \((★{1,3}), (\d+) min\): (.+)$")
FACTS = re.compile(r"^\*(\d+) minutes; the exercises take (\d+) more\.(?: [^*]*)?\*$", re.MULTILINE)
# What is no word of the prose: code, math, tags, comments, the targets of links.
NO_WORDS = [
    re.compile(r"```.*?```", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"(?<![\\$])\$(?!\s)[^$]+?(?<!\s)\$"),
    re.compile(r"<[^>]+>"),
    re.compile(r"(?<=\])\([^)\s]*\)"),
]
WORD = re.compile(r"[^\W\d_][\w'’-]*")


@dataclass(frozen=True)
class Cell:
    """A code cell, or the prose between two of them."""

    kind: str
    source: str
    tags: frozenset[str]

    @property
    def shown(self) -> bool:
        """Whether the built page shows the source unasked."""
        hidden = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
        return self.kind == "code" and not self.tags & hidden

    @property
    def lines(self) -> list[str]:
        return [line for line in self.source.splitlines() if line.strip()]


class Page:
    """A page before it is executed: everything here follows from its text."""

    def __init__(self, chapter: Chapter):
        self.name = chapter.name
        self.path = chapter.text
        self.cells = [
            Cell(cell.cell_type, cell.source, frozenset(cell.metadata.get("tags", [])))
            for cell in chapter.read_text().cells
        ]

    @property
    def is_main(self) -> bool:
        """`03_name` is the main page of a chapter, `03_1_name` one of its side pages."""
        return not re.match(r"\d\d_\d_", self.name)

    @cached_property
    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.kind == "code"]

    @cached_property
    def prose(self) -> str:
        return "\n\n".join(cell.source for cell in self.cells if cell.kind == "markdown")

    @cached_property
    def title(self) -> str:
        return next((title for level, title in self.headings if level == 1), "")

    @cached_property
    def headings(self) -> list[tuple[int, str]]:
        return [(len(marks), title) for marks, title in HEADING.findall(self.prose)]

    @cached_property
    def body(self) -> list[Cell]:
        """The cells before the exercises."""
        for number, cell in enumerate(self.cells):
            if cell.kind == "markdown" and re.search(r"^## Exercises$", cell.source, re.MULTILINE):
                before = re.split(r"^## Exercises$", cell.source, maxsplit=1, flags=re.MULTILINE)[0]
                return [*self.cells[:number], Cell("markdown", before, cell.tags)]
        return self.cells

    @cached_property
    def words(self) -> int:
        """Words of the prose before the exercises."""
        text = "\n".join(cell.source for cell in self.body if cell.kind == "markdown")
        for pattern in NO_WORDS:
            text = pattern.sub(" ", text)
        return len(WORD.findall(text))

    @cached_property
    def figures(self) -> int:
        """Pictures that move."""
        return sum(len(re.findall(r"\bsweep\(", cell.source)) for cell in self.body)

    @cached_property
    def questions(self) -> list[str]:
        return re.findall(r'<div class="quiz">(.*?)</div>', self.prose, re.DOTALL)

    @cached_property
    def predictions(self) -> list[str]:
        return re.findall(r'<div class="predict">(.*?)</div>', self.prose, re.DOTALL)

    @cached_property
    def minutes(self) -> int:
        """What a reader needs before the exercises, by rule of thumb.

        A hundred words a minute, two minutes a picture that moves, one for a question or a guess,
        and one for fifteen lines of code that the page shows.
        """
        lines = sum(len(cell.lines) for cell in self.body if cell.shown)
        asked = len(self.questions) + len(self.predictions)
        return round(self.words / 100 + 2 * self.figures + asked + lines / 15)

    @cached_property
    def exercises(self) -> list[re.Match | None]:
        """The headings of the third level below Exercises; None where one has another form."""
        titles, inside = [], False
        for level, title in self.headings:
            if level <= 2:
                inside = title == "Exercises"
            elif inside and level == 3:
                titles.append(EXERCISE.match(title))
        return titles

    @property
    def exercise_minutes(self) -> int:
        return sum(int(match[3]) for match in self.exercises if match)

    @cached_property
    def printed_minutes(self) -> tuple[int, int] | None:
        """What the line under the title says: to read, and for the exercises."""
        found = FACTS.search(self.prose)
        return (int(found[1]), int(found[2])) if found else None

    def section(self, title: str) -> str:
        """The prose below a heading of the second level; empty where there is none."""
        pattern = rf"^## {title}\s*$(.*?)(?=^## |\Z)"
        found = re.search(pattern, self.prose, re.DOTALL | re.MULTILINE)
        return found[1] if found else ""
