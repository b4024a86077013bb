"""The stopwatch of the speed studies: what it counts, when it doubts, what it calls met."""

import pytest


@pytest.fixture
def paired(load, monkeypatch):
    """The module, on a processor whose time only moves when `spend` is called."""
    module = load("paired")
    now = [0.0]
    monkeypatch.setattr(module.time, "process_time", lambda: now[0])

    def spend(seconds):
        now[0] += seconds

    module.spend = spend
    return module


class Matrix:
    """Stands for the plain product; its times are given out one after the other."""

    def __init__(self, paired, times):
        self.paired, self.times = paired, iter(times)

    def __matmul__(self, other):
        self.paired.spend(next(self.times))


def with_judge(paired, monkeypatch, times):
    monkeypatch.setattr(paired.torch, "rand", lambda *_: Matrix(paired, times))


def test_ways_run_in_turn_and_every_second_round_backwards(paired, monkeypatch):
    with_judge(paired, monkeypatch, [1.0] * 4)
    order = []

    def way(name, seconds):
        def run():
            order.append(name)
            paired.spend(seconds)

        return run

    ways = {"slow": way("slow", 3.0), "fast": way("fast", 1.5)}
    timing = paired.interleave(ways, rounds=3, shortest=0.0)
    assert order == ["fast", "slow", "slow", "fast", "fast", "slow"]
    assert timing.seconds == {"slow": [3.0] * 3, "fast": [1.5] * 3}
    assert (timing.judge_spread, timing.attempts, timing.steady) == (0.0, 1, True)


def test_a_short_way_is_called_until_it_takes_long_enough(paired, monkeypatch):
    with_judge(paired, monkeypatch, [1.0] * 4)
    calls = []

    def way():
        calls.append(1)
        paired.spend(0.25)

    timing = paired.interleave({"way": way}, rounds=2, shortest=1.0)
    assert len(calls) == 1 + 1 + 2 * 4  # to warm up, to learn how long it takes, and two rounds
    assert timing.seconds == {"way": [0.25, 0.25]}


def test_a_long_way_warms_up_once(paired, monkeypatch):
    with_judge(paired, monkeypatch, [1.0] * 4)
    calls = []

    def way():
        calls.append(1)
        paired.spend(2.0)

    timing = paired.interleave({"way": way}, rounds=2, shortest=1.0)
    assert len(calls) == 1 + 2
    assert timing.median("way") == 2.0


def test_rounds_that_the_judge_does_not_trust_are_run_again(paired, monkeypatch):
    warm = [1.0]
    with_judge(paired, monkeypatch, [*warm, 1.0, 1.0, 1.5, 1.0, 1.2, 1.1])
    spent = iter([9.0, 9.0, 9.0, 1.0, 2.0, 3.0])
    ways = {"way": lambda: paired.spend(next(spent))}
    timing = paired.interleave(ways, rounds=3, shortest=0.0, attempts=5)
    assert timing.attempts == 2
    assert timing.seconds["way"] == pytest.approx([1.0, 2.0, 3.0])
    assert timing.judge_spread == pytest.approx(0.2 / 1.1)


def test_a_machine_that_is_never_steady_is_recorded_as_such(paired, monkeypatch):
    with_judge(paired, monkeypatch, [1.0] + [1.0, 2.0] * 3)
    timing = paired.interleave(
        {"way": lambda: paired.spend(1.0)}, rounds=2, shortest=0.0, attempts=3
    )
    assert timing.attempts == 3
    assert not timing.steady
    row = paired.compare(timing, "way", "way", target=0.5)
    assert (row["ratio"], row["steady"], row["met"]) == (1.0, False, False)


def test_the_ratio_is_taken_within_each_round(paired):
    seconds = {"ours": [1.0, 2.0, 4.0, 1.0, 1.0], "theirs": [2.0, 6.0, 4.0, 4.0, 5.0]}
    timing = paired.Timing(seconds, judge_spread=0.25, attempts=1)
    row = paired.compare(timing, "ours", "theirs", target=3.0)
    assert (row["lower_quartile"], row["ratio"], row["upper_quartile"]) == (2.0, 3.0, 4.0)
    assert (row["measured_ours"], row["measured_theirs"], row["rounds"]) == (1.0, 4.0, 5)
    assert (row["measure"], row["bound"], row["limit"], row["met"]) == (
        "time",
        "at least",
        None,
        True,
    )
    assert paired.compare(timing, "ours", "theirs", target=3.1)["met"] is False
    assert paired.compare(timing, "ours", "theirs")["met"] is None
    assert paired.compare(timing, "ours", "theirs", target=3.1, bound="at most")["met"] is True
    limit = {"of": "matrix product", "fraction": 0.5}
    assert paired.compare(timing, "ours", "theirs", limit=limit)["limit"] == limit
    assert not paired.Timing(seconds, judge_spread=0.26, attempts=1).steady
