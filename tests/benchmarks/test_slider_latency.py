"""From a key press to the frame: a tiny run writes a record, and a trace is added up."""

import json
import os
import subprocess
import sys

import pytest

from attention_book.pipeline.project import ROOT
from attention_book.studies import RESULTS


def test_a_tiny_run_writes_a_record_like_the_stored_one(browser, tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "slider_latency.py"), "--tiny"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "slider_latency.json").read_text())
    stored = json.loads((RESULTS / "slider_latency.json").read_text())
    for part in ("versions", "settings", "results"):
        assert written[part].keys() == stored[part].keys()
    assert written["results"]["parts_ms"].keys() == stored["results"]["parts_ms"].keys()
    assert [row["slider"] for row in written["results"]["sliders"]] == ["height", "all"]
    assert len(stored["results"]["sliders"]) > 3
    for record in (written, stored):
        for row in record["results"]["sliders"]:
            assert 0 < row["median_ms"] <= row["p95_ms"]
            assert row["met"] == (row["p95_ms"] <= record["settings"]["target_ms"])
    assert "--tiny" not in stored["command"]


def event(name, start, end, **more):
    span = {"ts": start, "dur": end - start, "tdur": end - start}
    return {"name": name, "ph": "X", "pid": 1, "tid": 1, **span, **more}


def mark(phase, at):
    return {"name": "press", "ph": phase, "pid": 1, "tid": 1, "ts": at}


def test_a_trace_is_added_up_without_counting_twice_or_outside_of_presses(load):
    latency = load("slider_latency")
    events = [
        mark("b", 1000),
        event("EventDispatch", 1000, 9000),
        event("Layout", 3000, 5000),  # forced by the script
        event("UpdateLayoutTree", 9000, 10000),
        event("Paint", 10000, 13000, tdur=2500),  # half a millisecond of it off the processor
        mark("e", 14000),
        event("Layout", 20000, 30000),  # nobody waits for it
    ]
    assert latency.by_part(events) == pytest.approx(
        {"script": 6.0, "style": 1.0, "layout": 2.0, "painting": 2.5}
    )


def test_rows_are_medians_over_the_rounds(load):
    latency = load("slider_latency")
    rounds = [[10.0, 12.0, 14.0], [20.0, 22.0, 24.0], [1.0, 2.0, 3.0]]
    found = latency.summary({("picture", "slider"): rounds}, {"target_ms": 16})
    assert [row["median_ms"] for row in found] == [12.0, 12.0]
    assert found[0]["p95_ms"] == pytest.approx(13.8)
    assert found[0]["met"]
