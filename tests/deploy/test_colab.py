"""In Colab the first cell installs the book, leaves what is there alone, and the rest runs."""

import shutil
import subprocess

import pytest
from nbclient.exceptions import CellExecutionError

from attention_book.pipeline.address import Address
from attention_book.pipeline.project import ROOT, Project
from tests.helpers.borrowed_environment import Environment
from tests.helpers.colab import changed, pretend_colab, run_notebook

QUICK = "02_2_way_back"
PACKAGED = ("attention_lib", "attention_book", "pyproject.toml", "README.md", "LICENSE")
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org")


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    environment = Environment(tmp_path_factory.mktemp("colab") / "environment")
    pretend_colab(environment.packages)
    return environment


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """What the package is made of, as it lies in the working tree."""
    folder = tmp_path_factory.mktemp("copy") / "book"
    folder.mkdir()
    skipped = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in PACKAGED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=skipped)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def installed_from(environment):
    """Where the environment's own copy of the book lies, removed again."""
    found = environment.packages / "attention_book"
    assert (found / "studies" / "results").is_dir()
    assert list((environment.packages / "attention_lib" / "data").rglob("*.gz"))
    shutil.rmtree(found)


@pytest.mark.whole
def test_the_book_comes_from_the_address(colab, copy, tmp_path):
    for command in (["init", "-q", "-b", "trunk"], ["add", "-A"], ["commit", "-q", "-m", "it"]):
        subprocess.run(["git", *IDENTITY, *command], cwd=copy, check=True)
    address = Address("https://github.com/someone/book", "trunk")
    here = {  # git takes this folder for that address
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{copy.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address.url,
    }
    before, after = run_notebook(
        colab.python, tmp_path, Project().notebook(QUICK), address, colab.variables | here
    )
    assert changed(before, after) == {}
    installed_from(colab)


@pytest.mark.whole
def test_without_an_address_it_comes_from_an_uploaded_zip(colab, copy, tmp_path):
    notebook = Project().notebook(QUICK)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CellExecutionError, match="Upload a zip of the book's folder"):
        run_notebook(colab.python, tmp_path / "empty", notebook, None, colab.variables)
    folder = tmp_path / "content"
    folder.mkdir()
    shutil.make_archive(str(folder / "book"), "zip", copy.parent, "book")
    before, after = run_notebook(colab.python, folder, notebook, None, colab.variables)
    assert changed(before, after) == {}
    installed_from(colab)
