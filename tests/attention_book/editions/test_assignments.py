"""The assignments of every page: points by stars, hidden tests, and nothing that answers."""

import ast
import re

import numpy as np
import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_output

from attention_book.editions.assignments import assignment, held_by_starter, without_check
from attention_book.editions.careful import require_points
from attention_book.editions.grading import _with_other_inputs, earned, score
from attention_book.editions.sheet import read_sheet
from attention_book.exercises import all_exercises
from attention_book.exercises.engine import run_checks
from attention_book.pipeline.errors import PipelineError
from attention_book.pipeline.project import Project

SEED = 1
SHEETS = {chapter.name: read_sheet(chapter) for chapter in Project().chapters}
TASKS = {
    task.checked[0]: (sheet, task)
    for sheet in SHEETS.values()
    for task in sheet.tasks
    if task.checked
}
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", re.DOTALL)
SOLUTION = re.compile(r"### BEGIN SOLUTION.*?### END SOLUTION", re.DOTALL)


def function_of(sheet, task, kind):
    """What the starter or the solution of the page defines, by running the set-up before it."""
    space: dict = {}
    exec(compile(sheet.setup.source, "setup", "exec"), space)
    exec(compile(without_check(task.all(kind)[0]), kind, "exec"), space)
    return space[task.checked[1]]


def test_every_exercise_in_code_of_the_book_is_in_an_assignment():
    assert set(TASKS) == set(all_exercises())


@pytest.mark.parametrize("name", SHEETS)
def test_an_assignment_has_the_exercises_of_its_page(name):
    sheet = SHEETS[name]
    cells = assignment(sheet, SEED).cells
    facts = [cell.metadata.nbgrader for cell in cells]
    assert len({one.grade_id for one in facts}) == len(cells)
    assert sum(one.get("points", 0) for one in facts) == sum(task.stars for task in sheet.tasks)
    for task in sheet.tasks:
        place = f"exercise_{task.number}_"
        mine = [cell for cell in cells if cell.metadata.nbgrader.grade_id.startswith(place)]
        assert mine[0].source == task.heading
        tests = [c for c in mine if c.metadata.nbgrader.grade and c.cell_type == "code"]
        assert len(tests) == len(task.all("starter"))
        words = [c for c in mine if c.metadata.nbgrader.grade and c.cell_type == "markdown"]
        assert len(words) == len(task.all("answer"))
        for cell in tests:
            assert cell.metadata.nbgrader.locked
            call = f'score("{task.checked[0]}", {task.checked[1]}, '
            assert call in HIDDEN.search(cell.source)[0]
            assert " score" not in HIDDEN.sub("", cell.source)


@pytest.mark.parametrize("name", SHEETS)
def test_what_is_handed_out_holds_no_solution(name):
    """After nbgrader has cut the regions and the answers in words."""
    sheet = SHEETS[name]
    kept = "\n".join(
        SOLUTION.sub("", HIDDEN.sub("", cell.source))
        for cell in assignment(sheet, SEED).cells
        if not (cell.metadata.nbgrader.solution and cell.cell_type == "markdown")
    )
    for task in sheet.tasks:
        for cell in task.all("solution"):
            assert without_check(cell) not in kept
        for cell in task.all("answer"):
            assert re.sub(r"<.*?>", "", cell.source).strip() not in kept


@pytest.mark.whole
@pytest.mark.parametrize("name", TASKS)
def test_on_the_hidden_inputs_starters_earn_nothing_and_solutions_all(name, capsys):
    sheet, task = TASKS[name]
    given = held_by_starter(task.all("starter")[0], sheet)
    facts = {"points": task.stars, "given": given, "seed": SEED}
    assert score(name, function_of(sheet, task, "starter"), **facts) == 0
    assert f"{name}: not yet." in capsys.readouterr().out
    assert score(name, function_of(sheet, task, "solution"), **facts) == task.stars
    assert f"{name}: passes." in capsys.readouterr().out


@pytest.mark.parametrize("name", all_exercises())
def test_the_hidden_inputs_reject_every_plausible_wrong_answer(name):
    for seed in (SEED, 2):
        exercise = _with_other_inputs(name, seed)
        for mutant in exercise.mutants:
            assert not run_checks(exercise, mutant.function).passed, mutant.reason


def inputs(exercise):
    """The arrays that the exercise hands to a function that notes them."""
    seen = []

    def note(*arguments, **options):
        seen.extend(one.copy() for one in arguments if isinstance(one, np.ndarray))
        return exercise.right(*arguments, **options)

    assert run_checks(exercise, note).passed
    return seen


def test_the_hidden_inputs_are_others_and_the_same_for_everybody():
    name = "seq2seq.dot_scores"
    known, first, again = (
        inputs(one)
        for one in (all_exercises()[name], *(_with_other_inputs(name, SEED) for _ in range(2)))
    )
    assert [one.shape for one in known] == [one.shape for one in first]
    assert not any(np.allclose(a, b) for a, b in zip(known, first, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert np.array_equal(*(np.random.default_rng(3).normal(size=2) for _ in range(2)))


def test_part_of_the_points_for_part_of_the_statements():
    exercise = all_exercises()["worked_example.context"]
    assert len(exercise.behaviours) == 4
    feedback = run_checks(exercise, lambda weights, value: weights)
    points = [earned(with_held(feedback, held), points=3, given=1) for held in range(4)]
    assert points == [0, 0, 1, 2]
    assert earned(run_checks(exercise, lambda weights, value: weights @ value), 3, 1) == 3


def with_held(feedback, held):
    return type(feedback)(*(feedback.__dict__ | {"n_held": held}).values())


def test_a_starter_without_its_stored_output_is_named():
    sheet, task = TASKS["worked_example.scores"]
    cell = new_code_cell(task.all("starter")[0].source)
    with pytest.raises(PipelineError, match="make notebooks CHAPTER=02_worked_example"):
        held_by_starter(cell, sheet)


def test_the_call_of_check_is_taken_away_and_nothing_else():
    source = 'def f(x):\n    return check(x)\n\n\ncheck(\n    "page.task",\n    f,\n)'
    assert without_check(new_code_cell(source)) == "def f(x):\n    return check(x)"
    for _, task in TASKS.values():
        for cell in task.all("starter", "solution"):
            ast.parse(without_check(cell))
            assert "\ncheck(" not in without_check(cell)


def result(text):
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


ERROR = new_output("error", ename="NameError", evalue="f", traceback=[])


@pytest.mark.parametrize(
    ("outputs", "fair"),
    [
        ([result("1.5")], True),
        ([result("0.0")], True),
        ([new_output("stream", text="said"), result("2")], True),
        ([ERROR], True),
        ([], False),
        ([new_output("stream", text="2.0")], False),
        ([result("2.1")], False),
        ([result("-1")], False),
        ([result("nan")], False),
        ([result("all of them")], False),
        ([result("1"), result("1")], False),
    ],
)
def test_a_test_cell_without_a_proper_number_of_points_is_an_error(outputs, fair):
    cell = new_code_cell("score()", outputs=list(outputs))
    cell.metadata["nbgrader"] = {"points": 2}
    cell = from_dict(cell)
    require_points(cell, "because")
    kinds = [output.output_type for output in cell.outputs]
    if fair:
        assert cell.outputs == outputs
    else:
        assert "execute_result" not in kinds
        assert cell.outputs[-1].evalue == "because"
