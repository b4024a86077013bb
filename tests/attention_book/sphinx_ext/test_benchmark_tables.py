"""The benchmarks page says what the stored results say."""

import json
import re
from types import SimpleNamespace

import pytest

from attention_book.sphinx_ext import benchmark_tables
from attention_book.sphinx_ext.benchmark_tables import (
    achieved,
    bar,
    chart,
    insert_tables,
    percent,
    readiness,
    reasons,
    tables,
)

ROW = {
    "group": "window",
    "setting": {"length": 7, "causal": True, "n_sinks": 2, "dense": False},
    "measure": "time",
    "ours": "sliding_window_attention",
    "theirs": "local-attention",
    "ratio": 5.614,
    "lower_quartile": 5.5,
    "upper_quartile": 5.7,
    "value": None,
    "target": 4.0,
    "bound": "at least",
    "met": True,
    "steady": True,
    "limit": {"of": "matrix product", "fraction": 0.703},
}
VALUE = {"ratio": None, "lower_quartile": None, "upper_quartile": None, "limit": None}
RECORD = {
    "study": "speed",
    "command": "python benchmarks/study.py",
    "machine": {"cpu": "A & B", "cores": 2, "threads": 1},
    "date": "2025-03-04",
    "versions": {"torch": "2.0"},
    "settings": {"limits": {"flops": 5.6e10, "bandwidth": 2.8e10}},
    "results": [ROW],
}


PROFILE = {
    "row": {
        "study": "speed",
        "group": "window",
        "theirs": "local-attention",
        "setting": ROW["setting"],
    },
    "seconds": 0.1,
    "useful": 0.94,
    "at_best": 1.128,
    "parts": {"products": 0.716, "fused kernel": 0.0, "Python": 0.284},
    "why": "a < b",
    "steady": False,
}
PROFILES = {**RECORD, "study": "profiles", "results": [PROFILE]}


def only_line(**changes):
    """The cells of the table of a record with one row."""
    text = tables({**RECORD, "results": [{**ROW, **changes}]})
    return [cell.strip() for cell in text.splitlines()[-1].strip("|").split("|")]


def test_a_row_becomes_a_line():
    assert only_line() == [
        "length 7, causal, n sinks 2",
        "**5.61** [5.50, 5.70] times as fast as local-attention",
        "≥ 4, met",
        "70% of matrix product",
    ]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"measure": "memory", "ratio": 16.0, "lower_quartile": None, "upper_quartile": None},
            "**16.00** times less memory than local-attention",
        ),
        (
            {**VALUE, "measure": "memory", "value": 1.92, "theirs": "its output"},
            "peak memory 1.92 times its output",
        ),
        (
            {**VALUE, "measure": "error", "value": 1.5e-7, "theirs": "FAVOR+"},
            "error 1.5e-07 against FAVOR+",
        ),
        (
            {**VALUE, "measure": "factor", "value": 1.25, "theirs": "measured time"},
            "at most **1.25** times apart from measured time",
        ),
        ({**VALUE, "measure": "share", "value": 0.58}, "**0.58** of local-attention"),
        (
            {**VALUE, "measure": "crossover", "value": 640},
            "from length 640 on faster than local-attention",
        ),
        (
            {**VALUE, "measure": "crossover", "value": None, "met": False},
            "never faster than local-attention",
        ),
    ],
)
def test_each_measure_has_its_words(changes, text):
    assert only_line(**changes)[1] == text


def test_what_was_missed_or_doubtful_is_said():
    assert only_line(met=False)[2] == "≥ 4, **missed**"
    assert only_line(steady=False)[1].endswith("(the machine was not steady)")
    assert only_line(target=None, met=None)[2] == "–"
    assert only_line(limit=None)[3] == "–"


def test_each_group_has_a_table_in_the_order_of_the_results():
    other = {**ROW, "group": "generation", "ours": "key-value cache"}
    text = tables({**RECORD, "results": [ROW, other, ROW]})
    headings = ["Window: `sliding_window_attention`", "Generation: key-value cache"]
    assert re.findall("^### (.*)", text, re.MULTILINE) == headings
    assert text.count("**5.61**") == 3


def test_it_says_where_and_when():
    text = tables(RECORD)
    for part in ("2025-03-04", "A & B, 1 thread of 2 cores", "torch 2.0"):
        assert part in text
    assert "`python benchmarks/study.py`" in text
    assert "56 GFLOP/s" in text
    assert "28 GB/s" in text
    assert "GFLOP/s" not in tables({**RECORD, "settings": {}})
    more = {**RECORD, "machine": {**RECORD["machine"], "threads": 2}}
    assert "2 threads of 2 cores" in tables(more)


def test_the_chart_counts_the_targets_of_all_records():
    missed = {**ROW, "ratio": 1.0, "met": False}
    without = {**ROW, "target": None, "met": None}
    text = chart([{**RECORD, "results": [ROW, without]}, {**RECORD, "results": [missed]}])
    assert text.startswith("1 of 2 targets are met.")
    assert text.count("<li ") == 2
    assert "1.40 times the target (≥ 4): met<" in text
    assert "0.25 times the target (≥ 4): missed<" in text
    assert "window, sliding_window_attention, length 7, causal, n sinks 2; against local" in text


def test_a_bar_says_what_it_is_about():
    assert "; memory against" in bar({**ROW, "measure": "memory"})
    assert "missed, the machine was not steady" in bar({**ROW, "met": False, "steady": False})
    assert "lengths" not in bar({**ROW, "setting": {"lengths": [1, 2]}})
    assert ">never: missed<" in bar({**ROW, "ratio": None, "met": False})
    assert '<rect class="bar" width="50.0%"' in bar({**ROW, "ratio": 8.0})
    assert '<rect class="bar" width="0.5%"' in bar({**ROW, "ratio": None, "met": False})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ratio": 8.0}, 2.0),
        ({"value": 2.0, "target": 1.0, "bound": "at most"}, 0.5),
        ({"value": 0.5, "target": 1.0, "bound": "at most"}, 2.0),
        ({"ratio": None}, 0.0),
    ],
)
def test_achieved(changes, expected):
    assert achieved({**ROW, **changes}) == expected


def test_the_axis_is_logarithmic_and_ends():
    assert [percent(one) for one in (0, 0.1, 0.5, 1, 2, 8, 100)] == [0, 0, 0, 25, 50, 100, 100]


def test_marks_are_replaced_by_the_stored_results(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark_tables, "RESULTS", tmp_path)
    (tmp_path / "one.json").write_text(json.dumps(RECORD))
    noted = []
    app = SimpleNamespace(env=SimpleNamespace(note_dependency=noted.append))
    source = ["before\n<!-- benchmark: one -->\n<!-- benchmark targets: one one -->\nafter"]
    insert_tables(app, "page", source)
    assert source[0].startswith("before\nMeasured on 2025-03-04")
    assert "2 of 2 targets are met" in source[0]
    assert source[0].endswith("after")
    assert noted == [str(tmp_path / "one.json")] * 3


def reasons_of(*rows):
    return reasons(PROFILES, {"speed": {**RECORD, "results": list(rows)}}.get)


def test_a_row_that_misses_stands_beside_what_limits_it():
    other = {**ROW, "theirs": "dense"}
    text = reasons_of({**ROW, "met": False}, other, {**ROW, "target": None, "met": None})
    assert text.startswith("Measured on 2025-03-04")
    assert [cell.strip() for cell in text.splitlines()[-1].strip("|").split("|")] == [
        "window, length 7, causal, n sinks 2: sliding_window_attention against local-attention",
        "5.61, ≥ 4",
        "94%",
        "113%",
        "products 72%, Python 28% (the machine was not steady)",
        "a &lt; b",
    ]


def test_a_row_that_is_met_needs_no_reason():
    assert "No row that was profiled misses its target." in reasons_of(ROW)


@pytest.mark.parametrize(("rows", "fit"), [([{**ROW, "setting": {}}], 0), ([ROW, ROW], 2)])
def test_a_profile_belongs_to_one_row(rows, fit):
    with pytest.raises(ValueError, match=f"{fit} rows of speed fit the profile of"):
        reasons_of(*rows)


def test_the_mark_of_reasons_notes_both_files(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark_tables, "RESULTS", tmp_path)
    missed = {**RECORD, "results": [{**ROW, "met": False}]}
    (tmp_path / "speed.json").write_text(json.dumps(missed))
    (tmp_path / "profiles.json").write_text(json.dumps(PROFILES))
    noted = []
    app = SimpleNamespace(env=SimpleNamespace(note_dependency=noted.append))
    source = ["<!-- benchmark limits: profiles -->"]
    insert_tables(app, "page", source)
    assert "113%" in source[0]
    assert noted == [str(tmp_path / f"{name}.json") for name in ("profiles", "speed")]


PAGE = {
    "page": "notebooks/02_worked_example",
    "bytes": 123_456,
    "requests": 9,
    "text_ms": 99.6,
    "math_ms": None,
    "slider_ms": 250.0,
    "ready_ms": 250.0,
    "all_ms": 400.0,
    "slowed_ready_ms": 900.0,
    "met": True,
}


def test_the_pages_of_the_book_have_a_row_each():
    late = {**PAGE, "page": "search", "ready_ms": 1234.0, "met": False}
    settings = {"budget_ms": 1000, "budget_bytes": 500_000}
    text = readiness({**RECORD, "settings": settings, "results": [PAGE, late]})
    assert text.startswith("1 of 2 pages are ready within 1 s and weigh at most 500 KB.")
    assert "The heaviest weighs 123 KB, the slowest is ready after 1.23 s." in text
    row = "| [](/notebooks/02_worked_example.ipynb) | 123 | 9 | 100 | – | 250 | 250 | 400 | 900 |"
    assert row in text
    assert "| search | 123 | 9 | 100 | – | 250 | **1234** | 400 | 900 |" in text
