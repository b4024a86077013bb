"""Chapters really run: in order, repeatably, and without leaving half a notebook behind."""

import pytest

from attention_book.__main__ import run
from attention_book.pipeline import concept_table, lock, new_page, store
from attention_book.pipeline import execute as execute_module
from attention_book.pipeline.claims_lint import covered_numbers
from attention_lib.writing import replace_file
from tests.helpers.mini_book import cell

pytestmark = pytest.mark.whole

RICH = (
    cell("import ipywidgets as W\nfrom tqdm import tqdm", "hide-input")
    + cell(
        "slider, text = W.IntSlider(), W.IntText()\nW.jslink((slider, 'value'), (text, 'value'))"
    )
    + cell("W.VBox([slider, text])")
    + cell("for _ in tqdm(range(2), disable=False):\n    print({'b', 'a', 'c'})")
    + cell("from attention_book.claims import check_claims, claim")
    + cell("check_claims(claim('half', 1 / 2, prints='50%'))", "claims")
)


def snapshot(book):
    paths = sorted(book.root.glob("notebooks/*"))
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in paths}


def contents(book):
    return {name: content for name, (content, _) in snapshot(book).items()}


def test_only_stale_chapters_run_and_a_forced_run_changes_no_byte(book, capsys):
    book.chapter("01_one", RICH)
    run(["notebooks"], book.project)
    first = snapshot(book)
    assert set(first) == {"01_one.ipynb", "02_two.ipynb"}
    assert "01_one: done in" in capsys.readouterr().out
    assert covered_numbers(book.project.chapters[0]) == {"50%"}

    run(["notebooks"], book.project)
    assert snapshot(book) == first
    assert "0 notebook(s) executed" in capsys.readouterr().out

    run(["notebooks", "--force", "01"], book.project)
    assert contents(book) == {name: content for name, (content, _) in first.items()}
    assert "02_two" not in capsys.readouterr().out

    book.chapter("02_two", cell("print('changed')"))
    run(["notebooks"], book.project)
    output = capsys.readouterr().out
    assert "01_one: up to date" in output
    assert "02_two: running because its text changed" in output
    assert snapshot(book)["01_one.ipynb"][0] == first["01_one.ipynb"][0]
    assert b"changed" in contents(book)["02_two.ipynb"]


FAILURES = {
    "an error": ("x = [1]\nx[3]", "IndexError: list index out of range", "correct the cell"),
    "a broken claim": (
        "from attention_book.claims import check_claims, claim\n"
        "check_claims(claim('accuracy', 0.93, prints='97%'))",
        "accuracy: computed 0.93, the text says 97%",
        "correct the number in the text",
    ),
    "a warning": (
        "import warnings\nwarnings.warn('something is off')",
        "UserWarning: something is off",
        "correct what warns",
    ),
    "text on stderr": ("import sys\nprint('oh', file=sys.stderr)", "| oh", "correct what warns"),
    "a dead kernel": ("import os\nos._exit(1)", "the kernel died", "crash in compiled code"),
}


@pytest.mark.parametrize(("source", "problem", "mend"), FAILURES.values(), ids=FAILURES)
def test_a_failing_cell_is_named_and_nothing_is_written(book, source, problem, mend):
    book.pretend_executed()
    book.chapter("02_two", cell("print('fine')") + "\nSome text.\n" + cell(source))
    before = snapshot(book)
    with pytest.raises(SystemExit) as stopped:
        run(["notebooks"], book.project)
    message = str(stopped.value)
    assert message.startswith("02_two: code cell 2 fails\n")
    assert f"    | {source.splitlines()[0]}" in message
    assert problem in message
    assert f"mend: {mend}" in message.replace("look for a lack of memory or a ", "")
    assert snapshot(book) == before


def test_an_interrupted_run_writes_nothing(book, monkeypatch):
    book.pretend_executed()
    book.chapter("02_two", cell("print('new')"))
    before = snapshot(book)

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(execute_module, "run_cells", interrupt)
    with pytest.raises(SystemExit, match="interrupted"):
        run(["notebooks"], book.project)
    assert snapshot(book) == before


def test_the_pipeline_replaces_files_whole():
    assert {one.replace_file for one in (concept_table, lock, new_page, store)} == {replace_file}
