"""An executed notebook as a list of blocks: headings, text, boxes, code, results, pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from nbformat import NotebookNode

from ..pipeline.normalise import VIEW, linked_state
from .text import MARKDOWN, inline

CLASS = re.compile(r'class="(\w+)"')
SHORT = re.compile(r"<td>([^<]{1,22})</td>")  # a cell that is not broken
SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
SHOWN_NEVER = {"remove-cell", "remove-input", "hide-input", "hide-cell", "remove-output"}


@dataclass
class Block:
    """`kind` says what it is; `source` is Markdown, TeX, Python or HTML, according to the kind."""

    kind: str
    source: str = ""
    name: str = ""
    children: list[Block] = field(default_factory=list)
    level: int = 0


def read(notebook: NotebookNode, state: dict) -> list[Block]:
    """The blocks of a page, without what it hides for good."""
    blocks = []
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "markdown":
            blocks += prose(cell.source)
        elif not tags & {"claims", "starter", "solution", "setup"}:
            blocks += code(cell, tags, state)
    return blocks


def prose(source: str) -> list[Block]:
    """Markdown as nested blocks; `<div>` and `<details>` are the boxes and folds around others."""
    root = Block("root")
    around = [root]
    tokens = MARKDOWN.parse(source)
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "html_block":
            _tags(token.content, around)
        else:
            length = _length(tokens, index)
            around[-1].children += _plain(tokens[index : index + length])
            index += length - 1
        index += 1
    return root.children


def _length(tokens, index: int) -> int:
    """How many tokens the block that begins here takes."""
    if tokens[index].nesting == 0:
        return 1
    depth = 0
    for length, token in enumerate(tokens[index:], start=1):
        depth += token.nesting
        if depth == 0:
            return length
    raise ValueError(f"a block of {tokens[index].type} is not closed")


def _tags(html: str, around: list[Block]) -> None:
    """Open or close a box or a fold."""
    for tag in re.findall(r"<(?:div|details)\b[^>]*>|</(?:div|details)>", html):
        if tag.startswith("</"):
            around.pop()
            continue
        name = CLASS.search(tag)
        summary = SUMMARY.search(html)
        kind = "fold" if tag.startswith("<details") else "box"
        opened = Block(kind, summary[1] if summary and kind == "fold" else "", name and name[1])
        around[-1].children.append(opened)
        around.append(opened)


def _plain(tokens) -> list[Block]:
    head = tokens[0]
    if head.type == "heading_open":
        return [Block("heading", tokens[1].content, level=int(head.tag[1]))]
    if head.type == "paragraph_open":
        return [Block("paragraph", tokens[1].content)]
    if head.type in ("bullet_list_open", "ordered_list_open"):
        items = [Block("item", t.content) for t in tokens if t.type == "inline"]
        return [Block("list", children=items)]
    if head.type == "math_block":
        return [Block("math", head.content.strip())]
    if head.type == "table_open":
        return [Block("table", _table(tokens))]
    if head.type == "fence":
        return [Block("code", head.content.rstrip())]
    return []


def _table(tokens) -> str:
    """The cells of a table in Markdown; the first of a row names it."""
    rows, column, cell = [], 0, "td"
    for token in tokens:
        if token.type == "tr_open":
            rows.append("<tr>")
            column = 0
        elif token.type in ("th_open", "td_open"):
            cell = "th" if token.type == "th_open" or column == 0 else "td"
            column += 1
        elif token.type == "inline":
            scope = "" if cell == "td" else f' scope="{"col" if len(rows) == 1 else "row"}"'
            cell = "td" if not token.content else cell
            scope = scope if token.content else ""
            rows[-1] += f"<{cell}{scope}>{inline(token.content)}</{cell}>"
    head, *body = [f"{row}</tr>" for row in rows]
    return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"


def code(cell: NotebookNode, tags: set[str], state: dict) -> list[Block]:
    """The source if the page shows it, then what it showed."""
    blocks = []
    if not tags & SHOWN_NEVER:
        prints = any(output.output_type == "stream" for output in cell.outputs)
        name = "lesson" if "lesson" in tags else "printing" if prints else "plain"
        blocks.append(Block("code", cell.source, name))
    if not tags & {"remove-cell", "remove-output"}:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        blocks += [block for output in cell.outputs for block in _output(output, alt, state)]
    return blocks


def _output(output, alt: str, state: dict) -> list[Block]:
    if output.output_type == "stream":
        return [Block("text", output.text.rstrip())]
    data = output.get("data", {})
    if VIEW in data:
        return [Block("picture", data[VIEW]["model_id"], _title(output, state))]
    if "image/svg+xml" in data:
        return [Block("image", data["image/svg+xml"], alt)]
    if "text/markdown" in data:
        return prose(data["text/markdown"])
    if "text/html" in data:
        return _table_and_note(data["text/html"])
    return [Block("text", data["text/plain"])] if "text/plain" in data else []


def _title(output, state: dict) -> str:
    models = linked_state([{"outputs": [output]}], state).values()
    return next((m["state"]["title"] for m in models if m["state"].get("title")), "")


def _table_and_note(html: str) -> list[Block]:
    """The table of a result, and the sentence below it that says where its numbers come from."""
    table = re.search(r"<table>.*?</table>", html, re.DOTALL)
    if not table:
        return []
    note = re.search(r"</table></div><p>(.*?)</p>", html, re.DOTALL)
    blocks = [Block("table", SHORT.sub(r'<td class="whole">\1</td>', table[0]))]
    return [*blocks, Block("provenance", note[1])] if note else blocks


def plain_text(html: str) -> str:
    """HTML with its tags taken out, safe to put into HTML again."""
    return escape(re.sub(r"<[^>]+>", "", html), quote=False)
