"""The reader's copies of the notebooks: refreshed while untouched, never written over."""

import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from attention_book.__main__ import run
from attention_book.pipeline import lab as module
from attention_book.pipeline.lab import copy_notebooks, trust


@pytest.fixture
def made(book, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    book.pretend_executed()
    return book


def test_every_notebook_is_copied_once(made):
    folder = copy_notebooks(made.project)
    names = sorted(path.name for path in folder.glob("*.ipynb"))
    assert names == ["01_one.ipynb", "02_two.ipynb"]
    assert (folder / "01_one.ipynb").read_bytes() == made.notebook("01_one").read_bytes()


def test_an_untouched_copy_follows_the_book(made):
    folder = copy_notebooks(made.project)
    made.notebook("01_one").write_text("newer")
    copy_notebooks(made.project)
    assert (folder / "01_one.ipynb").read_text() == "newer"


def test_a_changed_copy_stays_and_a_newer_one_is_told(made, capsys):
    folder = copy_notebooks(made.project)
    mine = folder / "01_one.ipynb"
    mine.write_text("my answers")
    copy_notebooks(made.project)
    assert "01_one" not in capsys.readouterr().out
    made.notebook("01_one").write_text("newer")
    copy_notebooks(made.project)
    assert mine.read_text() == "my answers"
    assert "my_notebooks/01_one.ipynb: you have changed it" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["", "{", "[1, 2]", "null"])
def test_without_a_record_every_copy_is_the_readers(made, damage):
    folder = copy_notebooks(made.project)
    (folder / module.RECORD).write_text(damage)
    made.notebook("01_one").write_text("newer")
    copy_notebooks(made.project)
    assert (folder / "01_one.ipynb").read_text() != "newer"


def test_jupyterlab_gets_folder_page_and_port(made, monkeypatch):
    calls = []

    def remember(command, **options):
        calls.append((command, options))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", remember)
    run(["lab", "02", "--no-browser"], made.project)
    command, options = calls[0]
    assert command[:4] == [sys.executable, "-m", "jupyter", "lab"]
    assert "--no-browser" in command
    assert command[-1].endswith("my_notebooks/02_two.ipynb")
    assert options["env"]["PYTHONPATH"].startswith(str(made.root))


def test_an_unknown_page_and_a_failing_lab_are_told(made, monkeypatch):
    with pytest.raises(SystemExit, match="no chapter of this name"):
        run(["lab", "99"], made.project)
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: SimpleNamespace(returncode=1))
    with pytest.raises(SystemExit, match="JupyterLab stopped with an error"):
        run(["lab"], made.project)


def test_jupyter_trusts_the_copies_that_are_the_books_own(made, tmp_path):
    folder = copy_notebooks(made.project)
    mine = folder / "02_two.ipynb"
    mine.write_text(mine.read_text().replace("two", "my answer"))
    trust(made.project, folder)
    notary = NotebookNotary(data_dir=str(tmp_path / "jupyter"))
    copies = {path.name: nbformat.read(path, as_version=4) for path in folder.glob("*.ipynb")}
    trusted = {name for name, copy in copies.items() if notary.check_signature(copy)}
    assert trusted == {"01_one.ipynb"}
