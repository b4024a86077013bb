"""A stored result that is damaged is refused with the name of its file."""

import json
import re

import numpy as np
import pytest

from attention_book import studies

RECORD = {
    "study": "made_up",
    "command": "python benchmarks/made_up.py",
    "machine": {"cpu": "Chip", "cores": 2, "threads": 1},
    "date": "2025-03-04",
    "versions": {"torch": "2.0"},
    "settings": {"lengths": [4, 8]},
    "results": [{"model": "a", "right": [0.9, 0.8]}, {"right": [0.7]}],
}
WHOLE = json.dumps(RECORD).encode()
CHANGED = {
    **{part: {**RECORD, part: 3} for part in RECORD},
    **{f"no {part}": {k: v for k, v in RECORD.items() if k != part} for part in RECORD},
    "no threads": {**RECORD, "machine": {"cpu": "Chip", "cores": 2}},
    "a list": [RECORD],
    "a text": "made_up",
    "nothing": None,
}
DAMAGED = {
    "cut short": WHOLE[:-7],
    "empty": b"",
    "no text": b"\xff\xfe\x00",
    "nested without end": b"[" * 200_000,
    **{what: json.dumps(record).encode() for what, record in CHANGED.items()},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "RESULTS", tmp_path)
    (tmp_path / "made_up.json").write_bytes(WHOLE)
    return tmp_path


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_result_names_its_file(folder, what):
    path = folder / "made_up.json"
    path.write_bytes(DAMAGED[what])
    with pytest.raises(ValueError, match=re.escape(f"{path} is no stored study: ")):
        studies.load("made_up")


def zipped(folder, **arrays):
    np.savez_compressed(folder / "whole.npz", **arrays)
    return (folder / "whole.npz").read_bytes()


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


WEIGHT = np.linspace(0, 1, 97, dtype=np.float16)
DAMAGED_WEIGHTS = {
    "empty": lambda folder: b"",
    "cut short": lambda folder: zipped(folder, w=WEIGHT)[:-41],
    "one bit of it wrong": lambda folder: flipped(zipped(folder, w=WEIGHT)),
    "no archive": lambda folder: b"weights",
    "objects": lambda folder: zipped(folder, w=np.array([{}, {}], dtype=object)),
    "texts": lambda folder: zipped(folder, w=np.array(["a"])),
    "not finite": lambda folder: zipped(folder, w=np.array([np.nan])),
}


@pytest.mark.parametrize("what", DAMAGED_WEIGHTS)
def test_damaged_weights_name_their_file(folder, what):
    path = folder / "made_up.npz"
    path.write_bytes(DAMAGED_WEIGHTS[what](folder))
    with pytest.raises(ValueError, match=re.escape(f"{path} holds no weights: ")):
        studies.load("made_up").weights()


def test_runs_that_lack_a_key_or_differ_in_length_are_told_apart(folder):
    study = studies.load("made_up")
    np.testing.assert_array_equal(study.values("right", model="a"), [[0.9, 0.8]])
    with pytest.raises(ValueError, match="quantity 'right' differs in length from run to run"):
        study.values("right")
