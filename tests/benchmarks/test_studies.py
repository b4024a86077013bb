"""Each study runs at a tiny size, and the stored results have what the chapters read."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from attention_book.pipeline.project import ROOT
from attention_book.studies import RESULTS

STUDIES = [
    ("bottleneck_length", ["bottleneck_length.py"]),
    ("sorting", ["bottleneck_length.py", "--task", "sort"]),
    ("context_width", ["context_width.py"]),
    ("first_translation", ["first_translation.py"]),
    ("translation", ["translation.py"]),
    ("alignment", ["alignment.py"]),
    ("beam_width", ["beam_width.py"]),
    ("memory_probe", ["memory_probe.py"]),
    ("induction", ["induction.py"]),
    ("real_heads", ["real_heads.py"]),
    ("time_per_step", ["time_per_step.py"]),
    ("hard_attention", ["hard_attention.py"]),
    ("picture_words", ["picture_words.py"]),
    ("transformer_speed", ["transformer_speed.py"]),
    ("efficient_attention", ["efficient_attention.py"]),
    ("score_scale", ["score_scale.py"]),
    ("heads_cost", ["heads_cost.py"]),
    ("heads_quality", ["heads_quality.py"]),
    ("deletion", ["deletion.py"]),
    ("sentiment", ["sentiment.py"]),
    ("longer", ["longer.py"]),
    ("longer_tasks", ["longer.py", "--tasks"]),
    ("many_heads", ["many_heads.py"]),
    ("taken_apart", ["taken_apart.py"]),
    ("fewer_key_heads", ["fewer_key_heads.py"]),
    ("norm_place", ["norm_place.py"]),
    ("decode_cache", ["decode_cache.py"]),
    ("speculative", ["speculative.py"]),
    ("frontier", ["frontier.py"]),
    ("numpy_reference", ["numpy_reference.py"]),
    ("selector_predictions", ["selector_predictions.py"]),
    ("profiles", ["profiles.py"]),
    ("encoder_or_recurrence", ["encoder_or_recurrence.py"]),
    ("pretrained_features", ["pretrained_features.py"]),
    ("state_recall", ["state_recall.py"]),
    ("tile_memory", ["tile_memory.py"]),
    ("streaming", ["streaming.py"]),
]
NAMES = [name for name, _ in STUDIES]
SPEED = ["transformer_speed", "efficient_attention", "numpy_reference", "selector_predictions"]
JUDGED = ("ratio", "value", "target", "bound", "steady")


def _run_tiny(script, folder):
    command = [sys.executable, str(ROOT / "benchmarks" / script[0]), *script[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "--tiny", "--seeds", "2", "--out", str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _skeleton(value):
    """The keys and kinds of a record, lists by their first entry."""
    if isinstance(value, dict):
        return {key: _skeleton(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_skeleton(value[0])] if value else []
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def _names_kept(path):
    """The names of the weights that a study kept; None if it keeps none."""
    if not path.is_file():
        return None
    with np.load(path) as kept:
        return sorted(kept.files)


@pytest.mark.parametrize(("name", "script"), STUDIES, ids=NAMES)
def test_tiny_run_writes_a_record_like_the_stored_one(name, script, tmp_path):
    done = _run_tiny(script, tmp_path)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / f"{name}.json").read_text())
    stored = json.loads((RESULTS / f"{name}.json").read_text())
    if stored["settings"].get("train_pairs", 0) is None:  # a full run takes all, a tiny one some
        del stored["settings"]["train_pairs"]
        assert written["settings"].pop("train_pairs") > 0
    assert _skeleton(written) == _skeleton(stored)
    kept = [_names_kept(folder / f"{name}.npz") for folder in (tmp_path, RESULTS)]
    assert kept[0] == kept[1]


@pytest.mark.parametrize(("name", "script"), STUDIES, ids=NAMES)
def test_stored_record_is_of_a_full_run(name, script):
    stored = json.loads((RESULTS / f"{name}.json").read_text())
    assert stored["study"] == name
    assert "--tiny" not in stored["command"]
    assert "--out" not in stored["command"]  # a folder of the machine that it ran on
    assert script[0] in stored["command"]
    assert all(stored["machine"][key] for key in ("cpu", "cores", "threads"))
    assert stored["date"]
    assert {"python", "torch", "numpy"} <= set(stored["versions"])


@pytest.mark.parametrize("name", SPEED)
def test_every_row_of_a_speed_study_is_one_that_the_tables_can_show(name, load):
    rows = load("rows")
    record = json.loads((RESULTS / f"{name}.json").read_text())
    keys = {"group", "setting", *rows.row("time", ours="a", theirs="b", ratio=1.0)}
    for row in record["results"]:
        assert set(row) - {"points"} == keys
        again = rows.row(row["measure"], **{key: row[key] for key in JUDGED}, ours="a", theirs="b")
        assert row["met"] == again["met"]
    assert rows.table(record["results"]).count("\n") == len(record["results"]) + 1


SEEDED = [
    "alignment",
    *("bottleneck_length", "sorting", "memory_probe", "context_width"),
    "induction",
    "heads_quality",
    *("score_scale", "deletion", "picture_words", "many_heads", "fewer_key_heads"),
    "norm_place",
    "state_recall",
    "taken_apart",
    "frontier",
]
GROUPS = {
    "alignment": (),
    "induction": ("data", "layers"),
    "memory_probe": ("network", "width"),
    "context_width": ("width",),
    "score_scale": ("width", "scaled", "rate"),
    "many_heads": ("task", "feed_forward", "heads", "rate"),
    "fewer_key_heads": ("groups", "way"),
    "heads_quality": ("task", "heads", "rate"),
    "norm_place": ("depth", "norm_first", "norm", "rate", "warm"),
    "state_recall": ("task", "memory", "rate"),
    "taken_apart": ("task", "removed"),
    "frontier": ("model", "knobs"),
}


@pytest.mark.parametrize("name", SEEDED)
def test_stored_record_has_three_seeds_of_every_model(name):
    stored = json.loads((RESULTS / f"{name}.json").read_text())
    group = GROUPS.get(name, ("model",))
    seeds = {}
    for run in stored["results"]:
        seeds.setdefault(tuple(str(run[key]) for key in group), set()).add(run["seed"])
    assert min(len(found) for found in seeds.values()) >= 3


def test_stored_record_of_longer_sequences_has_three_seeds_of_every_row():
    results = json.loads((RESULTS / "longer.json").read_text())["results"]
    for part, keys in (
        ("schemes", ["scheme"]),
        ("stretched", ["way", "tuned"]),
        ("probe", ["model"]),
    ):
        seeds = {}
        for run in results[part]:
            seeds.setdefault(tuple(run[key] for key in keys), set()).add(run["seed"])
        assert min(len(found) for found in seeds.values()) >= 3, part


def test_same_seed_gives_the_same_numbers(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        done = _run_tiny(["bottleneck_length.py"], folder)
        assert done.returncode == 0, done.stderr
    name = "bottleneck_length.json"
    records = [json.loads((folder / name).read_text()) for folder in (first, second)]
    assert records[0]["results"] == records[1]["results"]


def test_a_wrong_option_is_refused(tmp_path):
    done = _run_tiny(["bottleneck_length.py", "--task", "translate"], tmp_path)
    assert done.returncode == 2
    assert "translate" in done.stderr
