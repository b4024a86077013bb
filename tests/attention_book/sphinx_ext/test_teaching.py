"""What the marks and links of the guide for instructors become."""

import re

import pytest
from mdit_py_plugins.anchors.index import slugify

from attention_book.pipeline.guide import STUMBLES, all_pages
from attention_book.pipeline.new_page import new_page
from attention_book.pipeline.project import PipelineError
from attention_book.sphinx_ext.teaching import filled, slug
from tests.helpers.mini_book import Book


@pytest.fixture
def book(tmp_path):
    made = Book(tmp_path)
    new_page(made.project, "01_1_side")
    return made


@pytest.fixture
def fill(book):
    return lambda text: filled("guide.md", text, book.project, all_pages(book.project))


def change(book, old, new):
    path = book.root / "book" / "chapters" / "01_1_side.md"
    path.write_text(re.sub(old, new, path.read_text()))


def test_minutes_follow_the_page(book, fill):
    mark = "<!-- page: 01_1_side -->"
    assert ": 5 minutes; exercises 18: " in fill(mark)
    change(book, r"\*\d+ minutes", "*7 minutes")
    assert ": 7 minutes; exercises 18: " in fill(mark)


def test_exercises_are_listed_by_their_stars(book, fill):
    change(book, r"Exercise 1 \(★+, \d+ min\)", "Exercise 1 (★★★, 40 min)")
    assert fill("<!-- page: 01_1_side -->").endswith("; ★★★ 1 (40 min).")


def test_a_session_becomes_a_table_with_what_is_free(book, fill):
    table = fill("<!-- session of 90: 01_1_side page; 02_two page -->")
    assert "/notebooks/01_1_side.ipynb) | 5 | – | – |" in table
    assert table.endswith("Together 5 of 90 minutes; 85 are free for talk and for pauses.")


def test_sums_of_a_course_are_those_of_its_sessions(book, fill):
    text = "# C\n\n## A\n\n<!-- session of 60: 01_1_side page -->\n\n## B\n\n"
    text += "<!-- session of 30: 02_two page -->\n\n<!-- homework: 01_1_side page -->\n"
    book.write("book/teaching/course.md", text)
    assert "| together | 5 min | 90 min | 5 min |" in fill(f"<!-- course -->\n\n{text}")
    line = "2 sessions, 5 of 90 minutes planned; homework 5 minutes"
    assert fill("<!-- sums: course -->") == line


def test_a_link_names_a_page_or_a_section(fill):
    assert fill("[[02_two]]") == "[A chapter](/notebooks/02_two.ipynb)"
    there = "[Summary](/notebooks/01_1_side.ipynb#summary)"
    assert fill("[[01_1_side: Summary]]").endswith(f", {there}")
    assert fill("<!-- page: 01_1_side --> [[Summary]]").endswith(f". {there}")


@pytest.mark.parametrize("text", ["[[01_1_side: Nowhere]]", "<!-- page: 01_1_side -->[[Nowhere]]"])
def test_a_section_that_is_gone_stops_the_build(fill, text):
    with pytest.raises(PipelineError, match="01_1_side has no section 'Nowhere'"):
        fill(text)


def test_misconceptions_are_listed_with_the_section_that_repairs_them(book, fill):
    text = f"# G\n\n## P\n\n<!-- page: 01_1_side -->\n\n{STUMBLES}\n\n- *One.* [[Summary]]: a. B.\n"
    book.write("book/teaching/chapter_01.md", text + "- *Two.* The same section: c.\n")
    repair = r"\[Summary\]\(/notebooks/01_1_side.ipynb#summary\)"
    assert re.search(
        rf"- \*One\.\* See .*{repair}\.\n- \*Two\.\* See .*{repair}\.", fill("<!-- stumbles -->")
    )


@pytest.mark.parametrize(
    "title", ["What is it, and why?", "A key: 1,024 tokens", "The model's own"]
)
def test_the_anchor_of_a_section_is_that_which_myst_makes(title):
    assert slug(title) == slugify(title)
