"""The texts that the search looks through, section by section, as a script.

A page that is opened from a folder may fetch nothing, but it may load a script. So the search of
Sphinx, which would fetch each page for its excerpts, gives way to book/static/find.js over this.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString

from .readable_tex import readable

TEXTS = Path("_static/search_texts.js")
REPLACED = ("searchindex.js", "_static/searchtools.js", "_static/language_data.js")
ARTICLE = re.compile(r'<article class="bd-article">.*?</article>', re.DOTALL)
HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
BLOCKS = {
    "p",
    "li",
    "td",
    "th",
    "tr",
    "div",
    "dt",
    "dd",
    "pre",
    "br",
    "section",
    "summary",
    "caption",
}
WORD = re.compile(r"[^\W\d_]{3}")
# What is not read: signs beside headings, minutes, folded code, options, the table of claims.
LEFT_OUT = {"headerlink", "section-number", "minutes", "effort", "hide", "option", "checked"}
LEFT_OUT |= {"source-link"}


def left_out(tag: Tag) -> bool:
    """Scripts, and what a reader has to guess first or need not see."""
    if tag.name in ("script", "style", "svg", "img") or LEFT_OUT.intersection(tag.get("class", ())):
        return True
    if tag.name == "pre" and (tag.find_parent("dd") or tag.find_parent(class_="cell_output")):
        return True  # examples of the reference, printed results
    if tag.name == "td" and not WORD.search(tag.get_text()):
        return True
    return tag.name == "details" and tag.find_parent(id="exercises") is not None


class Entry:
    """A section or a name of the library: its anchor, its heading and its text."""

    def __init__(self, anchor: str, heading: str):
        self.anchor, self.heading, self.parts = anchor, heading, []

    def stored(self) -> list[str]:
        return [self.anchor, self.heading, _squeezed("".join(self.parts))]


def entries_of(html: str) -> list[list[str]]:
    """[anchor, heading, text] of each section of a page, in order; the first is the page itself."""
    found: list[Entry] = []
    article = ARTICLE.search(html)
    if article:
        _read(BeautifulSoup(article[0], "lxml").article, Entry("", ""), found)
    return [entry.stored() for entry in found]


def _read(node: Tag, entry: Entry, found: list[Entry]) -> None:
    for child in node.children:
        if isinstance(child, NavigableString):
            if not isinstance(child, PreformattedString):
                entry.parts.append(child)
        elif not left_out(child):
            entry = _read_tag(child, entry, found)


def _read_tag(tag: Tag, entry: Entry, found: list[Entry]) -> Entry:
    """Where the text after the tag belongs: a description follows the name it describes."""
    if tag.name in HEADINGS and tag.parent.name == "section":
        return entry
    if tag.name == "section" and tag.get("id"):
        heading = tag.find(HEADINGS, recursive=False)
        _read(tag, _begun(tag["id"], _words(heading) if heading else "", found), found)
    elif tag.name == "dt" and tag.get("id"):
        name = "".join(part.get_text() for part in tag.select(".sig-prename, .sig-name"))
        entry = _begun(tag["id"], name, found)
        _read(tag, entry, found)
    elif "math" in tag.get("class", ()):
        entry.parts.append(readable(tag.get_text()))
    else:
        _read(tag, entry, found)
    if tag.name in BLOCKS:
        entry.parts.append(" ")
    return entry


def _begun(anchor: str, heading: str, found: list[Entry]) -> Entry:
    found.append(Entry(anchor, heading))
    return found[-1]


def _words(heading: Tag) -> str:
    entry = Entry("", "")
    _read(heading, entry, [])
    return _squeezed("".join(entry.parts))


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def write_texts(app, exception):
    """Write the texts of all pages, and drop the index that nothing reads any more."""
    if exception or app.builder.name != "html":
        return
    folder, pages = Path(app.outdir), []
    for name in sorted(app.env.found_docs):
        entries = entries_of((folder / f"{name}.html").read_text("utf8"))
        if entries:
            pages.append([f"{name}.html", entries])
    stored = json.dumps(pages, ensure_ascii=False, separators=(",", ":"))
    (folder / TEXTS).write_text(f"window.searchTexts={stored};\n", "utf8")
    for name in REPLACED:
        (folder / name).unlink(missing_ok=True)


def setup(app):
    app.add_js_file("find.js", defer="defer")
    app.add_js_file("search.js", defer="defer")
    app.connect("build-finished", write_texts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
