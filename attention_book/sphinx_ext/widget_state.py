"""The widgets' state in a page, with every script and style sheet stored once.

A notebook repeats them in each widget, for a front end with a kernel expects them there. On a page
a number stands for such a text, and attention_book/web/widgets.mjs puts it back.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

TYPE = "application/vnd.jupyter.widget-state+json"
STATE = re.compile(rf'(<script type="{re.escape(TYPE)}">)(.*?)(</script>)', re.DOTALL)
TEXTS = ("_esm", "_css")


def share_texts(match):
    """The element of the state, with the texts that models share apart from them."""
    stored, texts = json.loads(match[2]), {}
    for model in stored["state"].values():
        for key in TEXTS:
            if key in model["state"]:
                model["state"][key] = texts.setdefault(model["state"][key], len(texts))
    content = json.dumps({**stored, "shared": list(texts)}, separators=(",", ":"))
    return match[1] + content.replace("</", "<\\/") + match[3]


def shrink_states(app, exception):
    """Rewrite every page that stores widgets."""
    if exception or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text("utf8")
        if TYPE in text:
            page.write_text(STATE.sub(share_texts, text), "utf8")


def setup(app):
    app.connect("build-finished", shrink_states)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
