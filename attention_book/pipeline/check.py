"""Is every chapter paired with a notebook that was executed from exactly this text?"""

from __future__ import annotations

from tqdm import tqdm

from .address import address_of
from .fingerprint import KEY, changed_parts
from .first_cell import is_first_cell, source, without_first_cell
from .project import Chapter, PipelineError, Project


def stale_because(project: Project, chapter: Chapter) -> str:
    """Why the notebook has to be executed again, in words; "" when it is up to date."""
    if not chapter.notebook.is_file():
        return "the notebook is missing"
    stored = chapter.read_notebook().metadata.get(KEY, {})
    changed = changed_parts(project, chapter, stored)
    return f"{_listed(changed)} changed" if changed else ""


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def check(project: Project) -> list[PipelineError]:
    """Everything that stands between the chapters and a book that tells the truth."""
    problems = _notebooks_without_text(project)
    for chapter in tqdm(project.chapters, "  checking", leave=False, disable=None):
        problems += _check_chapter(project, chapter)
    return problems


def _notebooks_without_text(project: Project) -> list[PipelineError]:
    names = {chapter.name for chapter in project.chapters}
    return [
        PipelineError(
            path.stem,
            f"unpaired: notebooks/{path.name} has no chapter book/chapters/{path.stem}.md",
            "write the chapter under this name, or delete the notebook",
        )
        for path in sorted(project.notebooks_folder.glob("*.ipynb"))
        if path.stem not in names
    ]


def _check_chapter(project: Project, chapter: Chapter) -> list[PipelineError]:
    mend = f"make notebooks   (or: python -m attention_book notebooks {chapter.name})"
    problems = []
    if f"notebooks/{chapter.name}" not in project.toc_entries:
        problems.append(
            PipelineError(
                chapter.name,
                "not in _toc.yml, so the book would not show it",
                f"add the line `- file: notebooks/{chapter.name}` to _toc.yml",
            )
        )
    if not chapter.notebook.is_file():
        problem = f"unpaired: there is no notebooks/{chapter.name}.ipynb"
        return [*problems, PipelineError(chapter.name, problem, mend)]
    try:
        changed = stale_because(project, chapter)
        different = inputs_differ(chapter)
    except PipelineError as error:
        return [*problems, error]
    if changed:
        problem = f"stale: {changed} since the notebook was executed"
        problems.append(PipelineError(chapter.name, problem, mend))
    elif different:
        problems.append(
            PipelineError(
                chapter.name,
                f"the notebook is not what the text says: {different}",
                f"carry the change over to book/chapters/{chapter.name}.md if it is wanted, "
                f"then python -m attention_book notebooks --force {chapter.name}",
            )
        )
    elif first_cell_differs(project, chapter):
        problem = "its first cell does not install the book from the address in _config.yml"
        problems.append(PipelineError(chapter.name, problem, f"{mend}; it runs nothing for this"))
    return problems


def first_cell_differs(project: Project, chapter: Chapter) -> bool:
    """Whether the notebook lacks the cell for Colab, or has another one."""
    cells = chapter.read_notebook().cells
    stored = [cell.source for cell in cells if is_first_cell(cell)]
    return stored != [source(address_of(project.root))]


def inputs_differ(chapter: Chapter) -> str:
    """The first difference between the inputs of text and notebook, in words, or nothing."""
    written = chapter.read_text().cells
    stored = without_first_cell(chapter.read_notebook()).cells
    if len(written) != len(stored):
        return f"{len(written)} cells in the text, {len(stored)} in the notebook"
    for number, (ours, theirs) in enumerate(zip(written, stored, strict=True), start=1):
        for what in ("cell_type", "source", "metadata"):
            if ours[what] != theirs[what]:
                return f"cell {number} differs in {what}"
    return ""
