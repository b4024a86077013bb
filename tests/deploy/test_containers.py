"""What Docker and Binder are told: every command that can run without them is run."""

import json
import re
import shlex
import shutil
import subprocess

import pytest

from attention_book.pipeline.project import ROOT
from tests.helpers.borrowed_environment import Environment

FILES = ("requirements.txt", "pyproject.toml", "README.md", "LICENSE")
FOLDERS = ("attention_lib", "attention_book", "notebooks", ".binder")
NEEDS_ROOT = ("useradd",)


def instructions():
    """The lines of the Dockerfile: (word, the rest)."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def of(word):
    return [rest for found, rest in instructions() if found == word]


def test_the_image_has_a_pinned_python_that_the_project_allows():
    (base,) = of("FROM")
    assert re.fullmatch(r"python:3\.1[1-3]-slim-\w+", base)
    version = (ROOT / ".binder" / "runtime.txt").read_text().strip()
    assert base.startswith(version.replace("-", ":"))


def test_what_is_copied_exists_and_the_rest_is_left_out():
    for rest in of("COPY"):
        *sources, _ = [word for word in rest.split() if not word.startswith("--")]
        assert all((ROOT / source).exists() for source in sources)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", ".peers", "_build", "my_notebooks"} <= set(ignored)


def test_the_server_runs_without_rights_on_the_published_port():
    words = [word for word, _ in instructions()]
    assert of("USER") == ["reader"]
    assert words.index("USER") < words.index("CMD")
    (port,) = of("EXPOSE")
    assert f'"--port={port}"' in of("CMD")[0]
    assert "token" not in of("CMD")[0]  # JupyterLab makes a secret one by itself


def test_nothing_is_installed_that_requirements_do_not_pin():
    installs = [rest for rest in of("RUN") if "pip install" in rest]
    assert installs == [
        "pip install --requirement requirements.txt",
        "pip install --no-deps --no-build-isolation --editable .",
    ]
    (line,) = (ROOT / ".binder" / "requirements.txt").read_text().split("\n")[:1]
    assert line == "-r ../requirements.txt"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A copy of the repository, and an environment of its own for it."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "book").mkdir()
    skipped = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in FILES:
        shutil.copy(ROOT / name, folder / "book")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / "book" / name, ignore=skipped)
    return Environment(folder / "environment"), folder / "book"


@pytest.mark.whole
def test_every_command_of_the_dockerfile_runs_in_order(machine):
    environment, book = machine
    for command in of("RUN"):
        if command.startswith(NEEDS_ROOT):
            continue
        done = environment.run(command, book)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    said = environment.run("python -c 'import attention_book as b; print(b.__file__)'", book.parent)
    assert said.stdout.startswith(str(book))
    start = shlex.join(json.loads(of("CMD")[0]))
    done = environment.run(f"{start} --allow-root --show-config", book)
    assert "root_dir = 'notebooks'" in done.stdout, done.stderr


@pytest.mark.whole
def test_the_last_step_of_binder_runs(machine):
    environment, book = machine
    assert environment.run("pip install -r .binder/requirements.txt", book).returncode == 0
    done = environment.run(".binder/postBuild", book)
    assert done.returncode == 0, done.stderr
    assert "02_worked_example.ipynb" in done.stdout + done.stderr
    assert subprocess.run(["bash", "-n", ROOT / ".binder" / "postBuild"]).returncode == 0
