"""The reader's function, called so that its mishaps become sentences."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable

import numpy as np

from attention_book.exercises.expect import Problem
from attention_book.exercises.words import (
    Unreadable,
    describe,
    safely,
    shortened,
    type_name,
)

LARGEST = 10_000_000  # numbers in an array; one that repeats the same number may have any shape


class Crash(Problem):
    """The reader's function raised instead of answering."""


class Candidate:
    """The reader's function, called on copies; its answer comes back as plain values.

    Whatever it raises, also what is no Exception, becomes a Problem.
    """

    def __init__(self, function: Callable):
        self.function = function

    def __call__(self, *arguments, **options):
        handed = [copied(argument) for argument in arguments]
        handed_options = {name: copied(value) for name, value in options.items()}
        try:
            with np.errstate(all="ignore"):
                result = self.function(*handed, **handed_options)
        except Problem:
            raise
        except NotImplementedError as error:
            raise Problem(
                "your function is not written yet: it raises NotImplementedError"
            ) from error
        except BaseException as error:
            raise Crash(_crash_message(self.function, error, arguments, options)) from error
        if result is None or result is Ellipsis:
            raise Problem(
                f"your function returns {result}: write the missing part and return the result"
            )
        _require_unchanged(arguments, handed, options, handed_options)
        return readable(result)


def readable(value, inside: tuple[int, ...] = ()):
    """`value` in plain numbers, texts, arrays, lists and tuples, tensors as arrays.

    Anything else, and what raises when it is read, is Unreadable. `inside` are the lists around
    it: one that holds itself has no end.
    """
    try:
        if issubclass(type(value), (list, tuple)) and id(value) not in inside:
            base = list if issubclass(type(value), list) else tuple
            return base(readable(one, (*inside, id(value))) for one in base.__iter__(value))
        plain = _plain(value)
    except BaseException:  # the reader's object decides what it raises
        plain = Unreadable(describe(value))
    return plain


def _plain(value):
    kind = type(value)
    if kind in (bool, complex, type(None), type(Ellipsis)):
        return value
    if hasattr(kind, "detach"):
        value = value.detach().cpu()
        value = (value.float() if "bfloat16" in str(value.dtype) else value).numpy()
    if hasattr(type(value), "__array__"):
        array = np.asarray(value)
        if array.size > LARGEST:
            return Unreadable(f"{describe(array)}, too large to read")
        return Unreadable(describe(array)) if array.dtype == object else array[()]
    for base, exact in [(str, str.__str__), (int, int.__int__), (float, float.__float__)]:
        if issubclass(kind, base):
            return exact(value)
    return Unreadable(describe(value))


def copied(value):
    """A copy of an array or tensor; anything else as it is."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if hasattr(value, "detach") and hasattr(value, "clone"):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return value


def _require_unchanged(arguments, handed, options, handed_options) -> None:
    pairs = [
        (f"argument {i + 1}", *pair) for i, pair in enumerate(zip(arguments, handed, strict=True))
    ]
    pairs += [(f"argument {name!r}", options[name], handed_options[name]) for name in options]
    for name, before, after in pairs:
        if hasattr(before, "shape") and not np.array_equal(readable(before), readable(after)):
            raise Problem(
                f"your function changes {name} in place: work on a copy, the caller still needs it"
            )


def _crash_message(function: Callable, error: BaseException, arguments, options) -> str:
    shapes = [
        f"an array of shape {tuple(a.shape)}"
        for a in (*arguments, *options.values())
        if hasattr(a, "shape")
    ]
    called = f", called with {' and '.join(shapes)}" if shapes else ""
    text = shortened(safely(str, error, "(its message cannot be read)"), 300)
    text = f": {text}" if text else ""
    line = shortened(safely(lambda one: _line_of(function, one), error, ""))
    where = f" (in the line `{line}`)" if line else ""
    return f"your function stops with {type_name(error)}{text}{where}{called}"


def _line_of(function: Callable, error: BaseException) -> str:
    """The last line of the function's own file that ran, or nothing."""
    file, line = function.__code__.co_filename, ""
    linecache.checkcache(file)
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == file and number:
            line = linecache.getline(file, number, frame.f_globals)
    return line
