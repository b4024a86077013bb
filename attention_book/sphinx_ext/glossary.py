"""The glossary: where each term is introduced, and on which pages it is used.

An entry of the page ends with `<!-- in: 08_1_windows, Five tokens | forms: window -->`: the
section that introduces the term (its first words are enough; none where that is the beginning of
the page), and the words to look for where they differ from the term itself. The pages are searched
while the book is built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..pipeline.page_text import Page
from ..pipeline.project import PipelineError
from .places import Places, number, places_of

BLOCK = re.compile(r"^```\{glossary\}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(
    r"^(?P<term>\S.*)\n(?P<text>(?:  .*\n)+?)"
    r"  <!-- in: (?P<page>\w+)(?:, (?P<section>[^|>]+?))?(?: \| forms: (?P<forms>[^>]+?))? -->$",
    re.MULTILINE,
)
SECTION = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
NOT_READ = ("Sources", "Further")  # titles of works and of pages, which use a word by chance
NO_TEXT = [
    re.compile(r"```.*?```", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\$\$.*?\$\$|(?<![\\$])\$(?!\s)[^$]+?(?<!\s)\$", re.DOTALL),
    re.compile(r"<[^>]+>"),
    re.compile(r"(?<=\])\([^)\s]*\)"),
    re.compile(r"[*`]"),
]


@dataclass(frozen=True)
class Term:
    """One entry as it is written: the term, what it means, and what to look for."""

    name: str
    text: str
    page: str
    section: str
    forms: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Whether a text in small letters says it, in the singular or in the plural."""
        forms = [
            form.lower() for form in self.forms if form.lower() in text
        ]  # the quick look first
        words = "|".join(map(re.escape, forms))
        return bool(forms) and bool(re.search(rf"(?<!\w)(?:{words})(?:s|es)?(?!\w)", text))


def terms(text: str) -> list[Term]:
    """The entries of a glossary page, in the order of the page."""
    found = []
    for block in BLOCK.findall(text):
        for one in ENTRY.finditer(block):
            forms = (one["forms"] or one["term"]).split(", ")
            place = one["page"], one["section"] or ""
            found.append(Term(one["term"], one["text"], *place, tuple(forms)))
        entries = re.findall(r"^(?!:)\S.*$", block, re.MULTILINE)
        if len(entries) != len(ENTRY.findall(block)):
            lost = sorted(set(entries) - {one.name for one in found})
            mend = "end it with <!-- in: PAGE, SECTION -->, below an indented text"
            raise PipelineError("book/glossary.md", f"no entry can be read at {lost}", mend)
    return found


def sections(page: Page) -> list[tuple[str, str]]:
    """(title, text without markup) of each section of the second level; what stands before: ""."""
    parts = SECTION.split(page.prose)
    found = [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    return [(title, plain(f"{title}\n{text}")) for title, text in found if title not in NOT_READ]


def plain(text: str) -> str:
    """The words of a text in small letters, without code, math, tags and the targets of links."""
    for pattern in NO_TEXT:
        text = pattern.sub("" if pattern is NO_TEXT[-1] else " ", text)
    return re.sub(r"\s+", " ", text).lower()


def uses(term: Term, texts: dict[str, list[tuple[str, str]]]) -> dict[str, str]:
    """page: the first section with the term, for every page that has it."""
    found = {}
    for page, parts in texts.items():
        first = next((title for title, text in parts if term.is_in(text)), None)
        if first is not None:
            found[page] = first
    return found


def insert_links(app, docname, source):
    """Write below each entry where it is introduced and used."""
    if BLOCK.search(source[0]):
        source[0] = linked(source[0], places_of(Path(app.srcdir)))


def linked(text: str, places: Places) -> str:
    """The page with its links."""
    texts = {name: sections(page) for name, page in places.pages.items()}
    lines = {term.name: way(term, texts, places) for term in terms(text)}
    return ENTRY.sub(lambda one: f"{one['term']}\n{one['text']}\n  {lines[one['term']]}", text)


def way(term: Term, texts, places: Places) -> str:
    """Where a term is introduced and where else it is used, in one line."""
    title = places.section(term.page, term.section) if term.section else ""
    if not term.is_in(dict(texts[term.page])[title]):
        problem = f"the section {title!r} does not say {' or '.join(term.forms)}"
        raise PipelineError(term.page, f"glossary, {term.name!r}: {problem}", "name another one")
    line = f"Introduced in {places.link(term.page, title)}"
    others = {page: first for page, first in uses(term, texts).items() if page != term.page}
    links = [
        places.link(page, others[page], text=number(page)) for page in sorted(others, key=number)
    ]
    return f"{line} · used in {', '.join(links)}" if links else line


def setup(app):
    app.connect("source-read", insert_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
