"""Ours against theirs: what is compared before the clock starts, and which rows come out."""

import pytest
import torch


@pytest.fixture
def race(load):
    return load("race")


SETTINGS = {"heads": 2, "head_width": 3, "rounds": 2, "attempts": 1, "shortest": 0.0}


def timing(race, monkeypatch, ratios, spreads):
    """Each call of the clock gives the next ratio and the next spread of the judge."""
    found = zip(ratios, spreads, strict=True)

    def interleave(ways, **clock):
        assert clock == {name: SETTINGS[name] for name in ("rounds", "attempts", "shortest")}
        ratio, spread = next(found)
        names = list(ways)
        seconds = {name: [ratio, ratio] for name in names} | {names[0]: [1.0, 1.0]}
        timed = race.compare.__globals__["Timing"]
        return timed(seconds, judge_spread=spread, attempts=1)

    monkeypatch.setattr(race, "interleave", interleave)


def test_inputs_are_the_same_for_the_same_seed_and_differ_among_each_other(race):
    query, key, value = race.inputs(5, SETTINGS)
    assert query.shape == key.shape == value.shape == (1, 2, 5, 3)
    assert not torch.equal(query, key)
    assert all(map(torch.equal, (query, key, value), race.inputs(5, SETTINGS)))
    assert race.moved(query, race.inputs(5, SETTINGS, dtype=torch.bfloat16)[0]) == 30 * (4 + 2)


def test_other_numbers_stop_the_study(race):
    ours, theirs = torch.ones(3), torch.tensor([1.0, 1.0, 1.001])
    race.agree(lambda: ours, lambda: ours.clone())
    with pytest.raises(AssertionError, match="not close"):
        race.agree(lambda: ours, lambda: theirs)


def test_forward_keeps_no_gradient_and_training_gives_those_of_all_tensors(race):
    one, other = torch.tensor([2.0], requires_grad=True), torch.tensor([3.0])
    assert not race.forward(torch.mul, one, other)().requires_grad
    output, *gradients = race.training(torch.mul, one, other)()
    assert (output, *gradients) == (6.0, 3.0, 2.0)


def test_a_row_for_each_of_the_others(race, load, monkeypatch):
    timing(race, monkeypatch, [3.0], [0.1])
    ways = dict.fromkeys(("ours", "first", "second"))
    limits = load("limits")
    machine = limits.Limits(flops=10.0, bandwidth=1.0)
    rows = list(
        race.time_rows(
            "window",
            {"length": 5},
            ways,
            settings={**SETTINGS, "limits": machine},
            targets={"second": 4.0},
            work=limits.Work(flops=5.0, bytes=0.0),
            share=0.6,
        )
    )
    share = rows.pop()
    assert (share["measure"], share["theirs"]) == ("share", "the machine's matrix product")
    assert (share["value"], share["target"], share["met"]) == (0.5, 0.6, False)
    assert [(row["theirs"], row["ratio"], row["met"]) for row in rows] == [
        ("first", 3.0, None),
        ("second", 3.0, False),
    ]
    assert rows[0]["limit"] == {"of": "matrix product", "fraction": 0.5}


def test_memory_is_compared_with_the_output_and_with_the_others(race, monkeypatch):
    monkeypatch.setattr(race, "peak_bytes", lambda peak: peak)
    first, second = race.memory_rows(
        "window", {}, {"ours": 300, "theirs": 4500}, output=150, targets={"theirs": 16}, of_output=2
    )
    assert (first["theirs"], first["value"], first["bound"]) == ("its output", 2.0, "at most")
    assert first["met"] is True
    assert (second["theirs"], second["ratio"], second["met"]) == ("theirs", 15.0, False)


@pytest.mark.parametrize(
    ("ratios", "wins"),
    [([0.5, 1.5, 2.0], 20), ([1.5, 0.9, 1.0], 30), ([2.0, 2.0, 2.0], 10), ([2.0, 2.0, 0.5], None)],
)
def test_a_crossover_is_where_ours_begins_to_win_for_good(race, monkeypatch, ratios, wins):
    timing(race, monkeypatch, ratios, [0.1, 0.2, 0.1])
    ways = (("ours", torch.add), ("theirs", torch.add))
    *rows, last = race.crossover_rows(
        "linear", {}, *ways, lengths=[10, 20, 30], settings=SETTINGS, target=20
    )
    assert [row["setting"]["length"] for row in rows] == [10, 20, 30]
    assert (last["measure"], last["value"]) == ("crossover", wins)
    assert last["met"] is (wins in (10, 20))
    assert (last["judge_spread"], last["steady"]) == (0.2, True)


def test_a_crossover_is_as_steady_as_the_least_steady_of_its_lengths(race, monkeypatch):
    timing(race, monkeypatch, [2.0, 2.0], [0.3, 0.1])
    ways = (("ours", torch.add), ("theirs", torch.add))
    *_, last = race.crossover_rows(
        "linear", {}, *ways, lengths=[10, 20], settings=SETTINGS, target=20
    )
    assert (last["steady"], last["met"]) == (False, False)


def scored(x):
    """What `without` is tried on."""
    output = x + 1
    weights = x * 0
    weights[0] = 1 / x
    return output, weights


def test_a_function_without_the_statements_that_make_a_name(load):
    short = load("peer_ways").without(scored, "weights")
    output, weights = short(torch.tensor([1.0]))
    assert (output, weights) == (2.0, None)
