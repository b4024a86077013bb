"""The decks of the book, read as files: nothing that matters is missing, nothing is too full."""

import re
from copy import copy

import pytest
from bs4 import BeautifulSoup

from attention_book.pipeline.normalise import VIEW
from attention_book.pipeline.page_text import Page
from attention_book.pipeline.project import Project
from attention_book.slides.choices import load
from attention_book.slides.text import WORD
from attention_book.slides.write import main_pages, write
from attention_book.sphinx_ext.content_policy import refused

pytestmark = pytest.mark.whole

PROJECT = Project()
CHAPTERS = main_pages(PROJECT, [])
NAMES = [chapter.name for chapter in CHAPTERS]
WORDS = 100  # sentences, points and options of one slide
NO_SENTENCES = "aside, pre, table, .math, script, .above, h1, h2, .provenance, .facts"
every_deck = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("slides")
    write(PROJECT, target, [])
    return target


@pytest.fixture(scope="module")
def soups(folder):
    return {
        name: BeautifulSoup((folder / f"{name}.html").read_text("utf8"), "html.parser")
        for name in NAMES
    }


def slides(soup):
    return [
        one for one in soup.select(".slides section") if one.find(["h1", "h2"], recursive=False)
    ]


def page_of(name):
    (chapter,) = [one for one in CHAPTERS if one.name == name]
    return Page(chapter)


def test_every_main_page_has_a_deck_and_the_index_lists_them(folder):
    listed = BeautifulSoup((folder / "index.html").read_text("utf8"), "html.parser")
    assert [link["href"] for link in listed.select("ol a")] == [f"{name}.html" for name in NAMES]
    assert len(NAMES) >= 8


@every_deck
def test_no_slide_is_a_page_of_text(soups, name):
    counts = {}
    for slide in slides(soups[name]):
        text = copy(slide)
        for other in text.select(NO_SENTENCES):
            other.decompose()
        counts[slide.find(["h1", "h2"]).get_text()] = len(WORD.findall(text.get_text(" ")))
    assert {title: count for title, count in counts.items() if count > WORDS} == {}
    assert max(counts.values()) > 20


@every_deck
def test_every_slide_has_a_title_and_something_to_show(soups, name):
    for slide in slides(soups[name])[1:]:
        assert slide.find("h2").get_text(strip=True)
        body = slide.select_one(".body")
        assert body.get_text(strip=True) or body.find(["script", "img"]), slide.find("h2")


@every_deck
def test_a_deck_fits_into_a_session(soups, name):
    assert 18 <= len(slides(soups[name])) <= 36


def pictures_of(name):
    """How many views the page shows."""
    (chapter,) = [one for one in CHAPTERS if one.name == name]
    cells = [c for c in chapter.read_notebook().cells if c.cell_type == "code"]
    seen = [c for c in cells if "remove-output" not in c.metadata.get("tags", [])]
    return sum(VIEW in output.get("data", {}) for cell in seen for output in cell.outputs)


@every_deck
def test_every_picture_and_question_and_guess_is_there(soups, name):
    page, soup, chosen = page_of(name), soups[name], load(PROJECT).get(name)
    left_out = len(chosen.leave_out) if chosen else 0
    assert len(soup.select('script[type$="widget-view+json"]')) >= pictures_of(name) - left_out > 1
    assert len(soup.select("section.quiz .answer")) == len(page.questions)
    assert len(soup.select("section.quiz li.right")) == len(page.questions)
    assert len(soup.select("section.predict")) == 2 * len(page.predictions)
    assert len(soup.select("section.exercise")) >= 1


@every_deck
def test_the_mechanism_is_shown_whole(soups, name):
    shown = {"".join(line.get_text().split()) for line in soups[name].select(".line")}
    lesson = [cell for cell in page_of(name).code if "lesson" in cell.tags]
    lines = [line for cell in lesson for line in cell.lines]
    assert len(lines) > 10
    assert [line for line in lines if "".join(line.split()) not in shown] == []


@every_deck
def test_what_a_slide_does_not_say_the_speaker_can_read(soups, name):
    """Each paragraph before the exercises stands in the notes, whole."""
    squeezed = {
        re.sub(r"\W+", "", note.get_text()) for note in soups[name].select("aside.notes > p")
    }
    section = page_of(name).section("The formula")
    paragraphs = [p for p in re.split(r"\n\s*\n", section) if p.startswith("In words")]
    assert len(paragraphs) >= 1
    for paragraph in paragraphs:
        plain = re.sub(r"\W+", "", re.sub(r"(?<=\])\([^)\s]*\)|<[^>]+>", "", paragraph))
        assert plain in squeezed, paragraph


@every_deck
def test_the_state_of_other_pictures_stays_out(soups, name):
    (state,) = soups[name].select('script[type$="widget-state+json"]')
    assert 1_000 < len(state.get_text().encode()) < 150_000


def test_a_folder_of_slides_is_whole_in_itself(folder, soups):
    listed = BeautifulSoup((folder / "index.html").read_text("utf8"), "html.parser")
    for soup in (listed, soups[NAMES[0]]):
        named = [tag.get("src") or tag["href"] for tag in soup.select("[src], [href]")]
        assert named
        assert [name for name in named if not (folder / name).is_file()] == []
    assert (folder / "assets" / "vendor" / "licences" / "reveal.js.txt").is_file()


def test_every_page_names_the_policy_first_and_holds_nothing_that_it_refuses(folder):
    for path in folder.glob("*.html"):
        html = path.read_text("utf8")
        before = html[: html.index("Content-Security-Policy")]
        assert not any(tag in before for tag in ("<script", "<link", "<style", "<img")), path
        assert refused(html) == [], path
        assert not re.search(r"<[a-z][^<>]* style=", html), path
        assert ("frame-src" in html) == (path.stem == "speaker")


def test_nothing_that_is_loaded_comes_from_another_host(folder, soups):
    for soup in soups.values():
        tags = soup.select("[src], [href], [action]")
        assert [t for t in tags for a in ("src", "href", "action") if "//" in t.get(a, "")] == []
    for path in (folder / "assets" / "slides").iterdir():
        assert not re.search(r"https?://|@import|url\(", path.read_text("utf8")), path


def test_a_second_run_writes_the_same_bytes(folder, tmp_path):
    write(PROJECT, tmp_path, [NAMES[1]])
    again = (tmp_path / f"{NAMES[1]}.html").read_bytes()
    assert again == (folder / f"{NAMES[1]}.html").read_bytes()
