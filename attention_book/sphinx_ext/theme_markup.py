"""The theme's markup, and what stands for it: names, roles and heads that a screen reader needs."""

from __future__ import annotations

import re
from pathlib import Path

HIDDEN_ICON = r'<i aria-hidden="true" class="\1'
MENDED = {
    # contents that book/static/contents.js alone marks
    'id="pst-page-toc-nav"': 'id="page-contents"',
    # a name for a button that has none, no name of its own for the one whose words say more
    '<summary>(?=<span class="toctree-toggle")': '<summary aria-label="Pages below this one">',
    '(search-button__button pst-js-only" title="Search") aria-label="Search"': r"\1",
    # what opens over the page says what it is
    '(<dialog id="pst-search-dialog")>': r'\1 aria-label="Search">',
    '(<dialog id="pst-primary-sidebar-modal")>': r'\1 aria-label="Pages of the book">',
    '(<dialog id="pst-secondary-sidebar-modal")>': r'\1 aria-label="Contents of this page">',
    # an icon is a letter of a font: no word
    r'<i class="((?=[^"]*\bfa-)[^"]*)': HIDDEN_ICON,
    # the logo stands in no landmark
    r'(sidebar-primary-items__start [^>]*>\s*<div class="sidebar-primary-item")>': (
        r'\1 role="banner">'
    ),
    # entries of a list are its items
    'role="doc-biblioentry"': 'role="listitem"',
    # the empty corner of a table heads nothing
    r"<th([^>]*)>\s*(?:<p></p>)?\s*</th>": r"<td\1></td>",
}
PATTERNS = [(re.compile(found), better) for found, better in MENDED.items()]


def mended(html: str) -> str:
    for pattern, better in PATTERNS:
        html = pattern.sub(better, html)
    return html


def mend_pages(app, exception):
    if exception or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        page.write_text(mended(page.read_text("utf8")), "utf8")


def setup(app):
    app.connect("build-finished", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
