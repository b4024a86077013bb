"""When is a notebook stale? When something that its outputs follow from has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .follow import PACKAGES, Follower, Tree
from .project import Chapter, Project
from .sources import digest

KEY = "attention_book"
# Counted up when the way notebooks are written changes, so that all of them are made anew.
FORMAT = 2
PARTS = {
    "text": "its text",
    "requirements": "requirements.txt",
    "format": "the form in which notebooks are stored",
}
NAMED = 4  # so many reasons are named one by one


def fingerprint(project: Project, chapter: Chapter) -> dict:
    """What the outputs of a chapter follow from, each as a hash.

    Of the packages only what the chapter uses, followed through the imports: "names" has
    {module: "definition:hash ..."}, "files" has {path: hash} of the data.
    """
    root = project.root
    cells = [cell.source for cell in chapter.read_text().cells if cell.cell_type == "code"]
    used = Follower(tree_of(root), cells)
    return {
        "text": _file_hash(chapter.text),
        "requirements": _file_hash(root / "requirements.txt"),
        "format": str(FORMAT),
        "names": {
            module: " ".join(f"{name}:{one}" for name, one in sorted(names.items()))
            for module, names in sorted(used.names.items())
        },
        "files": {path: digest(_content(root / path)) for path in sorted(used.files)},
    }


def changed_parts(project: Project, chapter: Chapter, stored: dict) -> list[str]:
    """What changed since the notebook was executed, by name; empty when it is up to date."""
    now = fingerprint(project, chapter)
    if stored.get("format") != now["format"]:
        return [PARTS["format"]]
    changed = [words for part, words in PARTS.items() if stored.get(part) != now[part]]
    before, after = _by_name(stored), _by_name(now)
    names = [name for name in sorted(before | after) if before.get(name) != after.get(name)]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return changed + names[:NAMED] + more


def tree_of(root: Path) -> Tree:
    """The files of the packages as they lie in the working tree."""
    paths = [
        path.relative_to(root)
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    ]
    shown = [p.as_posix() for p in paths if not any(part.startswith(".") for part in p.parts)]
    return Tree(shown, lambda path: _content(root / path))


def _by_name(stored: dict) -> dict[str, str]:
    names = {
        f"{module}.{name}": one
        for module, line in stored["names"].items()
        for name, one in (pair.split(":") for pair in line.split())
    }
    return names | stored["files"]


def _content(path: Path) -> bytes:
    """Line ends do not count, so that every checkout agrees."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def _file_hash(path: Path) -> str:
    return hashlib.sha256(_content(path)).hexdigest()[:16]
