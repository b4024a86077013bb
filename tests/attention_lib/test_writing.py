"""What replaces a file: whole or not at all, with the rights and the links that were there."""

import errno
import os
from pathlib import Path

import pytest
import torch

from attention_lib.choose import AttentionSelector, save
from attention_lib.data.tokeniser_training import train_words
from attention_lib.training import fit
from attention_lib.writing import check_writable, replace_file

OLD = "what was there"


def save_checkpoint(path):
    fit(
        torch.nn.Linear(1, 1),
        lambda step: torch.ones(1, 1),
        lambda model, x: model(x).sum(),
        steps=1,
        learning_rate=0.1,
        checkpoint=path,
        progress=False,
    )


WRITERS = {
    "text": lambda path: replace_file(path, "new"),
    "bytes, alone": lambda path: replace_file(path, b"new", alone=True),
    "tokeniser": lambda path: train_words(["Tom sees the dog."]).save(path),
    "calibration": lambda path: save(AttentionSelector.default().calibration, path),
    "checkpoint": save_checkpoint,
}


def full_disk(*arguments, **options):
    raise OSError(errno.ENOSPC, "No space left on device")


class FullFile:
    """A file on a disk that is full after the first bytes."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, data):
        self.file.write(data[:3])
        full_disk()


def opens_full(monkeypatch):
    opened = Path.open

    def opening(self, mode="r", *rest, **options):
        file = opened(self, mode, *rest, **options)
        return FullFile(file) if "w" in mode else file

    monkeypatch.setattr(Path, "open", opening)


BREAKS = {
    "write": opens_full,
    "open": lambda patch: patch.setattr(Path, "open", full_disk),
    "fsync": lambda patch: patch.setattr(os, "fsync", full_disk),
    "replace": lambda patch: patch.setattr(os, "replace", full_disk),
}


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("writer", [name for name in WRITERS if name != "checkpoint"])
def test_a_full_disk_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch, writer, broken):
    path = tmp_path / "file"
    path.write_text(OLD)
    with monkeypatch.context() as patch:
        BREAKS[broken](patch)
        with pytest.raises(OSError, match="No space left"):
            WRITERS[writer](path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", OLD)]


@pytest.mark.parametrize("writer", WRITERS)
def test_rights_and_links_stay(tmp_path, writer):
    place, link = tmp_path / "place", tmp_path / "link"
    WRITERS[writer](place)
    written = place.read_bytes()
    if writer != "checkpoint":  # which goes on from what is there
        place.write_text(OLD)
    place.chmod(0o640)
    link.symlink_to(place)
    WRITERS[writer](link)
    assert link.is_symlink()
    assert place.read_bytes() == written
    assert place.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "place"]


def test_a_new_file_has_the_rights_that_any_other_gets(tmp_path):
    replace_file(tmp_path / "ours", "")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_a_killed_process_left_is_used_again(tmp_path):
    (tmp_path / "file.partial").write_text("half of some")
    replace_file(tmp_path / "file", "whole", alone=True)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "whole")]


def test_a_place_that_takes_no_file_is_named(tmp_path, monkeypatch):
    check_writable("checkpoint", tmp_path / "file")
    monkeypatch.setattr(Path, "touch", full_disk)
    with pytest.raises(
        ValueError, match=r"checkpoint must be a file that can be written, got .*No"
    ):
        check_writable("checkpoint", tmp_path / "file")
    assert not list(tmp_path.iterdir())
