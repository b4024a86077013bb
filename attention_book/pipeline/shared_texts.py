"""The widgets' state in a page, with every script and style sheet stored once.

A notebook repeats them in each widget, for a front end with a kernel expects them there. On a page
a number stands for such a text, and attention_book/web/widgets.mjs puts it back.
"""

from __future__ import annotations

import json
import re

TYPE = "application/vnd.jupyter.widget-state+json"
STATE = re.compile(rf'(<script type="{re.escape(TYPE)}">)(.*?)(</script>)', re.DOTALL)
TEXTS = ("_esm", "_css")


def share_texts(html: str) -> str:
    """The page, with the texts that its models share apart from them."""
    return STATE.sub(_shared, html)


def _shared(match: re.Match) -> str:
    stored, texts = json.loads(match[2]), {}
    for model in stored["state"].values():
        for key in TEXTS:
            if key in model["state"]:
                model["state"][key] = texts.setdefault(model["state"][key], len(texts))
    content = json.dumps({**stored, "shared": list(texts)}, separators=(",", ":"))
    return match[1] + content.replace("</", "<\\/") + match[3]
