"""Write the table of attention_book.concepts into the pages that show it."""

from __future__ import annotations

import re

from attention_book.concepts import CONCEPTS, Concept

from .execute import write_atomically
from .project import PipelineError, Project

BEGIN = "<!-- concepts: python -m attention_book concepts writes this table -->"
END = "<!-- end of concepts -->"
# page: how it reaches the root of the repository
PAGES = {"README.md": "", "book/concepts.md": "../"}
HEADER = """\
| concept | definition (NumPy) | fast form (PyTorch) | module | chapter | tests |
|---|---|---|---|---|---|
"""


def table(to_root: str) -> str:
    """The concept table in Markdown; links start with the way to the root."""
    return HEADER + "".join(_row(concept, to_root) for concept in CONCEPTS)


def _row(concept: Concept, to_root: str) -> str:
    cells = [
        concept.name,
        _code(concept.reference),
        _code(concept.functional),
        _code(concept.modules),
        _chapter(concept.chapter, to_root),
        _code(tuple(dict.fromkeys(path.partition("/")[2] for path in concept.tests))),
    ]
    return f"| {' | '.join(cells)} |\n"


def _chapter(chapter: str, to_root: str) -> str:
    return f"[{chapter[:2]}]({to_root}notebooks/{chapter}.ipynb)" if chapter else "–"


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


def rendered(page: str, text: str) -> str:
    """The text of a page with the table as it has to be."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        problem = "the marks of the concept table are missing"
        raise PipelineError(page, problem, f"add {BEGIN} and {END}")
    block = f"{BEGIN}\n{table(PAGES[page])}{END}"
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: block, text, flags=re.DOTALL)


def stale_pages(project: Project) -> list[str]:
    """The pages whose table is not that of attention_book.concepts."""
    texts = {page: (project.root / page).read_text(encoding="utf-8") for page in PAGES}
    return [page for page, text in texts.items() if rendered(page, text) != text]


def write(project: Project) -> list[str]:
    """Bring the pages up to date; the names of those that changed."""
    changed = stale_pages(project)
    for page in changed:
        path = project.root / page
        write_atomically(path, rendered(page, path.read_text(encoding="utf-8")))
    return changed
