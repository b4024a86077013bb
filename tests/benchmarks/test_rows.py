"""A row of results: when a target is met, and how it reads in words and in a table."""

import pytest


@pytest.fixture
def rows(load):
    return load("rows")


def example(rows, **options):
    given = {"ours": "ours", "theirs": "theirs", "ratio": 2.0, "quartiles": (1.9, 2.1), **options}
    found = rows.row(given.pop("measure", "time"), **given)
    return {"group": "window", "setting": {"length": 5, "causal": True}, **found}


@pytest.mark.parametrize(
    ("bound", "target", "steady", "met"),
    [
        ("at least", 2.0, True, True),
        ("at least", 2.1, True, False),
        ("at most", 2.0, True, True),
        ("at most", 1.9, True, False),
        ("at least", 1.0, False, False),
        ("at least", None, True, None),
        ("at least", None, False, None),
    ],
)
def test_met_is_what_the_bound_says_on_a_steady_machine(rows, bound, target, steady, met):
    assert example(rows, bound=bound, target=target, steady=steady)["met"] is met


def test_a_value_is_judged_before_the_ratio(rows):
    row = example(rows, measure="memory", value=1.5, target=2.1, bound="at most")
    assert row["met"] is True
    assert example(rows, measure="memory", value=1.5, target=1.9)["met"] is False


def test_what_was_never_found_does_not_meet_a_target(rows):
    row = example(rows, measure="crossover", ratio=None, target=512, bound="at most")
    assert row["met"] is False
    assert "ours never wins against theirs, target at most 512: MISSED" in rows.line(row)


@pytest.mark.parametrize("wrong", [{"measure": "speed"}, {"bound": "about"}])
def test_a_kind_that_the_table_does_not_know_is_refused(rows, wrong):
    with pytest.raises(ValueError, match="measure must be one of"):
        example(rows, **wrong)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"target": 1.5},
            "ours 2.00 [1.90, 2.10] times as fast as theirs, target at least 1.5: met",
        ),
        ({"target": 2.5}, "theirs, target at least 2.5: MISSED"),
        (
            {"target": 1.5, "steady": False, "judge_spread": 0.4},
            "target at least 1.5: MISSED, machine not steady (40%)",
        ),
        ({}, "[1.90, 2.10] times as fast as theirs: no target"),
        (
            {"limit": {"of": "memory bandwidth", "fraction": 0.25}},
            "theirs: no target; 25% of memory bandwidth",
        ),
        (
            {"measure": "memory", "quartiles": (None, None)},
            "ours 2.00 times less memory than theirs: no target",
        ),
        (
            {"measure": "memory", "value": 1.96, "theirs": "its output"},
            "ours takes 1.96 times as much as its output: no target",
        ),
        ({"measure": "error", "value": 1e-6}, "ours is off by 1e-06 against theirs: no target"),
        (
            {"measure": "factor", "value": 1.25},
            "ours differs by at most 1.25 times from theirs: no target",
        ),
        ({"measure": "share", "value": 0.58}, "ours reaches 0.58 of theirs: no target"),
        ({"measure": "crossover", "value": 640}, "ours wins from 640 on against theirs: no target"),
    ],
)
def test_a_row_in_words(rows, options, expected):
    line = rows.line(example(rows, **options))
    assert line.startswith("window length 5, causal True: ours ")
    assert line.endswith(expected)


def test_a_table_has_a_line_for_each_row(rows):
    limit = {"of": "matrix product", "fraction": 0.5}
    found = [
        example(rows, measured_ours=0.25, measured_theirs=0.5, target=1.5, limit=limit),
        example(rows, measure="memory", measured_ours=2**20, value=1.5, target=1, bound="at most"),
        example(rows, steady=False),
    ]
    lines = rows.table(found).splitlines()
    assert len(lines) == 2 + len(found)
    assert len({line.count("|") for line in lines}) == 1
    setting = "| window | length 5, causal True | ours | theirs "
    assert lines[2] == (
        f"{setting}| time | 250 ms / 500 ms | 2.00 [1.90, 2.10] | at least 1.5 | yes "
        "| 50% of matrix product |"
    )
    assert lines[3] == f"{setting}| memory | 1 MiB | 1.5 | at most 1 | **no** |  |"
    assert lines[4] == f"{setting}| time |  | 2.00 [1.90, 2.10] |  |  (not steady) |  |"
