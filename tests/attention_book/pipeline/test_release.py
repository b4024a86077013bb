"""Version, date and age of what is carried away."""

import os

import pytest

from attention_book.pipeline.errors import PipelineError
from attention_book.pipeline.release import commit_date, is_built, tracked, version


def test_the_version_is_that_of_the_package(book):
    with pytest.raises(PipelineError, match="names no version"):
        version(book.project)
    book.write("pyproject.toml", '[project]\nversion = "3.1"\n')
    assert version(book.project) == "3.1"


def test_the_date_is_no_clock(book, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_DIR", str(book.root / "no-repository"))
    assert commit_date(book.project) is None
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert commit_date(book.project).isoformat() == "1970-01-02T00:00:00+00:00"


def test_pages_older_than_a_source_are_built_anew(book, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(book.root / "no-repository"))
    assert not is_built(book.project)
    index = book.write("_build/html/index.html", "the book")
    sources = tracked(book.project, "book", "_toc.yml", "attention_book")
    assert book.root / "book" / "intro.md" in sources
    for path in sources:
        os.utime(path, (100, 100))
    os.utime(book.root / "attention_lib" / "__init__.py", (100, 100))
    os.utime(index, (200, 200))
    assert is_built(book.project)
    os.utime(book.root / "_toc.yml", (300, 300))
    assert not is_built(book.project)
