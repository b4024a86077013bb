"""Imports run one way, and what needs only NumPy asks for nothing more."""

import subprocess
import sys
from pathlib import Path

import pytest
from layers import LAYERS, violations

import attention_lib

PACKAGE = Path(attention_lib.__file__).parent


def test_every_import_of_the_library_runs_down_the_layers():
    assert violations(PACKAGE, sys.stdlib_module_names) == []


def test_every_part_of_the_library_has_a_place():
    parts = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert parts - {"__init__"} == set(LAYERS)


@pytest.mark.parametrize(
    ("file", "source", "expected"),
    [
        (
            "reference/softmax.py",
            "from ..functional import softmax",
            "reference imports functional",
        ),
        ("reference/softmax.py", "from .. import figures", "reference imports figures"),
        ("reference/softmax.py", "import fake_lib.figures", "reference imports figures"),
        ("checks.py", "from .reference import softmax", "checks imports reference"),
        ("functional.py", "from fake_lib.modules import Seq2Seq", "functional imports modules"),
        ("functional.py", "def f():\n    from . import training", "functional imports training"),
        ("figures.py", "import torch", "figures imports torch"),
        ("reference/lstm.py", "import scipy.special", "reference imports scipy"),
        ("__init__.py", "from .reference import softmax", "__init__ imports reference"),
        ("extra.py", "", "extra has no place in the layers"),
    ],
)
def test_the_checker_finds_a_wrong_import(tmp_path, file, source, expected):
    path = tmp_path / "fake_lib" / file
    path.parent.mkdir(parents=True)
    path.write_text(source)
    found = violations(tmp_path / "fake_lib", sys.stdlib_module_names)
    assert len(found) == 1
    assert found[0].endswith(expected)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        (
            "reference/softmax.py",
            "import math\nimport numpy as np\nfrom ..checks import check_mask",
        ),
        ("reference/softmax.py", "from .masks import causal_mask"),
        ("modules/seq2seq.py", "import torch\nfrom .. import functional"),
        ("training.py", "from tqdm import tqdm\nfrom .modules import Seq2Seq"),
    ],
)
def test_the_checker_lets_the_right_imports_pass(tmp_path, file, source):
    path = tmp_path / "fake_lib" / file
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert violations(tmp_path / "fake_lib", sys.stdlib_module_names) == []


def test_the_numpy_part_works_where_nothing_else_is_installed():
    """A process in which torch, matplotlib and the widgets cannot be imported."""
    source = """
import sys
for name in ("torch", "matplotlib", "ipywidgets", "anywidget", "scipy", "tqdm"):
    sys.modules[name] = None
import attention_lib, attention_lib.claims, attention_lib.exercises, attention_lib.concepts
from attention_lib.data import toy
from attention_lib.reference import attention
import numpy as np
rows = attention(np.ones((3, 2)), np.ones((5, 2)), np.ones((5, 7)))
print(rows.shape, rows.min(), rows.max())
"""
    command = [sys.executable, "-W", "error", "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() == "(3, 7) 1.0 1.0"
