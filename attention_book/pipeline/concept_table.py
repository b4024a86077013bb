"""Write the table of attention_book.concepts into the page that shows it."""

from __future__ import annotations

import re
from pathlib import Path

from attention_book.concepts import CONCEPTS, LAYERS, Concept
from attention_lib.writing import replace_file

from .project import PipelineError, Project

BEGIN = "<!-- concepts: python -m attention_book concepts writes this table -->"
END = "<!-- end of concepts -->"
PAGE = "book/concepts.md"
HEADER = """\
| concept | definition (NumPy) | fast form (PyTorch) | module | chapter | tests |
|---|---|---|---|---|---|
"""


def table(root: Path) -> str:
    """The concept table in Markdown."""
    return HEADER + "".join(_row(concept, root) for concept in CONCEPTS)


def _row(concept: Concept, root: Path) -> str:
    tests = [path.name for layer in LAYERS for path in judges(concept, layer, root)]
    cells = [
        concept.name,
        *(_code(concept.names(layer)) for layer in LAYERS),
        _chapter(concept.chapter),
        _code(tuple(dict.fromkeys(tests))),
    ]
    return f"| {' | '.join(cells)} |\n"


def judges(concept: Concept, layer: str, root: Path) -> list[Path]:
    """The test files of a layer that mention the concept and are called after one of its files.

    Where none is, those called after the start of a file's name (positions_alibi is judged by
    test_positions.py), else the one that mentions the concept most often.
    """
    if not concept.names(layer):
        return []
    mention = re.compile(rf"\b({'|'.join(concept.names(layer))})\b")
    tests = sorted((root / "tests" / "attention_lib" / layer).glob("test_*.py"))
    count = {path: len(mention.findall(path.read_text(encoding="utf-8"))) for path in tests}
    files = [one.partition(".")[0] for one in concept.files.split()]
    for stems in (files, [file.partition("_")[0] for file in files]):
        found = [path for path in tests if path.stem.removeprefix("test_") in stems and count[path]]
        if found:
            return found
    return [max(tests, key=count.get)]


def _chapter(chapter: str) -> str:
    """A link with the number of the page: 01, or 01-2 for a side page."""
    number = re.match(r"(\d\d)_(?:(\d)_)?", chapter)
    return f"[{'-'.join(filter(None, number.groups()))}](../notebooks/{chapter}.ipynb)"


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


def rendered(text: str, root: Path) -> str:
    """The text of the page with the table as it has to be."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        problem = "the marks of the concept table are missing"
        raise PipelineError(PAGE, problem, f"add {BEGIN} and {END}")
    block = f"{BEGIN}\n{table(root)}{END}"
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: block, text, flags=re.DOTALL)


def write(project: Project) -> bool:
    """Bring the page up to date; whether it changed."""
    path = project.root / PAGE
    text = path.read_text(encoding="utf-8")
    new = rendered(text, project.root)
    if new != text:
        replace_file(path, new)
    return new != text
