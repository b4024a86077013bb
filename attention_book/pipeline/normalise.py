"""Make an executed notebook a function of its content: no random ids, times or machine details."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter

from nbformat import NotebookNode, from_dict

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
REFERENCE = re.compile(r"IPY_MODEL_([0-9a-f]{32})")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# What tqdm writes: "fit:  40%|####      | 4/10 [00:01<00:02, 3.1it/s]" or "12it [00:00, 90it/s]".
BAR = re.compile(r"\d+%\|.*\|\s*\S+/\S+ \[.*\]|\d+\S*it \[.*\]")
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}


class UnexpectedStderrError(Exception):
    """A cell wrote to stderr something that is no progress bar."""

    def __init__(self, index: int, text: str):
        super().__init__(text)
        self.index = index
        self.text = text


def normalise(notebook: NotebookNode, extra: dict) -> NotebookNode:
    """The notebook in the one form in which it is stored; `extra` is added to its metadata.

    Raises UnexpectedStderrError for a cell that warned.
    """
    widgets = notebook.metadata.get("widgets", {}).get(STATE)
    cells = [_normal_cell(index, cell) for index, cell in enumerate(notebook.cells)]
    for cell, name in zip(cells, cell_ids(cells), strict=True):
        cell["id"] = name
    metadata = {"kernelspec": KERNELSPEC, "language_info": LANGUAGE, **extra}
    if widgets:
        state = linked_state(cells, widgets["state"])
        metadata["widgets"] = {STATE: {**widgets, "state": state}}
    plain = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return from_dict(_renumbered(json.loads(json.dumps(plain))))


def _normal_cell(index: int, cell: NotebookNode) -> dict:
    metadata = {k: v for k, v in cell.metadata.items() if k not in ("execution", "collapsed")}
    normal = {"cell_type": cell.cell_type, "metadata": metadata, "source": cell.source}
    if cell.cell_type == "code":
        normal["execution_count"] = cell.execution_count
        normal["outputs"] = _normal_outputs(index, cell.outputs)
    return normal


def _normal_outputs(index: int, outputs: list) -> list[dict]:
    """Streams joined where they follow each other, progress bars dropped."""
    errors = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stderr")
    unexpected = without_progress(errors)
    if unexpected:
        raise UnexpectedStderrError(index, unexpected)
    normal: list[dict] = []
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                continue
            if normal and normal[-1]["output_type"] == "stream":
                normal[-1]["text"] += output.text
                continue
        normal.append(dict(output))
    return normal


def without_progress(text: str) -> str:
    """What a cell wrote to stderr, without progress bars."""
    lines = re.split(r"[\r\n]+", ANSI.sub("", text))
    return "\n".join(line for line in lines if line.strip() and not BAR.search(line))


def cell_ids(cells: list[dict]) -> list[str]:
    """An id from the content of each cell, so that a new cell leaves the others' ids alone."""
    seen: Counter[str] = Counter()
    names = []
    for cell in cells:
        name = hashlib.sha256(f"{cell['cell_type']}\n{cell['source']}".encode()).hexdigest()[:8]
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def linked_state(cells: list[dict], state: dict) -> dict:
    """The widget models that a stored view needs: what it holds, and the links between these."""
    needed: set[str] = set()
    waiting = [
        output["data"][VIEW]["model_id"]
        for cell in cells
        for output in cell.get("outputs", [])
        if VIEW in output.get("data", {})
    ]
    while waiting:
        model = waiting.pop()
        if model in state and model not in needed:
            needed.add(model)
            waiting += _references(state[model])
        if not waiting:
            waiting = [m for m in state if _links_only(state[m], needed) and m not in needed]
    return {model: _pruned(entry) for model, entry in state.items() if model in needed}


def _references(entry: dict) -> list[str]:
    return REFERENCE.findall(json.dumps(entry["state"]))


def _links_only(entry: dict, needed: set[str]) -> bool:
    """A link (jslink, jsdlink) belongs to the page when both its ends do."""
    ends = _references(entry)
    is_link = entry["model_name"] in ("LinkModel", "DirectionalLinkModel")
    return is_link and all(end in needed for end in ends)


def _pruned(entry: dict) -> dict:
    """Layouts and styles list dozens of options that are not set; the browser needs none."""
    if not entry["model_name"].endswith(("LayoutModel", "StyleModel")):
        return entry
    state = {key: value for key, value in entry["state"].items() if value is not None}
    return {**entry, "state": state}


def _renumbered(notebook: dict) -> dict:
    """Widget model ids counted in the order in which the page first names them."""
    state = notebook["metadata"].get("widgets", {}).get(STATE, {}).get("state", {})
    order: dict[str, str] = {}

    def number(model: str) -> None:
        if model in state and model not in order:
            order[model] = f"{len(order) + 1:032x}"
            for child in _references(state[model]):
                number(child)

    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            number(output.get("data", {}).get(VIEW, {}).get("model_id", ""))
    for model in state:
        number(model)
    if not order:
        return notebook
    pattern = re.compile("|".join(order))
    return json.loads(pattern.sub(lambda match: order[match[0]], json.dumps(notebook)))
