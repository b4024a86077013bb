"""The decks of the site in a real browser, with every other host cut off."""

import io
import re
from itertools import cycle

import pytest
from pypdf import PdfReader

from attention_book.pipeline.project import Project
from attention_book.slides.write import main_pages, write
from tests.helpers.page_checks import (
    axe_findings,
    broken_views,
    dead_sliders,
    settle,
    unset_math,
)
from tests.helpers.slide_checks import (
    go_to,
    outside,
    overlapping,
    slides_with,
    too_small,
    wait_until_fitted,
    where,
)

NAMES = [chapter.name for chapter in main_pages(Project(), [])]
PRESENT = "section.present:not(.stack)"


@pytest.fixture
def deck(visit, url):
    """deck(name, "?theme=dark"): the deck, ready to be judged."""

    def opened(name, query="", base=None, **options):
        base = base or f"{url}/slides"
        own = "file://" if base.startswith("file") else url
        return visit(f"{base}/{name}.html{query}", own=own, width=1280, height=720, **options)

    return opened


def ready(seen):
    return wait_until_fitted(seen.page)


@pytest.mark.parametrize("name", NAMES)
def test_deck(deck, name):
    with deck(name) as seen:
        page = ready(seen)
        assert broken_views(page) == []
        assert unset_math(page) == []
        assert outside(page) == []
        assert overlapping(page) == []
        assert too_small(page) == []
        every_slider_moves_its_picture_and_not_the_deck(page)
        assert seen.problems() == []


def every_slider_moves_its_picture_and_not_the_deck(page):
    numbers = slides_with(page, ".noUi-handle")
    assert numbers
    for number in numbers:
        go_to(page, number)
        before = where(page)
        assert dead_sliders(page, PRESENT) == []
        assert where(page) == before


@pytest.mark.parametrize(
    ("name", "scheme"), list(zip(NAMES, cycle(["light", "dark"]), strict=False))
)
def test_axe_finds_nothing_serious_on_any_slide(deck, name, scheme):
    """The view for paper shows all slides at once, with every step taken.

    The decks share their style sheet, so each scheme is judged on half of them.
    """
    with deck(name, "?print-pdf", reduced_motion="reduce") as seen:
        page = ready(seen)
        assert page.locator(".pdf-page").count() == page.locator(".slides :is(h1, h2)").count()
        page.evaluate(
            """(scheme) => {
              document.documentElement.dataset.theme = scheme;
              for (const one of document.querySelectorAll(".pdf-page")) one.style.background = "";
            }""",
            scheme,
        )
        settle(page)
        assert axe_findings(page) == []
        assert seen.problems() == []


def test_paper_has_a_page_for_each_slide_and_is_white(deck):
    with deck(NAMES[1], "?print-pdf", color_scheme="dark") as seen:
        page = ready(seen)
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
        assert len(paper.pages) == page.locator(".slides :is(h1, h2)").count()
        assert "What exactly is computed?" in paper.pages[0].extract_text()


def test_keys_move_the_deck_unless_a_slider_has_the_focus(deck):
    with deck(NAMES[1]) as seen:
        page = ready(seen)
        page.keyboard.press("ArrowRight")
        assert where(page) == (1, 0)
        handle = page.locator(f"{PRESENT} .noUi-handle").first
        value = handle.get_attribute("aria-valuetext")
        handle.focus()
        for key in ("ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
            settle(page)
            assert handle.get_attribute("aria-valuetext") != value
            value = handle.get_attribute("aria-valuetext")
        page.keyboard.press("End")
        assert where(page) == (1, 0)
        page.keyboard.press("Escape")
        assert not page.evaluate("Reveal.isOverview()")
        page.keyboard.press("ArrowLeft")
        assert where(page) == (0, 0)
        page.keyboard.press("ArrowRight")
        handle.focus()
        page.keyboard.press("PageDown")  # as a remote control sends it
        assert where(page) == (2, 0)
        assert page.evaluate("document.activeElement === document.body")


def test_the_mouse_moves_slider_and_handle(deck):
    """In a window of another size, where the slide is scaled."""
    with deck(NAMES[1], "#/1") as seen:
        page = ready(seen)
        page.set_viewport_size({"width": 900, "height": 700})
        settle(page)
        for selector in (".noUi-handle", ".attn-handle"):
            handle = page.locator(f"{PRESENT} {selector}").first
            caption = page.locator(f"{PRESENT} figcaption").inner_text()
            box = handle.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + 60, y, steps=4)
            page.mouse.up()
            settle(page)
            assert page.locator(f"{PRESENT} figcaption").inner_text() != caption
            after = handle.bounding_box()
            assert abs(after["x"] - box["x"] - 60) < 25  # it stops at the nearest value
        assert where(page) == (1, 0)


def test_steps_point_at_code_and_show_the_right_answer(deck):
    with deck(NAMES[1]) as seen:
        page = ready(seen)
        go_to(page, slides_with(page, ".pointer")[0])
        assert page.locator(f"{PRESENT} .line.at").count() == 0
        seen_lines = set()
        for _ in range(page.locator(f"{PRESENT} .pointer").count()):
            page.keyboard.press("Space")
            seen_lines.add(page.locator(f"{PRESENT} .line.at").first.inner_text())
        assert len(seen_lines) > 2
        go_to(page, slides_with(page, ".answer")[-1])  # ahead: behind, all steps are taken
        right = page.locator(f"{PRESENT} li.right")
        before = right.evaluate("(one) => getComputedStyle(one).fontWeight")
        page.keyboard.press("Space")
        assert right.evaluate("(one) => getComputedStyle(one).fontWeight") != before


def test_the_scheme_is_that_of_the_reader_of_the_address_or_of_the_key(deck):
    paper = "getComputedStyle(document.querySelector('.reveal-viewport')).backgroundColor"
    with deck(NAMES[1], color_scheme="dark") as seen:
        page = ready(seen)
        dark = page.evaluate(paper)
        page.keyboard.press("t")
        assert page.evaluate(paper) == "rgb(255, 255, 255)" != dark
        page.goto(page.url.partition("#")[0] + "?theme=light")
        assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_a_folder_of_slides_works_from_the_disk_with_its_speaker_view(deck, tmp_path):
    write(Project(), tmp_path, [NAMES[1]])
    with deck(NAMES[1], base=tmp_path.as_uri()) as seen:
        page = ready(seen)
        assert broken_views(page) == []
        assert unset_math(page) == []
        with page.context.expect_page() as opened:
            page.keyboard.press("s")
        notes = opened.value.locator(".speaker-controls-notes .value")
        page.keyboard.press("ArrowRight")
        notes.get_by_text(re.compile("encoder's states")).wait_for()
        assert seen.problems() == []


def test_the_main_page_leads_to_its_slides_and_they_lead_back(visit, url):
    with visit(f"{url}/notebooks/{NAMES[0]}.html") as seen:
        seen.page.get_by_role("link", name="Slides", exact=True).click()
        ready(seen)
        seen.page.get_by_role("link", name="the page in the book").click()
        seen.page.wait_for_url(f"**/notebooks/{NAMES[0]}.html")
