"""Every entry of the reference has a line where it is defined, in a file that has a page."""

import sys

import pytest
from bs4 import BeautifulSoup

from attention_book.pipeline.address import Address
from attention_book.pipeline.project import ROOT
from attention_book.sphinx_ext.api_reference import full_names
from attention_book.sphinx_ext.source_pages import (
    coloured,
    in_repository,
    page_name,
    place_of,
    split,
)


def line_of(file, number):
    return (ROOT / file).read_text(encoding="utf-8").splitlines()[number - 1].strip()


def test_every_public_name_is_defined_where_its_link_leads():
    for full in sorted(full_names()):
        module, name = split(full)
        file, number = place_of(module, name)
        text = line_of(file, number)
        starts = (f"def {name}", f"class {name}", f"{name} =", f"{name}:")
        assert text.startswith(starts), (full, file, number, text)


@pytest.mark.parametrize(
    ("module", "name", "file", "text"),
    [
        ("attention_lib.cost", "lsh_attention", "attention_lib/cost/lsh.py", "def lsh_attention("),
        ("attention_lib.cost", "Cost.flops", "attention_lib/cost/ledger.py", "def flops(self):"),
        (
            "attention_lib.modules",
            "MultiHeadAttention.forward",
            "attention_lib/modules/multi_head.py",
            "def forward(",
        ),
    ],
)
def test_wrapped_functions_properties_and_methods(module, name, file, text):
    assert split(f"{module}.{name}") == (module, name)
    found, number = place_of(module, name)
    assert found == file
    assert line_of(found, number).startswith(text)


def test_a_name_that_no_line_defines_is_told(monkeypatch):
    monkeypatch.setattr(sys.modules["attention_lib.cost"], "made_up", 3, raising=False)
    with pytest.raises(LookupError, match=r"attention_lib\.cost\.made_up: no line defines it"):
        place_of("attention_lib.cost", "made_up")


def test_pages_are_named_after_files():
    name = page_name("attention_lib/cost/__init__.py")
    assert name == "book/api/source/attention_lib/cost/__init__"


def test_the_text_is_whole_and_has_the_anchors_that_are_asked_for():
    text = 'x = 1\n\n\ndef f():\n    """a\n    b"""\n'
    shown = BeautifulSoup(coloured(text, {4}), "html.parser")
    assert shown.get_text() == text
    assert [one["id"] for one in shown.select("[id]")] == ["line-4"]
    assert coloured(text, {4}).splitlines()[3].startswith('<span id="line-4"></span>')


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (None, ""),
        (Address("file:///a/copy", "main"), ""),
        (Address("https://github.com/a/b", "v1"), "https://github.com/a/b/blob/v1/x.py"),
    ],
)
def test_a_set_address_leads_to_the_repository(address, shown):
    assert in_repository(address, "x.py") == shown
