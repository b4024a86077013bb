"""Axes of a sweep, and the evaluation of a function on every combination of their values."""

import itertools
import math
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from attention_lib.checks import shown

MAX_AXES = 5


@dataclass(frozen=True)
class Axis:
    """One slider: its name, the text beside it, the values and their texts."""

    name: str
    label: str
    values: tuple
    texts: tuple
    start: int = 0

    @property
    def numeric(self):
        return not isinstance(self.values[0], str)


def make_axes(axes, axis_labels, start):
    """Judge the arguments of `sweep` that describe axes; return a tuple of Axis."""
    if not isinstance(axes, dict):
        raise TypeError(f"axes: expected a dict from name to values, got {type(axes).__name__}")
    labels, start = as_dict(axis_labels, "axis_labels", "text"), as_dict(start, "start", "value")
    for argument, given in (("axis_labels", labels), ("start", start)):
        unknown = [name for name in given if name not in axes]
        if unknown:
            raise ValueError(
                f"{argument}: {unknown[0]!r} is not an axis; the axes are {sorted(axes)}"
            )
    return tuple(_axis(name, values, labels, start) for name, values in axes.items())


def as_dict(given, argument, to):
    """A copy of an optional dict, or an error that names the argument."""
    if given is not None and not isinstance(given, dict):
        raise TypeError(
            f"{argument}: expected a dict from name to {to}, got {type(given).__name__}"
        )
    return dict(given or {})


def _axis(name, values, labels, start):
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"axes: a name must be a Python identifier, got {name!r}")
    values = axis_values(name, values)
    texts = tuple(_text(value) for value in values)
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise ValueError(
            f"axes: {name!r} holds the value {twice} more than once (compared as it is printed)"
        )
    label = labels.get(name, name.replace("_", " "))
    check_text(label, f"axis_labels[{name!r}]")
    first = _position(name, start[name], values, texts) if name in start else 0
    return Axis(name, label, values, texts, first)


def _position(name, wanted, values, texts):
    """Where a value stands on its axis; numbers may differ by rounding, far below a step."""
    wanted = wanted.item() if isinstance(wanted, np.generic) else wanted
    if isinstance(wanted, (int, float, str)) and wanted in values:
        return values.index(wanted)
    if is_number(wanted) and not isinstance(values[0], str):
        step = np.diff(np.sort(values)).min()
        near = np.flatnonzero(np.isclose(values, float(wanted), rtol=0, atol=1e-6 * step))
        if near.size:
            return int(near[0])
    raise ValueError(
        f"start: {name}={shown(wanted)} is not on the axis; its values are {', '.join(texts)}"
    )


def axis_values(name, values):
    if isinstance(values, str) or not np.iterable(values):
        raise TypeError(
            f"axes: {name!r} must be a sequence of numbers or strings, got {shown(values)}"
        )
    values = tuple(v.item() if isinstance(v, np.generic) else v for v in values)
    if len(values) < 2:
        raise ValueError(f"axes: {name!r} needs at least 2 values, got {len(values)}")
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in values]
    if not all(numbers) and not all(isinstance(v, str) for v in values):
        raise TypeError(
            f"axes: {name!r} must hold ints and floats, numbers only or strings only, "
            f"got {shown(list(values))}"
        )
    if all(numbers) and not all(map(is_number, values)):
        raise ValueError(
            f"axes: {name!r} holds a value that is not finite or too large for a float: "
            f"{shown(list(values))}"
        )
    return values


def is_number(value):
    """An int or a float that a slider can hold: finite, also as a float."""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


def _text(value):
    """The text of a value beside its slider: what Python prints, with at most six digits."""
    if isinstance(value, str | Integral):
        return str(value)
    return str(float(f"{value:.6g}"))


def check_text(text, argument):
    if not isinstance(text, str):
        raise TypeError(f"{argument}: expected text, got {type(text).__name__}")


def grid_points(axes):
    """Every combination of the values, last axis fastest, as dicts."""
    names = [axis.name for axis in axes]
    for values in itertools.product(*(axis.values for axis in axes)):
        yield dict(zip(names, values, strict=True))


def describe(point):
    """A grid point in words, for messages."""
    return (
        "at " + ", ".join(f"{k}={v!r}" for k, v in point.items())
        if point
        else "at the only grid point"
    )


def finite_array(result, where, argument="function"):
    """`result` as an array of float64 that float32 could hold, or an error that names the point."""
    try:
        as_it_is = np.asarray(result)
        text = _holds_text(as_it_is)
        _refuse_nothing(as_it_is, where, argument)
        array = None if text else np.asarray(result, dtype=np.float64)
    except _NothingError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{argument}: the result {where} is not a regular array of numbers: {error}"
        ) from error
    except RuntimeError as error:  # a torch tensor that requires grad
        raise TypeError(
            f"{argument}: expected numbers, but the result {where} is a "
            f"{type(result).__name__} that NumPy cannot read: {error}"
        ) from error
    if text:
        raise TypeError(f"{argument}: the result {where} holds text; expected numbers")
    with np.errstate(over="ignore"):
        finite = np.isfinite(array.astype(np.float32))
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{argument}: the result {where} holds {array[index]} at index {index}; "
            "expected finite float32 numbers"
        )
    return array


class _NothingError(TypeError):
    pass


def _refuse_nothing(array, where, argument):
    """None would become NaN, and of a complex number the real part would stay."""
    if array.dtype.kind == "c":
        raise _NothingError(
            f"{argument}: the result {where} holds complex numbers; expected real ones"
        )
    if array.dtype.kind == "O" and any(v is None for v in array.flat):
        raise _NothingError(f"{argument}: the result {where} holds None; expected numbers")


def _holds_text(array):
    return array.dtype.kind in "SU" or (
        array.dtype.kind == "O" and any(isinstance(v, str | bytes) for v in array.flat)
    )
