"""The study of the predictions runs at a tiny size and writes what it found."""

import json
import os
import subprocess
import sys

import pytest

from attention_book.pipeline.project import ROOT

pytestmark = pytest.mark.whole


def test_the_study_compares_predictions_with_times(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "selector_predictions.py"), "--tiny"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "selector_predictions.json").read_text())
    rows = record["results"]
    assert [row["setting"]["mechanism"] for row in rows] == [*["dense"] * 2, *["linformer"] * 2]
    for row in rows:
        factors = [max(one["ratio"], 1 / one["ratio"]) for one in row["points"]]
        assert abs(row["value"] / max(factors) - 1) < 1e-3
        near = sum(factor <= 1.3 for factor in factors)
        assert row["setting"]["within 30%"] == f"{near} of {len(factors)}"
        assert (row["target"] is None) == (row["setting"]["at"] != "other lengths")
        assert {one["place"] for one in row["points"]} == {row["setting"]["at"]}
