"""Learning rates that change from step to step: functions from a step (1, 2, ...) to a rate.

They can be pickled: their parts have names.
"""

import math
from functools import partial

from ..checks import check_count, check_not_negative, check_positive, check_real

MOST = 3e38


def constant(rate):
    """The same rate at every step; a plain number in `fit` means this.

    >>> constant(0.1)(7)
    0.1
    """
    check_positive(rate=rate)
    return partial(_same, float(rate))


def _same(rate, step):
    check_count(step=step)
    return rate


def warmup_linear(peak, *, warmup, steps, floor=0.0):
    r"""Rise in a straight line for `warmup` steps, then fall in one until the last step.

    The rate r at step t, t = 1, ..., n:

    $$r(t) = p \, t / w \quad (t \le w), \qquad
    r(t) = f + (p - f) \left(1 - \frac{t - w}{n - w}\right) \quad (w < t \le n)$$

    Args:
        peak: p, the rate at step w.
        warmup: w >= 0 and < n; with 0 the fall starts before the first step.
        steps: n, the last step.
        floor: f, the rate at step n, 0 <= f <= p.

    Returns:
        a function from a step, 1 to n, to its rate.

    Raises:
        TypeError, ValueError: an argument, or later the step, is out of its range.

    Source: Devlin et al. (2019) train BERT with it.

    >>> schedule = warmup_linear(1.0, warmup=2, steps=6)
    >>> [schedule(step) for step in range(1, 7)]
    [0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    return _warmed_up(peak, warmup, steps, floor, _line)


def warmup_cosine(peak, *, warmup, steps, floor=0.0):
    r"""Rise in a straight line for `warmup` steps, then fall along half a cosine.

    $$r(t) = p \, t / w \quad (t \le w), \qquad r(t) = f + \frac{p - f}{2}
    \left(1 + \cos \pi \frac{t - w}{n - w}\right) \quad (w < t \le n)$$

    Arguments, result and errors: `warmup_linear`.

    Source: Loshchilov and Hutter (2017), without their restarts; the rise: Goyal et al. (2017).

    >>> schedule = warmup_cosine(1.0, warmup=2, steps=6, floor=0.5)
    >>> [round(schedule(step), 3) for step in range(1, 7)]
    [0.5, 1.0, 0.927, 0.75, 0.573, 0.5]
    """
    return _warmed_up(peak, warmup, steps, floor, _cosine)


def inverse_square_root(peak, *, warmup):
    r"""Rise in a straight line for `warmup` steps, then fall with the root of the step, for ever.

    $$r(t) = p \min\left(\frac{t}{w}, \sqrt{\frac{w}{t}}\right)$$

    Args:
        peak: p, the rate at step w. The Transformer was trained with $p = (d_\mathrm{model} \,
            w)^{-1/2}$ and w = 4000.
        warmup: w >= 1.

    Returns:
        a function from a step, 1, 2, ..., to its rate.

    Raises:
        TypeError, ValueError: an argument, or later the step, is out of its range.

    Source: Vaswani et al. (2017), equation 3.

    >>> schedule = inverse_square_root(1.0, warmup=4)
    >>> [schedule(step) for step in (1, 4, 16, 64)]
    [0.25, 1.0, 0.5, 0.25]
    """
    check_positive(peak=peak)
    check_count(warmup=warmup)
    return partial(_by_root, float(peak), int(warmup))


def _by_root(peak, warmup, step):
    check_count(step=step)
    return peak * min(step / warmup, math.sqrt(warmup / step))


def learning_rates(learning_rate, steps):
    """The rates of a whole run: `learning_rate` is a number, or a schedule asked for each step."""
    if not callable(learning_rate):
        check_positive(learning_rate=learning_rate)
        _check_fits("learning_rate", learning_rate)
        return [float(learning_rate)] * steps
    rates = []
    for step in range(1, steps + 1):
        rate = learning_rate(step)
        check_not_negative(**{f"learning_rate({step})": rate})
        _check_fits(f"learning_rate({step})", rate)
        rates.append(float(rate))
    return rates


def _check_fits(name, rate):
    """The optimizer multiplies by it in float32."""
    if rate > MOST:
        raise ValueError(f"{name} must be at most {MOST:g}, got {rate}")


def _warmed_up(peak, warmup, steps, floor, shape):
    """A schedule that rises to `peak`, then falls to `floor` along `shape`.

    `shape` takes the part of the fall that is over, 0 to 1, and gives what is left, 1 to 0.
    """
    check_positive(peak=peak)
    check_count(minimum=0, warmup=warmup)
    check_count(steps=steps)
    check_real(floor=floor)
    if warmup >= steps:
        raise ValueError(f"warmup must be smaller than steps ({steps}), got {warmup}")
    if not 0 <= floor <= peak:
        raise ValueError(f"floor must lie in 0..{peak} (peak), got {floor}")
    return partial(_rise_and_fall, float(peak), int(warmup), int(steps), float(floor), shape)


def _rise_and_fall(peak, warmup, steps, floor, shape, step):
    check_count(step=step)
    if step > steps:
        raise ValueError(f"step must be at most {steps}, the steps of the schedule, got {step}")
    if step <= warmup:
        return peak * (step / warmup)
    return floor + (peak - floor) * shape((step - warmup) / (steps - warmup))


def _line(passed):
    return 1 - passed


def _cosine(passed):
    return (1 + math.cos(math.pi * passed)) / 2
