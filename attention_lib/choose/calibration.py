"""A calibration: measured times of every mechanism, and where and when they were measured."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from functools import cached_property

from tqdm.auto import tqdm

from ..checks import as_list, check_callable, check_count, check_flag, check_positive
from .mechanisms import MECHANISMS
from .origin import Origin
from .rates import Point, fit
from .setting import Setting
from .stopwatch import Stopwatch

JUDGE_LIMIT = 0.25
OPTION_LENGTHS = (512, 2048)  # of the least and the greatest options, with 2 heads
LONGEST = 0.02  # seconds: after a call that takes longer nothing larger is measured
LENGTHS = (128, 256, 512, 1024, 2048, 4096, 8192)
LONG = 8192
LONG_SECONDS = 1.0
OTHER_SIZES = (  # shapes beside 8 heads of width 64
    {"n": 512, "d_head": 32},
    {"n": 512, "d_head": 128},
    {"n": 1024, "n_heads": 1},
    {"n": 256, "n_heads": 4, "batch": 8},
)


@dataclass(frozen=True)
class Calibration:
    """What was measured, and the laws that follow: how long does which mechanism take?

    Attributes:
        origin: `Origin`: machine, date and versions.
        points: (name of a mechanism, mode of a `Setting`) -> the `Point`s measured.
        judge_spread: of a plain product of matrices, timed in between: the range of the middle 80%
            of its times, relative to their median. Above a quarter the machine was busy otherwise.
        shipped: it came with the library.
    """

    origin: Origin
    points: dict = field(repr=False)
    judge_spread: float = 0.0
    shipped: bool = False

    @cached_property
    def laws(self):
        """(name of a mechanism, mode) -> the `Law` of its time."""
        return {key: fit(key[0], points) for key, points in self.points.items()}

    @property
    def steady(self):
        """Whether the machine could be trusted while it was measured."""
        return self.judge_spread <= JUDGE_LIMIT

    def law(self, name, setting):
        """The `Law` of a mechanism in the mode of this setting."""
        return self.laws[name, setting.mode]


def calibrate(
    *, rounds=3, lengths=LENGTHS, long=LONG, longest=LONGEST, measure=None, progress=True
):
    """Measure every mechanism on this machine: forward and in training, causal and not.

    All lengths with 8 heads of width 64, then other sizes and other options at a few lengths. The
    rounds pass through everything one after the other, so that a busy moment spoils one of them at
    most; the shortest time counts, for what disturbs a call makes it longer. Mechanisms that skip a
    part of the work are measured at a long length too. float32, on the CPU, with as many
    threads as torch uses now.

    Args:
        rounds: how often everything is measured.
        lengths: in rising order.
        long: the long length; None for none. Left out where it would take more than a second.
        longest: seconds; after a call that took longer no larger inputs of its kind are measured.
        measure: called `(name, setting, options)`, returns seconds; None means a `Stopwatch`. What
            has a method `judge` is asked for the seconds of something that never changes.
        progress: show a progress bar.

    Returns:
        `Calibration`.

    Raises:
        TypeError, ValueError: rounds or a length is not an integer of at least 1; what `measure` or
            its `judge` returns is no number of seconds.

    Cost: 20 to 30 seconds on one core of 2023.
    """
    check_count(rounds=rounds)
    if long is not None:
        check_count(long=long)
    check_positive(longest=longest)
    check_flag(progress=progress)
    if measure is not None:
        check_callable(measure=measure)
    measure = _Judged(Stopwatch() if measure is None else measure)
    judge = measure.judge
    plans, seconds, judged, reached = plan(lengths), {}, [judge()], {}
    total = rounds * sum(len(cases) for cases in plans.values()) + len(plans)
    with tqdm(total=total, desc="measuring attention", disable=not progress, leave=False) as bar:
        for _ in range(rounds):
            for (name, mode), cases in plans.items():
                measure(name, *cases[0])  # the first call of a kind takes longer: not counted
                bar.set_postfix_str(f"{name}, {mode}", refresh=False)
                for place, (setting, options) in enumerate(cases):
                    if setting.numbers <= reached.get((name, mode), math.inf):
                        took = measure(name, setting, options)
                        if took > longest and (name, mode) not in reached:
                            took = min(took, measure(name, setting, options))  # was it busy?
                            if took > longest:
                                reached[name, mode] = setting.numbers
                        seconds.setdefault((name, mode, place), []).append(took)
                    bar.update()
                judged.append(judge())
        points = {}
        for (name, mode, place), times in seconds.items():
            point = Point(*plans[name, mode][place], min(times))
            points.setdefault((name, mode), []).append(point)
        for (name, mode), measured in points.items():
            bar.set_postfix_str(f"{name}, {mode}, long", refresh=False)
            measured += [] if long is None else _at_length(long, name, measured, measure)
            bar.update()
    lowest, *_, highest = statistics.quantiles(judged, n=10, method="inclusive")
    spread = (highest - lowest) / statistics.median(judged)
    return Calibration(Origin.here(), points, spread)


class _Judged:
    """Somebody's watch; what it says is looked at."""

    def __init__(self, measure):
        self.measure = measure

    def __call__(self, *case):
        seconds = self.measure(*case)
        check_positive(**{f"measure{case!r}": seconds})
        return seconds

    def judge(self):
        seconds = getattr(self.measure, "judge", lambda: 1.0)()
        check_positive(**{"measure.judge()": seconds})
        return seconds


def _at_length(long, name, measured, measure):
    """The point at the long length, in a list; empty where it takes too long or was measured."""
    setting = measured[0].setting.at(n=long, d_head=64, n_heads=8, batch=1)
    options = MECHANISMS[name].usual(long)
    like_it = [one for one in measured if one.options == options]
    last = max(like_it or measured, key=lambda one: (one.setting.numbers, one.seconds))
    growth = setting.numbers / last.setting.numbers
    if MECHANISMS[name].exact or growth <= 1 or last.seconds * growth > LONG_SECONDS:
        return []
    # Twice: the first call at this size pays for memory that the others find ready.
    seconds = min(measure(name, setting, options) for _ in range(2))
    return [Point(setting, options, seconds)]


def plan(lengths=LENGTHS):
    """What is measured: (name, mode) -> [(setting, options)], the lengths first.

    Raises:
        TypeError, ValueError: a length is not an integer of at least 1.

    >>> plan((128,))["linear", "causal forward"][0]
    (Setting(n=128, d_head=64, n_heads=8, batch=1, causal=True, training=False), {})
    """
    lengths = as_list("lengths", lengths, "integers")
    check_count(**{f"lengths[{k}]": one for k, one in enumerate(lengths)})
    plans = {}
    for name, mechanism in MECHANISMS.items():
        for causal in (False, True) if mechanism.causal else (False,):
            for training in (False, True):
                start = Setting(n=1, causal=causal, training=training)
                sizes = [*({"n": n} for n in lengths), *OTHER_SIZES]
                cases = [(start.at(**one), mechanism.usual(one["n"])) for one in sizes]
                cases = [case for case in cases if case[1] is not None]  # else n is too short
                for n in OPTION_LENGTHS:
                    grid = mechanism.options(n)
                    ends = (grid[0], grid[-1]) if len(grid) > 1 else ()
                    cases += [(start.at(n=n, n_heads=2), one) for one in ends]
                plans[name, start.mode] = cases
    return plans
