"""The editions of every page: students get no answer, instructors get all of them."""

import json
import re

import nbformat
import pytest

from attention_book.editions import instructor, student
from attention_book.editions.sheet import read_sheet
from attention_book.editions.teaching_notes import read_notes
from attention_book.exercises import all_exercises, check
from attention_book.pipeline.environment import chapter_environment
from attention_book.pipeline.execute import run_cells
from attention_book.pipeline.normalise import STATE, VIEW
from attention_book.pipeline.project import ROOT, Project

CHAPTERS = Project().chapters
NAMES = [chapter.name for chapter in CHAPTERS]
SHEETS = {chapter.name: read_sheet(chapter) for chapter in CHAPTERS}
each_page = pytest.mark.parametrize("name", NAMES)


def plain(text):
    """Letters and digits alone: neither line ends nor escapes nor markup hide anything."""
    return "".join(re.findall(r"\w", text.replace("\\n", " ")))


def everything(notebook):
    """All that is in the file: sources, outputs, metadata, the state of widgets."""
    return plain(json.dumps(notebook, ensure_ascii=False))


def answers(sheet):
    """The text of each answer, and of its sentences those that are long enough to be its own."""
    for task in sheet.tasks:
        for cell in task.all("answer"):
            text = re.sub(r"</?details>|<summary>.*?</summary>", "", cell.source)
            yield text
            yield from (one for one in re.split(r"(?<=[.:?])\s", text) if len(plain(one)) > 50)


def solution_lines(sheet):
    """The lines of the solutions that neither a starter nor the rest of the page has."""
    for task in sheet.tasks:
        for cell in task.all("solution"):
            lines = [line.strip() for line in cell.source.splitlines() if len(plain(line)) > 8]
            known = plain("\n".join(elsewhere(sheet)))
            yield cell.source
            yield from (line for line in lines if plain(line) not in known)


def elsewhere(sheet):
    cells = [*sheet.before, *sheet.after]
    kinds = ("text", "hint", "starter", "shown")
    yield from (c.source for c in cells if "claims" not in c.metadata.get("tags", []))
    yield from (cell.source for task in sheet.tasks for cell in task.all(*kinds))


@each_page
def test_students_get_no_solution_and_no_answer_anywhere(name):
    sheet = SHEETS[name]
    found = everything(student.student_edition(sheet))
    secrets = [*answers(sheet), *solution_lines(sheet)]
    assert len(secrets) > len(sheet.tasks)
    assert [secret for secret in secrets if plain(secret) in found] == []
    assert "One solution, folded" not in json.dumps(student.student_edition(sheet))


@each_page
def test_students_get_all_the_rest(name):
    sheet, edition = SHEETS[name], student.student_edition(SHEETS[name])
    nbformat.validate(edition)
    found = everything(edition)
    for text in elsewhere(sheet):
        assert plain(re.sub(r"\]\(\.\./[^)]*\)", "]", text)) in found
    starters = [cell for task in sheet.tasks for cell in task.all("starter")]
    in_edition = {cell.source: cell for cell in edition.cells}
    for cell in starters:
        copy = in_edition[cell.source]
        assert (copy.outputs, copy.execution_count, copy.id) == ([], None, cell.id)
    waiting = [cell for cell in edition.cells if cell.source == student.ANSWER]
    assert len(waiting) == sum(len(task.all("answer")) for task in sheet.tasks)
    assert len(waiting) + len(starters) >= len(sheet.tasks)


@each_page
def test_figures_that_move_keep_their_state(name):
    for edition in (student.student_edition, instructor.instructor_edition):
        notebook = edition(SHEETS[name])
        state = notebook.metadata.widgets[STATE]["state"]
        views = [
            output.data[VIEW]["model_id"]
            for cell in notebook.cells
            for output in cell.get("outputs", [])
            if VIEW in output.get("data", {})
        ]
        assert views
        assert set(views) <= set(state)
        assert state == SHEETS[name].notebook.metadata.widgets[STATE]["state"]


@each_page
def test_instructors_get_everything_open(name):
    sheet, edition = SHEETS[name], instructor.instructor_edition(SHEETS[name])
    nbformat.validate(edition)
    found = everything(edition)
    secrets = [*answers(sheet), *solution_lines(sheet), *elsewhere(sheet)]
    secrets = [re.sub(r"\]\(\.\./[^)]*\)", "]", secret) for secret in secrets]
    assert [secret for secret in secrets if plain(secret) not in found] == []
    for cell in edition.cells:
        if "solution" in cell.metadata.get("tags", []):
            assert cell.metadata.tags == ["solution"]
            assert "jupyter" not in cell.metadata
    texts = [cell.source for cell in edition.cells if cell.cell_type == "markdown"]
    assert texts.count(instructor.SOLUTION) == sum(len(t.all("solution")) for t in sheet.tasks)
    marked = [text for text in texts if text.startswith(f"{instructor.ANSWER}\n\n")]
    assert len(marked) == sum(len(task.all("answer")) for task in sheet.tasks)
    assert not any("<details" in text for text in marked)


@each_page
def test_instructors_see_what_each_wrong_answer_is_told(name):
    edition = instructor.instructor_edition(SHEETS[name])
    found = everything(edition)
    checked = [task.checked[0] for task in SHEETS[name].tasks if task.checked]
    assert checked
    for exercise in (all_exercises()[one] for one in checked):
        for behaviour in exercise.behaviours:
            assert plain(behaviour.statement) in found
        for mutant in exercise.mutants:
            assert plain(html(mutant.reason)) in found
            assert plain(html(check(exercise.name, mutant.function).message)) in found


def html(text):
    return json.dumps(instructor.escape(text), ensure_ascii=False)


def test_the_guide_is_read_by_its_marks(tmp_path):
    (tmp_path / "book" / "teaching").mkdir(parents=True)
    (tmp_path / "book" / "teaching" / "chapter.md").write_text(
        "# Guide\n\n## A page\n\n<!-- page: 02_one -->\n\nSee [[Where it fails]], "
        "[[01_two]], [[01_two: By hand]], "
        "[](../../notebooks/01_two.ipynb), [the guide](../x.md).\n\n### On the board\n\nDraw.\n\n"
        "## Another\n\n<!-- page: 01_two -->\n\nTwo.\n"
    )
    assert read_notes(tmp_path, {"01_two": "Two of them"}) == {
        "02_one": "See *Where it fails*, [Two of them](01_two.ipynb), [Two of them](01_two.ipynb), "
        "*By hand*, [Two of them](01_two.ipynb), the guide.\n\n"
        "#### On the board\n\nDraw.",
        "01_two": "Two.",
    }


def test_the_guide_has_a_part_for_each_page():
    titles = {name: sheet.title for name, sheet in SHEETS.items()}
    notes = read_notes(ROOT, titles)
    assert set(notes) == set(NAMES)
    for name, text in notes.items():
        edition = instructor.instructor_edition(SHEETS[name], text)
        assert edition.cells[1].source.startswith('<div class="advanced">\n\n## For the class')
        assert "[[" not in text
        assert not re.search(r"\]\((?!https?:|\w+\.ipynb)", text)


@pytest.mark.whole
def test_a_students_notebook_runs_from_top_to_bottom(tmp_path):
    notebook = student.student_edition(SHEETS["02_worked_example"])
    run_cells(notebook, "student", tmp_path, chapter_environment())
    said = [
        output.data["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "starter" in cell.metadata.get("tags", [])
    ]
    assert len(said) == 3
    assert all(": not yet. " in text for text in said)
