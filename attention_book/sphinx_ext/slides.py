"""The slides as a part of the site: the decks beside the pages, and a link on each main page."""

from __future__ import annotations

from pathlib import Path

from ..pipeline.project import Project
from ..slides.write import write

FOLDER = "slides"
MINUTES = '<p class="minutes">'


def linked(html: str, name: str) -> str:
    """A page whose line below the title leads to its slides."""
    before, found, after = html.partition(MINUTES)
    if not found:
        raise ValueError(f"{name}: no line of minutes to put the link to the slides on")
    line, end, rest = after.partition("</p>")
    link = f'<a href="../{FOLDER}/{name}.html">Slides</a>'
    return f'{before}{found}{line} <span class="deck">{link}</span>{end}{rest}'


def add_slides(app, exception):
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    for deck in write(Project(Path(app.srcdir)), site / FOLDER, [], assets="../_static"):
        page = site / "notebooks" / f"{deck.name}.html"
        page.write_text(linked(page.read_text("utf8"), deck.name), "utf8")


def setup(app):
    app.connect("build-finished", add_slides)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
