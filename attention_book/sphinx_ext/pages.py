"""What the book needs from Sphinx beyond configuration: words on folds."""

from __future__ import annotations

import json
from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform

CLAIMS = "application/vnd.attention-book.claims+json"


def drop_claims_data(app, docname, source):
    """Claims carry data for the lint beside their table; myst-nb warns of a type it cannot show."""
    if CLAIMS not in source[0]:
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(CLAIMS, None)
    source[0] = json.dumps(notebook)


class FoldedCells(SphinxPostTransform):
    """Says on each folded cell what it holds, before myst-nb folds it."""

    default_priority = 198
    formats = ("html",)

    def run(self, **kwargs):
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and cell.get("hide_mode"):
                held = "a solution" if "tag_solution" in cell["classes"] else "the code"
                cell["prompt_show"], cell["prompt_hide"] = f"Show {held}", f"Hide {held}"


def open_folded(translator, node):
    """myst-nb's own summary has a label that differs from its text, and an admonition's look."""
    show, hide = escape(node["prompt_show"]), escape(node["prompt_hide"])
    translator.body.append(
        f'<details class="hide {" ".join(node["classes"])}">\n<summary>'
        f'<span class="when-closed">{show}</span><span class="when-open">{hide}</span></summary>\n'
    )


def close_folded(translator, node):
    translator.body.append("</details>\n")


def setup(app):
    app.setup_extension("myst_nb")
    app.connect("source-read", drop_claims_data)
    app.add_post_transform(FoldedCells)
    app.add_node(HideCodeCellNode, override=True, html=(open_folded, close_folded))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
