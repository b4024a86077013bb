"""The committed scripts are those of their sources, and every kind has all that it needs."""

import hashlib
import importlib
import json
import os
from pathlib import Path

import pytest

from attention_book import explorables
from attention_book.explorables.kind import KINDS
from attention_book.explorables.widgets import view_class
from tests.helpers import explorable_examples as examples

HERE = Path(explorables.__file__).parent
LARGEST = 9_200  # characters of a script: a notebook stores it with every picture


def files(folder):
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))
    return sorted(name for name in found if name.endswith((".js", ".css")))


def hash_of(folder):
    """As attention_book/web/explorables.mjs computes it."""
    found = hashlib.sha256()
    for name in files(folder):
        found.update(f"{name}\n".encode())
        found.update((folder / name).read_bytes())
    return found.hexdigest()


def test_the_scripts_were_built_from_these_sources():
    """If this fails: `npm ci && npm run explorables` in attention_book/web."""
    stored = json.loads((HERE / "built" / "hashes.json").read_text(encoding="utf-8"))
    assert stored == {"sources": hash_of(HERE / "js"), "built": hash_of(HERE / "built")}


def test_a_changed_source_would_be_noticed(tmp_path):
    for folder in ("js", "built"):
        for name in files(HERE / folder):
            target = tmp_path / folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((HERE / folder / name).read_bytes())
        before = hash_of(tmp_path / folder)
        assert before == hash_of(HERE / folder)
        with (tmp_path / folder / "lines.js").open("a") as script:
            script.write(os.linesep)
        assert hash_of(tmp_path / folder) != before


def test_every_kind_has_a_class_a_source_a_script_and_an_example():
    modules = {path.stem for path in (HERE / "kinds").glob("[a-z]*.py")}
    assert modules == set(KINDS)
    assert modules == {path.stem for path in (HERE / "js").glob("*.js")}
    assert modules == {path.stem for path in (HERE / "built").glob("*.js")}
    exported = {name for name in explorables.__all__ if name in explorables.__dict__}
    assert {kind.__name__ for kind in KINDS.values()} <= exported
    shown = {type(make().view).__name__ for make in examples.ALL.values()}
    assert shown == {f"{kind.__name__}View" for kind in KINDS.values()}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_script_is_small_and_names_no_other_host(kind):
    script = str(view_class(KINDS[kind])._esm)
    assert "//" not in script.replace("http://www.w3.org/2000/svg", "")
    assert len(script) < LARGEST


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_says_how_finely_it_stores(kind):
    described = importlib.import_module(f"attention_book.explorables.kinds.{kind}")
    assert "Stored: " in getattr(described, KINDS[kind].__name__).__doc__
