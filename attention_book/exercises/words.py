"""Values, places and numbers in words, whatever a value does when it is looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Unreadable:
    """Stands for a part of an answer that is no number, text, array, list or tuple."""

    words: str


def shortened(text: str, limit: int = 200) -> str:
    """`text` on one line of at most `limit` characters, without what cannot be printed."""
    text = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * limit])
    text = re.sub(r"0x[0-9a-fA-F]+", "0x...", " ".join(text.split()))
    return text if len(text) <= limit else f"{text[: limit - 4].rstrip()} ..."


def safely(function, value, otherwise: str) -> str:
    """`function(value)` as text, or `otherwise` if that raises."""
    try:
        return str.__str__(function(value))
    except BaseException:  # also what is no Exception: the reader's object decides
        return otherwise


def type_name(value) -> str:
    """The name of a value's type."""
    return shortened(safely(lambda one: type(one).__name__, value, "unknown type"), 60)


def describe(value) -> str:
    """A value in words, without addresses: "an array of shape (2, 3)", "a tuple of 2"."""
    kind = type(value)
    if kind is Unreadable:
        return value.words
    if issubclass(kind, type):
        return f"the class {shortened(safely(lambda one: one.__name__, value, 'of no name'), 60)}"
    if kind in (tuple, list):
        return f"a {kind.__name__} of {len(value)}"
    if value is None or value is Ellipsis:
        return str(value)
    if kind in (bool, int, float, str):
        text = shortened(safely(repr, value, "that is too long to write"), 60)
        return f"the {kind.__name__} {text}"
    shape = safely(lambda one: str(tuple(one.shape)), value, "")
    if shape:
        return f"an array of shape {shortened(shape, 60)}"
    return f"a value of type {type_name(value)}"


def last(axes: Sequence[str], count: int) -> tuple[str, ...]:
    """The last `count` of the names of axes: an answer may have fewer axes in front."""
    return tuple(axes)[max(0, len(axes) - count) :]


def place(index: tuple[int, ...], axes: Sequence[str] = ()) -> str:
    """An index in words: `place((1, 4), ("query", "key"))` is "query 1, key 4"."""
    axes = last(axes, len(index))
    if not index:
        return "its only entry"
    if len(axes) != len(index):
        return f"index {index if len(index) > 1 else index[0]}"
    return ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))


def row(index: tuple[int, ...]) -> str:
    """The name of a row: "row 2", or "row (0, 2)" when there is a batch before it."""
    if not index:
        return "the only row"
    return f"row {index[0] if len(index) == 1 else index}"


def number(value: float) -> str:
    """Three significant digits, and no minus before a zero."""
    return f"{float(value) + 0.0:.3g}"


def tell_apart(given: float, right: float) -> tuple[str, str]:
    """Two numbers in as few digits, from three on, as show that they differ."""
    for digits in range(3, 18):
        texts = tuple(f"{float(one) + 0.0:.{digits}g}" for one in (given, right))
        if texts[0] != texts[1]:
            break
    return texts
