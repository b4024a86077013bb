"""Starters fail and solutions pass, as they stand in the chapters; every mutant is rejected."""

import re

import jupytext
import pytest

from attention_book.exercises import all_exercises, check
from attention_book.pipeline.project import ROOT

CHAPTERS = ROOT / "book" / "chapters"
CHECK_CALL = re.compile(r"\bcheck\(\s*[\"']([\w.]+)[\"']")
MUTANTS = [
    (name, mutant) for name, exercise in all_exercises().items() for mutant in exercise.mutants
]
CHAPTER_FILES = sorted(
    path for path in CHAPTERS.glob("*.md") if CHECK_CALL.search(path.read_text(encoding="utf-8"))
)


def _cells(path, tag):
    notebook = jupytext.read(path)
    return [
        c.source
        for c in notebook.cells
        if c.cell_type == "code" and (tag is None or tag in c.metadata.get("tags", []))
    ]


def _chapter_of(name, tag):
    found = [
        (path, source)
        for path in CHAPTER_FILES
        for source in _cells(path, tag)
        if name in CHECK_CALL.findall(source)
    ]
    assert len(found) == 1, (
        f"{name}: expected one cell tagged {tag} in all chapters, found {len(found)}"
    )
    return found[0]


def _setup(path):
    """The cell tagged setup, or else the chapter's first code cell."""
    tagged = _cells(path, "setup")
    return tagged[0] if tagged else next(iter(_cells(path, None)))


def _feedback(name, tag):
    path, source = _chapter_of(name, tag)
    namespace: dict = {}
    exec(compile(_without_magics(_setup(path)), f"{path.name} setup", "exec"), namespace)
    namespace["feedback"] = []
    namespace["check"] = lambda *arguments: namespace["feedback"].append(check(*arguments))
    exec(compile(source, f"{path.name} {tag}", "exec"), namespace)
    assert len(namespace["feedback"]) == 1, f"{name}: expected one check in the cell tagged {tag}"
    return namespace["feedback"][0]


def _without_magics(source):
    return "\n".join(line for line in source.splitlines() if not line.startswith("%"))


@pytest.mark.parametrize("name", all_exercises())
def test_starter_fails_without_raising(name):
    assert not _feedback(name, "starter").passed


@pytest.mark.parametrize("name", all_exercises())
def test_solution_passes(name):
    feedback = _feedback(name, "solution")
    assert feedback.passed, feedback.message


@pytest.mark.parametrize(("name", "mutant"), MUTANTS, ids=[f"{n}: {m.reason}" for n, m in MUTANTS])
def test_mutant_is_rejected_with_a_message_that_helps(name, mutant):
    feedback = check(name, mutant.function)
    assert not feedback.passed, f"{name} accepts a wrong solution: {mutant.reason}"
    assert mutant.says in feedback.message
    assert ("your function stops with" in feedback.message) == mutant.crashes, feedback.message


@pytest.mark.parametrize("name", all_exercises())
def test_messages_are_the_same_on_a_second_try(name):
    for mutant in all_exercises()[name].mutants:
        assert repr(check(name, mutant.function)) == repr(check(name, mutant.function))


@pytest.mark.parametrize("name", all_exercises())
def test_each_exercise_has_three_mutants_with_reasons(name):
    mutants = all_exercises()[name].mutants
    assert len(mutants) >= 3
    assert len({mutant.reason for mutant in mutants}) == len(mutants)


@pytest.mark.parametrize("path", CHAPTER_FILES, ids=lambda path: path.stem)
def test_chapter_names_only_exercises_that_exist(path):
    called = set(CHECK_CALL.findall(path.read_text(encoding="utf-8")))
    assert called <= set(all_exercises())


@pytest.mark.parametrize("path", CHAPTER_FILES, ids=lambda path: path.stem)
def test_solutions_are_folded(path):
    notebook = jupytext.read(path)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "solution" in tags:
            assert "hide-cell" in tags, (
                f"{path.name}: a solution lies open: {cell.source.splitlines()[0]}"
            )
