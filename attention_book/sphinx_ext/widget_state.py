"""The widgets' state in a page: below the text, with every script and style sheet stored once."""

from __future__ import annotations

import re
from pathlib import Path

from ..pipeline.shared_texts import TYPE, share_texts

STATE = re.compile(rf'<script type="{re.escape(TYPE)}">.*?</script>', re.DOTALL)


def moved(html: str) -> str:
    """The page with its state at the end, so that the text arrives first."""
    states = STATE.findall(html)
    text, end, after = STATE.sub("", html).rpartition("</body>")
    return "".join([text, *states, end, after])


def shrink_states(app, exception):
    if exception or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text("utf8")
        if TYPE in text:
            page.write_text(moved(share_texts(text)), "utf8")


def setup(app):
    app.connect("build-finished", shrink_states)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
