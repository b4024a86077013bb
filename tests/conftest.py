"""Settings for all tests."""

import pytest
from hypothesis import settings

from attention_book.pipeline.project import ROOT
from tests.helpers.browser import browser  # noqa: F401  (one Chromium for every test that asks for it)
from tests.mutation import results
from tests.mutation.__main__ import all_files

# The same examples on every run and every machine; no time limit on a busy one.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")

# Left to `make test` as a whole; so is what opens a browser, and what bears the mark itself.
FOLDERS = ("notebooks/", "tests/benchmarks/", "tests/mutation/", "tests/site/")


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) or item.nodeid.startswith(FOLDERS):
            item.add_marker(pytest.mark.whole)


def pytest_report_header():
    stale = len(results.outdated(all_files(), results.load(), ROOT))
    return f"mutation: {stale} files were not tried as they are now (make mutants)"
