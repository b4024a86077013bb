"""Corrections to common claims: each number is taken from the claims that a notebook has stored.

An item of the list ends with `<!-- section: 05_1_heads_cost, The formula -->`, which becomes a link
to that section (its first words are enough). `<!-- claim: label -->` in the same item becomes the
number that this page claims under the label, as its text prints it. Where a claim has a range, the
number is the computed one; `<!-- claim: label | 95% -->` is one of the numbers that it covers.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..pipeline.project import PipelineError
from .places import Places, places_of

ITEM = re.compile(r"^- .*$", re.MULTILINE)
SECTION = re.compile(r"<!-- section: (?P<page>\w+), (?P<title>[^>]+?) -->")
CLAIM = re.compile(r"<!-- claim: (?P<label>[^>|]+?)(?: \| (?P<shown>[^>]+?))? -->")


def insert_numbers(app, docname, source):
    """Fill in the marks of a page that corrects claims."""
    if SECTION.search(source[0]):
        source[0] = filled(source[0], places_of(Path(app.srcdir)))


def filled(text: str, places: Places) -> str:
    """The text with its numbers and links.

    Raises PipelineError where an item has no section, or a section or a claim does not exist.
    """
    return ITEM.sub(lambda item: item_filled(item[0], places), text)


def item_filled(item: str, places: Places) -> str:
    """One item; the others of a page that uses no mark stay as they are."""
    if not CLAIM.search(item) and not SECTION.search(item):
        return item
    found = SECTION.findall(item)
    if len(found) != 1:
        raise PipelineError(
            "book/corrections.md",
            f"{len(found)} sections in {item[:60]!r}, expected 1",
            "end the item with <!-- section: PAGE, TITLE -->",
        )
    [(page, title)] = found
    item = CLAIM.sub(lambda mark: number_of(places.claim(page, mark["label"]), mark["shown"]), item)
    return SECTION.sub(lambda _: places.link(page, title), item)


def number_of(record: dict, shown: str | None = None) -> str:
    """What a claim prints; of a claim with a range, the value or one of what it covers."""
    if shown is None:
        return record["prints"] or readable(record["value"])
    if shown not in record["covers"]:
        raise PipelineError(
            "book/corrections.md",
            f"the claim {record['label']!r} does not cover {shown!r}",
            f"use one of: {', '.join(record['covers']) or 'nothing, for it covers no text'}",
        )
    return shown


def readable(value: str) -> str:
    """A computed value as the claim stores it, tiny ones as a power of ten."""
    digits, is_power, power = value.partition("e")
    return f"${digits} \\cdot 10^{{{int(power)}}}$" if is_power else value


def setup(app):
    app.connect("source-read", insert_numbers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
