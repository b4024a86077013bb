"""The style sheets of a page as one file, and its small scripts as another.

A browser asks for six files at a time, and shows no text before it has all style sheets. Pages that
name the same files in the same order share a bundle, which lies in `_static` as the files do.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath

STATIC = "_static"
SHEET = re.compile(r'\s*<link (?=[^>]*rel="stylesheet")[^>]*href="([^"?]+)[^"]*"[^>]*>')
SCRIPT = re.compile(r'\s*<script defer src="([^"?]+)[^"]*"></script>')
ALONE = ("mathjax.js", "widgets.js")  # large ones, which come beside each other
IMPORT = re.compile(r'@import\s+(?:url\()?["\']?([^"\')]+)["\']?\)?\s*;')
CHARSET = re.compile(r'@charset\s+"[^"]*";')
ADDRESS = re.compile(r'url\(\s*(["\']?)(?!data:|#|/|https?:)([^"\')]+)\1\s*\)')


class Bundles:
    """What has been bundled in a built site: the names of files, and the bundle of them."""

    def __init__(self, site: Path):
        self.site = site
        self.made: dict[tuple[str, ...], str] = {}

    def bundled(self, html: str, folder: PurePosixPath) -> str:
        """The page, which lies in `folder`, with one style sheet and one script for many."""
        html = self._replaced(html, folder, SHEET, '\n<link rel="stylesheet" href="{}" />', sheet)
        return self._replaced(html, folder, SCRIPT, '\n<script defer src="{}"></script>', script)

    def _replaced(self, html, folder, pattern, tag, read):
        found = [one for one in pattern.finditer(html) if not one[1].endswith(ALONE)]
        if len(found) < 2:
            return html
        names = tuple(normpath(folder / one[1]) for one in found)
        bundle = self._bundle(names, read)
        up = "../" * len(folder.parts)
        first = tag.format(f"{up}{bundle}")
        for one in reversed(found):
            html = html[: one.start()] + (first if one is found[0] else "") + html[one.end() :]
        return html

    def _bundle(self, names, read):
        if names not in self.made:
            text = "\n".join(read(self.site, name) for name in names)
            kept = hashlib.sha256(text.encode()).hexdigest()[:10]
            self.made[names] = f"{STATIC}/page-{kept}{PurePosixPath(names[0]).suffix}"
            (self.site / self.made[names]).write_text(text, "utf8")
        return self.made[names]


def script(site: Path, name: str) -> str:
    return (site / name).read_text("utf8")


def sheet(site: Path, name: str) -> str:
    """A style sheet with those that it imports, and with its addresses as seen from STATIC."""
    place = PurePosixPath(name).parent
    css = CHARSET.sub("", (site / name).read_text("utf8"))
    css = IMPORT.sub(lambda one: sheet(site, normpath(place / one[1])), css)
    if str(place) == STATIC:
        return css
    inside = place.relative_to(STATIC)
    return ADDRESS.sub(lambda one: f'url("{normpath(inside / one[2])}")', css)


def bundle_pages(app, exception):
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    bundles = Bundles(site)
    for page in site.rglob("*.html"):
        name = PurePosixPath(page.relative_to(site).as_posix())
        if name.parts[0] not in (STATIC, "slides"):  # templates, and decks with few files
            text = page.read_text("utf8")
            page.write_text(bundles.bundled(text, name.parent), "utf8")


def setup(app):
    app.connect("build-finished", bundle_pages, priority=970)  # the sheets have lost rules by then
    return {"parallel_read_safe": True, "parallel_write_safe": True}
