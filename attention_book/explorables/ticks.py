"""Round tick positions and their texts."""

import math


def ticks(low, high, *, count=5):
    """About `count` round numbers in [low, high] with their texts, as [[value, text], ...]."""
    step = (high - low) / count
    power = 10.0 ** math.floor(math.log10(step))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda s: abs(math.log(s / step)))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [
        [k * step, f"{k * step:z.{decimals}f}".replace("-", "\u2212")]
        for k in range(first, last + 1)
    ]


def log_ticks(values):
    """At most seven of the given positive values, evenly chosen, for a logarithmic axis."""
    every = math.ceil(len(values) / 7)
    return [[v, f"{v:g}"] for v in values[::every]]


def nice_range(low, high, *, count=5):
    """The range widened to round numbers; a single value gets a width."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    marks = ticks(low, high, count=count)
    step = marks[1][0] - marks[0][0] if len(marks) > 1 else high - low
    return math.floor(low / step + 1e-6) * step, math.ceil(high / step - 1e-6) * step
