"""The search: what it finds, from a server and from a folder, by keyboard, and what it marks."""

import gzip
from urllib.parse import quote

import pytest

from attention_book.pipeline.site_server import COMPRESSED
from tests.helpers.page_checks import axe_findings, wait_for
from tests.helpers.toc import pages

MOST = 500_000  # bytes of the page of results, compressed
# A question, and the page and the section that stand first or second.
QUESTIONS = {
    "sliding_window_attention": ("book/api/functional.html", "sliding_window_attention"),
    "MultiHeadAttention": ("book/api/modules.html", "MultiHeadAttention"),
    "kernel regression": ("notebooks/01_3_before_its_name.html", "Kernel regression"),
    "why divide by the square root": ("notebooks/03_1_scale.html", ""),
    "beam search": ("notebooks/07_1_choosing.html", "Beam search in the open"),
    "Windows": ("notebooks/08_1_windows.html", ""),
    r"\alpha": ("notebooks/02_2_way_back.html", "One step back, by hand"),
    "α_j covariance": (
        "notebooks/02_2_way_back.html",
        "The gradient of the query is a covariance",
    ),
    '"bidirectional recurrent"': None,
}
SHOWN = """() => [...document.querySelectorAll(".found li")].map((one) => ({
  path: decodeURIComponent(new URL(one.querySelector("a").href).pathname),
  section: one.querySelector(".found-section")?.textContent ?? "",
  marks: one.querySelectorAll("mark").length}))"""
TEXTS = "document.querySelector('.found-status').textContent"


@pytest.fixture(params=["http", "file"])
def start(request, url, site):
    """The address of the book, and what its own requests begin with."""
    return (url, url) if request.param == "http" else (site.as_uri(), "file://")


def ask(page, question):
    """The sentence about the results, once it has changed."""
    before = page.evaluate(TEXTS)
    page.locator(".bd-search-container input").fill(question)
    wait_for(page, f"(before) => {TEXTS} !== before", before)
    return page.evaluate(TEXTS)


def test_questions_lead_to_their_sections(visit, start):
    base, own = start
    with visit(f"{base}/search.html?q=attention", own=own) as seen:
        seen.page.wait_for_selector(".found li")
        for question, wanted in QUESTIONS.items():
            said = ask(seen.page, question)
            found = seen.page.evaluate(SHOWN)
            if wanted is None:
                assert said.startswith("Nothing found"), question
                continue
            best = [(one["path"], one["section"]) for one in found[:2]]
            assert any(p.endswith(wanted[0]) and s == wanted[1] for p, s in best), (question, best)
            assert any(one["marks"] for one in found)
        assert seen.problems() == []


def test_words_that_no_section_holds_together(visit, start):
    base, own = start
    with visit(f"{base}/search.html?q=softmax", own=own) as seen:
        page = seen.page
        page.wait_for_selector(".found li")
        status = page.locator(".found-status")
        assert status.get_attribute("role") == "status"
        assert "sections on" in status.inner_text()
        assert ask(page, "xyzzyq").startswith("Nothing found for “xyzzyq”. Try")
        assert page.locator(".found li").count() == 0
        assert ask(page, "xyzzyq covariance").startswith("No section holds all of these words.")
        assert page.locator(".found li").count() > 0


@pytest.mark.parametrize("key", ["Control+k", "/"])
def test_by_keyboard_from_any_page_to_the_marked_words(visit, start, key):
    base, own = start
    with visit(f"{base}/{pages()[1]}", own=own) as seen:
        page = seen.page
        page.keyboard.press(key)
        page.keyboard.type("kernel regression")
        page.wait_for_selector("#pst-search-dialog .found li")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/01_3_before_its_name.html?find=kernel%20regression#kernel-regression")
        wait_for(page, "CSS.highlights.get('found')?.size > 3")
        heading = page.locator("#kernel-regression h2").bounding_box()
        assert 0 <= heading["y"] < 900
        page.keyboard.press("Escape")
        assert not page.evaluate("CSS.highlights.has('found')")
        assert seen.foreign == []


def test_a_slash_in_a_field_stays_a_slash(visit, url):
    with visit(f"{url}/search.html") as seen:
        seen.page.keyboard.type("a/b")
        assert seen.page.input_value(".bd-search-container input") == "a/b"


def test_the_page_of_results_is_light_and_can_be_read_by_all(visit, url, site):
    with visit(f"{url}/search.html?q={quote('scaled dot product')}") as seen:
        seen.page.wait_for_selector(".found li")
        assert seen.weight <= MOST
        assert axe_findings(seen.page) == []
    assert not (site / "searchindex.js").exists()
    texts = site / "_static" / "search_texts.js"
    assert texts.suffix in COMPRESSED
    assert len(gzip.compress(texts.read_bytes())) < 0.8 * MOST


def test_every_page_of_the_book_is_searched(site):
    texts = (site / "_static" / "search_texts.js").read_text("utf8")
    assert [name for name in pages() if f'"{name}"' not in texts] == []
