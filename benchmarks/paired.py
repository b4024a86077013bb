"""How many times faster is one way than another, on a machine that others use too?

The ways run in turn within each round, forwards in one round and backwards in the next, so that a
busy moment hits all of them. What counts is the processor's time, and the ratio within a round.
Each round begins with a plain product of matrices: if its time varies by more than a quarter
between the rounds, the machine was not to be trusted, and all rounds are thrown away and run again.
"""

from __future__ import annotations

import math
import statistics
import time
from typing import NamedTuple

import torch
from rows import row

JUDGE_LIMIT = 0.25
JUDGE_SIZE = 512


class Timing(NamedTuple):
    """Seconds of each way in each round, and what the judge said.

    Attributes:
        seconds: name of a way -> one entry a round, the mean of the calls in it.
        judge_spread: (slowest - fastest) / median of the plain product.
        attempts: how often all rounds were run; the last ones are in `seconds`.
    """

    seconds: dict
    judge_spread: float
    attempts: int

    @property
    def steady(self):
        return self.judge_spread <= JUDGE_LIMIT

    def median(self, name):
        return statistics.median(self.seconds[name])


def clock(settings):
    """How `interleave` is to measure."""
    return {name: settings[name] for name in ("rounds", "attempts", "shortest")}


def interleave(ways, *, rounds, shortest=0.05, attempts=6):
    """Time ways (name -> function without arguments) in turn; returns a `Timing`.

    A way that takes less than `shortest` seconds is called as often as it takes to get there. Each
    is called before to warm up; with 0 it is not, and called once a round.
    """
    calls = {name: _calls(way, shortest) for name, way in ways.items()}
    matrix = torch.rand(JUDGE_SIZE, JUDGE_SIZE)
    judge_calls = _calls(lambda: matrix @ matrix, 0.1)
    for attempt in range(1, attempts + 1):
        seconds, judge = {name: [] for name in ways}, []
        for round_ in range(rounds):
            judge.append(_seconds(lambda: matrix @ matrix, judge_calls))
            order = list(ways) if round_ % 2 else list(ways)[::-1]
            for name in order:
                seconds[name].append(_seconds(ways[name], calls[name]))
        timing = Timing(seconds, (max(judge) - min(judge)) / statistics.median(judge), attempt)
        if timing.steady:
            break
    return timing


def compare(timing, ours, theirs, *, target=None, bound="at least", limit=None):
    """A row of results: how many times the seconds of `ours` go into those of `theirs`.

    Median and quartiles of the ratio within each round. The target is met if the median reaches it
    in rounds that the judge trusts; without a target `met` is None. The other keys: see `rows`.
    """
    pairs = zip(timing.seconds[theirs], timing.seconds[ours], strict=True)
    ratios = [slow / fast for slow, fast in pairs]
    lower, ratio, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    return row(
        "time",
        ours=ours,
        theirs=theirs,
        measured_ours=timing.median(ours),
        measured_theirs=timing.median(theirs),
        ratio=ratio,
        quartiles=(lower, upper),
        target=target,
        bound=bound,
        rounds=len(ratios),
        judge_spread=timing.judge_spread,
        attempts=timing.attempts,
        steady=timing.steady,
        limit=limit,
    )


def _calls(way, shortest):
    """How many calls take `shortest` seconds."""
    if not shortest:
        return 1
    if _seconds(way, 1) >= shortest:
        return 1
    return max(1, math.ceil(shortest / max(_seconds(way, 1), 1e-7)))


def _seconds(way, calls):
    start = time.process_time()
    for _ in range(calls):
        way()
    return (time.process_time() - start) / calls
