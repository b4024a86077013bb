"""Begin a page: a text in the settled form that runs, builds and passes the lint as it is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from .execute import write_atomically
from .page_text import Page
from .project import Chapter, PipelineError, Project

NAME = re.compile(r"(\d\d)_(?:(\d)_)?[a-z][a-z0-9_]*")
SKELETON = Path(__file__).with_name("skeleton.md")
MINUTES = "*MINUTES minutes; the exercises take EXERCISES more.*"
ONLY_MAIN = re.compile(r"<!-- main page -->\n(.*?)<!-- /main page -->\n\n", re.DOTALL)


def new_page(project: Project, name: str) -> Path:
    """Write book/chapters/NAME.md and enter it in _toc.yml.

    `03_name` is the main page of chapter 03, `03_1_name` its first side page.
    """
    found = NAME.fullmatch(name)
    if not found:
        raise PipelineError(name, "no name of a page", "write it as 03_name or 03_1_name")
    path = project.chapters_folder / f"{name}.md"
    if path.exists():
        raise PipelineError(name, f"{path.name} exists", "choose another name")
    toc = _entered(project, name, chapter=found[1], side=found[2])
    write_atomically(path, _filled(path, name, is_main=not found[2]))
    write_atomically(project.root / "_toc.yml", toc)
    return path


def _filled(path: Path, name: str, *, is_main: bool) -> str:
    """The skeleton, with the minutes that the lint counts."""
    text = SKELETON.read_text(encoding="utf-8")
    text = ONLY_MAIN.sub(r"\1" if is_main else "", text)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        page = Page(Chapter(name, draft, draft))
    finally:
        draft.unlink(missing_ok=True)
    minutes = MINUTES.replace("MINUTES", str(page.minutes))
    return text.replace(MINUTES, minutes.replace("EXERCISES", str(page.exercise_minutes)))


def _entered(project: Project, name: str, *, chapter: str, side: str | None) -> str:
    """_toc.yml with the page: after the last chapter, or below the main page of its chapter."""
    toc = yaml.safe_load((project.root / "_toc.yml").read_text(encoding="utf-8"))
    entry = {"file": f"notebooks/{name}"}
    chapters = next(
        part["chapters"]
        for part in toc["parts"]
        if any(one.get("file", "").startswith("notebooks/") for one in part["chapters"])
    )
    if not side:
        chapters.append(entry)
        chapters.sort(key=lambda one: one["file"])
    else:
        main = [one for one in chapters if one["file"].startswith(f"notebooks/{chapter}_")]
        if not main:
            raise PipelineError(name, f"chapter {chapter} has no main page", "begin with that")
        main[0].setdefault("sections", []).append(entry)
        main[0]["sections"].sort(key=lambda one: one["file"])
    return yaml.safe_dump(toc, sort_keys=False, allow_unicode=True, width=100)
