"""What was found when the library was changed: scores, survivors, and the reasons for these."""

import pytest

from tests.mutation import results
from tests.mutation.__main__ import all_files

ENTRY = {"files": ["a/*.py"], "change": "same=None", "why": "only its truth is asked"}


def row(*changes, killed=19):
    return results.counted(
        {"killed": killed, "timeout": 0, "survivors": [{"change": change} for change in changes]}
    )


def test_the_stored_rows_are_good_enough_and_every_survivor_has_its_reason():
    rows = results.load()
    assert rows
    assert set(rows) <= set(all_files())
    entries = results.accepted()
    assert all(entry["why"] for entry in entries)
    assert results.problems(rows, entries, all_files()) == []


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ({"a/b.py": row("- same=False\n+ same=None", "- x\n+ y")}, "without a reason\n- x"),
        ({"c/b.py": row("- same=False\n+ same=None"), "a/b.py": row("+ same=None")}, "c/b.py"),
        ({"a/b.py": row("+ same=None", killed=8)}, "a/b.py: 88.8%"),
        ({"a/b.py": row()}, "does not survive"),
    ],
)
def test_each_problem_is_named(rows, problem):
    (found,) = results.problems(rows, [ENTRY], list(rows))
    assert problem in found


def test_a_reason_for_a_file_that_was_not_tried_is_not_judged():
    assert results.problems({"a/b.py": row()}, [ENTRY], ["a/b.py", "a/c.py"]) == []


def test_the_score_is_rounded_down():
    assert results.score(1999, 2000) == 99.9
    assert results.score(0, 0) == 100.0


def test_rows_are_stored_beside_those_of_other_files(tmp_path):
    path = tmp_path / "results.json"
    results.store({"b.py": row(), "a.py": row("x")}, path)
    results.store({"b.py": row("y")}, path)
    assert results.load(path) == {"a.py": row("x"), "b.py": row("y")}
    assert list(results.load(path)) == ["a.py", "b.py"]


def test_a_file_that_changed_or_has_no_row_is_named(tmp_path):
    for name in ("same.py", "other.py", "new.py"):
        (tmp_path / name).write_text(name)
    rows = {"same.py": {"digest": results.digest(tmp_path / "same.py")}, "other.py": {"digest": ""}}
    files = ["same.py", "other.py", "new.py"]
    assert results.outdated(files, rows, tmp_path) == ["other.py", "new.py"]
