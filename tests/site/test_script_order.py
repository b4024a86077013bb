"""Which fonts come early, which scripts wait for the page, on every page, and which no page has."""

import re

from attention_book.sphinx_ext.script_order import FONTS, FORMULA, LATER
from tests.helpers.toc import pages


def test_every_page_has_all_that_wait(site):
    for name in pages():
        html = (site / name).read_text("utf8")
        for script in LATER:
            assert len(html.split(f"/{script}")) == 2, (name, script)
        assert html.count('<script type="text/later"') == len(LATER), name


def test_no_page_loads_what_marks_the_words_of_another_search(site):
    for page in site.rglob("*.html"):
        assert "sphinx_highlight.js" not in page.read_text("utf8"), page


def test_a_page_with_formulas_names_fonts_that_exist(site):
    asked = re.compile(r'data-fonts="([^"]+)"')
    for name in pages():
        page = site / name
        html = page.read_text("utf8")
        fonts = " ".join(asked.findall(html)).split()
        assert len(fonts) == (len(FONTS) if FORMULA.search(html) else 0), name
        assert all((page.parent / font).is_file() for font in fonts), name
