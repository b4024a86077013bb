"""Pages from the folder, in a narrow window, with a broken view; links.

Apart from the wide window, so that two processes share the pages.
"""

import pytest

from tests.helpers.page_checks import (
    SPACING,
    below_first_screen,
    broken_links,
    broken_views,
    clipped,
    cramped,
    dead_sliders,
    out_of_reach,
    overflowing,
    settle,
    style,
    unset_math,
    wait_for,
)
from tests.helpers.toc import chapters, moving, opened


@pytest.mark.parametrize("name", chapters())
def test_chapter_works_from_the_folder(visit, site, name):
    with visit((site / name).as_uri(), own="file://") as seen:
        assert broken_views(seen.page) == []
        assert unset_math(seen.page) == []
        assert dead_sliders(seen.page) == []
        assert seen.problems() == []


# One page of each kind; what a reader's own spacing could break is their common style.
SPACED = ("book/intro", "notebooks/01_seq2seq", "book/concepts", "book/benchmarks", "book/api/cost")


@pytest.mark.parametrize("name", opened())
def test_fits_a_narrow_screen(visit, url, name):
    """A telephone's first screen, then 320 pixels: a small one, or a window enlarged four times."""
    with visit(f"{url}/{name}", width=390, height=844) as seen:
        if name in moving():
            assert below_first_screen(seen.page) == {}
        seen.page.eval_on_selector_all(
            "article details", "(all) => all.forEach((one) => { one.open = true; })"
        )
        narrower(seen.page, rests=name in moving())
        fits(seen.page)
        assert cramped(seen.page) == []
        if name.removesuffix(".html") in SPACED:
            style(seen.page, SPACING)
            settle(seen.page)
            fits(seen.page)


COUNT = """() => {
  const article = document.querySelector(".bd-article");
  const count = () => { window.measured = article.classList.contains("resting"); };
  new MutationObserver(count).observe(article, {attributeFilter: ["class"]});
}"""


# The theme brings what scrolls within reach of the keyboard some time after a resize.
IN_REACH = """[...document.querySelectorAll(
  ".bd-article :is(pre, .pst-scrollable-table-container)")].every(
  (one) => one.scrollWidth <= one.clientWidth || one.tabIndex === 0)"""


def narrower(page, rests):
    """All blocks laid out in 320 pixels; those of a page that rests are measured anew first."""
    if rests:
        page.wait_for_selector(".bd-article.resting")
        page.evaluate(COUNT)
    page.set_viewport_size({"width": 320, "height": 640})
    if rests:
        wait_for(page, "window.measured")
        page.evaluate("document.querySelector('.bd-article').classList.remove('resting')")
    wait_for(page, IN_REACH)
    settle(page)


def fits(page):
    assert overflowing(page) == []
    assert out_of_reach(page) == []
    assert clipped(page) == []


def test_links_and_anchors_lead_somewhere(site):
    assert broken_links(site) == []


@pytest.mark.parametrize("name", chapters())
def test_one_broken_view_does_not_stop_the_others(visit, url, site, name):
    source = (site / name).read_text("utf8")
    first = source.index('"application/vnd.jupyter.widget-view+json">')
    at = source.index('"model_id": "', first) + len('"model_id": "')
    broken = source[:at] + "not-stored-" + source[at:]
    page = site / "notebooks" / "_one_broken_view.html"
    page.write_text(broken, "utf8")
    try:
        with visit(f"{url}/notebooks/{page.name}") as seen:
            messages = seen.page.locator(".widget-problem").all_inner_texts()
            assert len(messages) == 1
            assert "could not be drawn" in messages[0]
            assert dead_sliders(seen.page) == []
    finally:
        page.unlink()


@pytest.mark.parametrize("width", [1200, 390])
def test_the_contents_mark_the_section_in_view_and_keep_it_in_sight(visit, url, width):
    with visit(f"{url}/{chapters()[0]}", width=width, reduced_motion="reduce") as seen:
        links = seen.page.locator("#page-contents a")
        marked = seen.page.locator("#page-contents a[aria-current=location]")
        titles = links.all_text_contents()
        assert len(titles) > 5
        assert not any("Exercise 1" in title for title in titles)
        for title in (titles[-1], titles[0], titles[-3]):
            heading = seen.page.locator("article h2", has_text=title).first
            heading.evaluate("(one) => one.scrollIntoView()")
            marked.filter(has_text=title).wait_for(state="attached")
            assert marked.count() == 1
        if width == 390:
            seen.page.click("button.secondary-toggle")
            settle(seen.page)
        place = marked.bounding_box()
        assert 0 < place["y"] < place["y"] + place["height"] < 900
