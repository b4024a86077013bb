"""The notebooks in JupyterLab itself: opened, run by its menu, moved by the keyboard."""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from attention_book.pipeline.project import Project
from tests.helpers.jupyter_lab import check_page, figures_of, opened, run_all, running_lab

CELLS = [
    """
from attention_book.explorables import HeatMap, sweep
sweep(lambda top: [[top, 1 - top]], {"top": [0.1, 0.5, 0.9]},
      view=HeatMap(rows=["q"], columns=["k1", "k2"]),
      title="Two weights", caption="The first weight is {top}.")
""",
    """
from attention_book.explorables import Bars
sweep(lambda n: [n, 2 * n], {"n": [1, 2, 3]}, view=Bars(categories=["once", "twice"]),
      title="Two bars", caption="n is {n}.")
""",
]
# The quickest page of each chapter; those of the later ones stand in test_lab_later.py.
PAGES = ["01_2_recurrence", "02_1_sentence", "03_2_masks", "04_2_longer"]
UNKNOWN = "02_2_way_back"  # a copy of a page that is trusted would be trusted too


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab that trusts what stands in PAGES, but neither of the two others."""
    folder = tmp_path_factory.mktemp("notebooks")
    cells = [new_markdown_cell("# Two figures"), *(new_code_cell(text.strip()) for text in CELLS)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "figures.ipynb")
    for name in (*PAGES, UNKNOWN):
        shutil.copy(Project().notebook(name), folder)
    trusted = [f"{name}.ipynb" for name in PAGES]
    with running_lab(folder, tmp_path_factory.mktemp("own"), trusted=trusted) as address:
        yield address


def test_figures_run_and_move_in_jupyterlab(browser, lab):
    with opened(browser, lab, "figures") as page:
        run_all(page)
        captions = page.locator(".attn-fig figcaption")
        captions.nth(1).wait_for()
        assert captions.all_inner_texts() == ["The first weight is 0.1.", "n is 1."]
        handles = page.locator(".attn-sweep .noUi-handle")
        for k in range(2):
            handles.nth(k).focus()
            page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "document.querySelectorAll('.attn-fig figcaption')[1].textContent === 'n is 2.'"
        )
        assert captions.all_inner_texts() == ["The first weight is 0.5.", "n is 2."]


def test_a_notebook_that_is_not_trusted_shows_still_pictures(browser, lab):
    with opened(browser, lab, UNKNOWN) as page:
        pictures = page.locator('.jp-OutputArea-output[data-mime-type="image/png"] img')
        pictures.nth(figures_of(UNKNOWN) - 1).wait_for(state="attached")
        assert pictures.count() == figures_of(UNKNOWN)
        assert page.locator(".attn-sweep").count() == 0
        assert page.get_by_text("run this cell to move it").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_moves_as_soon_as_opened_and_after_it_has_run(browser, lab, name):
    check_page(browser, lab, name)
