"""What the landing page takes from the chapters: the map of the book, and a picture that moves.

`<!-- map -->` stands for the list of all pages with their minutes, and
`<!-- picture: 02_worked_example, Drag the query -->` for the picture of that title, whose stored
state is taken from the notebook.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import yaml

from ..pipeline.normalise import STATE, VIEW, linked_state
from ..pipeline.page_text import Page
from ..pipeline.project import Project

MAP = "<!-- map -->"
PICTURE = re.compile(r"<!-- picture: (?P<page>\w+), (?P<title>[^>]+?) -->")
SCRIPT = "vendor/widgets.js"


def insert_marks(app, docname, source):
    """Put the map and the pictures where the page asks for them."""
    project = Project(Path(app.srcdir))
    if MAP in source[0]:
        source[0] = source[0].replace(MAP, book_map(project))
    if found := PICTURE.search(source[0]):
        notebook = nbformat.read(project.notebook(found["page"]), as_version=4)
        source[0] = source[0].replace(found[0], picture(notebook, found["title"]))
        app.env.metadata[docname]["moves"] = True


def book_map(project: Project) -> str:
    """Each chapter's pages with their minutes, then what is planned, as Markdown."""
    pages = {page.name: page for page in map(Page, project.chapters)}
    chapters = {name[:2]: name for name, page in pages.items() if page.is_main}
    planned = yaml.safe_load((project.root / "book" / "planned.yml").read_text(encoding="utf-8"))
    lines = []
    for number in sorted({*chapters, *planned}):
        if number in chapters:
            sides = [n for n, p in pages.items() if n.startswith(number) and not p.is_main]
            main, *rest = [_link(pages[name]) for name in (chapters[number], *sides)]
        else:
            main, *rest = planned[number]
            main += ' <span class="minutes">planned</span>'
        lines += [f"{int(number)}. {main}", *(f"    - {side}" for side in rest)]
    return "\n".join(['<div class="map">', "", *lines, "", "</div>"])


def _link(page: Page) -> str:
    minutes, more = page.printed_minutes or (page.minutes, page.exercise_minutes)
    return f'[](../notebooks/{page.name}.ipynb) <span class="minutes">{minutes} + {more} min</span>'


def picture(notebook, title: str) -> str:
    """The view of the picture that bears this title, and the state that it needs."""
    stored = notebook.metadata["widgets"][STATE]
    titles = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            state = linked_state([{"outputs": [output]}], stored["state"])
            titles += [m["state"]["title"] for m in state.values() if m["state"].get("title")]
            if titles[-1:] == [title]:
                view = _script(VIEW, output.data[VIEW])
                return f"{view}\n{_script(STATE, {**stored, 'state': state})}"
    raise ValueError(f"picture: no picture {title!r} is stored; expected one of {titles}")


def _script(kind: str, content: dict) -> str:
    text = json.dumps(content, separators=(",", ":")).replace("</", "<\\/")
    return f'<script type="{kind}">{text}</script>'


def add_script(app, pagename, templatename, context, doctree):
    """The widgets' script, on a page that moves without being a notebook."""
    if app.env.metadata.get(pagename, {}).get("moves"):
        app.add_js_file(SCRIPT, defer="defer")


def setup(app):
    app.connect("source-read", insert_marks)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
