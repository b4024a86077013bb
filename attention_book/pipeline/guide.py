"""The guide for instructors: its courses with their minutes, and what it says of each page.

In the pages under `book/teaching` a comment stands for what is taken from the chapters:
`<!-- page: NAME -->` for a page's minutes and exercises, `<!-- session of 90: NAME page 1 3; NAME 2
-->` for what is done in class (the page and exercises 1 and 3 of one, exercise 2 of another),
`<!-- homework: ... -->` for the same at home.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .page_text import Page
from .project import PipelineError, Project

FOLDER = "book/teaching"
MARK = re.compile(r"<!-- (?P<kind>page|session of (?P<most>\d+)|homework): (?P<what>[^>]+?) -->")
HEADING = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
GOALS, STUMBLES, QUESTIONS, BOARD = BLOCKS = (
    "**Goals.**",
    "**Where students stumble**",
    "**To discuss**",
    "### On the board",
)


@dataclass(frozen=True)
class Part:
    """What of one page is done: the page itself or not, and which of its exercises."""

    page: Page
    read: bool
    numbers: tuple[int, ...]

    @property
    def exercises(self) -> list[re.Match]:
        return [match for match in self.page.exercises if int(match[1]) in self.numbers]

    @property
    def reading(self) -> int:
        return minutes(self.page)[0] if self.read else 0

    @property
    def working(self) -> int:
        return sum(int(match[3]) for match in self.exercises)


@dataclass(frozen=True)
class Session:
    """A session of a course, and what is set for after it."""

    title: str
    parts: list[Part]
    most: int
    homework: list[Part]


def minutes(page: Page) -> tuple[int, int]:
    """What the line under the page's title says: to read, and for the exercises."""
    return page.printed_minutes or (page.minutes, page.exercise_minutes)


def total(of: list[Part]) -> int:
    return sum(part.reading + part.working for part in of)


def all_pages(project: Project) -> dict[str, Page]:
    return {chapter.name: Page(chapter) for chapter in project.chapters}


def known(where: str, name: str, pages: dict[str, Page]) -> Page:
    if name not in pages:
        raise PipelineError(where, f"no page {name!r}", f"use one of: {', '.join(pages)}")
    return pages[name]


def parts(where: str, what: str, pages: dict[str, Page]) -> list[Part]:
    """`01_seq2seq page 1 3; 01_1_scores 2` as parts."""
    return [_part(where, *piece.split(maxsplit=1), pages=pages) for piece in what.split("; ")]


def _part(where: str, name: str, rest: str = "", *, pages: dict[str, Page]) -> Part:
    page, wanted = known(where, name, pages), rest.split()
    there = ["page", *(match[1] for match in page.exercises)]
    if not wanted or set(wanted) - set(there):
        raise PipelineError(
            where,
            f"{name}: {rest or 'nothing'} is to be done, which is not the page or its exercises",
            f"write some of: {' '.join(there)}",
        )
    return Part(page, "page" in wanted, tuple(int(word) for word in wanted if word != "page"))


def sessions(where: str, text: str, pages: dict[str, Page]) -> list[Session]:
    """The sessions of a course, each below a heading of the second level."""
    found = []
    for piece in re.split(r"^(?=## )", text, flags=re.MULTILINE):
        marks = {mark["kind"].split()[0]: mark for mark in MARK.finditer(piece)}
        if done := marks.get("session"):
            home = marks.get("homework")
            homework = parts(where, home["what"], pages) if home else []
            in_class = parts(where, done["what"], pages)
            session = Session(HEADING.search(piece)[1], in_class, int(done["most"]), homework)
            found.append(_fitting(where, session))
    return found


def _fitting(where: str, session: Session) -> Session:
    taken = total(session.parts)
    if taken > session.most:
        raise PipelineError(
            where,
            f"{session.title}: {taken} minutes are planned, there are {session.most}",
            "take out an exercise or a page, or make the session longer",
        )
    return session


def guide_sections(project: Project) -> dict[str, dict[str, str]]:
    """What the guide says of each page: its title, its whole text, and its blocks by name."""
    sections = {}
    for path in sorted((project.root / FOLDER).glob("chapter_*.md")):
        for piece in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, text = piece.split("\n", 1)
            mark = MARK.search(text)
            if not mark or mark["what"] in sections:
                problem = f"below {title!r} there is no mark of a page, or one used before"
                raise PipelineError(path.name, problem, "write <!-- page: NAME --> once a page")
            sections[mark["what"]] = {"title": title, "text": text, **_blocks(text)}
    return sections


def _blocks(text: str) -> dict[str, str]:
    starts = sorted((text.find(block), block) for block in BLOCKS if block in text)
    ends = [start for start, _ in [*starts, (len(text), "")][1:]]
    return {
        block: text[start + len(block) : end]
        for (start, block), end in zip(starts, ends, strict=True)
    }


def items(block: str) -> list[str]:
    """The items of a list, numbered or not."""
    return re.findall(r"^(?:-|\d+\.) (.+)$", block, re.MULTILINE)
