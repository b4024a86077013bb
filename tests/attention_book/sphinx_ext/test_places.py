"""Pages, sections and claims are found by their names, and a wrong name says what there is."""

import re

import pytest

from attention_book.pipeline.project import ROOT, PipelineError
from attention_book.sphinx_ext.places import number, places_of, slug

PLACES = places_of(ROOT)


def test_a_link_leads_to_a_section_by_its_first_words():
    link = PLACES.link("08_1_windows", "Five tokens")
    assert link == (
        "[Windows and blocks → Five tokens by hand]"
        "(../notebooks/08_1_windows.ipynb#five-tokens-by-hand)"
    )
    assert (
        PLACES.link("02_worked_example", text="02") == "[02](../notebooks/02_worked_example.ipynb)"
    )


def test_a_whole_title_wins_over_a_longer_one():
    assert PLACES.section("01_seq2seq", "The formula") == "The formula"


@pytest.mark.parametrize(
    ("page", "section", "message"),
    [
        ("09_new", "", r"no page of this name.*use one of: 01_1_scores"),
        ("08_efficient", "Nowhere", r"0 sections begin with 'Nowhere'.*Sixteen pairs, by hand"),
        ("08_efficient", "Experiment", r"2 sections begin with 'Experiment'"),
    ],
)
def test_a_wrong_name_is_told(page, section, message):
    with pytest.raises(PipelineError) as told:
        PLACES.link(page, section)
    assert re.search(message, str(told.value), re.DOTALL)


def test_a_claim_is_found_by_its_label():
    assert PLACES.claim("02_worked_example", "weight of Tag")["prints"] == "88%"
    with pytest.raises(PipelineError, match="no claim 'weight of Tom' is stored"):
        PLACES.claim("02_worked_example", "weight of Tom")


def test_numbers_of_pages():
    assert [number(one) for one in ("08_efficient", "08_1_windows")] == ["08", "08-1"]


def test_the_anchor_is_that_of_the_heading():
    assert slug("What is saved? Count *the* `bytes`") == "what-is-saved-count-the-bytes"
