"""The count of stale notebooks follows the history of a small repository."""

import pytest

from attention_book import studies
from tests.helpers.mini_book import Book, cell

SOURCE = """
def used():
    return {}


def unused():
    return {}
"""
USES = cell("from attention_lib.part import used\n\nused()")


@pytest.fixture
def staleness(tmp_path, load, monkeypatch):
    """The script, looking at a repository with a chapter that uses one of two functions."""
    script = load("staleness")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    script.git("init", "--quiet")
    book = Book(tmp_path)
    for chapter, used, unused in [(USES, 1, 1), (USES, 1, 2), (USES, 2, 2), ("", 2, 2), ("", 3, 3)]:
        book.chapter("01_one", chapter)
        book.write("attention_lib/part.py", SOURCE.format(used, unused))
        commit(script)
    return script


def commit(script):
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    script.git("add", "--all")
    script.git(*who, "commit", "--quiet", "--message", "A change")


def test_only_what_is_used_counts(staleness):
    commits = staleness.git("log", "--reverse", "--format=%H").decode().split()
    assert staleness.count(commits) == [
        {"chapter": "01_one", "commits": 4, "everything": 4, "used": 2},
        {"chapter": "02_two", "commits": 4, "everything": 3, "used": 0},
    ]


def test_a_shallow_clone_says_so(staleness, tmp_path, monkeypatch):
    clone = tmp_path / "clone"
    staleness.git("clone", "--quiet", "--depth", "1", tmp_path.as_uri(), str(clone))
    monkeypatch.setattr(staleness, "ROOT", clone)
    monkeypatch.setattr("sys.argv", ["staleness.py"])
    with pytest.raises(SystemExit, match="this clone is shallow and has no history to count"):
        staleness.main()


def test_a_tiny_run_writes_a_record_like_the_stored_one(staleness, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["staleness.py", "--tiny", "--out", str(tmp_path)])
    staleness.main()
    monkeypatch.setattr(studies, "RESULTS", tmp_path)
    written = studies.load("staleness")
    monkeypatch.undo()
    stored = studies.load("staleness")
    assert written.settings.keys() == stored.settings.keys()
    assert written.runs[0].keys() == stored.runs[0].keys()
    assert written.settings["commits"] == 3
    assert stored.settings["commits"] > 200
    assert "--tiny" not in stored.provenance
