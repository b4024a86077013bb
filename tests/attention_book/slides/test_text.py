"""Sentences, words and HTML of the Markdown that a slide takes from a page."""

import pytest

from attention_book.slides.text import first, inline, joined, noted, sentences, words


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("One. Two? Three.", ["One.", "Two?", "Three."]),
        ("Here is $a. B$ and `c. D`. End.", ["Here is $a. B$ and `c. D`.", "End."]),
        ("**1. Scores.** The product.", ["**1. Scores.**", "The product."]),
        ("Su et al. Take it. Then go.", ["Su et al. Take it.", "Then go."]),
        ("By J. Doe. It holds.", ["By J. Doe.", "It holds."]),
        ("It says: The rest follows. End.", ["It says: The rest follows.", "End."]),
        (
            "See [What? Now.](a.ipynb) first. Then go.",
            ["See [What? Now.](a.ipynb) first.", "Then go."],
        ),
        ("It costs 1.5 units. $x$ is free.", ["It costs 1.5 units.", "$x$ is free."]),
        ("Lines\nare joined. Always.", ["Lines are joined.", "Always."]),
        ("As before (see there. And here). Done.", ["As before (see there. And here).", "Done."]),
    ],
)
def test_sentences_end_where_a_reader_stops(source, expected):
    assert sentences(source) == expected


def test_words_are_those_that_are_read():
    assert words("Two words, $a + b$, [a link](page.ipynb) and <b>bold</b>.") == 6


def test_first_takes_whole_sentences_up_to_a_number_of_words():
    source = "One two three. Four five. Six."
    assert first(source, 5) == ["One two three.", "Four five."]
    assert first(source, 4) == ["One two three."]
    assert first(source, 2) == []


def test_short_sentences_stand_with_the_one_before_but_formulas_alone():
    said = ["What is asked here, and by whom?", "Four things.", "Take $q$."]
    assert joined(said) == ["What is asked here, and by whom? Four things.", "Take $q$."]


def test_a_slide_sets_math_and_names_links():
    html = inline("The *score* $a < b$, of [What?](x.ipynb) `code`.<span id='a'></span>")
    assert html == (
        'The <em>score</em> <span class="whole"><span class="math">\\(a &lt; b\\)</span>,</span> '
        "of <cite>What?</cite> <code>code</code>."
    )


def test_the_notes_keep_tex_as_it_is_written():
    assert noted("Then $a < b$.") == "Then $a &lt; b$."
