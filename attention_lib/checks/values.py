"""What lies in arrays of integers and of floats; not judged where the values cannot be known."""

import math

from .arrays import dtype_name
from .tracing import values_known


def check_range(name, integers, lowest, highest, *, verb="lie", note=""):
    """Every one of the integers lies in lowest..highest, both included.

    verb, note: what the message says before and after the range.
    """
    if not values_known(integers) or 0 in integers.shape:
        return
    first, last = _ends(integers)
    if not lowest <= first <= last <= highest:
        raise ValueError(
            f"{name} must {verb} in {lowest}..{highest}{note}, got {int(first)}..{int(last)}"
        )


def check_no_nan(message, array):
    """No number is NaN; else ValueError with the message."""
    if values_known(array) and (array != array).any():
        raise ValueError(message)


def check_finite(name, array):
    """No number is NaN or infinite."""
    if values_known(array) and not (abs(array) < math.inf).all():
        raise ValueError(f"{name} must be finite")


def check_not_below_zero(name, array):
    """No number is negative or NaN."""
    if values_known(array) and not (array >= 0).all():
        raise ValueError(f"{name} must not be negative or NaN")


def check_within(name, array, lowest, highest):
    """Every number of an array, or the one that is given, lies in [lowest, highest]."""
    if not values_known(array):
        return
    fits = (array >= lowest) & (array <= highest)
    if not (fits.all() if hasattr(fits, "all") else fits):
        raise ValueError(f"{name} must lie in [{lowest}, {highest}]")


def check_only(name, array, allowed, meaning):
    """The boolean `allowed` is True wherever `array` holds what `meaning` says."""
    if not values_known(array):
        return
    other = array[~allowed]
    if len(other):
        raise ValueError(f"{name} must hold only {meaning.format(other[0].item())}")


def _ends(integers):
    if dtype_name(integers).startswith("uint"):
        # torch finds no minimum of unsigned integers above 8 bits
        numbers = integers.reshape(-1).tolist()
        return min(numbers), max(numbers)
    if hasattr(integers, "aminmax"):  # one pass where torch has it
        return tuple(one.item() for one in integers.aminmax())
    return integers.min(), integers.max()
