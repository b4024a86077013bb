"""book/slides.yml, and what its writer is told."""

import pytest

from attention_book.pipeline.project import PipelineError
from attention_book.slides.blocks import prose
from attention_book.slides.choices import FILE, load
from attention_book.slides.deck import make
from tests.helpers.mini_book import Book


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_without_the_file_the_rules_alone_decide(book):
    assert load(book.project) == {}


def test_what_is_chosen_is_read(book):
    book.write(FILE, "01_one:\n  exercises: [1, 3]\n  leave-out: [A section]\n")
    chosen = load(book.project)["01_one"]
    assert (chosen.exercises, chosen.leave_out, chosen.code) == ([1, 3], ["A section"], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("09_nine:\n  code: [A]\n", "there is no page '09_nine'"),
        ("01_one:\n  skip: [A]\n", "is no choice"),
        ("01_one: all\n", "is no choice"),
        ("01_one:\n  exercises: [first]\n", "must be a list of numbers"),
        ("01_one:\n  code: A\n", "must be a list of titles"),
    ],
)
def test_a_mistake_is_named_with_the_way_to_mend_it(book, text, said):
    book.write(FILE, text)
    with pytest.raises(PipelineError, match=said) as caught:
        load(book.project)
    assert "mend:" in str(caught.value)


def test_a_title_that_the_page_does_not_have_is_an_error(book):
    book.write(FILE, "01_one:\n  leave-out: [No such section]\n")
    choices = load(book.project)["01_one"]
    with pytest.raises(PipelineError, match="no section or picture 'No such section'"):
        make("01_one", prose("# Why?\n\n## A section\n\nText."), choices)
