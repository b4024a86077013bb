"""The temporary book of `mini_book`, for every test here."""

import pytest

from tests.helpers.mini_book import Book


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)
