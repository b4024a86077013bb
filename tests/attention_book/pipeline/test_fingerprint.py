"""A notebook is stale when, and only when, something that its outputs follow from has changed."""

import pytest

from attention_book.pipeline.check import stale_because
from tests.helpers.mini_book import cell

RESULT = "attention_book/studies/results/speed.json"
SOFTMAX = "attention_lib/reference/softmax.py"
SCALE = "attention_lib/reference/scale.py"
STEPS = "attention_lib/reference/steps.py"
MODULES = "attention_lib/modules.py"
LAYER = "attention_lib.modules.Layer"
LATE = "attention_lib/late.py"
WORDS = "attention_lib/corpus/words.txt"
EXERCISES = "attention_book/exercises"
FIRST = f"{EXERCISES}/seq/first.py"
LIBRARY = {
    "attention_lib/reference/__init__.py": "from .softmax import softmax, unused\n",
    SOFTMAX: '''
"""What it is."""
import numpy as np
from .scale import scaled
from . import steps
SHARP = 2.0
KINDS = {}


def softmax(scores, base=np.e):
    """Weights."""
    # all of them
    return steps.power(scaled(scores) * SHARP, base)


def unused():
    return 1
''',
    SCALE: "def scaled(x):\n    return x / 2\n",
    STEPS: "def power(x, b):\n    return b**x\n\n\ndef other(): ...\n",
    MODULES: '''
import torch
from attention_lib import reference as ref


def kept(one):
    return one


class Base:
    """Under the other."""

    def forward(self, x):
        return x

    def later(self, x):
        from .late import late
        return late(x)


@kept
class Layer(Base):
    width = 3

    def forward(self, x):
        """Once."""
        return ref.softmax(super().forward(x))
''',
    LATE: "def late(x):\n    return x\n",
    "attention_lib/corpus/__init__.py": """
from pathlib import Path


def lines():
    return (Path(__file__).parent / "words.txt").read_text()
""",
    WORDS: "words",
    "attention_lib/corpus/more.txt": "more",
    "attention_lib/corpus/other.py": "x = 1\n",
    "attention_book/exercises/__init__.py": """
import importlib
import pkgutil


def check(name):
    return [importlib.import_module(one.name) for one in pkgutil.iter_modules(__path__)]
""",
    f"{EXERCISES}/seq/__init__.py": "",
    FIRST: "exercise = 1\n",
    f"{EXERCISES}/seq/second.py": "exercise = 2\n",
    "attention_book/studies/__init__.py": """
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


def load(name):
    return (RESULTS / name).read_text()
""",
    RESULT: "{}",
    "attention_book/studies/results/other.json": "{}",
}
CODE = """
from attention_lib.modules import Layer
from attention_lib import corpus
from attention_book import exercises, studies

Layer().forward(1), corpus.lines()
exercises.check("seq.first"), studies.load("speed")
"""


@pytest.fixture
def stale(book):
    """Executed notebooks of which the first uses the library; why is each of them stale?"""
    for name, text in LIBRARY.items():
        book.write(name, text)
    book.chapter("01_one", cell(CODE))
    book.pretend_executed()
    return lambda: [stale_because(book.project, one) for one in book.project.chapters]


def replaced(book, name, old, new):
    text = (book.root / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    book.write(name, text.replace(old, new))


def test_what_was_executed_is_up_to_date(stale):
    assert stale() == ["", ""]


SEEN = {
    "the body of a function": (SOFTMAX, ") * SHARP", ") + SHARP", ".softmax.softmax"),
    "a default argument": (SOFTMAX, "base=np.e", "base=2", ".softmax.softmax"),
    "a constant": (SOFTMAX, "SHARP = 2.0", "SHARP = 2.5", ".softmax.SHARP"),
    "what an outer name means": (SOFTMAX, "numpy as np", "math as np", ".softmax.softmax"),
    "a function that it calls": (SCALE, "/ 2", "/ 3", ".scale.scaled"),
    "a name of a module": (STEPS, "b**x", "x", ".steps.power"),
    "a statement": (SOFTMAX, "def unused", "print()\n\n\ndef unused", ".softmax.statements"),
    "a method": (MODULES, "ref.softmax(super", "-ref.softmax(super", f"{LAYER}.forward"),
    "a class attribute": (MODULES, "width = 3", "width = 4", LAYER),
    "a base class": (MODULES, "return x\n", "return 2 * x\n", "attention_lib.modules.Base.forward"),
    "a decorator": (MODULES, "return one\n", "return 2 * one\n", "attention_lib.modules.kept"),
    "an import inside": (LATE, "return x", "return -x", "attention_lib.late.late"),
    "data": (WORDS, "words", "more", WORDS),
    "an exercise": (FIRST, "= 1", "= 3", "attention_book.exercises.seq.first.exercise"),
    "a study": (RESULT, "{}", "{1}", RESULT),
}


@pytest.mark.parametrize(("name", "old", "new", "reason"), SEEN.values(), ids=SEEN)
def test_what_is_used_makes_the_chapter_stale_and_is_named(book, stale, name, old, new, reason):
    replaced(book, name, old, new)
    full = f"attention_lib.reference{reason}" if reason[0] == "." else reason
    assert stale() == [f"{full} changed", ""]


UNSEEN = {
    "a docstring": (SOFTMAX, '"""Weights."""', '"""Weights, again."""'),
    "a docstring that goes": (SOFTMAX, '    """Weights."""\n', ""),
    "a comment": (SOFTMAX, "# all of them", "# all"),
    "white space": (SOFTMAX, "def unused", "\n\ndef unused"),
    "another form": (SOFTMAX, "scaled(scores) * SHARP", "(scaled( scores )*SHARP)"),
    "a method's docstring": (MODULES, '"""Once."""', '"""Twice."""'),
    "an unused function": (SOFTMAX, "return 1", "return 2"),
    "an unused constant": (SOFTMAX, "KINDS = {}", "KINDS = {1: 2}"),
    "an unused function beside": (STEPS, "def other(): ...", "def another(): ..."),
    "a new function": (SOFTMAX, "def unused", "def new(): ...\n\n\ndef unused"),
    "another exercise": (f"{EXERCISES}/seq/second.py", "= 2", "= 3"),
    "another study": ("attention_book/studies/results/other.json", "{}", "{1}"),
    "data that is not named": ("attention_lib/corpus/more.txt", "more", "others"),
    "a file beside the data": ("attention_lib/corpus/other.py", "x = 1", "x = 2"),
}


@pytest.mark.parametrize(("name", "old", "new"), UNSEEN.values(), ids=UNSEEN)
def test_what_is_not_used_makes_nothing_stale(book, stale, name, old, new):
    replaced(book, name, old, new)
    assert stale() == ["", ""]


def test_a_name_that_is_offered_from_elsewhere(book, stale):
    book.write("attention_lib/reference/fast.py", "def softmax(x):\n    return x\n")
    replaced(book, "attention_lib/reference/__init__.py", "softmax, unused", "unused")
    replaced(book, "attention_lib/reference/__init__.py", "\n", "\nfrom .fast import softmax\n")
    assert stale()[0].startswith("attention_lib.reference.fast.softmax, attention_lib.reference.")


def test_text_and_requirements_and_form(book, stale, monkeypatch):
    book.chapter("02_two", "\nOther words.\n")
    assert stale() == ["", "its text changed"]
    book.write("requirements.txt", "numpy==2.0.1\n")
    assert stale() == ["requirements.txt changed", "its text and requirements.txt changed"]
    monkeypatch.setattr("attention_book.pipeline.fingerprint.FORMAT", 0)
    assert stale() == ["the form in which notebooks are stored changed"] * 2


def test_a_module_as_a_value_counts_whole(book, stale):
    book.chapter("01_one", cell("from attention_lib import reference\n\nvars(reference)"))
    book.pretend_executed()
    replaced(book, SOFTMAX, "return 1", "return 2")
    assert stale() == ["attention_lib.reference.softmax.unused changed", ""]


def test_a_star_import_counts_as_the_whole_module(book, stale):
    book.write("attention_lib/reference/__init__.py", "from .softmax import *\n")
    book.chapter("01_one", cell("from attention_lib.reference import softmax\n\nsoftmax(1)"))
    book.pretend_executed()
    replaced(book, SOFTMAX, "return 1", "return 2")
    assert stale() == ["attention_lib.reference.softmax.unused changed", ""]


def test_a_cell_that_is_no_python_may_use_anything(book, stale):
    book.chapter("01_one", cell("x = !!"))
    book.pretend_executed()
    replaced(book, f"{EXERCISES}/seq/second.py", "= 2", "= 3")
    assert stale() == ["attention_book.exercises.seq.second.exercise changed", ""]


def test_a_file_that_does_not_parse_counts_whole(book, stale):
    book.write("attention_lib/late.py", "def late(x:\n")
    assert stale() == ["attention_lib.late.late and attention_lib.late.statements changed", ""]


def test_a_name_that_is_kept_by_a_decorator(book, stale):
    """It may stand in a table of the decorator, so importing its file is enough to use it."""
    book.chapter("01_one", cell("from attention_lib.modules import Base\n\nBase()"))
    book.pretend_executed()
    replaced(book, MODULES, "width = 3", "width = 4")
    assert stale() == [f"{LAYER} changed", ""]


def test_data_that_is_named_nowhere_counts_with_its_whole_folder(book, stale):
    replaced(book, "attention_lib/corpus/__init__.py", '"words.txt"', "CHOSEN")
    book.pretend_executed()
    replaced(book, "attention_lib/corpus/more.txt", "more", "others")
    assert stale() == ["attention_lib/corpus/more.txt changed", ""]


def test_many_reasons_are_counted(book, stale):
    book.write(MODULES, "class Layer:\n    def forward(self, x): ...\n")
    assert stale()[0].endswith("more changed")


def test_line_ends_of_the_checkout_do_not_count(book, stale):
    for path in (*book.root.glob("book/chapters/*.md"), *book.root.glob("attention_*/**/*.*")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert stale() == ["", ""]


@pytest.mark.parametrize(
    "name", ["attention_lib/corpus/__pycache__/a.pyc", "attention_lib/corpus/.b/c.txt", "README.md"]
)
def test_what_no_output_follows_from_makes_nothing_stale(book, stale, name):
    book.write(name, "new")
    assert stale() == ["", ""]
