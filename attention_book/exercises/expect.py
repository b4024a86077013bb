"""What a behaviour expects of an answer; a Problem says in words what it is instead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attention_book.exercises.words import describe, last, place, row, tell_apart

RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-8
NARROW_TOLERANCE = 1e-5  # of answers in float32, relative to the largest number of the answer


class Problem(Exception):  # noqa: N818 - it is feedback, not an error of the library
    """What is wrong with an answer, in words that the reader sees."""


def expect_array(
    value, shape: tuple[int, ...], *, what: str, axes: Sequence[str] = ()
) -> np.ndarray:
    """`value` as a float array of `shape`, or a Problem that says what it is instead.

    float32 stays float32, so that `expect_close` knows how exact the answer can be. `axes` are
    the names of the last axes, for the words.
    """
    array = _numbers(value, what)
    axes = last(axes, len(shape))
    if array.shape != tuple(shape):
        wanted = f" [{', '.join(axes)}]" if axes else ""
        raise Problem(
            f"your {what} should have the shape {tuple(shape)}{wanted}, but have {array.shape}"
        )
    array = array if array.dtype == np.float32 else array.astype(float)
    broken = np.argwhere(~np.isfinite(array))
    if len(broken):
        index = tuple(int(i) for i in broken[0])
        raise Problem(f"your {what} are {array[index]} at {place(index, axes)}")
    return array


def expect_close(
    value, expected, *, what: str, axes: Sequence[str] = (), because: str = ""
) -> np.ndarray:
    """`value` equal to `expected` up to rounding, or a Problem with the first difference."""
    expected = np.asarray(expected, dtype=float)
    array = expect_array(value, expected.shape, what=what, axes=axes)
    absolute = ABSOLUTE_TOLERANCE
    if array.dtype == np.float32:
        absolute = NARROW_TOLERANCE * max(1.0, np.abs(expected).max(initial=0))
    close = np.isclose(array, expected, rtol=RELATIVE_TOLERANCE, atol=absolute)
    if not close.all():
        index = tuple(int(i) for i in np.argwhere(~close)[0])
        hint = f": {because}" if because else ""
        given, right = tell_apart(array[index], expected[index])
        raise Problem(
            f"your {what} are {given} at {place(index, axes)}, where {right} is right{hint}"
        )
    return array


def expect_rows_sum_to_one(weights: np.ndarray, *, what: str = "weights") -> None:
    """Each row of `weights` sums to one over the last axis, or a Problem with row and sum."""
    sums = weights.sum(axis=-1)
    wrong = np.argwhere(~np.isclose(sums, 1.0, rtol=NARROW_TOLERANCE))
    if not len(wrong):
        return
    index = tuple(int(i) for i in wrong[0])
    hint = ""
    if weights.ndim > 1 and np.allclose(weights.sum(axis=-2), 1.0):
        hint = "; they sum to one over queries, which is the wrong axis"
    raise Problem(
        f"your {what} do not sum to one over keys: {row(index)} gives "
        f"{tell_apart(sums[index], 1.0)[0]}{hint}"
    )


def expect_tuple(value, names: Sequence[str]) -> tuple:
    """`value` as a tuple with one entry for each of `names`, or a Problem."""
    if not isinstance(value, (tuple, list)) or len(value) != len(names):
        raise Problem(
            f"your function should return {len(names)} things, ({', '.join(names)}), "
            f"but returns {describe(value)}"
        )
    return tuple(value)


def _numbers(value, what: str) -> np.ndarray:
    """`value` as an array of real numbers, of the type that it has."""
    try:
        array = np.asarray(value)
    except Exception:  # a ragged list, a whole number that no float can hold
        array = np.array(None)
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise Problem(f"your {what} should be an array of numbers, but are {describe(value)}")
    return array
