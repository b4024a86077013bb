"""What the kinds of picture ask of their options and of the results they are given."""

from collections.abc import Sequence

import numpy as np

from attention_book.explorables.grid import check_text, is_number
from attention_lib.checks import shown

ROLES = ("query", "key", "value", "output", "ink")


def check_names(names, argument, *, unique=True):
    """A non-empty sequence of texts, returned as a list."""
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"{argument}: expected a list of texts, got {shown(names)}")
    for k, name in enumerate(names):
        check_text(name, f"{argument}[{k}]")
    if not names:
        raise ValueError(f"{argument}: expected at least one text, got none")
    if unique and len(set(names)) < len(names):
        raise ValueError(f"{argument}: expected different texts, got {list(names)!r}")
    return list(names)


def check_list(given, argument, of):
    """Any sequence but a text."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise TypeError(f"{argument}: expected a list of {of}, got {shown(given)}")


def check_dict(given, argument, to):
    if not isinstance(given, dict):
        raise TypeError(f"{argument}: expected a dict from name to {to}, got {shown(given)}")


def check_axis_name(name, argument):
    """The name of an axis, or None."""
    if not isinstance(name, str | None):
        raise TypeError(f"{argument}: expected the name of an axis, got {shown(name)}")


def check_range(limits, argument):
    """Two finite numbers in order, or None."""
    if limits is None:
        return
    pair = isinstance(limits, list | tuple | np.ndarray) and len(limits) == 2
    low, high = (v.item() if isinstance(v, np.generic) else v for v in limits) if pair else (0, 0)
    if not (is_number(low) and is_number(high) and low < high):
        raise ValueError(f"{argument}: expected (low, high) with low < high, got {shown(limits)}")


def check_inside(array, limits, argument, where):
    """Nothing may be drawn outside the picture."""
    if limits is not None and (array.min() < limits[0] or array.max() > limits[1]):
        worst = array.min() if array.min() < limits[0] else array.max()
        raise ValueError(
            f"{argument}: {tuple(limits)} does not hold the value {worst:g} of the result {where}"
        )


def check_shape(array, shape, where, meaning):
    if array.shape != shape:
        raise ValueError(
            f"function: the result {where} has shape {array.shape}; expected {shape} ({meaning})"
        )


def find_axis(name, axes, argument):
    """Index and Axis of a numeric axis."""
    for k, axis in enumerate(axes):
        if axis.name == name:
            if not axis.numeric:
                raise ValueError(f"{argument}: axis {name!r} holds texts; expected numbers")
            return k, axis
    raise ValueError(
        f"{argument}: {name!r} is not an axis; the axes are {[axis.name for axis in axes]}"
    )
