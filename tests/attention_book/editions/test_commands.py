"""The commands that write editions and grade them."""

import csv
import subprocess

import nbformat
import pytest

from attention_book import __main__ as commands
from attention_book.__main__ import run
from attention_book.editions import nbgrader_here
from attention_book.editions.course import Course
from attention_book.editions.sheet import read_sheet
from attention_book.pipeline.beside import Beside
from attention_book.pipeline.errors import PipelineError
from tests.helpers.mini_book import Book, cell

PAGE = "02_worked_example"


@pytest.fixture
def fresh(monkeypatch):
    """Notebooks that are up to date, whatever is being written at the moment."""
    monkeypatch.setattr(commands, "_stop_on_stale", lambda project: None)


@pytest.mark.parametrize("command", ["student", "instructor"])
def test_an_edition_is_a_folder_of_notebooks_with_a_word_on_what_it_is(
    fresh, tmp_path, capsys, command
):
    run([command, PAGE, "--to", str(tmp_path / "there")])
    assert {path.name for path in (tmp_path / "there").iterdir()} == {f"{PAGE}.ipynb", "README.md"}
    notebook = nbformat.read(tmp_path / "there" / f"{PAGE}.ipynb", as_version=4)
    assert notebook.metadata.attention_book_edition == {"edition": command, "page": PAGE}
    assert f"1 notebook(s) for {command}s are in" in capsys.readouterr().out
    before = (tmp_path / "there" / f"{PAGE}.ipynb").read_bytes()
    run([command, PAGE, "--to", str(tmp_path / "there")])
    assert (tmp_path / "there" / f"{PAGE}.ipynb").read_bytes() == before


@pytest.mark.parametrize("command", ["student", "instructor", "assignments"])
def test_a_stale_notebook_stops_every_edition(tmp_path, command):
    book = Book(tmp_path)
    with pytest.raises(SystemExit, match="stopped: "):
        run([command], book.project)
    assert not (book.root / "course").exists()
    assert not (book.root / "_build" / command).exists()


@pytest.mark.whole
def test_a_course_without_submissions_has_a_table_of_grades_without_rows(fresh, tmp_path, capsys):
    course = tmp_path / "course"
    run(["assignments", PAGE, "--course", str(course)])
    said = capsys.readouterr().out
    assert "1 assignment(s) made anew, 0 as before" in said
    assert f"{course / 'README.md'} says what follows" in said
    assert (course / "README.md").is_file()
    (course / "nbgrader_config.py").write_text(
        (course / "nbgrader_config.py").read_text("utf-8") + "# changed by the instructor\n"
    )
    run(["assignments", PAGE, "--course", str(course)])
    assert "0 assignment(s) made anew, 1 as before" in capsys.readouterr().out
    assert "# changed by the instructor" in (course / "nbgrader_config.py").read_text("utf-8")
    run(["grades", "--course", str(course)])
    assert "0 submission(s)" in capsys.readouterr().out
    with (course / "grades.csv").open(encoding="utf-8", newline="") as lines:
        assert list(csv.DictReader(lines)) == []


@pytest.mark.parametrize("command", ["grades", "formgrader"])
def test_without_a_course_it_is_said_what_to_do_first(tmp_path, command):
    with pytest.raises(SystemExit, match="there are no assignments"):
        run([command, "--course", str(tmp_path)])


def test_the_formgrader_runs_in_the_course_on_this_machine_alone(tmp_path, monkeypatch):
    (tmp_path / "source").mkdir()
    called = []

    def started(command, **options):
        called.append((command, options))
        return subprocess.CompletedProcess(command, returncode=len(called) - 1)

    monkeypatch.setattr(nbgrader_here, "require_nbgrader", lambda: None)
    monkeypatch.setattr(nbgrader_here.subprocess, "run", started)
    run(["formgrader", "--course", str(tmp_path)])
    command, options = called[0]
    assert "--ServerApp.ip=127.0.0.1" in command
    assert options["cwd"] == tmp_path
    assert options["env"]["JUPYTER_CONFIG_PATH"].endswith("jupyter")
    with pytest.raises(SystemExit, match="Jupyter stopped with an error"):
        run(["formgrader", "--course", str(tmp_path)])


def test_without_nbgrader_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(nbgrader_here, "TEACHING", Beside(tmp_path, tmp_path / "x", "`make it`"))
    monkeypatch.setattr(Beside, "installed", lambda self: False)
    monkeypatch.setattr(nbgrader_here.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PipelineError, match="run `make it`, then this command"):
        Course(tmp_path / "course")
    assert not (tmp_path / "course").exists()


FORMS = {
    "no exercises": ("# Title\n", "there are no exercises"),
    "a heading without stars": (
        "# Title\n\n## Exercises\n\n### Exercise 1: look\n\n<details><summary>Answer</summary>\n\n"
        "Yes.\n\n</details>\n",
        "says no stars and minutes",
    ),
    "nothing that answers": (
        "# Title\n\n## Exercises\n\n### Exercise 1 (★, 3 min): look\n\nLook.\n",
        "exercise 1 has 0 starters, 0 solutions and 0 answers",
    ),
    "a starter without a solution": (
        "# Title\n\n## Exercises\n\n### Exercise 1 (★, 3 min): look\n\nLook.\n\n"
        + cell("check('a.b', f)", "starter"),
        "exercise 1 has 1 starters, 0 solutions",
    ),
    "no check": (
        "# Title\n\n## Exercises\n\n### Exercise 1 (★, 3 min): look\n\nLook.\n\n"
        + cell("f = 1", "starter")
        + cell("f = 2", "solution"),
        "exercise 1 ends in no check",
    ),
}


@pytest.mark.parametrize(("text", "words"), FORMS.values(), ids=FORMS)
def test_exercises_that_cannot_be_taken_apart_are_named(tmp_path, text, words):
    book = Book(tmp_path)
    book.chapter("01_one", text)
    book.pretend_executed()
    with pytest.raises(PipelineError, match=words) as problem:
        read_sheet(book.project.chapters[0])
    assert problem.value.where == "01_one"
