"""With an address a chapter opens in Colab and Binder; without one no button points anywhere."""

import json

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from tests.helpers.mini_book import Book

GITHUB = "https://github.com/someone/book"
COLAB = "https://colab.research.google.com/github/someone/book/blob/v2/notebooks/01_one.ipynb"
BINDER = "https://mybinder.org/v2/gh/someone/book/v2?urlpath=lab/tree/notebooks/01_one.ipynb"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """built(url): the folder of the pages of a mini book with this address."""
    made = {}

    def build(url):
        if url not in made:
            book = Book(tmp_path_factory.mktemp("book"))
            book.pretend_executed()
            # Jupyter Book would hand these on from _config.yml.
            repository = {"url": url, "branch": "v2"}
            book.write("_config.yml", json.dumps({"repository": repository}))
            made[url] = _render(book.root, url)
        return made[url]

    return build


def _render(root, url):
    settings = {
        "extensions": ["myst_nb", "sphinx_book_theme", "attention_book.sphinx_ext.launch"],
        "html_theme": "sphinx_book_theme",
        "html_theme_options": {"repository_url": url, "repository_branch": "v2"},
        "nb_execution_mode": "off",
        "root_doc": "notebooks/01_one",
        "include_patterns": ["notebooks/01_one.ipynb"],
    }
    out = root / "_build"
    with docutils_namespace():
        Sphinx(root, None, out, root / "_doctrees", "html", settings, status=None).build()
    return out / "notebooks" / "01_one.html"


def links(page):
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return {a.get_text(strip=True): a["href"] for a in soup.select(".dropdown-launch-buttons a")}


@pytest.mark.whole
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", {}),
        (GITHUB, {"Colab": COLAB, "Binder": BINDER}),
        (
            "https://gitlab.com/someone/book",
            {"Binder": BINDER.replace("gh/someone/", "gl/someone%2F")},
        ),
        ("https://git.example.org/someone/book", {}),
    ],
)
def test_the_buttons_lead_where_the_address_allows(built, url, expected):
    page = built(url)
    assert links(page) == expected
    assert "executablebooks/jupyter-book" not in page.read_text(encoding="utf-8")
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    downloads = [a["href"] for a in soup.select(".dropdown-download-buttons a[href]")]
    assert any(href.endswith("01_one.ipynb") for href in downloads)


@pytest.mark.parametrize("width", [1200, 390])
def test_the_buttons_are_named_and_reached_by_the_keyboard(built, browser, width):
    page = browser.new_page(viewport={"width": width, "height": 844})
    try:
        page.route("http*://**", lambda route: route.abort())
        page.goto(built(GITHUB).as_uri())
        button = page.get_by_role("button", name="Launch interactive content")
        button.focus()
        page.keyboard.press("Enter")
        for name, address in (("Binder", BINDER), ("Colab", COLAB)):
            page.keyboard.press("ArrowDown")
            link = page.locator(".dropdown-launch-buttons a", has_text=name)
            assert link.is_visible()
            assert link.evaluate("link => link === document.activeElement")
            assert link.get_attribute("href") == address
    finally:
        page.close()
