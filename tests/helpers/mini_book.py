"""A book of two tiny chapters in a temporary folder."""

import shutil
from pathlib import Path

import nbformat

from attention_book.pipeline.fingerprint import KEY, fingerprint
from attention_book.pipeline.normalise import normalise
from attention_book.pipeline.project import ROOT, Project
from attention_book.pipeline.store import renew

HEADER = """\
---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A chapter
"""
TOC = """\
format: jb-book
root: book/intro
parts:
  - caption: Chapters
    chapters:
      - file: notebooks/01_one
      - file: notebooks/02_two.ipynb
"""


def cell(source: str, tags: str = "") -> str:
    header = f":tags: [{tags}]\n\n" if tags else ""
    return f"\n```{{code-cell}} ipython3\n{header}{source}\n```\n"


class Book:
    """The temporary project, with short ways to write and to fake-execute a chapter."""

    def __init__(self, root: Path):
        self.root = root
        self.write("_toc.yml", TOC)
        self.write("requirements.txt", "numpy==2.0.0\n")
        self.write("attention_lib/__init__.py", "")
        self.write("attention_book/__init__.py", "")
        shutil.copytree(ROOT / "attention_book" / "claims", root / "attention_book" / "claims")
        shutil.copy(ROOT / "attention_book" / "tables.py", root / "attention_book")
        self.write("book/intro.md", "# The book\n")
        self.write("book/notation.md", "# Notation\n\n$Q$ the queries, $\\alpha$ the weights.\n")
        self.chapter("01_one", cell("print('one')"))
        self.chapter("02_two", cell("print('two')"))

    @property
    def project(self) -> Project:
        return Project(self.root)

    def write(self, name: str, content: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
        return path

    def chapter(self, name: str, body: str) -> Path:
        return self.write(f"book/chapters/{name}.md", HEADER + body)

    def notebook(self, name: str) -> Path:
        return self.root / "notebooks" / f"{name}.ipynb"

    def pretend_executed(self) -> None:
        """Notebooks as if the chapters had run, without a kernel."""
        (self.root / "notebooks").mkdir(exist_ok=True)
        for chapter in self.project.chapters:
            made = normalise(chapter.read_text(), {KEY: fingerprint(self.project, chapter)})
            nbformat.write(made, chapter.notebook)
            renew(self.project, chapter)
