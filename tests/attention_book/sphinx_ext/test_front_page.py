"""The landing page takes the map and a picture from the chapters."""

import json
import re

import nbformat
import pytest
import yaml

from attention_book.pipeline.new_page import new_page
from attention_book.pipeline.normalise import STATE, VIEW
from attention_book.pipeline.project import ROOT
from attention_book.sphinx_ext.front_page import book_map, picture
from tests.helpers.mini_book import Book

PLANNED = {"02": ["Old"], "03": ["What next?", "A side", "Another"]}


@pytest.fixture
def book(tmp_path):
    made = Book(tmp_path)
    made.write("book/planned.yml", yaml.safe_dump(PLANNED))
    new_page(made.project, "01_1_side")
    return made


def test_the_map_lists_pages_with_their_minutes_then_what_is_planned(book):
    lines = book_map(book.project).splitlines()
    assert lines[2:5] == [
        '1. [](../notebooks/01_one.ipynb) <span class="minutes">0 + 0 min</span>',
        '    - [](../notebooks/01_1_side.ipynb) <span class="minutes">5 + 18 min</span>',
        '2. [](../notebooks/02_two.ipynb) <span class="minutes">0 + 0 min</span>',
    ]
    assert lines[5:8] == [
        '3. What next? <span class="minutes">planned</span>',
        "    - A side",
        "    - Another",
    ]


def test_the_minutes_are_those_that_the_page_prints(book):
    text = book.root / "book" / "chapters" / "01_1_side.md"
    text.write_text(re.sub(r"\*\d+ minutes", "*7 minutes", text.read_text()))
    assert ">7 + 18 min<" in book_map(book.project)


def test_every_planned_chapter_has_a_question():
    planned = yaml.safe_load((ROOT / "book" / "planned.yml").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"\d\d", number) for number in planned)
    assert all(pages[0].endswith("?") for pages in planned.values())


IDS = {
    "First": [f"{number:032x}" for number in range(1, 5)],
    "Second": [f"{number:032x}" for number in range(5, 9)],
}


def model(kind, **state):
    return {"model_name": kind, "model_module": "m", "state": state}


@pytest.fixture
def notebook():
    """Two pictures with a slider each, as the pipeline stores them."""
    models = {}
    for title, ids in IDS.items():
        box, view, slider, link = ids
        children = [f"IPY_MODEL_{slider}", f"IPY_MODEL_{view}"]
        ends = {"source": [children[0], "value"], "target": [children[1], "i0"]}
        models[box] = model("VBoxModel", children=children)
        models[view] = model("AnyModel", title=title, text="</script>")
        models[slider] = model("IntSliderModel", value=1)
        models[link] = model("LinkModel", **ends)
    outputs = [
        nbformat.v4.new_output("display_data", {VIEW: {"model_id": ids[0]}}) for ids in IDS.values()
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs)])
    made.metadata["widgets"] = {STATE: {"version_major": 2, "version_minor": 0, "state": models}}
    return made


def stored(html, kind):
    return json.loads(re.search(rf'<script type="{re.escape(kind)}">(.*?)</script>', html)[1])


def test_a_picture_brings_its_own_models_and_no_others(notebook):
    html = picture(notebook, "Second")
    assert stored(html, VIEW)["model_id"] == IDS["Second"][0]
    assert set(stored(html, STATE)["state"]) == set(IDS["Second"])
    assert html.count("</script>") == 2


def test_a_picture_that_is_not_stored_is_named(notebook):
    expected = "no picture 'Third' is stored; expected one of ['First', 'Second']"
    with pytest.raises(ValueError, match=re.escape(expected)):
        picture(notebook, "Third")
