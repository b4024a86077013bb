"""Functions that a reader would hand in only by mistake or in anger, and what they are told."""

import asyncio
import itertools
import math
import sys

import numpy as np

from attention_book.exercises.exercise import Exercise


def raising(error):
    def function(*arguments):
        raise error

    return function


def returning(value):
    return lambda *arguments: value


class Dumb(Exception):  # noqa: N818
    """Cannot be shown."""

    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__


class No(BaseException):
    """What `except Exception` lets through."""


class Evil:
    """Raises whatever is asked of it."""

    def no(self, *arguments):
        raise No

    __array__ = __eq__ = __len__ = __iter__ = __repr__ = __str__ = __float__ = __int__ = no
    __bool__ = __index__ = __getitem__ = __getattr__ = __format__ = no
    __hash__ = None
    __class__ = property(no)
    shape = property(no)


class EvilText(str):
    """A text that cannot be shown."""

    __repr__ = __str__ = __len__ = __getitem__ = __format__ = Evil.no


class EvilList(list):
    """A list that cannot be read."""

    __len__ = __iter__ = __getitem__ = __repr__ = Evil.no


class EvilArray(np.ndarray):
    """An array that cannot be computed with."""

    __array_ufunc__ = __eq__ = __repr__ = __len__ = Evil.no


def nameless():
    """A class without a name; a test module must not hold one, for pytest looks at them all."""

    class Meta(type):
        __name__ = property(Evil.no)
        __repr__ = Evil.no

    return Meta("Nameless", (), {})


def nested():
    around = []
    around += [around, around]
    return around


def recurring(*arguments):
    return recurring(*arguments)


def recurring_deeply(*arguments):
    sys.setrecursionlimit(20_000)
    return recurring(*arguments)


def generating(*arguments):
    yield 1


async def waiting(*arguments):
    return 1


def of_many_objects(*arguments):
    array = np.empty(3, dtype=object)
    array[0] = Evil()
    return array


RAISED = {
    "an exception that cannot be shown": (Dumb(), "Dumb: (its message cannot be read)"),
    "no text": (ValueError(), "ValueError (in the line"),
    "a text of 100,000 characters": (ValueError("x" * 100_000), "xxx ..."),
    "a text that cannot be printed": (ValueError("a\ud800\x1b[31m b"), "ValueError: a [31m b"),
    "of memory": (MemoryError("no room"), "MemoryError: no room"),
    "the end of the process": (SystemExit(3), "SystemExit: 3"),
    "an interrupt of its own": (KeyboardInterrupt(), "KeyboardInterrupt"),
    "the end of a generator": (GeneratorExit(), "GeneratorExit"),
    "the end of an iterator": (StopIteration(), "StopIteration"),
    "a cancelled task": (asyncio.CancelledError(), "CancelledError"),
    "a group": (BaseExceptionGroup("two", [SystemExit(), ValueError()]), "two (2 sub-exceptions)"),
}
RETURNED = {
    "a class": (lambda: np.ndarray, "the class ndarray"),
    "a class without a name": (nameless, "the class of no name"),
    "an object of such a class": (lambda: nameless()(), "a value of type unknown type"),
    "a module": (lambda: math, "a value of type module"),
    "a generator": (lambda: generating(), "a value of type generator"),
    "a coroutine": (lambda: waiting(), "a value of type coroutine"),
    "a function": (lambda: print, "a value of type builtin_function_or_method"),
    "an iterator without end": (itertools.count, "a value of type count"),
    "a set": (lambda: {1, 2}, "a value of type set"),
    "NotImplemented": (lambda: NotImplemented, "a value of type NotImplementedType"),
    "a hostile object": (Evil, "a value of type Evil"),
    "a list of hostile objects": (lambda: [Evil()] * 17, "a list of 17"),
    "a hostile list": (lambda: EvilList(["a"]), "a list of 1"),
    "a list that holds itself": (nested, "a list of 2"),
    "an array of hostile objects": (of_many_objects, "an array of shape (3,)"),
    "a hostile text": (lambda: EvilText("abc"), "the str 'abc'"),
    "a long text": (lambda: "x" * 100_000, "xxx ..."),
    "a number too long to write": (lambda: 10**5000, "the int that is too long to write"),
    "an array of 100 TB": (
        lambda: np.broadcast_to(1.0, (10**7, 10**6)),
        "(10000000, 1000000), too large",
    ),
    "a record": (lambda: np.zeros(3, dtype=[("a", int)]), "an array of shape (3,)"),
    "dates": (lambda: np.zeros(3, dtype="M8[s]"), "an array of shape (3,)"),
}
HOSTILE = {f"raises {what}": (raising(error), words) for what, (error, words) in RAISED.items()}
HOSTILE["recurs without end"] = (recurring, "RecursionError: maximum recursion depth exceeded")
HOSTILE["recurs deeply"] = (recurring_deeply, HOSTILE["recurs without end"][1])
HOSTILE["takes no argument"] = (lambda: 1, "TypeError: ")
HOSTILE |= {
    f"returns {what}": (lambda *arguments, make=make: make(), words)
    for what, (make, words) in RETURNED.items()
}


def verdict(feedback):
    """The message, after looking at the feedback as a notebook does."""
    assert not feedback.passed
    assert len(feedback.message) <= 1000
    assert len(repr(feedback)) < 3000
    (repr(feedback) + feedback._repr_html_()).encode("utf-8")
    assert "the check itself stops" not in feedback.message
    return feedback.message


def right_scores(query, key):
    return query @ np.swapaxes(key, -1, -2)


def quick(seconds=0.3, behaviours=1):
    exercise = Exercise("test.quick", "Quick", difficulty=1, seconds=seconds)
    exercise.returns("numbers", lambda number: number)
    for k in range(behaviours):
        exercise.agrees(f"behaviour {k}", [(2.0,)])
    return exercise


def endless(number):
    while True:
        number += 1
