"""When is a notebook stale? When something that its outputs follow from has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from .project import Chapter, Project

KEY = "attention_book"
PACKAGES = ("attention_lib", "attention_book")
# Counted up when the way notebooks are written changes, so that all of them are made anew.
FORMAT = 1
PARTS = {
    "text": "its text",
    "library": "attention_lib or its data",
    "results": "a benchmark result that it reads",
    "requirements": "requirements.txt",
    "format": "the form in which notebooks are stored",
}


def fingerprint(project: Project, chapter: Chapter) -> dict[str, str]:
    """A hash for each thing that the outputs of a chapter follow from."""
    root = project.root
    return {
        "text": _digest(root, [chapter.text]),
        "library": _digest(root, library_files(root)),
        "results": _digest(root, result_files(project, chapter)),
        "requirements": _digest(root, [root / "requirements.txt"]),
        "format": str(FORMAT),
    }


def changed_parts(project: Project, chapter: Chapter, stored: dict) -> list[str]:
    """What changed since the notebook was executed, in words; empty when it is up to date."""
    now = fingerprint(project, chapter)
    return [words for part, words in PARTS.items() if stored.get(part) != now[part]]


def library_files(root: Path) -> list[Path]:
    """Sources and data of the packages."""
    return [
        path
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and path.parent.name != "results"
        and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(root).parts)
    ]


def result_files(project: Project, chapter: Chapter) -> list[Path]:
    """The benchmark results that the text of the chapter names."""
    text = chapter.text.read_text(encoding="utf-8")
    results = (project.root / "attention_book/studies/results").glob("*.json")
    return [path for path in results if path.stem in text]


def _digest(root: Path, paths: Iterable[Path]) -> str:
    """One hash of names and contents; line ends do not count, so that every checkout agrees."""
    total = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()[:16]
