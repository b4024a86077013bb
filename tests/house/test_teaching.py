"""The guide for instructors speaks of every page, and says of it what the page says."""

import re

import pytest
from mdit_py_plugins.anchors.index import slugify

from attention_book.pipeline.guide import (
    BOARD,
    FOLDER,
    GOALS,
    QUESTIONS,
    STUMBLES,
    all_pages,
    guide_sections,
    items,
    sessions,
    total,
)
from attention_book.pipeline.project import ROOT, Project
from attention_book.sphinx_ext.teaching import filled, slug
from tests.helpers.guide_text import numbers, page_says

PROJECT = Project()
PAGES = all_pages(PROJECT)
GUIDE = guide_sections(PROJECT)
TEXTS = [ROOT / f"{FOLDER}.md", *sorted((ROOT / FOLDER).glob("*.md"))]
# Sessions that use pages, and what there is for all of them; the minutes free in each.
COURSES = {"one_day": (4, 360), "four_weeks": (8, 720), "twelve_weeks": (20, 1800)}
FREE = 10
every_page = pytest.mark.parametrize("name", PAGES)
every_main_page = pytest.mark.parametrize("name", [n for n, page in PAGES.items() if page.is_main])
every_text = pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)


@every_page
def test_the_guide_has_the_page_with_goals_misconceptions_and_questions(name):
    section = GUIDE[name]
    assert section["title"] == PAGES[name].title
    assert 1 <= len(items(section[GOALS])) <= 3
    assert len(items(section[STUMBLES])) >= 1
    assert 2 <= len(items(section[QUESTIONS])) <= 3
    assert all("*Good answer:*" in item for item in items(section[QUESTIONS]))


@every_page
def test_a_misconception_is_named_and_what_repairs_it_is_linked(name):
    for item in items(GUIDE[name][STUMBLES]):
        belief, repair = re.fullmatch(r"\*(.+?)\* (.+)", item).groups()
        assert len(belief) > 10
        assert "[[" in repair or repair.startswith("The same section"), item


@every_page
def test_every_number_of_the_guide_is_one_of_the_page(name):
    assert numbers(GUIDE[name]["text"]) - numbers(page_says(name)) == set()


@every_main_page
def test_a_main_page_has_a_plan_for_the_board_of_about_25_minutes(name):
    steps = items(GUIDE[name][BOARD])
    minutes = [int(re.match(r"\*\*(\d+) min\*\* ", step)[1]) for step in steps]
    assert 22 <= sum(minutes) <= 28
    assert len(numbers(GUIDE[name][BOARD])) >= 5


def board(name):
    """The plan for the board: a list for a main page, a paragraph for a side page."""
    if PAGES[name].is_main:
        return GUIDE[name][BOARD]
    return re.search(r"^\*\*At the board, 10 min\.\*\* (.+)$", GUIDE[name]["text"], re.MULTILINE)[1]


@every_page
def test_what_a_plan_for_the_board_names_is_on_the_page(name):
    """Pictures, sliders, their values, and the words that are quoted stand in italics."""
    named = re.findall(r"(?<![*\\])\*([^*\n]+)\*(?!\*)", board(name).replace("−", "-"))
    assert len(numbers(board(name))) >= 4
    assert len(named) >= 2
    assert [text for text in named if text.lower() not in page_says(name).lower()] == []


@every_text
def test_a_page_of_the_guide_can_be_filled_in_and_is_short(path):
    text = path.read_text(encoding="utf-8")
    done = filled(path.name, text, PROJECT, PAGES)
    assert len(text.split()) <= 2000
    assert "[[" not in done
    assert "<!--" not in done


@every_text
def test_a_page_of_the_guide_stands_in_the_table_of_contents(path):
    assert path.relative_to(ROOT).with_suffix("").as_posix() in PROJECT.toc_entries


def course(name):
    return sessions(name, (ROOT / FOLDER / f"{name}.md").read_text(encoding="utf-8"), PAGES)


@pytest.mark.parametrize("name", COURSES)
def test_a_course_has_its_sessions_and_each_leaves_time_to_talk(name):
    found = course(name)
    assert (len(found), sum(session.most for session in found)) == COURSES[name]
    planned = {session.title: total(session.parts) for session in found}
    assert {t: m for t, m in planned.items() if m > 90 - FREE} == {}


@pytest.mark.parametrize("name", COURSES)
def test_a_session_says_what_students_can_do_and_what_to_leave_out(name):
    text = (ROOT / FOLDER / f"{name}.md").read_text(encoding="utf-8")
    pieces = [piece for piece in text.split("\n## ") if "<!-- session" in piece]
    assert all("**Afterwards** students can" in piece for piece in pieces)
    assert all("**Short of time**:" in piece for piece in pieces)


def test_four_weeks_meet_every_chapter_and_twelve_every_page():
    def read(name):
        done = [part for session in course(name) for part in session.parts + session.homework]
        return {part.page.name for part in done if part.read}

    assert {name for name, page in PAGES.items() if page.is_main} <= read("four_weeks")
    assert read("twelve_weeks") == set(PAGES)


def test_no_exercise_is_set_twice_in_a_course():
    for name in COURSES:
        done = [part for session in course(name) for part in session.parts + session.homework]
        tasks = [(part.page.name, number) for part in done for number in part.numbers]
        assert [task for task in tasks if tasks.count(task) > 1] == []


def test_a_number_that_the_page_lacks_is_found():
    changed = GUIDE["02_worked_example"][BOARD].replace("0.881", "0.883")
    assert numbers(changed) - numbers(page_says("02_worked_example")) == {"0.883"}


@every_page
def test_the_anchors_of_its_sections_are_those_that_myst_makes(name):
    titles = [title for level, title in PAGES[name].headings if level == 2]
    assert [slug(title) for title in titles] == [slugify(title) for title in titles]
    assert len(set(titles)) == len(titles)
