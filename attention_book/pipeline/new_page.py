"""Begin a page: a text in the settled form that runs, builds and passes the lint as it is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from attention_lib.writing import replace_file

from .page_text import Page
from .project import Chapter, PipelineError, Project

NAME = re.compile(r"(\d\d)_(?:(\d)_)?[a-z][a-z0-9_]*")
SKELETON = Path(__file__).with_name("skeleton.md")
ONLY_MAIN = re.compile(r"<!-- main page -->\n(.*?)<!-- /main page -->\n\n", re.DOTALL)


def new_page(project: Project, name: str) -> Path:
    """Write book/chapters/NAME.md and enter it in _toc.yml.

    `03_name` is the main page of chapter 03, `03_1_name` its first side page.
    """
    found = NAME.fullmatch(name)
    if not found:
        raise PipelineError(name, "no name of a page", "write it as 03_name or 03_1_name")
    for other in project.chapters_folder.glob("*.md"):
        same = NAME.fullmatch(other.stem)
        if same and same.groups() == found.groups():
            raise PipelineError(name, f"{other.stem} has this number", "choose another number")
    toc = _entered(project, name, *found.groups())
    page = Chapter(name, project.chapters_folder / f"{name}.md", project.notebook(name))
    text = ONLY_MAIN.sub("" if found[2] else r"\1", SKELETON.read_text(encoding="utf-8"))
    replace_file(page.text, text)
    replace_file(page.text, _with_minutes(text, Page(page)))
    replace_file(project.root / "_toc.yml", toc)
    return page.text


def _with_minutes(text: str, page: Page) -> str:
    text = text.replace("MINUTES", str(page.minutes))
    return text.replace("EXERCISES", str(page.exercise_minutes))


def _entered(project: Project, name: str, chapter: str, side: str | None) -> str:
    """_toc.yml with the page: among the chapters, or below the main page of its chapter."""
    toc = yaml.safe_load((project.root / "_toc.yml").read_text(encoding="utf-8"))
    pages = toc["parts"][0]["chapters"]
    if side:
        main = [one for one in pages if one["file"].startswith(f"notebooks/{chapter}_")]
        if not main:
            raise PipelineError(name, f"chapter {chapter} has no main page", "begin with that")
        pages = main[0].setdefault("sections", [])
    pages.append({"file": f"notebooks/{name}"})
    pages.sort(key=lambda one: one["file"])
    return yaml.dump(toc, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=100)


class _Indented(yaml.SafeDumper):
    """Lists stand further in than what they belong to, as in _toc.yml."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, indentless=False)
