"""The theme's style sheets without the rules for what no page has: a tenth of a page's weight.

A rule stays if every class of one of its selectors stands in a page, or as a word in a script. What
bootstrap.js adds to a page is listed here, for it names hundreds of classes that it never uses.
"""

from __future__ import annotations

import re
from pathlib import Path

import tinycss2

SHEETS = (
    "basic.css",
    "copybutton.css",
    "mystnb.*.css",
    "pygments.css",
    "styles/pydata-sphinx-theme.css",
    "styles/sphinx-book-theme.css",
)
NESTED = ("media", "supports", "container", "layer")
OF_BOOTSTRAP = {
    "show",
    "fade",
    "tooltip",
    "tooltip-arrow",
    "tooltip-inner",
    *(f"bs-tooltip-{side}" for side in ("auto", "top", "bottom", "start", "end")),
}
UNREAD = ("bootstrap.js", "fontawesome.js", "mathjax.js")
ATTRIBUTE = re.compile(r'\bclass="([^"]*)"')
STORED = re.compile(r'<script type="application/[^>]*>(.*?)</script>', re.DOTALL)
WORD = re.compile(r"-?[A-Za-z_][\w-]*")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
IN_BRACKETS = re.compile(r"\[[^\]]*\]|:[\w-]+\([^()]*\)")


def classes_of(folder: Path) -> set[str]:
    """Every class that an element of a page has, or that a script may give it."""
    used = set(OF_BOOTSTRAP)
    for page in folder.rglob("*.html"):
        html = page.read_text("utf8")
        used.update(*(value.split() for value in ATTRIBUTE.findall(html)))
        used.update(*(WORD.findall(stored) for stored in STORED.findall(html)))
    for script in folder.glob("_static/**/*.js"):
        if script.name not in UNREAD:
            used.update(WORD.findall(script.read_text("utf8")))
    return used


def lightened(css: str, used: set[str]) -> str:
    """The sheet without rules that select nothing."""
    return _kept(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), used)


def _kept(rules, used) -> str:
    parts = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [one for one in _selectors(rule.prelude) if selects(one, used)]
            if selectors:
                parts.append(f"{','.join(selectors)}{{{tinycss2.serialize(rule.content)}}}")
        elif rule.type == "at-rule" and rule.content and rule.lower_at_keyword in NESTED:
            inside = tinycss2.parse_rule_list(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            if kept := _kept(inside, used):
                head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
                parts.append(f"{head}{{{kept}}}")
        else:
            parts.append(rule.serialize())
    return "".join(parts)


def _selectors(prelude) -> list[str]:
    parts = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def selects(selector: str, used: set[str]) -> bool:
    """Whether all classes of a selector are in use; what stands in brackets is not looked at."""
    before = None
    while before != selector:
        before, selector = selector, IN_BRACKETS.sub("", selector)
    return all(name in used for name in CLASS.findall(selector))


def lighten_sheets(app, exception):
    """Rewrite the theme's sheets once all pages stand."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    used = classes_of(folder)
    for pattern in SHEETS:
        for sheet in (folder / "_static").glob(pattern):
            sheet.write_text(lightened(sheet.read_text("utf8"), used), "utf8")


def setup(app):
    app.connect("build-finished", lighten_sheets, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
