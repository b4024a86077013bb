"""Each rule names the page that breaks it; the skeleton keeps them all."""

import json

import nbformat
import pytest

from attention_book.__main__ import run
from attention_book.claims import check_claims, claim
from attention_book.pipeline.new_page import new_page
from attention_book.pipeline.page_lint import lint_pages, report

NAMES = {"main": "03_masks", "side": "03_1_fills"}
CELL = "```{{code-cell}} ipython3\n:tags: [{tags}]\n\n{source}\n```\n\n## Sources"


@pytest.fixture
def judge(book):
    """judge(edit): the problems of the skeleton after this change of its text."""
    for name in NAMES.values():
        new_page(book.project, name)

    def judging(edit=lambda text: text, kind="main"):
        path = book.root / "book" / "chapters" / f"{NAMES[kind]}.md"
        text = path.read_text()
        path.write_text(edit(text))
        book.pretend_executed()
        found = [str(p) for p in lint_pages(book.project) if p.where == NAMES[kind]]
        path.write_text(text)
        return found

    return judging


def replaced(old, new):
    def edit(text):
        assert old in text
        return text.replace(old, new)

    return edit


def with_cell(source, tags="lesson"):
    return replaced("## Sources", CELL.format(tags=tags, source=source))


@pytest.mark.parametrize("kind", NAMES)
def test_the_skeleton_keeps_every_rule(judge, kind):
    assert judge(kind=kind) == []


FIRST = "Two or three sentences"
QUIZ = '<div class="quiz">'
BROKEN = {
    "words": (replaced(FIRST, "word " * 2001), "words before the exercises, at most 2,000"),
    "minutes": (replaced(FIRST, f"{QUIZ}</div>" * 41), "minutes, at most 40"),
    "no minutes": (
        replaced("minutes; the exercises", "min; exercises"),
        "no line with the minutes",
    ),
    "other minutes": (replaced(FIRST, "word " * 400), "mend: write *"),
    "exercise minutes": (replaced("(★, 3 min)", "(★, 9 min)"), "mend: write *"),
    "no moving picture": (replaced("sweep(\n", "draw(\n"), "no picture that moves"),
    "late moving picture": (
        replaced("Two or three", "## Early\n\nTwo or three"),
        "no picture that moves before the first section",
    ),
    "two titles": (replaced("One sentence that", "# Another\n\nOne sentence that"), "one title"),
    "no formula": (replaced("## The formula", "## Rules"), "no section 'The formula' after"),
    "no sources": (replaced("## Sources", "## Works"), "no section 'Sources' after"),
    "order": (
        lambda text: replaced("## The formula", "## Summary")(text.replace("## Summary", "## By")),
        "no section 'The formula' after",
    ),
    "wide code": (with_cell("x = 1  # " + "x" * 80), "a line of 89 characters, at most 84"),
    "wide hidden code": (
        with_cell("x = 1  # " + "x" * 92, "remove-cell"),
        "a line of 101 characters, at most 100",
    ),
    "set-up": (replaced("[setup, remove-cell]", "[setup]"), "shows the set-up on the page"),
    "fold": (with_cell("x = 1", "hide-input"), "folds code that draws nothing"),
    "starter": (replaced("[starter, remove-output]", "[starter]"), "a starter, shows how it fails"),
    "no guess": (replaced('class="predict"', 'class="pitfall"'), "the reader guesses nothing"),
    "guess without answer": (
        replaced("<details><summary>Compare with", "<details open><summary>Compare with"),
        "a prediction has no fold",
    ),
    "questions": (replaced(QUIZ, "<div>"), "0 quiz questions"),
    "quiz at the end": (
        replaced("## Exercises", "## Check your understanding\n\nAll.\n\n## Exercises"),
        "the quiz stands at the end",
    ),
    "heading": (replaced("### Exercise 2 (★★, 5 min)", "### Exercise 2"), "has another heading"),
    "few exercises": (replaced("### Exercise", "#### Exercise"), "0 exercises, expected four"),
    "no code": (replaced("[starter, remove-output]", "[remove-output]"), "no exercise in code"),
    "vague": (replaced(FIRST, "Nearly every step is right. Two"), "'Nearly every step' has no"),
    "letters": (replaced(FIRST, "Here $W$ is a matrix. Two"), "that nothing explains: W"),
    "links": (
        replaced(FIRST, "See [the other one](01_one.ipynb). Two"),
        "a link calls 01_one 'the other one'\n  mend: call it by its title, 'A chapter'",
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_page_that_breaks_a_rule_is_named(judge, rule):
    edit, says = BROKEN[rule]
    problems = judge(edit)
    assert any(says in problem for problem in problems), problems
    assert all(problem.startswith("03_masks: ") and "mend: " in problem for problem in problems)


@pytest.mark.parametrize(
    "edit",
    [
        replaced(FIRST, "word " * 100 + FIRST),  # a minute more than the line says
        with_cell("x = 1  # " + "x" * 75),
        with_cell("x = 1  # " + "x" * 91, "remove-cell"),
        with_cell("x = 1", "remove-input"),
        replaced(FIRST, "Here $W$ is <!-- letters: W a matrix --> a matrix. Two"),
        replaced(FIRST, "See [A chapter](01_one.ipynb), [*A chapter*](02_two.ipynb) and two"),
        replaced(FIRST, "See [its end](01_one.ipynb#end) and [a place](https://a.org/01_one). Two"),
    ],
)
def test_what_the_rules_allow_passes(judge, edit):
    assert judge(edit) == []


def test_a_side_page_needs_one_question_and_few_sections(judge):
    assert judge(replaced(QUIZ, "<div>"), kind="side")[0].startswith("03_1_fills: 0 quiz questions")
    assert "no section 'Sources'" in judge(replaced("## Sources", "## Works"), kind="side")[0]


def test_a_claim_with_a_range_gives_words_their_threshold(judge, book):
    edit = replaced(FIRST, "Nearly every step is right. Two")
    path = book.root / "book" / "chapters" / "03_masks.md"
    path.write_text(edit(path.read_text()))
    book.pretend_executed()
    notebook = nbformat.read(book.notebook("03_masks"), as_version=4)
    table = check_claims(claim("share", 0.97, between=(0.95, 1), covers=["nearly every step"]))
    data = table._repr_mimebundle_()
    notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data)]
    nbformat.write(notebook, book.notebook("03_masks"))
    assert [p for p in lint_pages(book.project) if p.where == "03_masks"] == []


def test_the_report_has_a_line_a_page_and_what_the_browser_saw(judge, book):
    size = {"height": 9876, "compressed_bytes": 412_345}
    book.write("_build/page_report.json", json.dumps({"notebooks/03_masks.html": size}))
    lines = {line.split()[0]: line.split()[1:] for line in report(book.project).splitlines()}
    assert list(lines) == ["page", "01_one", "02_two", "03_1_fills", "03_masks"]
    assert lines["01_one"][-2:] == ["-", "-"]
    words, minutes, moving, questions, exercises, more, pixels, kilobytes = lines["03_masks"]
    assert (moving, questions, exercises, more) == ("1", "2", "4", "18")
    assert (pixels, kilobytes) == ("9876", "412")
    printed = (book.root / "book/chapters/03_masks.md").read_text()
    assert f"*{minutes} minutes; the exercises take {more} more.*" in printed
    assert int(words) > 100


def test_lint_prints_the_report_and_stops_on_a_problem(book, capsys):
    book.pretend_executed()
    with pytest.raises(SystemExit, match="stopped: "):
        run(["lint"], book.project)
    said = capsys.readouterr()
    assert "01_one" in said.out
    assert "01_one: no line with the minutes under the title" in said.err
