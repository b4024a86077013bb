"""Every term is used, introduced where it says, listed once, and no bold term is forgotten."""

import re
from functools import cache

import pytest

from attention_book.pipeline.project import ROOT, PipelineError
from attention_book.sphinx_ext.glossary import linked, plain, sections, terms, uses, way
from attention_book.sphinx_ext.places import places_of

PLACES = places_of(ROOT)
TEXT = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
TERMS = terms(TEXT)
# Bold in a chapter for another reason than that a term is introduced.
NO_TERMS = {
    "all keys with places",
    "a narrow head is not blind",
    "after a: match",
    "average the outputs",
    "at most half",
    "two keys more than the value is wide",
    "trained in the window",
    "with a start token",
    "without a start token",
    "a mean that is not zero",
    "here a window does not count the token itself",
    "$s_0$ is the last encoder state",
}
BLOCK = "without code block:\n\n```{{glossary}}\n{}```\n"


@cache
def texts():
    return {name: sections(page) for name, page in PLACES.pages.items()}


def test_there_are_many_and_none_is_listed_twice():
    names = [term.name.lower() for term in TERMS]
    assert 120 <= len(names) <= 180
    assert len(set(names)) == len(names)


def test_they_stand_in_the_order_of_the_alphabet():
    names = [re.sub(r"[^a-z0-9 ]", " ", term.name.lower()) for term in TERMS]
    assert names == sorted(names)


def test_every_term_is_used_and_introduced_where_it_says():
    for term in TERMS:
        line = way(term, texts(), PLACES)
        assert line.startswith("Introduced in [")
        assert uses(term, texts()), term.name


def test_every_definition_is_one_or_two_sentences_or_three_short_ones():
    long = {t.name: len(t.text.split()) for t in TERMS if len(t.text.split()) > 45}
    assert long == {}
    assert [t.name for t in TERMS if not t.text.strip().endswith((".", ".)"))] == []


def bold_terms():
    """Bold words of the running text: no heading of a paragraph, question or cell of a table."""
    found = {}
    for name, page in PLACES.pages.items():
        prose = re.sub(r'<details class="option">.*?</details>', "", page.prose, flags=re.DOTALL)
        for bold in re.findall(r"(?<!\*)\*\*([^*\n]+?)\*\*(?!\*)", prose):
            word = plain(bold).strip()
            is_term = len(word.split()) <= 4 and not re.search(r"[.?;:]$|\d", word)
            if is_term and word not in NO_TERMS:
                found.setdefault(word, name)
    return found


def is_listed(word):
    """As a word to look for, or as the beginning of a term: base stands at *base of positions*."""
    return any(term.is_in(word) or term.name.lower().startswith(word) for term in TERMS)


def test_every_bold_term_of_a_chapter_is_in_the_glossary():
    assert {word: page for word, page in bold_terms().items() if not is_listed(word)} == {}
    assert not is_listed("zebra")


def test_bold_terms_are_found_at_all():
    assert {"convex hull", "roofline", "induction head"} <= set(bold_terms())


def test_a_use_is_linked_by_the_number_of_its_page():
    text = linked(TEXT, PLACES)
    assert "<!--" not in text
    assert "[08-1](../notebooks/08_1_windows.ipynb" in text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Two heads see it", True),
        ("the head of a list", True),
        ("ahead, header, `code`", False),
        ("$head$ and [link](head.md)", False),
    ],
)
def test_a_term_is_a_word_and_not_a_part_of_one(text, found):
    [term] = terms(BLOCK.format("head\n  One.\n  <!-- in: 05_many_heads, The formula -->\n"))
    assert term.is_in(plain(text)) is found


def test_an_entry_without_its_mark_is_told():
    with pytest.raises(PipelineError, match=r"no entry can be read at \['head'\]"):
        terms(BLOCK.format("head\n  One of several.\n"))


def test_a_section_that_does_not_say_the_term_is_told():
    [term] = terms(BLOCK.format("zebra\n  One.\n  <!-- in: 05_many_heads, The formula -->\n"))
    with pytest.raises(PipelineError, match="does not say zebra"):
        way(term, texts(), PLACES)
