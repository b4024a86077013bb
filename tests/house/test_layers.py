"""Imports run one way, and what needs only NumPy asks for nothing more."""

import subprocess
import sys

import pytest

from attention_book.pipeline.project import ROOT
from tests.helpers.layers import LAYERS, violations


def test_every_import_runs_down_the_layers():
    assert violations(ROOT, sys.stdlib_module_names) == []


def test_the_library_imports_nothing_of_the_book():
    allowed = [name for parts, _ in LAYERS["attention_lib"].values() for name in parts]
    assert [name for name in allowed if "." in name] == []


@pytest.mark.parametrize("package", LAYERS)
def test_every_part_has_a_place(package):
    folder = ROOT / package
    parts = {p.stem for p in folder.iterdir() if p.suffix == ".py" or any(p.glob("*.py"))}
    assert parts - {"__init__"} == set(LAYERS[package])


@pytest.mark.parametrize(
    ("file", "source", "expected"),
    [
        (
            "attention_lib/reference/softmax.py",
            "from ..functional import softmax",
            "reference imports functional",
        ),
        (
            "attention_lib/reference/softmax.py",
            "from .. import modules",
            "reference imports modules",
        ),
        (
            "attention_lib/reference/softmax.py",
            "import attention_lib.modules",
            "reference imports modules",
        ),
        (
            "attention_lib/checks.py",
            "from .reference import softmax",
            "checks imports reference",
        ),
        (
            "attention_lib/functional.py",
            "from attention_lib.modules import Seq2Seq",
            "functional imports modules",
        ),
        (
            "attention_lib/functional.py",
            "def f():\n    from . import training",
            "functional imports training",
        ),
        (
            "attention_lib/reference/lstm.py",
            "import scipy.special",
            "reference imports scipy",
        ),
        (
            "attention_lib/reference/lstm.py",
            "from attention_book import palette",
            "reference imports attention_book.palette",
        ),
        (
            "attention_lib/__init__.py",
            "from .reference import softmax",
            "__init__ imports reference",
        ),
        ("attention_lib/extra.py", "", "extra has no place in the layers"),
        ("attention_book/figures.py", "import torch", "figures imports torch"),
        (
            "attention_book/figures.py",
            "from attention_lib.modules import Seq2Seq",
            "figures imports attention_lib.modules",
        ),
        ("attention_book/palette.py", "from . import figures", "palette imports figures"),
    ],
)
def test_the_checker_finds_a_wrong_import(tmp_path, file, source, expected):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(source)
    found = violations(tmp_path, sys.stdlib_module_names)
    assert len(found) == 1
    assert found[0].endswith(expected)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        (
            "attention_lib/reference/softmax.py",
            "import math\nimport numpy as np\nfrom ..checks import check_mask",
        ),
        ("attention_lib/reference/softmax.py", "from .masks import causal_mask"),
        ("attention_lib/modules/seq2seq.py", "import torch\nfrom .. import functional"),
        ("attention_lib/training.py", "from tqdm import tqdm\nfrom .modules import Seq2Seq"),
        ("attention_book/figures.py", "from attention_lib import reference\nfrom . import palette"),
    ],
)
def test_the_checker_lets_the_right_imports_pass(tmp_path, file, source):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert violations(tmp_path, sys.stdlib_module_names) == []


def test_the_numpy_part_works_where_nothing_else_is_installed():
    """A process in which torch, matplotlib and the widgets cannot be imported."""
    source = """
import sys
for name in ("torch", "matplotlib", "ipywidgets", "anywidget", "scipy", "tqdm"):
    sys.modules[name] = None
import attention_lib, attention_book.claims, attention_book.exercises, attention_book.concepts
from attention_lib.data import toy
from attention_lib.reference import attention
import numpy as np
rows = attention(np.ones((3, 2)), np.ones((5, 2)), np.ones((5, 7)))
print(rows.shape, rows.min(), rows.max())
"""
    command = [sys.executable, "-W", "error", "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() == "(3, 7) 1.0 1.0"
