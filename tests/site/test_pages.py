"""Every page of the built book in a real browser, with every other host cut off."""

import json

import pytest

from tests.helpers.page_checks import (
    WEIGHT_LIMIT,
    axe_findings,
    below_first_screen,
    broken_views,
    colour_findings,
    dead_sliders,
    settle,
    state_size,
    times,
    unset_math,
    wait_for,
    wide_code,
)
from tests.helpers.toc import chapters, moving, opened

STATE_LIMIT = 150_000
HEIGHT_LIMIT = 16_000  # pixels, 1,200 wide, with every fold closed


# Drawn by the script that its notebook stored: rows and columns of one picture have no name there.
NAMELESS = ("notebooks/03_3_pictures_words.html", "empty-table-header")


@pytest.mark.parametrize("name", opened())
def test_wide_page(visit, url, site, name):
    """One visit for all that a wide window shows, since opening a page is what costs."""
    with visit(f"{url}/{name}") as seen:
        loads_clean_and_light(seen, site, name)
        if name in moving():
            assert below_first_screen(seen.page) == {}
        if name in chapters():
            keeps_its_size(seen, site, name)
            every_slider_moves_its_figure(seen)
            the_notebook_can_be_downloaded(seen)
            reduced_motion_is_kept(seen)
        no_accessibility_finding(seen, name)
        if name in chapters():
            print_keeps_the_figure_and_hides_the_slider(seen)
        assert seen.problems() == []


def loads_clean_and_light(seen, site, name):
    assert seen.problems() == []
    assert broken_views(seen.page) == []
    assert unset_math(seen.page) == []
    _note(site, name, seen)
    assert seen.weight <= WEIGHT_LIMIT, sorted(seen.weights.items(), key=lambda one: -one[1])[:8]


def keeps_its_size(seen, site, name):
    assert _height(seen) <= HEIGHT_LIMIT
    assert 0 < state_size((site / name).read_text("utf8")) <= STATE_LIMIT
    assert wide_code(seen.page) == []


def _height(seen):
    return seen.page.evaluate("document.documentElement.scrollHeight")


def every_slider_moves_its_figure(seen):
    assert seen.page.locator(".noUi-handle").count() > 0
    assert dead_sliders(seen.page) == []


def the_notebook_can_be_downloaded(seen):
    link = seen.page.locator("a.btn-download-source-button")
    address = link.evaluate("(one) => one.href")
    assert address.endswith(".ipynb")
    assert seen.page.request.get(address).json()["nbformat"] == 4


def reduced_motion_is_kept(seen):
    seen.page.emulate_media(reduced_motion="reduce")
    longest = seen.page.evaluate(
        """() => Math.max(...[...document.querySelectorAll("article *")].flatMap((one) => {
          const style = getComputedStyle(one);
          const texts = [style.transitionDuration, style.animationDuration];
          return texts.flatMap((text) => text.split(",").map(parseFloat));
        }))"""
    )
    assert longest < 0.001


def no_accessibility_finding(seen, name):
    seen.page.eval_on_selector_all(
        "article details", "(all) => all.forEach((one) => { one.open = true; })"
    )
    for scheme, findings in (("light", axe_findings), ("dark", colour_findings)):
        seen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wait_for(seen.page, f"document.documentElement.dataset.theme === '{scheme}'")
        settle(seen.page)
        found = [one for one in findings(seen.page) if (name, one[0]) != NAMELESS]
        assert found == [], scheme


def print_keeps_the_figure_and_hides_the_slider(seen):
    """After the dark scheme: paper is white all the same."""
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
    seen.page.emulate_media(media="print")
    assert seen.page.locator(".widget-subarea svg").first.is_visible()
    assert not seen.page.locator(".noUi-handle").first.is_visible()
    colours = seen.page.evaluate(
        """[getComputedStyle(document.body).backgroundColor,
            getComputedStyle(document.querySelector("article p")).color]"""
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def _note(site, name, seen):
    """Weights are counted and asserted; times depend on the machine and are only written down."""
    file = site.parent / "page_report.json"
    report = json.loads(file.read_text()) if file.exists() else {}
    heaviest = sorted(
        ((size, link.split("/", 3)[-1]) for link, size in seen.weights.items()), reverse=True
    )[:6]
    report[name] = {
        "compressed_bytes": seen.weight,
        "requests": len(seen.weights),
        "height": _height(seen),
        "milliseconds": times(seen.page),
        "heaviest": heaviest,
    }
    file.write_text(json.dumps(report, indent=1, sort_keys=True))
    count, ready = len(seen.weights), report[name]["milliseconds"]
    print(f"{name}: {seen.weight / 1000:.0f} KB in {count} requests, {ready}")
