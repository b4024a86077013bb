"""From measured times to a law: seconds = overhead + work / rate, for each kind of work."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..checks import as_list, check_choice, check_instance, check_positive
from .mechanisms import MECHANISMS, check_options
from .setting import Setting

TERMS = ("call", "products", "elementwise", "bytes", "steps", "far bytes")
NEAR = 2**24  # bytes: what a cache holds and an allocator keeps ready, in round numbers


class Point(NamedTuple):
    """One measurement: what was computed, how, and the seconds that it took."""

    setting: Setting
    options: dict
    seconds: float


def work(name, setting, options):
    """How much of each of `TERMS` one call does: counted by `attention_lib.cost`, but for steps.

    One call; FLOPs in products of matrices; all other FLOPs; bytes moved; rounds of Python loops;
    and the part of the bytes moved that is far: none up to a peak of 16 MiB, half at 32 MiB, and
    none for what is exact, whose time is in products.

    >>> work("dense", Setting(n=2, d_head=3, n_heads=1), {})
    array([ 1., 48., 24., 96.,  0.,  0.])
    """
    check_choice("name", name, tuple(MECHANISMS))
    check_instance(Setting, setting=setting)
    check_options(name, options)
    mechanism = MECHANISMS[name]
    count = mechanism.count(setting, options)
    steps = mechanism.steps(setting.n, options)
    share = 0.0 if mechanism.exact else max(0.0, 1 - NEAR / count.peak_bytes)
    moved = (count.matmul_flops, count.elementwise_flops, count.bytes_moved)
    return np.array([1, *moved, steps, share * count.bytes_moved], dtype=float)


@dataclass(frozen=True)
class Law:
    r"""Seconds that a mechanism takes, as a sum over what it does.

    $$t = c_1 + \frac{\text{FLOPs in products}}{r_2} + \frac{\text{other FLOPs}}{r_3} +
    \frac{\text{bytes}}{r_4} + c_5 \cdot \text{steps} + \frac{\text{far bytes}}{r_6}$$

    Attributes:
        seconds_each: of one unit of each of `TERMS`, none below zero.
        shortest, longest: lengths at which it was measured.
        spread: the largest factor between a measured time and that of the law.
    """

    name: str
    seconds_each: tuple
    shortest: int
    longest: int
    spread: float

    def seconds(self, setting, options):
        """Predicted seconds of one call."""
        return self.seconds_of(work(self.name, setting, options))

    def seconds_of(self, done):
        """Predicted seconds of this much `work`."""
        return float(done @ np.array(self.seconds_each))

    def measured_at(self, n):
        """Whether n lies between the lengths that were measured."""
        return self.shortest <= n <= self.longest


def fit(name, points):
    """The law of a mechanism that comes closest to the measured times, each taken relatively.

    Least squares of predicted / measured - 1 with no rate below zero: all sets of terms are tried,
    and the best without a negative number is taken. Then all rates are multiplied by one factor, so
    that as many points lie above the law as below. Far bytes count only where a point has half of
    its bytes far: else their rate would be guessed from a trace of them.

    Args:
        name: of the mechanism.
        points: `Point`s of one mode, one at least.

    Returns:
        `Law`.

    >>> lengths = (128, 512, 2048)
    >>> points = [Point(Setting(n=n), {}, 1e-3 + 1e-9 * n**2) for n in lengths]
    >>> round(fit("dense", points).seconds(Setting(n=1024), {}), 6)
    0.002049
    """
    check_choice("name", name, tuple(MECHANISMS))
    points = as_list("points", points, "Point")
    if not points:
        raise ValueError("points must hold at least one Point, got none")
    check_instance(Point, **{f"points[{k}]": one for k, one in enumerate(points)})
    check_positive(**{f"points[{k}].seconds": one.seconds for k, one in enumerate(points)})
    measured = np.array([one.seconds for one in points])
    done = np.array([work(name, one.setting, one.options) for one in points])
    if (done[:, -1] < done[:, 3] / 2).all():
        done[:, -1] = 0
    relative = done / measured[:, None]
    largest = np.maximum(relative.max(axis=0), np.finfo(float).tiny)
    seconds_each = _least_squares(relative / largest) / largest
    ratios = measured / (done @ seconds_each)
    lengths = [one.setting.n for one in points]
    factor = np.exp(np.median(np.log(ratios)))
    spread = float(np.exp(np.abs(np.log(ratios / factor)).max()))
    rates = tuple(float(one) for one in seconds_each * factor)
    return Law(name, rates, min(lengths), max(lengths), spread)


def _least_squares(columns):
    """The x >= 0 that brings columns @ x closest to 1 in every row."""
    ones = np.ones(len(columns))
    used = [term for term in range(columns.shape[1]) if columns[:, term].any()]
    best, smallest = None, np.inf
    for many in range(1, min(len(used), len(columns)) + 1):
        for terms in map(list, combinations(used, many)):
            some, *_ = np.linalg.lstsq(columns[:, terms], ones, rcond=None)
            error = np.square(columns[:, terms] @ some - ones).sum()
            if (some >= 0).all() and error < smallest:
                best, smallest = np.zeros(columns.shape[1]), error
                best[terms] = some
    return best
