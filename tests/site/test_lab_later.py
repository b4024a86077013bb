"""The later chapters in JupyterLab: a file of its own, so that another process runs it."""

import shutil

import pytest

from attention_book.pipeline.project import Project
from tests.helpers.jupyter_lab import check_page, running_lab

PAGES = ["05_2_fewer", "06_2_norm", "07_3_cache", "08_2_state"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    for name in PAGES:
        shutil.copy(Project().notebook(name), folder)
    trusted = [f"{name}.ipynb" for name in PAGES]
    with running_lab(folder, tmp_path_factory.mktemp("own"), trusted=trusted) as address:
        yield address


@pytest.mark.parametrize("name", PAGES)
def test_a_page_moves_as_soon_as_opened_and_after_it_has_run(browser, lab, name):
    check_page(browser, lab, name)
