"""Decimals and percentages in the prose are found, other numbers are left alone."""

import nbformat
import pytest

from attention_book.__main__ import run
from attention_book.claims import check_claims, claim
from attention_book.pipeline.claims_lint import lint, prose_numbers
from tests.helpers.mini_book import cell


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("The score is 3.5 here.", ["3.5"]),
        ("It ends with 0.881.", ["0.881"]),
        ("From 97% to 99.5 %.", ["97%", "99.5 %"]),
        ("one of 2.5 percent, then 0.5 others", ["2.5 percent", "0.5"]),
        ("A share of 12 percent, or 13 per cent", ["12 percent", "13 per cent"]),
        ("minus \u22120.25 and -0.5", ["\u22120.25", "-0.5"]),
        ("(0.5, 0.25)", ["0.5", "0.25"]),
        ("**0.7** and *0.8*", ["0.7", "0.8"]),
        ("<summary>A. It grows to 4.25</summary>", ["4.25"]),
        ("| 0.1 | 0.2 |", ["0.1", "0.2"]),
        ("about 1.2e-3 in all", ["1.2e-3"]),
        ("1,024.5 bytes", ["1,024.5"]),
        ("It costs $3.5$ and 4.5.", ["4.5"]),
    ],
)
def test_numbers_of_the_prose_are_found(text, numbers):
    assert [number for _, number in prose_numbers(text)] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "Two vectors, 300 steps, in 2017.",
        "Section 3.2.2 and Equation 4.1, version 2.13.0, Python 3.11, PyTorch 2.13",
        "Vaswani et al., arXiv:1706.03762, doi:10.1162/neco.1997.9.8.1735",
        "[a link](https://example.org/3.5/97%25.html) and https://example.org/0.5",
        "$0.5$ and $\\frac{1.5}{2}$",
        "$$\nx = 0.5\n$$",
        "`0.5` and ``0.5 ` 1.5``",
        "```\n0.5\n```",
        "~~~python\n0.5\n~~~",
        "<!-- 0.5 -->",
        '<img alt="0.5" style="width: 97.5%">',
        "<!-- given: the task says so -->0.5<!-- /given -->",
        "## Sources\n\n- A work. 12.5, 97%.",
        "---\nkey: 0.5\n---\n",
        "Text under CC BY 4.0.",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert list(prose_numbers(text)) == []


def test_an_exception_without_a_reason_does_not_count():
    assert [n for _, n in prose_numbers("<!-- given -->0.5<!-- /given -->")] == ["0.5"]


def test_the_sources_end_at_the_next_heading():
    assert list(prose_numbers("## Sources\n\n0.1\n\n## After\n\n0.2")) == [(7, "0.2")]


def test_the_line_is_right_after_things_that_are_skipped():
    text = "---\na: 1\n---\n\n```\n0.1\n```\n\n$$\n0.2\n$$\n\n0.3"
    assert list(prose_numbers(text)) == [(13, "0.3")]


@pytest.fixture
def claimed(book):
    """A chapter whose notebook stores the claims 50% and, in a range, 95%."""
    book.chapter(
        "01_one", "\nHalf is 50%, or 50 percent, at least 95 %.\n" + cell("table", "claims")
    )
    book.pretend_executed()
    table = check_claims(
        claim("half", 0.5, prints="50%"), claim("much", 0.97, between=(0.95, 1), covers=["95%"])
    )
    path = book.notebook("01_one")
    notebook = nbformat.read(path, as_version=4)
    data = table._repr_mimebundle_()
    notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data)]
    nbformat.write(notebook, path)
    return book


def test_a_claimed_number_is_covered_in_every_spelling(claimed):
    assert lint(claimed.project) == []


def test_a_number_without_a_claim_is_named_with_file_line_and_mend(claimed, capsys):
    text = claimed.root / "book/chapters/01_one.md"
    claimed.write("book/chapters/01_one.md", text.read_text() + "\nAnd 49%.\n")
    with pytest.raises(SystemExit, match="stopped: "):
        run(["lint"], claimed.project)
    line = len(text.read_text().splitlines())
    message = capsys.readouterr().err
    assert f"book/chapters/01_one.md:{line}: the number 49% is covered by no claim" in message
    assert "mend: add a claim that prints it" in message


def test_a_claim_of_another_chapter_does_not_cover(claimed):
    claimed.chapter("02_two", "\nHere 50% is not computed.\n")
    assert [problem.where for problem in lint(claimed.project)] == ["book/chapters/02_two.md:10"]


def test_a_page_without_code_carries_no_decimals(claimed):
    claimed.write("book/intro.md", "# The book\n\nIt is 50% longer.\n")
    problems = lint(claimed.project)
    assert [problem.where for problem in problems] == ["book/intro.md:3"]
    assert "a page without code carries no results" in str(problems[0])
