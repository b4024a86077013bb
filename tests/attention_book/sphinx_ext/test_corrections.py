"""The corrections say what the pages compute: numbers by label, sections by title, 33 pages."""

import re

import pytest

from attention_book.pipeline.project import ROOT, PipelineError
from attention_book.sphinx_ext.corrections import (
    CLAIM,
    ITEM,
    SECTION,
    filled,
    item_filled,
    number_of,
)
from attention_book.sphinx_ext.places import places_of

PLACES = places_of(ROOT)
TEXT = (ROOT / "book" / "corrections.md").read_text(encoding="utf-8")
ITEMS = ITEM.findall(TEXT)
VERDICT = re.compile(r'^- \*"[^"]+"\* \*\*(Wrong|Too strong|It depends)(?:\.\*\*|\*\*)')
RECORD = {"label": "share", "value": "2.04e-07", "prints": None, "covers": ["95%"]}


def test_every_number_and_section_exists():
    text = filled(TEXT, PLACES)
    assert "<!--" not in text
    assert "55%" in text


def test_there_are_many_and_each_has_a_verdict_a_number_and_a_section():
    assert len(ITEMS) >= 60
    assert [one[:60] for one in ITEMS if not VERDICT.match(one)] == []
    assert [one[:60] for one in ITEMS if not CLAIM.search(one)] == []
    assert [one[:60] for one in ITEMS if len(SECTION.findall(one)) != 1] == []


def test_every_page_corrects_something():
    assert {page for page, _ in SECTION.findall(TEXT)} == set(PLACES.pages)


def test_an_item_stands_under_its_chapter():
    for part in re.split(r"^## Chapter ", TEXT, flags=re.MULTILINE)[1:]:
        assert {page[:2] for page, _ in SECTION.findall(part)} == {part[:2]}


def test_no_claim_is_corrected_twice():
    said = [re.match(r'- \*"([^"]+)"', one)[1] for one in ITEMS]
    assert len(set(said)) == len(said)


def test_a_number_is_what_the_claim_prints_computes_or_covers():
    assert number_of({**RECORD, "prints": "0.119"}) == "0.119"
    assert number_of(RECORD) == r"$2.04 \cdot 10^{-7}$"
    assert number_of({**RECORD, "value": "0.941"}) == "0.941"
    assert number_of(RECORD, "95%") == "95%"
    with pytest.raises(PipelineError, match="'share' does not cover '94%'"):
        number_of(RECORD, "94%")


def test_marks_are_filled_in_place():
    item = (
        '- *"It is near."* **Wrong**: <!-- claim: weight of Tag --> of it. '
        "<!-- section: 02_worked_example, One step -->"
    )
    assert item_filled(item, PLACES) == (
        '- *"It is near."* **Wrong**: 88% of it. [What exactly is computed? → One step by hand]'
        "(../notebooks/02_worked_example.ipynb#one-step-by-hand)"
    )
    assert item_filled("- another list", PLACES) == "- another list"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("- <!-- claim: weight of Tag -->", "0 sections"),
        (
            "- <!-- claim: nothing --> <!-- section: 02_worked_example, One step -->",
            "no claim 'nothing' is stored",
        ),
    ],
)
def test_what_is_missing_stops_the_build(item, message):
    with pytest.raises(PipelineError, match=message):
        item_filled(item, PLACES)
