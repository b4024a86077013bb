"""Stored results are found by name and by match, and what is not there is named."""

import json

import numpy as np
import pytest

from attention_book import studies
from attention_lib.choose import Origin
from attention_lib.machine import conditions

RECORD = {
    "study": "made_up",
    "command": "python benchmarks/made_up.py",
    "machine": {"cpu": "Chip", "cores": 2, "threads": 1},
    "date": "2025-03-04",
    "versions": {"torch": "2.0"},
    "settings": {"lengths": [4, 8], "width": 3},
    "results": [
        {"model": "a", "seed": 0, "right": [0.9, 0.8], "time": {"mean": 3}},
        {"model": "a", "seed": 1, "right": [0.7, 0.6], "time": {"mean": 4}},
        {"model": "b", "seed": 0, "right": [0.5, 0.4], "time": {"mean": 5}},
    ],
}


@pytest.fixture
def study(tmp_path, monkeypatch):
    (tmp_path / "made_up.json").write_text(json.dumps(RECORD))
    monkeypatch.setattr(studies, "RESULTS", tmp_path)
    return studies.load("made_up")


def test_one_row_a_seed(study):
    np.testing.assert_array_equal(study.values("right", model="a"), [[0.9, 0.8], [0.7, 0.6]])
    np.testing.assert_array_equal(study.values("seed"), [0, 1, 0])
    np.testing.assert_array_equal(study.values("right", model="a", seed=1), [[0.7, 0.6]])


def test_a_place_on_an_axis_that_the_settings_list(study):
    np.testing.assert_array_equal(study.values("right", model="a", length=8), [0.8, 0.6])


def test_a_key_inside_another(study):
    np.testing.assert_array_equal(study.values("time.mean"), [3, 4, 5])


def test_results_in_several_lists(tmp_path, monkeypatch):
    parts = {"curves": [{"seed": 0, "hit": 1}], "noise": [{"seed": 1, "variance": 2}]}
    (tmp_path / "parts.json").write_text(json.dumps({**RECORD, "results": parts}))
    monkeypatch.setattr(studies, "RESULTS", tmp_path)
    study = studies.load("parts")
    np.testing.assert_array_equal(study.values("hit"), [1])
    np.testing.assert_array_equal(study.values("variance", seed=1), [2])


@pytest.mark.parametrize(
    ("quantity", "match", "message"),
    [
        ("write", {}, "quantity must be one of 'model', 'seed', 'right', 'time', got 'write'"),
        ("time.mode", {}, "quantity must be one of .* got 'time.mode'"),
        ("right", {"model": "c"}, "made_up: model must be one of 'a', 'b', got 'c'"),
        ("right", {"model": "b", "seed": 1}, "seed must be one of 0, got 1"),
        ("right", {"size": 1}, "key must be one of 'model', 'seed', .*, got 'size'"),
        ("right", {"length": 5}, "length must be one of 4, 8, got 5"),
        ("seed", {"length": 4}, "key must be one of .*, got 'length'"),
    ],
)
def test_what_is_not_there_is_named(study, quantity, match, message):
    with pytest.raises(ValueError, match=message):
        study.values(quantity, **match)


def test_an_unknown_study_lists_those_that_there_are(study):
    with pytest.raises(ValueError, match="name must be one of made_up, got 'lost'"):
        studies.load("lost")


def test_every_stored_study_loads():
    assert "bottleneck_length" in studies.names()
    for name in studies.names():
        assert studies.load(name).name == name


def test_a_study_and_a_calibration_say_alike_where_they_come_from(study):
    said = "2025-03-04: Chip, 1 thread of 2 cores, torch 2.0"
    assert study.provenance == f"Measured on {said}, by `python benchmarks/made_up.py`."
    here = Origin.here()
    versions = {"python": here.python, "torch": here.torch, "numpy": here.numpy}
    places = {"cpu": here.processor, "cores": here.cores, "threads": here.threads}
    assert str(here) == conditions(date=here.date, versions=versions, **places)


def test_kept_weights_come_back_in_single_precision(study, tmp_path):
    kept = {"layer.weight": np.array([[1.5, -2.0]], dtype=np.float16)}
    np.savez_compressed(tmp_path / "made_up.npz", **kept)
    weights = study.weights()
    assert weights["layer.weight"].dtype == np.float32
    np.testing.assert_array_equal(weights["layer.weight"], [[1.5, -2.0]])


def test_a_study_that_kept_no_weights_says_so(study):
    with pytest.raises(ValueError, match=r"study made_up kept no weights, expected made_up\.npz"):
        study.weights()
