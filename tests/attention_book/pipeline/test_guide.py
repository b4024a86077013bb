"""The marks of the guide for instructors are read, and what cannot be is said with its mend."""

import pytest

from attention_book.pipeline.guide import (
    GOALS,
    STUMBLES,
    all_pages,
    guide_sections,
    items,
    parts,
    sessions,
    total,
)
from attention_book.pipeline.new_page import new_page
from attention_book.pipeline.project import PipelineError
from tests.helpers.mini_book import Book

COURSE = """# A course

## First

<!-- session of 90: 01_1_side page 1; 01_one page -->

<!-- homework: 01_1_side 2 3 -->

## Talk

Nothing of a page.

## Second

<!-- session of 45: 01_1_side 4 -->
"""


@pytest.fixture
def book(tmp_path):
    made = Book(tmp_path)
    new_page(made.project, "01_1_side")
    return made


@pytest.fixture
def pages(book):
    return all_pages(book.project)


def exercise_minutes(page, *numbers):
    return sum(int(m[3]) for m in page.exercises if int(m[1]) in numbers)


def test_a_session_takes_its_minutes_from_the_pages(pages):
    side = pages["01_1_side"]
    first, second = sessions("course", COURSE, pages)
    assert (first.title, first.most, second.title, second.most) == ("First", 90, "Second", 45)
    assert total(first.parts) == side.printed_minutes[0] + exercise_minutes(side, 1)
    assert total(first.homework) == exercise_minutes(side, 2, 3)
    assert total(second.parts) == exercise_minutes(side, 4)
    assert second.homework == []


def test_a_session_longer_than_its_time_stops_the_build(pages):
    with pytest.raises(PipelineError, match=r"First: \d+ minutes are planned, there are 6\n"):
        sessions("course", COURSE.replace("of 90", "of 6"), pages)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("01_two page", "no page '01_two'"),
        ("01_1_side 9", "01_1_side: 9 is to be done"),
        ("01_1_side", "01_1_side: nothing is to be done"),
        ("01_one page 1", "write some of: page"),
    ],
)
def test_what_no_page_has_is_named(pages, what, message):
    with pytest.raises(PipelineError, match=message):
        parts("course", what, pages)


def test_the_guide_is_read_page_by_page_and_block_by_block(book):
    text = (
        f"# Guide\n\n## A page\n\n<!-- page: 01_one -->\n\n{GOALS}\n\n- one\n- two\n\n{STUMBLES}\n"
    )
    book.write("book/teaching/chapter_01.md", text + "\n- *Belief.* Repair.\n")
    section = guide_sections(book.project)["01_one"]
    assert section["title"] == "A page"
    assert items(section[GOALS]) == ["one", "two"]
    assert items(section[STUMBLES]) == ["*Belief.* Repair."]


@pytest.mark.parametrize("mark", ["", "<!-- page: 01_one -->"])
def test_a_section_without_a_page_of_its_own_is_named(book, mark):
    text = f"# Guide\n\n## First\n\n<!-- page: 01_one -->\n\n## Second\n\n{mark}\n"
    book.write("book/teaching/chapter_01.md", text)
    with pytest.raises(PipelineError, match="below 'Second' there is no mark"):
        guide_sections(book.project)
