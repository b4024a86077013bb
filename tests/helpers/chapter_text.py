"""How the tests of the house read a chapter: its prose, its code cells, its sections."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from attention_book.pipeline.project import Chapter

HEADING = re.compile(r"^(#+) (.+?)\s*$", re.MULTILINE)
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


@dataclass
class CodeCell:
    number: int
    source: str
    metadata: dict
    outputs: list

    @property
    def tags(self) -> set[str]:
        return set(self.metadata.get("tags", []))

    @property
    def lines(self) -> int:
        """How many lines a reader sees: lines that are not blank."""
        return sum(bool(line.strip()) for line in self.source.splitlines())


class ChapterText:
    """A chapter with its executed notebook, taken apart."""

    def __init__(self, chapter: Chapter):
        self.name = chapter.name
        self.chapter = chapter
        self.cells = chapter.read_notebook().cells

    @cached_property
    def code(self) -> list[CodeCell]:
        code = [cell for cell in self.cells if cell.cell_type == "code"]
        return [
            CodeCell(number, cell.source, cell.metadata, cell.outputs)
            for number, cell in enumerate(code, start=1)
        ]

    @cached_property
    def prose(self) -> str:
        return "\n\n".join(c.source for c in self.cells if c.cell_type == "markdown")

    @cached_property
    def flow(self) -> str:
        """The prose, with the tags of each code cell, {tag}, where the cell stands."""
        return "\n\n".join(
            cell.source
            if cell.cell_type == "markdown"
            else " ".join(f"{{{tag}}}" for tag in cell.metadata.get("tags", []))
            for cell in self.cells
        )

    @cached_property
    def headings(self) -> list[tuple[int, str]]:
        return [(len(marks), title) for marks, title in HEADING.findall(self.prose)]

    def section(self, title: str) -> str:
        """The prose under a heading of the second level, without what its code cells hold."""
        pattern = rf"^## {title}\s*$(.*?)(?=^## |\Z)"
        found = re.findall(pattern, self.prose, re.DOTALL | re.MULTILINE)
        if len(found) != 1:
            raise AssertionError(f"{self.name}: {len(found)} sections match {title!r}, expected 1")
        return found[0]


def bibliography(path: Path) -> list[set[str]]:
    """arXiv number and DOI of each entry of a .bib file that has one."""
    entries = re.split(r"^@", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = [re.findall(r"^\s*(?:eprint|doi)\s*=\s*\{([^}]+)\}", e, re.MULTILINE) for e in entries]
    return [{identifier.lower() for identifier in one} for one in found if one]


def identifiers(sources: str) -> set[str]:
    """arXiv numbers and DOIs that a list of sources links to."""
    arxiv = re.findall(r"https://arxiv\.org/abs/([\d.]+\d)", sources)
    doi = re.findall(r"https://doi\.org/([^\s)]+)", sources)
    return {identifier.lower() for identifier in [*arxiv, *doi]}
