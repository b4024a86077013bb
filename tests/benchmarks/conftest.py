"""What the tests of the studies share."""

import importlib
import sys
from pathlib import Path

import pytest

from attention_book.pipeline.project import ROOT

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def load(monkeypatch):
    """A function that imports a script of benchmarks/ by its name, for this test alone."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == BENCHMARKS:
            del sys.modules[name]
