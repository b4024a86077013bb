"""Minutes, exercises, quizzes and contents get what the style sheet and the reader need."""

from types import SimpleNamespace

import pytest
from docutils import nodes

from attention_book.sphinx_ext.page_form import dressed, leave_exercises_out


def option(answer):
    return f'<details class="option"><summary>A. x</summary>\n<p>{answer} because.</p>\n</details>'


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("Right:", "right"),
        ("<strong>Right:</strong>", "right"),
        ("Not this one:", "wrong"),
        ("<em>Not this one</em>:", "wrong"),
    ],
)
def test_an_option_says_whether_it_is_right(answer, kind):
    html = dressed(option(answer))
    assert html == option(answer).replace('"option"', f'"option {kind}"')


def test_each_option_is_judged_by_its_own_answer():
    html = dressed(option("Right:") + option("Not this one:") + option("Perhaps:"))
    kinds = [part.split('"')[0] for part in html.split('class="')[1:]]
    assert kinds == ["option right", "option wrong", "option"]


def test_the_line_of_minutes_is_named():
    line = "38 minutes; the exercises take 27 more."
    assert dressed(f"<p><em>{line}</em></p>") == f'<p class="minutes">{line}</p>'
    other = "<p><em>38 minutes are long.</em></p>"
    assert dressed(other) == other


def test_an_exercise_begins_with_its_title_and_says_its_stars_in_words():
    link = '<a class="headerlink" href="#x">#</a></h3>'
    number = '<span class="section-number">2. </span>'
    html = dressed(f"<h3>{number}Exercise 2 (★★, 10 min): a <em>band</em>{link}")
    assert html == (
        "<h3>Exercise 2: a <em>band</em> "
        '<span class="effort"><span role="img" aria-label="2 of 3 stars">★★☆</span> 10 min</span>'
        + link
    )


def contents(*entries):
    """A table of contents: (anchor, entries below it)."""
    made = nodes.bullet_list()
    for anchor, below in entries:
        item = nodes.list_item("", nodes.paragraph("", "", nodes.reference(anchorname=anchor)))
        if below:
            item += contents(*below)
        made += item
    return made


def test_the_contents_leave_single_exercises_out():
    exercises = [("#exercise-1-3-min-a", ()), ("#exercise-2-5-min-b", ())]
    toc = contents(("#a", [("#b", ())]), ("#exercises", exercises), ("#summary", ()))
    leave_exercises_out(None, SimpleNamespace(tocs={"page": toc}))
    left = [one["anchorname"] for one in toc.findall(nodes.reference)]
    assert left == ["#a", "#b", "#exercises", "#summary"]
    assert all(one.children for one in toc.findall(nodes.bullet_list))
