"""How to cite says what CITATION.cff says, and no more."""

from attention_book.sphinx_ext.citation import forms

CITED = {"title": "A Book", "version": "1.2.3", "authors": [{"name": "The authors"}]}


def test_both_forms_say_what_the_file_says():
    text = forms(CITED)
    assert "The authors. *A Book*, version 1.2.3." in text
    assert "  author  = {{The authors}},\n  title   = {A Book},\n  version = {1.2.3}\n}" in text
    for unknown in ("doi", "url", "year"):
        assert unknown not in text


def test_a_date_and_an_address_are_taken_over():
    text = forms({**CITED, "date-released": "2030-01-02", "doi": "10.1/x"})
    assert "year    = {2030}" in text
    assert "doi     = {10.1/x}" in text
    assert "version 1.2.3. 10.1/x" in text
