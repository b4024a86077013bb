"""Exercises of the book: `check(name, function)` says what a reader's function does wrong.

Each module beside `engine` holds the exercises of one chapter in a sequence `EXERCISES`.

>>> from attention_book.exercises import check
>>> feedback = check("worked_example.context", lambda weights, value: weights)
>>> feedback.passed
False
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from attention_book.exercises.engine import Exercise, Feedback, collect, find_exercise, run_checks

__all__ = ["Feedback", "all_exercises", "check"]


@cache
def all_exercises() -> dict[str, Exercise]:
    """Every exercise by name, in the order of the chapters' module names."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(__path__) if module.name != "engine"
    )
    return collect(*(importlib.import_module(f"{__name__}.{name}").EXERCISES for name in names))


def check(name: str, function: Callable) -> Feedback:
    """Try `function` as the answer to the exercise `name`.

    A wrong answer never raises: an exception in the reader's code, a missing return, a
    wrong shape or value, or an input changed in place all come back as a sentence.

    Returns: Feedback with `passed`, `message`, a stable `repr` and an HTML form.
    Raises: ValueError if no exercise has that name; it lists the names there are.
    Cost: some calls of `function` on arrays of at most a few hundred numbers.
    Chapter: all of them, section "Exercises".

    >>> check("worked_example.softmax", lambda scores, mask: None).message
    'your function returns None: write the missing part and return the result'
    """
    return run_checks(find_exercise(all_exercises(), name), function)
