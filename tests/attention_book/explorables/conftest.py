"""A page of a real browser that must stay silent."""

import pytest


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 740, "height": 900})
    problems = []
    loud = ("error", "warning")
    page.on("console", lambda m: problems.append(m.text) if m.type in loud else None)
    page.on("pageerror", lambda e: problems.append(str(e)))
    yield page
    page.close()
    assert problems == []
