"""The numbers that the guide for instructors states, and what the pages show."""

import re
from functools import cache
from html import unescape

from attention_book.pipeline.normalise import STATE
from attention_book.pipeline.project import Project

NUMBER = re.compile(r"[¼½¾]|(?<![\w.])\d[\d,]*(?:\.\d+)?%?")
# Digits that state no number of the page: marks, subscripts, the minutes of a plan.
NO_NUMBERS = re.compile(
    r"<!--.*?-->|\[\[.*?\]\]|_\{[^}]*\}|_\w"
    r"|\*\*(?:At the board, )?\d+ min\.?\*\*|^\d+\. |(?:quiz|number|[Cc]hapter) \d",
    re.MULTILINE,
)


def numbers(text: str) -> set[str]:
    """The numbers that a text states, without signs and without commas between thousands."""
    plain = NO_NUMBERS.sub(" ", text).replace("{,}", "").replace("\\,", "")
    return {found.rstrip(",").replace(",", "") for found in NUMBER.findall(plain)}


@cache
def page_says(name: str) -> str:
    """What a page shows but for its exercises: prose, outputs, and the words of its pictures."""
    notebook = Project().select([name])[0].read_notebook()
    said, exercise = [], False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            before, heading, _ = cell.source.partition("## Exercises")
            said += [] if exercise and "## Summary" not in cell.source else [before]
            exercise = bool(heading) or (exercise and "## Summary" not in cell.source)
        elif not exercise and "claims" not in cell.metadata.get("tags", []):
            said += [_shown(output) for output in cell.outputs]
    models = notebook.metadata["widgets"][STATE]["state"].values()
    said += [_words(model["state"]) for model in models]
    return " ".join(" ".join(said).replace("−", "-").split())


def _shown(output) -> str:
    data = output.get("data", {})
    html = unescape(re.sub(r"<[^>]+>", " ", data.get("text/html", "")))
    return " ".join([output.get("text", ""), data.get("text/markdown", ""), html])


def _words(state: dict) -> str:
    labels = " ".join(map(str, state.get("_options_labels", [])))
    return f"{state.get('title', '')} {state.get('description', '')} {labels}"
