"""The folder of the packages to compare with: what makes it new, and what is said without it."""

import sys

import pytest


@pytest.fixture
def peers(load):
    return load("peers")


@pytest.fixture
def pins(tmp_path):
    path = tmp_path / "peers.txt"
    path.write_text("# a remark\n\none==1.2\ntwo-words==0.3  # another\n")
    return path


@pytest.fixture
def installer(peers, monkeypatch):
    """The commands that are run, in the place of running them; each makes the folder."""
    commands = []

    def run(command, *, check):
        assert check
        commands.append(command)
        folder = command[command.index("--target") + 1]
        peers.Path(folder).mkdir()

    monkeypatch.setattr(peers.subprocess, "run", run)
    return commands


def test_versions_are_read_without_remarks(peers, pins):
    assert peers.versions(pins) == {"one": "1.2", "two-words": "0.3"}


def test_a_second_call_installs_nothing(peers, pins, installer, tmp_path):
    folder = tmp_path / "peers"
    assert not peers.installed(folder, pins)
    assert peers.install(folder, pins)
    assert peers.installed(folder, pins)
    assert not peers.install(folder, pins)
    (command,) = installer
    assert command[:3] == [sys.executable, "-m", "pip"]
    assert "--no-deps" in command
    assert command[-2:] == ["-r", str(pins)]


def test_another_version_installs_everything_anew_and_a_remark_does_not(
    peers, pins, installer, tmp_path
):
    folder = tmp_path / "peers"
    peers.install(folder, pins)
    (folder / "old.py").touch()
    pins.write_text(pins.read_text() + "# one more\n")
    assert not peers.install(folder, pins)
    pins.write_text(pins.read_text().replace("1.2", "1.3"))
    assert peers.install(folder, pins)
    assert not (folder / "old.py").exists()


def test_without_them_the_message_says_what_to_run(peers, pins, tmp_path):
    with pytest.raises(peers.PeersMissingError, match="run `make peers`"):
        peers.use(tmp_path / "peers", pins)


def test_they_come_first_on_the_path_and_once(peers, pins, installer, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", ["before"])
    folder = tmp_path / "peers"
    peers.install(folder, pins)
    for _ in range(2):
        assert peers.use(folder, pins) == {"one": "1.2", "two-words": "0.3"}
    assert sys.path == [str(folder), "before"]


def test_every_peer_is_pinned_and_torch_is_not_among_them(peers):
    named = {
        "local-attention",
        "linear-attention-transformer",
        "performer-pytorch",
        "linformer",
        "reformer-pytorch",
        "transformers",
    }
    assert named <= set(peers.versions())
    assert not {"torch", "numpy"} & set(peers.versions())
