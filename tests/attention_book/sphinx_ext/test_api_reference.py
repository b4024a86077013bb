"""Every part of the library has a reference page, and every such page can be found."""

import attention_lib
from attention_book.pipeline.project import ROOT, Project
from attention_book.sphinx_ext.api_reference import parts
from tests.helpers.layers import INTERNAL

PAGES = sorted(path.stem for path in (ROOT / "book" / "api").glob("*.md") if path.stem != "index")


def parts_without_a_page(names, shown):
    return [name for name in names if name not in INTERNAL and f"attention_lib.{name}" not in shown]


def test_every_part_of_the_library_has_a_page():
    assert parts_without_a_page(attention_lib.__all__, parts()) == []
    assert parts_without_a_page([*attention_lib.__all__, "new"], parts()) == ["new"]


def test_every_page_is_in_the_contents_and_on_the_first_page():
    first = (ROOT / "book" / "api" / "index.md").read_text(encoding="utf-8")
    entries = Project().toc_entries
    lost = [one for one in PAGES if f"book/api/{one}" not in entries or f"]({one}.md)" not in first]
    assert lost == []


def test_parts_stand_in_the_order_of_the_contents():
    listed = [one.rpartition("/")[2] for one in Project().toc_entries if "book/api/" in one]
    order = [name.rpartition(".")[2] for name in parts() if name.startswith("attention_lib.")]
    assert order == [page for page in listed if page in order]
