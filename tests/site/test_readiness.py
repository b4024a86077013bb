"""Every page of the site is light and soon ready; times are read from the stored measurement."""

import re

import pytest

from attention_book import studies
from attention_book.pipeline.site_server import COMPRESSED, compressed
from tests.helpers.page_checks import WEIGHT_LIMIT

LINKED = re.compile(
    r'<(?:link rel="stylesheet"[^>]* href|link href|script[^>]* src|img[^>]* src)="([^"]+)"'
)


@pytest.fixture(scope="module")
def rows():
    return {row["page"]: row for row in studies.load("page_readiness").runs}


def built(site):
    """Name of each page of the book: its file. Code, decks and what leads to the first are none."""
    files = [(path.relative_to(site), path) for path in site.rglob("*.html")]
    return {
        name.with_suffix("").as_posix(): path
        for name, path in files
        if name.parts[0] not in ("_static", "slides", "index.html") and "source" not in name.parts
    }


def sent(path):
    if path.suffix in COMPRESSED:
        return len(compressed(path, path.stat().st_mtime_ns))
    return path.stat().st_size


def named_by(page):
    """The page and the files that its text names; fonts are known to the browser alone."""
    links = {link.partition("?")[0] for link in LINKED.findall(page.read_text("utf8"))}
    return {page, *((page.parent / link).resolve() for link in links if ":" not in link)}


def test_what_every_page_names_is_light(site):
    fonts = sum(sorted(path.stat().st_size for path in site.rglob("MathJax_*.woff2"))[-4:])
    for name, page in built(site).items():
        files = named_by(page)
        assert len(files) > 8, name
        assert sum(map(sent, files)) + fonts <= WEIGHT_LIMIT, name


def test_every_page_was_measured_and_no_other(site, rows):
    assert set(rows) == set(built(site)), "run: python benchmarks/page_readiness.py"


def test_every_page_was_ready_within_its_budget(rows):
    settings = studies.load("page_readiness").settings
    assert settings["budget_bytes"] == WEIGHT_LIMIT
    assert settings["budget_ms"] == 1000
    assert settings["loads"] >= 5
    for name, row in rows.items():
        assert row["bytes"] <= WEIGHT_LIMIT, name
        assert row["ready_ms"] <= settings["budget_ms"], name
        assert row["met"], name
        assert 0 < row["text_ms"] <= row["ready_ms"] <= row["all_ms"]
