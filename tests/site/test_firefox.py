"""Every page of the book and some decks in Firefox, with the checks that Chromium passes too."""

import os

import pytest

from attention_book.pipeline.project import Project
from attention_book.slides.write import main_pages
from tests.helpers.firefox import Firefox, missing
from tests.helpers.page_checks import (
    broken_views,
    dead_sliders,
    let_through,
    unset_math,
    wait_until_ready,
)
from tests.helpers.slide_checks import go_to, outside, slides_with, wait_until_fitted
from tests.helpers.toc import chapters, moving, opened, pages

# From the folder: each kind of page. Text, math and pictures are asked of all pages over http.
FROM_FOLDER = [pages()[0], chapters()[0], chapters()[-1], "book/api/reference.html"]


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    """A Firefox for all pages; without one a test skips (REQUIRE_BROWSER=1: fails)."""
    reason = missing()
    if reason and os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {reason}")
    if reason:
        pytest.skip(reason)
    browser = Firefox(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


def works(seen, name):
    wait_until_ready(seen.page)
    assert broken_views(seen.page) == []
    assert unset_math(seen.page) == []
    assert dead_sliders(seen.page) == []
    assert (seen.page.locator(".noUi-handle").count() > 0) == (name in moving())
    assert seen.problems() == []


@pytest.mark.parametrize("name", opened())
def test_page_works(firefox, url, name):
    with firefox.visit(f"{url}/{name}", own=url) as seen:
        works(seen, name)


@pytest.mark.parametrize("name", FROM_FOLDER)
def test_page_works_from_the_folder(firefox, site, name):
    with firefox.visit((site / name).as_uri(), own="file://") as seen:
        works(seen, name)


def test_nothing_gets_past_the_policy(firefox, url):
    with firefox.visit(f"{url}/{chapters()[0]}", own=url) as seen:
        assert let_through(seen.page) == []


# A picture to guess at, a picture with a handle to drag, an image of matplotlib.
DECKS = [deck.name for deck in main_pages(Project(), []) if deck.name[:2] in ("01", "02", "07")]


def walks(page):
    """Every slide is shown in its turn by the key that a reader presses."""
    titles = []
    for _ in range(400):
        title = page.evaluate("Reveal.getCurrentSlide().querySelector('h1, h2').innerText")
        titles += [] if titles[-1:] == [title] else [title]
        if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
            return titles
        page.press("ArrowRight")
    raise AssertionError(f"no end after {titles[-1]}")


@pytest.mark.parametrize("name", DECKS)
def test_deck_works(firefox, url, name):
    with firefox.visit(f"{url}/slides/{name}.html", own=url, width=1280, height=720) as seen:
        page = wait_until_fitted(seen.page)
        assert broken_views(page) == []
        assert unset_math(page) == []
        assert outside(page) == []
        assert len(walks(page)) > 15
        assert page.evaluate("Reveal.getSlidePastCount() + 1 === Reveal.getTotalSlides()")
        go_to(page, slides_with(page, ".noUi-handle")[0])
        assert dead_sliders(page, "section.present:not(.stack)") == []
        assert unseen_images(page) == []
        assert seen.problems() == []


def test_deck_works_from_the_folder(firefox, site):
    address = (site / "slides" / f"{DECKS[0]}.html").as_uri()
    with firefox.visit(address, own="file://", width=1280, height=720) as seen:
        page = wait_until_fitted(seen.page)
        assert broken_views(page) == []
        assert seen.problems() == []


def unseen_images(page):
    return page.eval_on_selector_all(
        ".slides img", "(all) => all.filter((one) => !one.naturalWidth).map((one) => one.alt)"
    )
