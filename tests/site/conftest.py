"""The built book, served, and pages opened in it."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from attention_book.pipeline.project import ROOT
from attention_book.pipeline.site_server import Server
from tests.helpers.page_checks import Visit, wait_until_ready


@pytest.fixture(scope="session")
def site():
    """The folder of the built pages; BOOK_HTML names another one."""
    folder = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
    if not (folder / "index.html").exists():
        pytest.fail("no built book: run `make book` first")
    return folder


@pytest.fixture(scope="session")
def url(site):
    server = Server(site)
    yield server.url
    server.close()


@pytest.fixture(scope="session")
def visit(browser):
    """visit(address, **context options): a watched page, ready to be judged."""

    @contextmanager
    def visiting(address, *, own=None, width=1200, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        try:
            seen = Visit(context.new_page(), own=own or address[: address.index("/", 8)])
            seen.watch()
            seen.page.goto(address)
            wait_until_ready(seen.page)
            yield seen
        finally:
            context.close()

    return visiting
