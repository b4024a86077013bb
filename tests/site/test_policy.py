"""Every page names the policy; nothing gets past it, and what a reader clicks works under it."""

import pytest

from attention_book.pipeline.policy import META
from attention_book.sphinx_ext.content_policy import LEFT_ALONE
from tests.helpers.page_checks import let_through, settle, wait_for, wait_until_ready
from tests.helpers.toc import chapters, pages

SCHEMES = ["http", "file"]


@pytest.fixture
def opened(visit, url, site):
    """opened(scheme, name): a page from the server or from the folder."""

    def opening(scheme, name, **options):
        if scheme == "http":
            return visit(f"{url}/{name}", **options)
        return visit((site / name).as_uri(), own="file://", **options)

    return opening


def test_every_page_names_it_before_all_that_it_judges(site):
    found = [
        page for page in site.rglob("*.html") if page.relative_to(site).parts[0] not in LEFT_ALONE
    ]
    assert len(found) >= len(pages()) + 2  # the search, and what leads to the first page
    for page in found:
        html = page.read_text("utf8")
        assert html.count(META) == 1, page
        before = html[: html.index(META)]
        assert not any(tag in before for tag in ("<script", "<link", "<style", "<img")), page


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_gets_past_it(opened, scheme):
    with opened(scheme, chapters()[0]) as seen:
        assert let_through(seen.page) == []
        assert seen.foreign == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_a_reader_clicks_works_under_it(opened, scheme):
    with opened(scheme, chapters()[0]) as seen:
        the_colours_change(seen.page)
        the_sidebar_closes(seen.page)
        code_is_copied(seen.page)
        the_page_is_printed(seen.page)
        assert seen.problems() == []


def the_colours_change(page):
    mode = "document.documentElement.dataset.mode"
    before = page.evaluate(mode)
    page.click(".theme-switch-button")
    assert page.evaluate(mode) != before
    page.reload()
    wait_until_ready(page)
    assert page.evaluate(mode) not in (before, None)


def the_sidebar_closes(page):
    bar = page.locator("#pst-primary-sidebar")
    assert bar.is_visible()
    page.click("button.primary-toggle")
    bar.wait_for(state="hidden")


def code_is_copied(page):
    page.evaluate(
        "addEventListener('copy', () => { window.copied = document.activeElement.value; })"
    )
    button = page.locator("button.copybtn:visible").first
    shown = button.locator("xpath=..").locator("pre").text_content()
    button.click()
    wait_for(page, "window.copied")
    assert page.evaluate("copied").strip() == shown.strip()


def the_page_is_printed(page):
    page.evaluate("window.print = () => { window.printed = true; }")
    page.locator("button:has(.fa-download)").first.click()
    settle(page)
    page.click(".btn-download-pdf-button")
    assert page.evaluate("window.printed") is True
