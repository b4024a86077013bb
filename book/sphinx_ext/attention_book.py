"""What the book needs from Sphinx beyond configuration: pages that ask no other host and carry no dead weight."""

from __future__ import annotations

import re
from pathlib import Path

THEME_CSS = Path("_static/styles/pydata-sphinx-theme.css")
ICON_RULE = re.compile(r"(?:\.fa-[\w-]+:(?:before|after),?)+\{content:\"[^\"]*\"\}")
ICON_NAME = re.compile(r"\.fa-([\w-]+):")
USED_ICON = re.compile(r"\bfa-([a-z0-9-]+)")


def drop_unused_icons(app, exception):
    """The theme's style sheet names two thousand icons; keep the rules of those that some page shows."""
    sheet = Path(app.outdir) / THEME_CSS
    if exception or app.builder.name != "html" or not sheet.exists():
        return
    pages = Path(app.outdir).rglob("*.html")
    used = {name for page in pages for name in USED_ICON.findall(page.read_text("utf8"))}
    kept = lambda rule: rule[0] if used.intersection(ICON_NAME.findall(rule[0])) else ""  # noqa: E731
    sheet.write_text(ICON_RULE.sub(kept, sheet.read_text("utf8")), "utf8")


def setup(app):
    app.connect("build-finished", drop_unused_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
