"""The rules: what of a page goes on a slide, where, and what is left to the speaker."""

import pytest

from attention_book.slides.blocks import Block, prose
from attention_book.slides.choices import Choices
from attention_book.slides.deck import make
from attention_book.slides.slide import WORDS, balanced

HEAD = (
    "# Why?\n\n*30 minutes; the exercises take 20 more.*\n\nA question first. Then a picture.\n\n"
)


def deck(text, *, more=(), choices=None):
    blocks = prose(HEAD + text)
    return make("01_one", [*blocks, *more], choices or Choices())


def titles(made):
    return [slide.title for slide in made.slides]


def content(slide):
    return " ".join(part.html for part in slide.parts)


def test_the_title_slide_has_question_minutes_and_lead():
    made = deck("## A\n\nText.")
    assert made.title == "Why?"
    assert made.facts == "30 minutes to read, 20 more for the exercises"
    assert made.lead == ["A question first.", "Then a picture."]


def test_a_section_keeps_its_first_sentences_and_says_the_rest():
    made = deck("## A\n\nIs it so? It is. " + "Much more is said about this matter here. " * 6)
    (slide,) = made.slides
    assert content(slide) == "<p>Is it so? It is.</p>"
    assert "Much more is said" in slide.notes[0]


def test_sources_and_further_pages_get_no_slide():
    assert titles(deck("## A\n\nText.\n\n## Further\n\n- a\n\n## Sources\n\n- b")) == ["A"]


def test_a_section_that_is_left_out_is_left_out():
    made = deck("## A\n\nText.\n\n## B\n\nText.", choices=Choices(leave_out=["A"]))
    assert titles(made) == ["B"]


def test_a_picture_takes_its_section_s_sentence_and_a_hint_beside_it():
    picture = [Block("picture", "id", "A figure"), Block("paragraph", "Look at the bars.")]
    made = deck("## A\n\nWhat happens?", more=picture)
    (slide,) = made.slides
    assert (slide.kind, slide.title, slide.picture) == ("picture", "A", "id")
    assert "What happens?" in content(slide)
    assert '<p class="hint">Look at the bars.</p>' in content(slide)


def test_a_formula_never_stands_beside_a_picture():
    more = [Block("picture", "id", "A figure"), Block("math", "a = b")]
    made = deck("## A\n\nWhat happens?", more=more)
    assert [bool(slide.picture) for slide in made.slides] == [True, False]


def test_a_numbered_step_stands_with_its_formula():
    step = "**{0}. Step.** It is computed like this:\n\n$$a \\\\ b \\\\ c$$\n\n"
    made = deck("## One, by hand\n\nWhat?\n\n" + "".join(step.format(k) for k in range(1, 7)))
    for slide in made.slides:
        assert content(slide).count("Step.") == content(slide).count("\\[")
    assert sum(content(slide).count("\\[") for slide in made.slides) == 6


def test_a_sentence_that_leads_to_nothing_is_not_left_hanging():
    made = deck("## A\n\nWhat? Nothing.\n\nHere it is:", more=[Block("code", "a = 1", "plain")])
    assert "Here it is" not in "".join(map(content, made.slides))
    assert "Here it is" in "".join(made.slides[0].notes)


def test_the_mechanism_is_shown_and_plumbing_only_where_something_fails():
    lesson, plain = Block("code", "def f():\n    pass", "lesson"), Block("code", "x = 1", "plain")
    assert "f" in content(deck("## A\n\nWhat?", more=[lesson]).slides[-1])
    assert 'class="code"' not in content(deck("## A\n\nWhat?", more=[plain]).slides[-1])
    assert 'class="code"' in content(deck("## Where it fails\n\nWhy?", more=[plain]).slides[-1])
    chosen = deck("## A\n\nWhat?", more=[plain], choices=Choices(code=["A"]))
    assert 'class="code"' in content(chosen.slides[-1])


GUESS = """\
## A

<div class="predict">

You measure it. Is it more, or less?

<details><summary>Compare</summary>

More. It grows.

</details>

</div>

"""


def test_the_answer_to_a_guess_comes_after_the_picture():
    made = deck(GUESS, more=[Block("picture", "id", "A figure")])
    assert titles(made) == ["Guess first", "A figure", "Compare with the answer"]
    assert "More." not in "".join(content(s) for s in made.slides[:2])
    assert "More." in made.slides[0].notes[0] or "More." in content(made.slides[2])


QUIZ = """\
## A

<div class="quiz">

**1. Why is it so?**

<details class="option"><summary>A. For this.</summary>

Not this one: no.

</details>

<details class="option"><summary>B. For that.</summary>

Right: it is that.

</details>

</div>
"""


def test_a_question_shows_its_right_answer_as_a_step():
    (slide,) = deck(QUIZ).slides
    assert (slide.title, slide.kind) == ("Question 1", "quiz")
    assert '<li class="wrong">A. For this.</li><li class="right">B. For that.</li>' in content(
        slide
    )
    assert '<p class="fragment answer">Right: it is that.</p>' in content(slide)
    assert "Not this one: no." in " ".join(slide.notes)


EXERCISES = """\
## Exercises

### Exercise 1 (★, 3 min): by pencil

Compute it. What comes out?

<details><summary>Answer</summary>

Seven.

</details>

### Exercise 2 (★★, 5 min): change it

Change it.

### Exercise 3 (★★★, 7 min): explain it

Why?
"""


@pytest.mark.parametrize(("wanted", "numbers"), [([], [1, 3]), ([2], [2])])
def test_exercises_are_prompts_and_answers_are_notes(wanted, numbers):
    made = deck(EXERCISES, choices=Choices(exercises=wanted))
    assert [int(title.split()[1].rstrip(":")) for title in titles(made)] == numbers
    if 1 in numbers:
        assert "Seven" not in content(made.slides[0])
        assert "Seven" in " ".join(made.slides[0].notes)
        assert 'aria-label="1 of 3 stars"' in content(made.slides[0])


def test_a_long_list_is_spread_evenly():
    point = "- " + "word " * 29 + "end.\n"
    made = deck("## Summary\n\n" + point * 4)
    assert [len(slide.parts) for slide in made.slides] == [2, 2]
    assert all(slide.words <= WORDS for slide in made.slides)


def test_balanced_keeps_the_number_of_slides_and_evens_them_out():
    assert balanced([40, 30, 5, 5], 75) == {1}
    assert balanced([10, 10], 75) == set()
