"""nbgrader itself grades right, wrong, empty and hostile submissions of one assignment."""

import csv
import json

import nbformat
import pytest

from attention_book.editions.course import Course
from attention_book.pipeline.errors import PipelineError
from attention_book.pipeline.project import Project

pytestmark = pytest.mark.whole

PAGE = "02_worked_example"
TIMEOUT = 60  # seconds for a cell; long enough to import torch on a busy machine
SOFTMAX = """
def my_softmax(scores, mask):
    scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isinf(top), 0.0, top))
    total = powers.sum(axis=-1, keepdims=True)
    return powers / np.where(total == 0, 1.0, total)
"""
OVERFLOWS = """
def my_softmax(scores, mask):
    powers = np.exp(np.where(mask, scores, -np.inf))
    total = powers.sum(axis=-1, keepdims=True)
    return powers / np.where(total == 0, 1.0, total)
"""
SCORES = """
def my_scores(query, key):
    return query @ np.swapaxes(key, -1, -2) / np.sqrt(key.shape[-1])
"""
EXITS = "import sys\n\n\ndef my_scores(query, key):\n    sys.exit(0)\n"
ENDLESS = "import time\n\n\ndef my_scores(query, key):\n    while True:\n        time.sleep(0.01)\n"
CONTEXT = "def my_context(weights, value):\n    return weights @ value\n"
ENDS = "import os\n\nos._exit(0)\n"
UNFIT = "def my_softmax(scores, mask):\n    return scores\n"
# Code that asks IPython to show other results, and none.
BOASTING = """
def my_scores(query, key):
    return 0


shown = get_ipython().display_formatter.formatters["text/plain"]
shown.for_type(float, lambda number, printer, cycle: printer.text("99.0"))
"""
SILENT = """
def my_context(weights, value):
    return 0


get_ipython().ast_node_interactivity = "none"
"""

SUBMISSIONS = {
    # exercise: code; the points that nbgrader has to give for exercises 2, 3 and 4
    "right": ({2: SOFTMAX, 3: SCORES, 4: CONTEXT}, (2, 1, 1)),
    "wrong": ({2: OVERFLOWS, 3: EXITS, 4: CONTEXT}, (round(2 * 4 / 6, 2), 0, 1)),
    "empty": ({}, (0, 0, 0)),
    "endless": ({2: "while True:\n    time.sleep(0.1)", 3: ENDLESS, 4: CONTEXT}, (0, 0, 1)),
    "exit": ({2: f"{SOFTMAX}\nexit()", 3: ENDS, 4: CONTEXT}, (2, 0, 0)),
    "forged": ({2: UNFIT, 3: BOASTING, 4: SILENT}, (0, 0, 0)),
}


def written(release, student):
    """What a student hands in."""
    notebook = nbformat.reads(json.dumps(release), as_version=4)
    code, _ = SUBMISSIONS[student]
    for cell in notebook.cells:
        exercise = cell.metadata.nbgrader.grade_id.split("_")[1:]
        if exercise and exercise[1] == "starter" and int(exercise[0]) in code:
            cell.source = code[int(exercise[0])]
        if exercise and exercise[1] == "answer" and student == "right":
            cell.source = "The same weights, for the difference is the same."
        if student == "endless" and cell.metadata.nbgrader.grade_id == "setup":
            cell.source += "\nimport time"
    if student == "forged":
        forge(notebook)
    return notebook


def forge(notebook):
    """Give the first test a number, the second more points, and take the third away."""
    tests = [c for c in notebook.cells if c.metadata.nbgrader.grade_id.endswith("_test")]
    tests[0].source = "2.0"
    tests[1].metadata.nbgrader.points = 100
    tests[1].metadata.nbgrader.locked = False
    notebook.cells.remove(tests[2])


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course in which everything was handed in and graded; and what could not be."""
    course = Course(tmp_path_factory.mktemp("course"))
    assert course.make(Project().select([PAGE])) == [PAGE]
    release = json.loads((course.folder / "release" / PAGE / f"{PAGE}.ipynb").read_text("utf-8"))
    for student in SUBMISSIONS:
        place = course.folder / "submitted" / student / PAGE
        place.mkdir(parents=True)
        nbformat.write(written(release, student), place / f"{PAGE}.ipynb")
    damaged = course.folder / "submitted" / "damaged" / PAGE
    damaged.mkdir(parents=True)
    (damaged / f"{PAGE}.ipynb").write_text("{")
    course.api.config.Execute.timeout = TIMEOUT
    return course, course.grade()


def rows(course, name):
    with (course.folder / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("student", SUBMISSIONS)
def test_each_exercise_in_code_scores_exactly_what_holds(graded, student):
    scores = {
        row["exercise"]: float(row["score"])
        for row in rows(graded[0], "grades_by_exercise.csv")
        if row["student"] == student and row["exercise"].endswith("_test")
    }
    expected = SUBMISSIONS[student][1]
    assert scores == dict(zip((f"exercise_{k}_test" for k in (2, 3, 4)), expected, strict=True))


def test_answers_in_words_wait_for_a_person_unless_nothing_was_written(graded):
    waiting = {
        (row["student"], row["exercise"][:10])
        for row in rows(graded[0], "grades_by_exercise.csv")
        if row["to_grade_by_hand"] == "True" and row["student"] in SUBMISSIONS
    }
    assert waiting == {("right", f"exercise_{k}") for k in (1, 5, 6)}


def test_the_table_of_grades_has_a_row_a_submission_and_points_by_stars(graded):
    table = {row["student_id"]: row for row in rows(graded[0], "grades.csv")}
    assert {name: float(table[name]["score"]) for name in SUBMISSIONS} == {
        name: pytest.approx(sum(points)) for name, (_, points) in SUBMISSIONS.items()
    }
    stars = 1 + 2 + 1 + 1 + 2 + 2
    assert {float(row["max_score"]) for row in table.values()} == {stars}


def test_the_feedback_shows_the_message_of_the_check(graded):
    def shown(student):
        return (graded[0].folder / "feedback" / student / PAGE / f"{PAGE}.html").read_text("utf-8")

    assert "worked_example.softmax: passes." in shown("right")
    assert "with scores around 1000, your weights are nan" in shown("wrong").lower()
    assert "stops with SystemExit" in shown("wrong")
    assert "did not return within 10 seconds" in shown("endless")
    assert "the kernel ended before this cell was done" in shown("exit")
    assert "it gave no number of points" in shown("forged")
    assert "was missing from the submission" in shown("forged")


def test_what_is_no_notebook_is_named_and_stops_nothing(graded):
    course, problems = graded
    assert [problem.where for problem in problems] == [f"{PAGE} of damaged"]
    assert "nbgrader stops" in str(problems[0])
    assert len(list(course.folder.glob(f"feedback/*/{PAGE}/*.html"))) == len(SUBMISSIONS)


def test_an_assignment_that_was_handed_in_is_not_changed_under_the_students(graded):
    course, _ = graded
    chapters = Project().select([PAGE])
    assert course.make(chapters) == []
    with pytest.raises(PipelineError, match=rf"{PAGE}: .* 7 student\(s\) handed it in"):
        course.make(chapters, seed=2)
