"""Every work has its links, an annotation and a page that cites it; nothing is invented or lost."""

import re

import pytest
from pybtex.database import parse_string

from attention_book.pipeline.project import ROOT, PipelineError
from attention_book.sphinx_ext.bibliography import (
    MARK,
    authors,
    citing,
    item,
    links,
    listed,
    plain,
    works,
)
from attention_book.sphinx_ext.places import places_of

PLACES = places_of(ROOT)
WORKS = works(ROOT)
PAGE = (ROOT / "book" / "references.md").read_text(encoding="utf-8")


def entry(fields, author="Gers, Felix A. and Cummins, Fred"):
    text = f"@article{{one, author = {{{author}}}, title = {{A {{Title}}}}, year = 2000, {fields}}}"
    return parse_string(text, "bibtex").entries["one"]


def test_the_page_lists_every_work_once():
    topics = MARK.findall(PAGE)
    assert len(set(topics)) == len(topics)
    text = "".join(listed(topic, WORKS, PLACES) for topic in topics)
    found = re.findall(r'<span id="work-(\w+)">', text)
    assert sorted(found) == sorted(WORKS)


def test_every_work_has_an_annotation_of_its_own():
    notes = [one.fields["annotation"] for one in WORKS.values()]
    assert len(set(notes)) == len(notes)
    assert [note for note in notes if not note.endswith(".") or len(note.split()) < 5] == []


def test_every_work_is_cited_and_linked():
    for key, one in WORKS.items():
        assert citing(one, PLACES), key
        assert links(one), key


def test_identifiers_have_their_form():
    for key, one in WORKS.items():
        assert re.fullmatch(r"10\.\d{4,5}/\S+", one.fields.get("doi", "10.1000/1")), key
        assert re.fullmatch(r"\d{4}\.\d{4,5}", one.fields.get("eprint", "0000.0000")), key
        assert ("nodoi" in one.fields) == (not {"doi", "eprint"} & set(one.fields)), key
    found = [
        one.fields[kind]
        for one in WORKS.values()
        for kind in ("doi", "eprint")
        if kind in one.fields
    ]
    assert len(set(found)) == len(found)


def test_links():
    both = links(entry("doi = {10.1/x}, eprint = {1234.56789}"))
    assert both == "[doi:10.1/x](https://doi.org/10.1/x), " + (
        "[arXiv:1234.56789](https://arxiv.org/abs/1234.56789)."
    )
    assert "(https://doi.org/10.48550/arXiv.1234.56789)" in links(entry("eprint = {1234.56789}"))
    why = links(entry("nodoi = {It is old.}, url = {https://example.org}"))
    assert why == "It is old. [https://example.org](https://example.org)"
    with pytest.raises(PipelineError, match="one has neither a DOI nor an arXiv number"):
        links(entry("url = {https://example.org}"))


def test_names_and_titles_lose_their_latex():
    assert plain(r"{BERT}'s {\L}ukasz, {$O(n^2)$} Memory") == "BERT's Łukasz, $O(n^2)$ Memory"
    assert authors(entry("")) == "Gers and Cummins"
    assert authors(entry("", "van der Berg, A. and others")) == "van der Berg et al."


def test_a_work_is_found_by_number_by_address_and_by_name():
    assert citing(WORKS["hopfield1982"], PLACES) == ["03_4_explain"]
    assert citing(WORKS["brown1993"], PLACES) == ["07_2_alignment"]
    assert citing(WORKS["watson1964"], PLACES) == ["01_3_before_its_name"]


def test_a_work_that_nobody_cites_is_told():
    with pytest.raises(PipelineError, match="no page cites one"):
        item("one", entry("doi = {10.1/nothing}"), PLACES)


def test_an_unknown_topic_is_told():
    with pytest.raises(PipelineError, match="no work has the topic 'poetry'"):
        listed("poetry", WORKS, PLACES)
