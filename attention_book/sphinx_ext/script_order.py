"""In which order a page loads what it needs: no script is in the way of the text, some wait longer.

Scripts run in their order once the text stands; that of the colours alone goes before it. What only
answers to clicks waits until formulas and pictures stand too (book/static/later.js). A script that
no page uses is left out: the book's own search marks what it finds. The fonts of formulas are named
for before-paint.js, which asks for them at once; else they would wait for the first formula.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

BEFORE = "before-paint.js"
LATER = (
    "clipboard.min.js",
    "copybutton.js",
    "sphinx-book-theme.js",
    "bootstrap.js",
    "pydata-sphinx-theme.js",
)
UNUSED = "_static/sphinx_highlight.js"
SCRIPT = re.compile(r'<script(?: defer(?:="defer")?)? src="([^"]*?([^"/?]+)(?:\?[^"]*)?)">')
FIRST = re.compile(rf'(<script src="[^"]*{re.escape(BEFORE)}[^"]*")>')
MATHJAX = re.compile(r'<script defer src="([^"]*)mathjax\.js[^"]*">')
FORMULA = re.compile(r'class="(?:[^"]* )?math[ "]')
FONTS = ("Zero", "Main-Regular", "Math-Italic")  # those that every formula needs


def leave_out(app, pagename, templatename, context, doctree):
    context["script_files"] = [one for one in context["script_files"] if one.filename != UNUSED]


def ordered(html: str) -> str:
    """The page with `defer` at its scripts, and those of LATER left to later.js."""
    html = SCRIPT.sub(_tag, html)
    formulas = FORMULA.search(html) and MATHJAX.search(html)
    return FIRST.sub(partial(_with_fonts, formulas[1]), html) if formulas else html


def _with_fonts(folder: str, script: re.Match) -> str:
    fonts = " ".join(f"{folder}mathjax/MathJax_{name}.woff2" for name in FONTS)
    return f'{script[1]} data-fonts="{fonts}">'


def _tag(script: re.Match) -> str:
    source, name = script[1], script[2]
    if name == BEFORE:
        return script[0]
    when = 'type="text/later"' if name in LATER else "defer"
    return f'<script {when} src="{source}">'


def order_scripts(app, exception):
    if exception or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text("utf8")
        if BEFORE in text:  # the theme has made it
            page.write_text(ordered(text), "utf8")


def setup(app):
    app.add_js_file("later.js", defer="defer")
    app.connect("html-page-context", leave_out)
    app.connect("build-finished", order_scripts, priority=880)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
