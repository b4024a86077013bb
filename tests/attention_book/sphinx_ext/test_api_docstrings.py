"""Docstrings of the library as MyST, and that what they name exists."""

import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass, field

import pytest

import attention_lib
from attention_book.sphinx_ext.api_docstrings import entry, markdown, modules_of, public


def function(query, key=None, *, scale=1.0, kind="soft"):
    """Do something.

    Args:
        query: `[T, D]`.
        key: None means "query", or "an error".
    """


@dataclass
class History:
    losses: list = field(default_factory=list)


class Base:
    def inherited(self, x):
        """From above."""


class Thing(Base):
    """A thing.

    Attributes:
        size, width: both.
    """

    def __init__(self, size, *, width=2):
        pass

    def forward(self, x, *, mask=None):
        return x

    def helper(self, x):
        return x

    def _hidden(self):
        """Not shown."""

    @property
    def area(self):
        """Their product."""

    @classmethod
    def read(cls, path):
        """Make one."""

    @staticmethod
    def name(number):
        """Name one."""


Base.__module__ = Thing.__module__ = "attention_lib.modules"


def test_lines_of_a_paragraph_are_joined_so_that_no_line_becomes_a_list():
    assert markdown("First line.\n\nDrawn from\n+ 1 to\n2 ends.") == (
        "First line.\n\nDrawn from\n\n+ 1 to 2 ends."
    )
    assert markdown("One\ntwo.\n\n- a\n- b\n  c") == "One two.\n\n- a\n\n- b c"


def test_sections_become_lists_under_small_headings():
    doc = """Do it.

    Args:
        query, key: `[T, D]`, and
            more.
        *masks: boolean.

    Returns:
        output: zero.
    Called with
        x: a tensor.

            >>> 1 + 1
            2
    """
    assert markdown(doc) == (
        "Do it.\n\n"
        "```{rubric} Arguments\n```\n\n"
        "- `query`, `key`: `[T, D]`, and more.\n- `*masks`: boolean.\n\n"
        "```{rubric} Returns\n```\n\n"
        "output: zero.\n\n"
        "```{rubric} Called with\n```\n\n"
        "- `x`: a tensor.\n  \n  ```pycon\n  >>> 1 + 1\n  2\n  ```"
    )


def test_a_section_without_names_is_text():
    assert markdown("A.\n\nRaises:\n    nothing at all\n    ever.") == (
        "A.\n\n```{rubric} Raises\n```\n\nnothing at all ever."
    )


def test_notes_stand_apart_and_chapters_are_linked():
    doc = "A.\n\nCost: T\nS.\nSource, formula and cost: them (2020).\nChapter: 02_worked_example."
    assert markdown(doc).split("\n\n")[1:] == [
        "**Cost:** T S.",
        "**Source, formula and cost:** them (2020).",
        "**Chapter:** [](/notebooks/02_worked_example.ipynb).",
    ]
    assert markdown("Raises, cost as `x`. Chapter: 01_seq2seq.") == (
        "Raises, cost as `x`.\n\n**Chapter:** [](/notebooks/01_seq2seq.ipynb)."
    )


def test_formulas_tables_and_literal_blocks_are_kept():
    doc = "A.\n\n$$a \\\\\n- b$$\nthen $$c$$\n\n| a |\n|---|\n| b |\n\n    literal - text\n"
    assert markdown(doc).split("\n\n") == [
        "A.",
        "$$a \\\\\n- b$$",
        "then $$c$$",
        "| a |\n|---|\n| b |",
        "```text\n    literal - text\n```",
    ]


def test_quoted_words_are_values_outside_code_and_formulas():
    assert markdown('"a" or `"b"` or $"c"$, "two words"') == '`"a"` or `"b"` or $"c"$, "two words"'


def test_doctests_become_one_block():
    doc = "A.\n\n>>> a\n1\n>>> for x in y:\n...     z\n\n>>> b\n<BLANKLINE>\n\nEnd."
    block = "```pycon\n>>> a\n1\n>>> for x in y:\n...     z\n\n>>> b\n<BLANKLINE>\n```"
    assert markdown(doc) == f"A.\n\n{block}\n\nEnd."


def test_an_entry_has_signature_module_and_text():
    made = entry("attention_lib.part", "function", function)
    assert made.splitlines()[:4] == [
        "``````{py:function} function(query, key=None, *, scale=1.0, kind='soft')",
        ":module: attention_lib.part",
        "",
        "Do something.",
    ]
    assert made.splitlines()[-1] == "``````"
    assert '- `key`: None means `"query"`, or "an error".' in made
    assert entry("m", "History", History).startswith("``````{py:class} History(losses=...)\n")
    assert entry("m", "LIMIT", 7) == "``````{py:data} LIMIT\n:module: m\n:value: 7\n``````\n"


def test_a_class_shows_its_methods_and_those_of_its_bases():
    made = entry("attention_lib.part", "Thing", Thing)
    assert made.startswith(
        "``````{py:class} Thing(size, *, width=2)\n:module: attention_lib.part\n"
    )
    assert re.findall(r"\{py:(\w+)\} (.*)", made)[1:] == [
        ("method", "forward(x, *, mask=None)"),
        ("property", "area"),
        ("classmethod", "read(path)"),
        ("staticmethod", "name(number)"),
        ("method", "inherited(x)"),
    ]
    assert "Not shown" not in made


def test_public_names_of_modules_with_and_without_a_list():
    (listed,) = modules_of("attention_lib.reference")
    assert list(public(listed)) == sorted(attention_lib.reference.__all__)
    found = {module.__name__: public(module) for module in modules_of("attention_lib.data")}
    assert "reverse_task" in found["attention_lib.data.toy"]
    assert all(not name.startswith("_") for names in found.values() for name in names)


MODULES = [
    one.name
    for one in pkgutil.walk_packages(attention_lib.__path__, "attention_lib.")
    if "._" not in one.name
]


@pytest.mark.parametrize("name", MODULES)
def test_names_in_docstrings_exist(name):
    text = inspect.getsource(importlib.import_module(name))
    for dotted in set(re.findall(r"`(attention_lib(?:\.\w+)+)`", text)):
        assert exists(dotted), dotted


def exists(dotted):
    parts = dotted.split(".")
    for k in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:k]))
        except ModuleNotFoundError:
            continue
        for name in parts[k:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


def test_a_name_that_does_not_exist_is_noticed():
    assert exists("attention_lib.reference.softmax")
    assert exists("attention_lib.data.toy.reverse_task")
    assert not exists("attention_lib.reference.softmin")
    assert not exists("attention_lib.nowhere.softmax")
