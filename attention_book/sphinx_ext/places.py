"""What the pages at the back say of the chapters: their numbers, sections and stored claims."""

from __future__ import annotations

import json
import re
from functools import cache, cached_property

from myst_parser.mdit_to_docutils.base import default_slugify

from attention_book.claims import MIME

from ..pipeline.page_text import Page
from ..pipeline.project import PipelineError, Project

NUMBER = re.compile(r"(\d\d)_(?:(\d)_)?")


class Places:
    """The chapters of a project, by the stem of their page: 08_1_windows."""

    def __init__(self, project: Project):
        self.project = project
        self.pages = {page.name: page for page in map(Page, project.chapters)}
        self._claims = {}

    @cached_property
    def sources(self) -> dict[str, str]:
        """Page: its list of sources, in the order of the book."""
        names = sorted(self.pages, key=number)
        return {name: self.pages[name].section("Sources") for name in names}

    def page(self, name: str) -> Page:
        if name not in self.pages:
            known = ", ".join(self.pages)
            raise PipelineError(name, "no page of this name", f"use one of: {known}")
        return self.pages[name]

    def section(self, name: str, start: str) -> str:
        """The title of the one section of a page that begins with these words."""
        titles = [title for level, title in self.page(name).headings if level > 1]
        found = [title for title in titles if title.startswith(start)]
        if start in found:
            return start
        if len(found) != 1:
            problem = f"{len(found)} sections begin with {start!r}, expected 1"
            raise PipelineError(name, problem, f"use one of: {', '.join(titles)}")
        return found[0]

    def link(self, name: str, section: str = "", text: str = "") -> str:
        """A Markdown link to a page or to one of its sections, as read from the folder book."""
        title = self.page(name).title
        anchor = ""
        if section:
            section = self.section(name, section)
            anchor, title = f"#{slug(section)}", f"{title} → {section}"
        return f"[{text or title}](../notebooks/{name}.ipynb{anchor})"

    def claim(self, name: str, label: str) -> dict:
        """The claim of this label, as the executed notebook of the page has stored it."""
        if name not in self._claims:
            self._claims[name] = stored_claims(self.project, self.page(name).name)
        found = self._claims[name]
        if label not in found:
            near = [one for one in found if one[:12] == label[:12]] or list(found)
            raise PipelineError(name, f"no claim {label!r} is stored", f"use one of: {near}")
        return found[label]


@cache
def places_of(root) -> Places:
    """The places of the project in a folder, read once for all pages of a build."""
    return Places(Project(root))


def number(name: str) -> str:
    """The number of a page: 01, or 01-2 for a side page."""
    return "-".join(filter(None, NUMBER.match(name).groups()))


def slug(section: str) -> str:
    """The anchor that MyST gives to a heading."""
    return default_slugify(re.sub(r"[*`]", "", section))


def stored_claims(project: Project, name: str) -> dict[str, dict]:
    """label: record, from the outputs of the executed notebook."""
    notebook = json.loads(project.notebook(name).read_text(encoding="utf-8"))
    records = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            for one in output.get("data", {}).get(MIME, {}).get("claims", []):
                records[one["label"]] = one
    return records
