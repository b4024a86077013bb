"""The policy of pipeline/policy.py on every page, and markup that it lets through."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.util import logging

from ..pipeline.policy import META
from ..tables import SCROLLS

# book/static/print.js does what this does.
PRINT = 'onclick="window.print()"'
# Not pages of the book: templates of the theme, and decks, which name it by themselves.
LEFT_ALONE = ("_static", "slides")
REFUSED = {
    "a script inside the page": re.compile(r"<script(?![^>]*\b(?:src=|type=\"application/))[^>]*>"),
    "a style sheet inside the page": re.compile(r"<style\b[^>]*>"),
    "a handler of events inside the page": re.compile(r"<[a-z][^<>]* on[a-z]+=\"[^\"]*\""),
    "a style attribute": re.compile(r"<[a-z][^<>]* style=\"[^\"]*\""),
}


def name_policy(app, pagename, templatename, context, doctree):
    """The policy before anything that it judges, and no scripts inside the page but stored data."""
    context["metatags"] = f"\n    {META}{context.get('metatags', '')}"
    context["script_files"] = [
        one for one in context["script_files"] if one.filename or "type" in one.attributes
    ]


def mend_pages(app, exception):
    """Rewrite what the policy would refuse, and warn of what is left."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    for page in folder.rglob("*.html"):
        name = page.relative_to(folder)
        if name.parts[0] not in LEFT_ALONE:
            text = mended(page.read_text("utf8"))
            page.write_text(text, "utf8")
            for problem in refused(text):
                logging.getLogger(__name__).warning(f"{name.as_posix()}: {problem}")


def mended(html: str) -> str:
    """The page without the handlers and styles inside that are known."""
    if META not in html:  # the theme has not made this page
        return html.replace("<head>", f"<head>{META}", 1)
    return html.replace(f"<button {PRINT}", "<button").replace(f" {SCROLLS}", "")


def refused(html: str) -> list[str]:
    """What the policy of the page forbids, each with its beginning."""
    return [
        f"{what} is refused by the page's policy ({match[0][:80]}): move it to a file"
        for what, pattern in REFUSED.items()
        for match in pattern.finditer(html)
    ]


def setup(app):
    app.add_js_file("print.js", defer="defer")
    app.connect("html-page-context", name_policy, priority=950)
    app.connect("build-finished", mend_pages, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
