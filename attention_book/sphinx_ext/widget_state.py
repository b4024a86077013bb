"""The pages that store widgets are rewritten: every script and style sheet stands in them once."""

from __future__ import annotations

from pathlib import Path

from ..pipeline.shared_texts import TYPE, share_texts


def shrink_states(app, exception):
    if exception or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text("utf8")
        if TYPE in text:
            page.write_text(share_texts(text), "utf8")


def setup(app):
    app.connect("build-finished", shrink_states)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
