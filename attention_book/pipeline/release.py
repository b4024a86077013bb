"""What a copy of the book to carry away says of itself: version, date, and whether it is new."""

from __future__ import annotations

import os
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from .errors import PipelineError
from .project import Project

SOURCES = ("_config.yml", "_toc.yml", "book", "notebooks", "attention_book", "attention_lib")


def version(project: Project) -> str:
    """The version in pyproject.toml."""
    path = project.root / "pyproject.toml"
    try:
        return tomllib.loads(path.read_text("utf8"))["project"]["version"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        mend = 'write [project] with version = "..." into it'
        raise PipelineError("pyproject.toml", f"it names no version ({error!r})", mend) from error


def commit_date(project: Project) -> datetime | None:
    """When the commit was made that is checked out; SOURCE_DATE_EPOCH goes before; None without."""
    stamp = os.environ.get("SOURCE_DATE_EPOCH") or _git(project, "log", "-1", "--format=%ct")
    return datetime.fromtimestamp(int(stamp), UTC) if stamp else None


def tracked(project: Project, *paths: str) -> list[Path]:
    """The files of the project below these paths: what git keeps or would; without git, all."""
    listed = _git(project, "ls-files", "-zco", "--exclude-standard", "--", *paths)
    if listed:
        return [project.root / name for name in sorted(listed.split("\0")) if name]
    found = [p for path in paths for p in [project.root / path, *(project.root / path).rglob("*")]]
    return sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts)


def is_built(project: Project) -> bool:
    """Whether there are pages, newer than all that they are made of."""
    index = project.html / "index.html"
    if not index.is_file():
        return False
    changed = (path.stat().st_mtime for path in tracked(project, *SOURCES) if path.exists())
    return max(changed, default=0) <= index.stat().st_mtime


def _git(project: Project, *arguments: str) -> str:
    command = ["git", "-C", str(project.root), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
