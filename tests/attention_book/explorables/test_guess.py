"""A guess before the answer: nothing tells it beforehand, and then both stand side by side."""

import numpy as np
import pytest

from attention_book.explorables import Bars, Guess, HeatMap, Lines, sweep
from tests.helpers import explorable_examples as examples
from tests.helpers.explorable_page import move, show

NAMES = ["guessed_lines", "guessed_bars"]
VISIBLE = "(nodes) => nodes.map((node) => getComputedStyle(node).visibility)"


def answer(page):
    page.get_by_role("button", name="Show the answer").click()


def set_guess(page, value):
    page.get_by_role("slider").fill(str(value))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_shows_the_answer_before_the_guess(page, name):
    box = examples.ALL[name]()
    show(page, box, guessed=False)
    hidden = page.locator(".attn-plot .attn-answer")
    assert set(hidden.evaluate_all(VISIBLE)) == {"hidden"}
    assert page.get_by_text("Show the numbers").is_hidden()
    start = [axis.index for axis in box.sliders]
    for said in (
        page.locator("figcaption").text_content(),
        page.locator(".attn-plot svg").get_attribute("aria-label"),
    ):
        assert box.caption(*start) not in said
        assert "Set your guess" in said
    answer(page)
    assert set(hidden.evaluate_all(VISIBLE)) == {"visible"}
    assert page.get_by_text("Show the numbers").is_visible()
    assert page.locator("figcaption").text_content() == box.caption(*start)


def test_only_the_series_in_question_waits(page):
    show(page, examples.guessed_lines(), guessed=False)
    curves = page.locator(".attn-plot path.attn-line[d*=L]").evaluate_all(VISIBLE)
    assert curves == ["visible", "hidden"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("guessed_lines", 0.7, "Your guess: 70%. Measured: 20%."),
        ("guessed_bars", 0.35, "Your guess: 0.35. Measured: 0.12."),
    ],
)
def test_guess_and_answer_stand_side_by_side(page, name, value, said):
    show(page, examples.ALL[name](), guessed=False)
    set_guess(page, value)
    answer(page)
    assert page.get_by_role("status").text_content() == said
    assert page.get_by_role("slider").is_disabled()


def test_the_guess_is_drawn_where_it_is(page):
    show(page, examples.guessed_lines(), guessed=False)
    set_guess(page, 0.75)
    answer(page)
    grid = "(lines) => lines.map((line) => +line.getAttribute('y1'))"
    heights = page.locator(".attn-grid").evaluate_all(grid)
    marks = [value for value, _ in examples.guessed_lines().view.spec["yt"]]
    up = np.polyfit(marks, heights, 1)
    dot = page.locator(".attn-plot .attn-dot")
    assert float(dot.get_attribute("cy")) == pytest.approx(np.polyval(up, 0.75), abs=0.1)
    gap = page.locator(".attn-gap").get_attribute("d")
    across, start, end = (float(v) for v in gap[1:].replace("V", ",").split(","))
    assert across == pytest.approx(float(dot.get_attribute("cx")))
    assert [start, end] == pytest.approx(np.polyval(up, [0.75, 64 / 320]), abs=0.1)
    curve = page.locator(".attn-plot path.attn-line[d*=L]").last.get_attribute("d")
    place = [float(v) for v in curve[1:].split("L")[2].split(",")]
    assert place == pytest.approx([across, end], abs=0.1)


def test_keys_alone_are_enough(page):
    show(page, examples.guessed_lines(), guessed=False)
    slider = page.get_by_label("How many letters are right at length 16, width 64?")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    assert slider.get_attribute("aria-valuetext") == "53%"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.get_by_role("status").text_content() == "Your guess: 53%. Measured: 20%."
    page.keyboard.press("Enter")  # the button has kept the focus: another guess
    assert page.get_by_role("status").text_content() == ""
    assert slider.is_enabled()


def test_the_answer_is_the_one_that_was_asked_for(page):
    """Wherever the sliders stand: they go to where the question puts them."""
    show(page, examples.guessed_lines(), guessed=False)
    move(page, i0=2)
    answer(page)
    assert page.evaluate("model.get('i0')") == 1
    assert "Measured: 20%." in page.get_by_role("status").text_content()


def build(guess, view=None):
    view = view or Lines(x=[1, 2], series=["a", "b"])
    return sweep(
        lambda k: [[k, 1], [2, 3]], {"k": [1, 2]}, view=view, title="", caption="", guess=guess
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": 3, "series": "a"}, "guess: at must be one of 1, 2, got 3"),
        ({"at": 1, "series": "c"}, "guess: series must be one of a, b, got 'c'"),
        ({"at": 1}, "guess: series must be one of a, b, got None"),
        ({"at": 1, "numbers": "d"}, "numbers: expected a format .Nf or .N%"),
    ],
)
def test_a_guess_that_fits_no_number_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(Guess(question="?", **options))


def test_a_guess_of_something_else_is_refused():
    with pytest.raises(TypeError, match="guess: expected a Guess, got str"):
        build("70%")
    with pytest.raises(TypeError, match="question: expected text, got int"):
        Guess(question=3, at=1)
    with pytest.raises(TypeError, match="guess: expected none for a HeatMap"):
        build(Guess(question="?", at=1), HeatMap(rows=["a", "b"], columns=["c", "d"]))


def test_the_state_holds_the_number_at_the_start():
    stored = build(Guess(question="?", at=2, series="b")).view.spec["guess"]
    assert (stored["s"], stored["j"], stored["truth"], stored["start"]) == (1, 1, 3.0, [0])
    bars = Bars(categories=["c", "d"])
    box = sweep(
        lambda k: [k, 5 * k],
        {"k": [1, 2]},
        view=bars,
        title="",
        caption="",
        start={"k": 2},
        guess=Guess(question="?", at="d"),
    )
    assert (box.view.spec["guess"]["truth"], box.view.spec["guess"]["start"]) == (10.0, [1])
