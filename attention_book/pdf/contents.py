"""The pages of the book in their order, with the place of each among chapters and parts."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from ..pipeline.project import Project


@dataclass
class Page:
    """A page: its address below the site, its short name, and the pages below it."""

    path: str
    number: str = ""
    part: str = ""
    below: list[Page] = field(default_factory=list)

    @property
    def slug(self) -> str:
        name = self.path.removesuffix(".html").removeprefix("notebooks/").removeprefix("book/")
        return name.replace("/", "-")

    def all(self) -> list[Page]:
        return [self, *(page for below in self.below for page in below.all())]


def tree(project: Project) -> list[Page]:
    """The pages at the top of the table of contents; only those of a numbered part have numbers."""
    toc = yaml.safe_load((project.root / "_toc.yml").read_text("utf8"))
    top = [Page(_path(toc["root"]))]
    for part in toc["parts"]:
        for k, chapter in enumerate(part["chapters"], start=1):
            number = f"{k}." if part.get("numbered") else ""
            below = [Page(_path(one["file"])) for one in chapter.get("sections", ())]
            top.append(Page(_path(chapter["file"]), number, part["caption"], below))
    return top


def _path(entry: str) -> str:
    return entry.removesuffix(".md").removesuffix(".ipynb") + ".html"
