"""Where things lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode

from .errors import PipelineError

ROOT = Path(__file__).resolve().parents[2]


def folded(notebook: NotebookNode) -> NotebookNode:
    """Fold in JupyterLab what the page folds: hidden inputs, and solutions with their results."""
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        if tags & {"hide-input", "hide-cell"}:
            cell.metadata["jupyter"] = {"source_hidden": True}
        if "hide-cell" in tags:
            cell.metadata["jupyter"]["outputs_hidden"] = True
    return notebook


@dataclass(frozen=True)
class Chapter:
    """One chapter: its text, which people write, and its executed notebook, which people run."""

    name: str
    text: Path
    notebook: Path

    def read_text(self) -> NotebookNode:
        try:
            return folded(jupytext.read(self.text, fmt="md:myst"))
        except Exception as error:
            raise PipelineError(
                self.name,
                f"the chapter is not a MyST text notebook that jupytext can read: {error}",
                f"correct {self.text.name}; its header is described in CONTRIBUTING.md",
            ) from error

    def read_notebook(self) -> NotebookNode:
        try:
            return nbformat.read(self.notebook, as_version=4)
        except Exception as error:
            raise PipelineError(
                self.name,
                f"notebooks/{self.notebook.name} is not a notebook that can be read: {error}",
                f"delete it, then run `make notebooks CHAPTER={self.name}`",
            ) from error


@dataclass(frozen=True)
class Project:
    root: Path = ROOT

    @property
    def chapters_folder(self) -> Path:
        return self.root / "book" / "chapters"

    @property
    def notebooks_folder(self) -> Path:
        return self.root / "notebooks"

    @property
    def html(self) -> Path:
        return self.root / "_build" / "html"

    @cached_property
    def chapters(self) -> list[Chapter]:
        """Every chapter that has a text, in the order of the names."""
        texts = sorted(self.chapters_folder.glob("*.md"))
        if not texts:
            raise PipelineError("book/chapters", "there is no chapter", "write one, NN_name.md")
        return [Chapter(text.stem, text, self.notebook(text.stem)) for text in texts]

    def notebook(self, name: str) -> Path:
        return self.notebooks_folder / f"{name}.ipynb"

    def select(self, names: list[str]) -> list[Chapter]:
        """The pages of these names, or all of them without names.

        "02_worked_example" or its file is a page, "02" a chapter: its main page and its side pages.
        """
        chosen = []
        for name in names:
            stem = Path(name).stem
            found = [c for c in self.chapters if c.name == stem]
            found = found or [c for c in self.chapters if c.name.startswith(f"{stem}_")]
            if not found:
                known = ", ".join(c.name for c in self.chapters)
                raise PipelineError(name, "no chapter of this name", f"use one of: {known}")
            chosen += found
        return chosen or self.chapters

    @cached_property
    def toc_entries(self) -> list[str]:
        """Every page that _toc.yml lists, without the file ending."""
        path = self.root / "_toc.yml"
        if not path.is_file():
            raise PipelineError("_toc.yml", "the table of contents is missing", "write _toc.yml")
        toc = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [re.sub(r"\.(md|ipynb)$", "", entry) for entry in _files(toc)]


def _files(node) -> list[str]:
    if isinstance(node, list):
        return [entry for child in node for entry in _files(child)]
    if isinstance(node, dict):
        own = [node[key] for key in ("root", "file") if key in node]
        return own + [entry for child in node.values() for entry in _files(child)]
    return []
