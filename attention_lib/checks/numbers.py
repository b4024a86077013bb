"""Single numbers, flags and choices."""

import math
from numbers import Integral

import numpy as np

from .tracing import is_symbolic

_REALS = (int, float, np.integer, np.floating)  # not Fraction: arrays cannot calculate with it

MOST_ENTRIES = 2**31


def check_real(**numbers):
    for name, number in numbers.items():
        if isinstance(number, (bool, np.bool_)) or not isinstance(number, _REALS):
            raise TypeError(f"{name} must be a real number, got {type(number).__name__}")
        try:
            finite = math.isfinite(number)
        except OverflowError:
            raise ValueError(f"{name} must fit a float, got {told(number)}") from None
        if not finite:
            raise ValueError(f"{name} must be finite, got {number}")


def check_positive(**numbers):
    for name, number in numbers.items():
        check_real(**{name: number})
        if not number > 0:
            raise ValueError(f"{name} must be greater than 0, got {number}")


def check_at_least(lowest, **numbers):
    for name, number in numbers.items():
        check_real(**{name: number})
        if number < lowest:
            raise ValueError(f"{name} must be at least {lowest}, got {number}")


def check_not_negative(**numbers):
    for name, number in numbers.items():
        check_real(**{name: number})
        if number < 0:
            raise ValueError(f"{name} must be at least 0, got {number}")


def check_bandwidth(bandwidth):
    """bandwidth is positive, and floats can hold its square."""
    check_positive(bandwidth=bandwidth)
    square = float(bandwidth) * float(bandwidth)
    if not 0 < square < math.inf:
        raise ValueError(f"bandwidth must have a square that a float holds, got {bandwidth}")


def check_scale(scale):
    if scale is not None:
        check_real(scale=scale)


def check_probability(**numbers):
    for name, number in numbers.items():
        check_real(**{name: number})
        if not 0 <= number < 1:
            raise ValueError(f"{name} must lie in [0, 1), got {number}")


def check_count(minimum=1, limit=2**63, **numbers):
    """All arguments are integers of at least `minimum`; limit: math.inf for what is no size."""
    for name, number in numbers.items():
        if is_symbolic(number):
            if number < minimum:
                raise ValueError(f"{name} must be at least {minimum}, got {number}")
            continue
        if isinstance(number, (bool, np.bool_)) or not isinstance(number, Integral):
            raise TypeError(f"{name} must be an integer, got {type(number).__name__}")
        if number < minimum:
            raise ValueError(f"{name} must be at least {minimum}, got {told(number)}")
        if number >= limit:
            raise ValueError(f"{name} must fit 64 bits, got {told(number)}")


def check_size(minimum=1, **numbers):
    """All arguments are counts of what is stored entry by entry, so that none is without bound."""
    for name, number in numbers.items():
        check_count(minimum, limit=math.inf, **{name: number})
        if not is_symbolic(number) and number >= MOST_ENTRIES:
            raise ValueError(f"{name} must be less than 2^31, got {told(number)}")


def told(number):
    """A number as a message can show it: Python writes no integer of 5,000 digits."""
    if isinstance(number, Integral) and abs(int(number)) >= 2**128:
        return f"an integer of {int(number).bit_length()} bits"
    return str(number)


def check_flag(**flags):
    for name, flag in flags.items():
        if not isinstance(flag, (bool, np.bool_)):
            raise TypeError(f"{name} must be True or False, got {type(flag).__name__}")


def check_choice(name, choice, choices):
    """choice is one of the choices, which are texts and None."""
    if not isinstance(choice, (str, type(None))) or choice not in choices:
        listing = ", ".join(repr(one) for one in choices)
        raise ValueError(f"{name} must be one of {listing}, got {shown(choice)}")


def shown(value):
    """A wrong value in a message: what is short as it is written, of the rest the kind."""
    try:
        text = repr(value)
    except Exception:  # 10**5000, or an object of another's making
        text = ""
    return text if 0 < len(text) <= 100 and "\n" not in text else f"a {type(value).__name__}"


def check_even(**numbers):
    """All arguments are even integers of at least 2."""
    check_count(minimum=2, **numbers)
    for name, number in numbers.items():
        if number % 2:
            raise ValueError(f"{name} must be even, got {number}")


def check_odd(**numbers):
    """All arguments are odd integers of at least 1."""
    check_count(**numbers)
    for name, number in numbers.items():
        if number % 2 == 0:
            raise ValueError(f"{name} must be odd, got {number}")


def check_divides(name, number, of_name, of):
    """`number` divides `of` without remainder."""
    if of % number:
        raise ValueError(f"{name} must divide {of_name}, got {name} {number} and {of}")


def check_sizes(shape, letters):
    """shape holds one size for each letter, such as "BTS"."""
    if not isinstance(shape, (tuple, list)) or len(shape) != len(letters):
        raise ValueError(f"shape must be ({', '.join(letters)}), got {shown(shape)}")
    check_count(minimum=0, **dict(zip(letters, shape, strict=True)))


def check_top_k(k, vocabulary):
    check_count(top_k=k)
    if k > vocabulary:
        raise ValueError(f"top_k must be at most the {vocabulary} tokens there are, got {k}")


def check_top_p(p):
    check_real(top_p=p)
    if not 0 < p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], got {p}")


def check_buckets(n_buckets, max_distance, bidirectional):
    """n_buckets and max_distance make logarithmic buckets; returns the buckets of one side."""
    check_flag(bidirectional=bidirectional)
    check_count(minimum=4 if bidirectional else 2, n_buckets=n_buckets)
    check_count(max_distance=max_distance)
    if bidirectional:
        check_even(n_buckets=n_buckets)
    side = int(n_buckets) // 2 if bidirectional else int(n_buckets)
    if max_distance <= side // 2:
        raise ValueError(
            f"max_distance must be greater than {side // 2}, the number of distances with a "
            f"bucket of their own, got {max_distance}"
        )
    return side
