"""The decks of the site in a real browser, with every other host cut off."""

import io
import re
from contextlib import contextmanager
from itertools import cycle

import pytest
from pypdf import PdfReader

from attention_book.pipeline.project import Project
from attention_book.slides.write import main_pages, write
from tests.helpers.page_checks import (
    Visit,
    axe_findings,
    broken_views,
    dead_sliders,
    let_through,
    settle,
    unset_math,
    wait_for,
)
from tests.helpers.slide_checks import (
    faint,
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
AT = "([h, v]) => Reveal.getIndices().h === h && Reveal.getIndices().v === v"


@pytest.fixture
def deck(visit, url):
    """deck(name, "?theme=dark"): the deck, ready to be judged."""

    def opened(name, query="", base=None, size=(1280, 720), **options):
        base = base or f"{url}/slides"
        own = "file://" if base.startswith("file") else url
        width, height = size
        return visit(f"{base}/{name}.html{query}", own=own, width=width, height=height, **options)

    return opened


def theme(page):
    return page.evaluate("document.documentElement.dataset.theme")


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
        assert faint(page) == []
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


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_fits_a_telephone_that_is_held_upright(deck, name):
    with deck(name, size=(390, 700)) as seen:
        page = ready(seen)
        assert outside(page) == []
        assert overlapping(page) == []
        assert too_small(page, least=0.5) == []
        assert page.evaluate("Reveal.getScale()") > 0.5
        assert seen.problems() == []


def test_a_deck_follows_when_the_telephone_is_turned(deck):
    with deck(NAMES[1], size=(390, 700)) as seen:
        page = ready(seen)
        page.set_viewport_size({"width": 844, "height": 390})
        wait_for(page, "Reveal.getConfig().width === 1280")
        wait_until_fitted(page)
        assert outside(page) == []
        assert overlapping(page) == []
        assert too_small(page) == []


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
        box = paper.pages[0].mediabox
        assert abs(float(box.width / box.height) - 1280 / 720) < 0.01


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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("slides")
    write(Project(), target, [NAMES[1]])
    return target


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_policy_refuses_nothing_of_a_deck_and_all_that_is_foreign(deck, folder, scheme):
    base = folder.as_uri() if scheme == "file" else None
    with deck(NAMES[1], base=base) as seen:
        page = ready(seen)
        assert broken_views(page) == []
        assert unset_math(page) == []
        assert seen.problems() == []
        assert let_through(page) == []


@contextmanager
def speaking(seen):
    """The speaker view of a deck, and the two decks in its frames."""
    page = ready(seen)
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    view = Visit(opened.value, own=seen.own)
    view.watch()
    view.page.locator("iframe").nth(1).wait_for()
    _, now, following = view.page.frames
    for frame in (now, following):
        frame.wait_for_url("**receiver**", wait_until="load")
        wait_until_fitted(frame)
    yield page, view, now, following
    assert view.problems() == []
    assert seen.problems() == []


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_speaker_sees_two_slides_and_the_notes_and_moves_the_deck(deck, folder, scheme):
    base = folder.as_uri() if scheme == "file" else None
    with deck(NAMES[1], base=base) as seen, speaking(seen) as (page, view, now, following):
        page.keyboard.press("ArrowRight")
        view.page.locator(".said").get_by_text(re.compile("encoder's states")).wait_for()
        assert (where(now), where(following)) == ((1, 0), (2, 0))
        view.page.keyboard.press("ArrowRight")
        for one in (page, now):  # else the frame would begin where it was before
            wait_for(one, AT, [2, 0])
        now.evaluate("Reveal.next()")
        wait_for(page, AT, [2, 1])
        wait_for(following, AT, [2, 2])
        page.keyboard.press("t")
        wait_for(now, f"document.documentElement.dataset.theme === '{theme(page)}'")
        assert theme(page) == theme(view.page) == theme(following)


def test_the_speaker_view_finds_a_deck_that_is_loaded_anew(deck):
    with deck(NAMES[1]) as seen, speaking(seen) as (page, view, now, _following):
        page.reload()
        ready(seen)
        page.evaluate("Reveal.slide(3)")
        wait_for(now, AT, [3, 0])
        page.evaluate("Reveal.slide(Reveal.getTotalSlides(), 99)")
        view.page.get_by_text("This is the last slide").wait_for()
        assert view.page.locator(".next iframe").is_hidden()


def test_axe_finds_nothing_serious_in_the_speaker_view(deck):
    with deck(NAMES[1]) as seen, speaking(seen) as (page, view, _now, _following):
        page.keyboard.press("ArrowRight")
        view.page.locator(".said p").first.wait_for()
        assert axe_findings(view.page) == []


def test_a_view_without_a_deck_says_what_to_do(visit, url):
    with visit(f"{url}/slides/speaker.html?deck=https://book.invalid/deck.html") as seen:
        assert seen.page.get_by_text("Open a deck and press").is_visible()
        assert seen.page.locator("iframe").count() == 0


def test_the_main_page_leads_to_its_slides_and_they_lead_back(visit, url):
    with visit(f"{url}/notebooks/{NAMES[0]}.html") as seen:
        seen.page.get_by_role("link", name="Slides", exact=True).click()
        ready(seen)
        seen.page.get_by_role("link", name="the page in the book").click()
        seen.page.wait_for_url(f"**/notebooks/{NAMES[0]}.html")
