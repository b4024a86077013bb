"""Blocks off the screen rest, and no reader notices: heights, links, search and print stay."""

from contextlib import contextmanager

import pytest

from tests.helpers.page_checks import settle, wait_for
from tests.helpers.toc import chapters

BLOCKS = ".bd-article section > :not(section)"
RESTING = "document.documentElement.dataset.resting === 'ready'"
HEIGHT = "document.documentElement.scrollHeight"
NOTE_WAKING = """() => {
  const article = document.querySelector(".bd-article");
  const note = () => { window.woke ||= !article.classList.contains("resting"); };
  new MutationObserver(note).observe(article, { attributeFilter: ["class"] });
}"""
WAKE = "document.querySelector('.bd-article').classList.remove('resting')"


@pytest.fixture
def resting(visit, url):
    """resting(name): a chapter whose blocks rest."""

    @contextmanager
    def visiting(name):
        with visit(f"{url}/{name}") as seen:
            wait_for(seen.page, RESTING)
            settle(seen.page)
            yield seen.page

    return visiting


@pytest.mark.parametrize("name", chapters())
def test_most_blocks_rest(resting, name):
    with resting(name) as page:
        skipped = page.eval_on_selector_all(
            f"{BLOCKS} *",
            "(all) => all.filter((one) => !one.checkVisibility({contentVisibilityAuto: true}))"
            ".length / all.length",
        )
        assert skipped > 0.5


@pytest.mark.parametrize("name", chapters())
def test_the_page_is_as_high_before_and_after_and_while_one_scrolls(resting, name):
    with resting(name) as page:
        heights = [page.evaluate(HEIGHT)]
        for part in (0.3, 0.6, 1.0, 0.0):
            page.evaluate(f"scrollTo({{top: {part} * {HEIGHT}, behavior: 'instant'}})")
            settle(page)
            heights.append(page.evaluate(HEIGHT))
        page.evaluate(WAKE)
        heights.append(page.evaluate(HEIGHT))
        assert max(heights) - min(heights) <= 2, heights


@pytest.mark.parametrize("name", chapters())
def test_a_link_lands_on_its_heading(resting, name):
    with resting(name) as page:
        page.emulate_media(reduced_motion="reduce")
        ids = page.eval_on_selector_all(
            ".bd-article section section[id]", "(all) => all.map((one) => one.id)"
        )
        assert len(ids) > 5
        for anchor in (ids[-2], ids[len(ids) // 2], ids[1]):
            page.evaluate("(id) => { location.hash = id; }", anchor)
            settle(page)
            top = page.locator(f'[id="{anchor}"]').evaluate(
                "(one) => one.getBoundingClientRect().top"
            )
            at_end = page.evaluate(f"scrollY + innerHeight >= {HEIGHT} - 2")
            assert at_end or -2 <= top <= 120, (anchor, top)


def test_what_rests_is_found_by_searching_and_printed(resting):
    with resting(chapters()[0]) as page:
        words = page.locator(".bd-article h2").last.text_content().strip("#\n ")
        page.evaluate("scrollTo(0, 0)")
        assert page.evaluate("(words) => find(words)", words)
        page.emulate_media(media="print")
        styles = page.eval_on_selector_all(
            BLOCKS,
            "(all) => [...new Set(all.map((one) => getComputedStyle(one).contentVisibility))]",
        )
        assert styles == ["visible"]


def test_another_width_is_measured_again(resting):
    with resting(chapters()[0]) as page:
        page.evaluate(NOTE_WAKING)
        page.set_viewport_size({"width": 700, "height": 900})
        wait_for(page, "window.woke")
        wait_for(page, "document.querySelector('.bd-article.resting') !== null")
        settle(page)
        height = page.evaluate(HEIGHT)
        page.evaluate(WAKE)
        assert abs(page.evaluate(HEIGHT) - height) <= 2
