"""Packages beside the environment: what makes the folder new, and what is said without it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attention_book.pipeline import beside
from attention_book.pipeline.beside import PEERS, TEACHING, Beside, PackagesMissingError
from attention_book.pipeline.project import ROOT


@pytest.fixture
def packages(tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text("# a remark\n\none==1.2\ntwo-words==0.3  # another\n")
    return Beside(tmp_path / "packages", pins, "`make these`")


@pytest.fixture
def installer(monkeypatch):
    """The commands that are run, in the place of running them; each makes the folder."""
    commands = []

    def run(command, *, check):
        assert check
        commands.append(command)
        Path(command[command.index("--target") + 1]).mkdir()

    monkeypatch.setattr(beside.subprocess, "run", run)
    return commands


def test_versions_are_read_without_remarks(packages):
    assert packages.versions() == {"one": "1.2", "two-words": "0.3"}


def test_a_second_call_installs_nothing(packages, installer):
    assert not packages.installed()
    assert packages.install()
    assert packages.installed()
    assert not packages.install()
    (command,) = installer
    assert command[:3] == [sys.executable, "-m", "pip"]
    assert "--no-deps" in command
    assert command[-2:] == ["-r", str(packages.pins)]


def test_another_version_installs_everything_anew_and_a_remark_does_not(packages, installer):
    packages.install()
    (packages.folder / "old.py").touch()
    packages.pins.write_text(packages.pins.read_text() + "# one more\n")
    assert not packages.install()
    packages.pins.write_text(packages.pins.read_text().replace("1.2", "1.3"))
    assert packages.install()
    assert not (packages.folder / "old.py").exists()


def test_without_them_the_message_says_what_to_run(packages):
    for use in (packages.use, packages.environment):
        with pytest.raises(PackagesMissingError, match="run `make these`"):
            use()


def test_they_come_first_on_the_path_and_once(packages, installer, monkeypatch):
    monkeypatch.setattr(sys, "path", ["before"])
    packages.install()
    for _ in range(2):
        assert packages.use() == {"one": "1.2", "two-words": "0.3"}
    assert sys.path == [str(packages.folder), "before"]


def test_a_process_under_their_environment_finds_them(packages, installer, monkeypatch):
    packages.install()
    (packages.folder / "one.py").write_text("print('found')")
    monkeypatch.undo()
    command = [sys.executable, "-c", "import one"]
    done = subprocess.run(command, env=packages.environment(), capture_output=True, check=True)
    assert done.stdout.strip() == b"found"
    assert packages.environment()["PATH"].startswith(str(packages.folder / "bin") + os.pathsep)


def test_every_peer_is_pinned_and_torch_is_not_among_them():
    named = {
        "local-attention",
        "linear-attention-transformer",
        "performer-pytorch",
        "linformer",
        "reformer-pytorch",
        "transformers",
    }
    assert named <= set(PEERS.versions())
    assert not {"torch", "numpy"} & set(PEERS.versions())


def test_what_a_class_needs_is_no_part_of_the_readers_environment():
    readers = (ROOT / "requirements.txt").read_text().lower()
    pinned = TEACHING.versions()
    assert {"nbgrader", "jupyterhub"} <= set(pinned)
    assert not [name for name in pinned if f"\n{name}==" in readers]
