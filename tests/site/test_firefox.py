"""Every page of the built book in Firefox, with the checks that Chromium passes too."""

import os

import pytest

from tests.helpers.firefox import Firefox, missing
from tests.helpers.page_checks import (
    broken_views,
    dead_sliders,
    let_through,
    unset_math,
    wait_until_ready,
)
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
