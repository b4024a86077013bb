"""Settings for all tests."""

from hypothesis import settings

from tests.helpers.browser import browser  # noqa: F401  (one Chromium for every test that asks for it)

# The same examples on every run and every machine; no time limit on a busy one.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")
