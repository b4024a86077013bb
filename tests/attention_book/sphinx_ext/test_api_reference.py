"""Every part of the library has a reference page, and every such page can be found."""

import importlib
from types import ModuleType

import pytest

import attention_lib
from attention_book.pipeline.project import ROOT, Project
from attention_book.sphinx_ext.api_docstrings import modules_of, public
from attention_book.sphinx_ext.api_reference import MARK, overview, page_of, parts
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


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_holds_for_its_part_and_has_an_entry_for_each_name(page):
    marks = MARK.findall((ROOT / "book" / "api" / f"{page}.md").read_text(encoding="utf-8"))
    assert marks
    for plain, package in marks:
        text = page_of(package, plain=bool(plain))
        assert overview(importlib.import_module(package)) in text
        for name in [name for module in modules_of(package) for name in public(module)]:
            assert any(
                f"{{py:{kind}}} {name}{after}" in text
                for kind, after in (("function", "("), ("class", "("), ("data", "\n"))
            ), name


def test_the_page_of_costs_says_what_a_count_leaves_out():
    assert "A mask saves no FLOPs on dense attention" in page_of("attention_lib.cost")


def test_code_above_the_entries_stays_code():
    module = ModuleType("part", "First.\n\nCall\n\n    f(x)\n")
    assert overview(module) == "Call\n\n```text\n    f(x)\n```"
