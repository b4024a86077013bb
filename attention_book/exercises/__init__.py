"""Exercises of the book: `check(name, function)` says what a reader's function does wrong.

Each folder is a page, and each file in it an exercise: the `exercise` of `seq2seq/dot_scores.py`
is called "seq2seq.dot_scores".

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

from attention_book.exercises.engine import collect, find_exercise, run_checks
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.feedback import Feedback

__all__ = ["Feedback", "all_exercises", "check"]


@cache
def all_exercises() -> dict[str, Exercise]:
    """Every exercise by name, from the files in the folders beside this one."""
    pages = [page.name for page in pkgutil.iter_modules(__path__, f"{__name__}.") if page.ispkg]
    folders = [(page, importlib.import_module(page).__path__) for page in pages]
    files = [file.name for page, path in folders for file in pkgutil.iter_modules(path, f"{page}.")]
    return collect(importlib.import_module(file).exercise for file in files)


def check(name: str, function: Callable | None = None) -> Feedback:
    """Try `function` as the answer to the exercise `name`.

    A wrong answer never raises: whatever the reader's function raises, returns, prints or
    changes comes back as a sentence, and so does a function that does not return in time.
    It runs in a thread of its own, which is stopped after some seconds (as many as the exercise
    says; 10 for one behaviour, 30 in all). What cannot be stopped: a call into C that does not
    return, and a call that ends the process.

    Returns: Feedback with `passed`, `message`, a stable `repr` and an HTML form.
    Raises: ValueError if no exercise has that name; it lists the names there are, and the
        nearest. TypeError if the name is no text.
    Cost: some calls of `function` on arrays of at most a few hundred numbers.
    Chapter: all of them, section "Exercises".

    >>> check("worked_example.softmax", lambda scores, mask: None).message
    'your function returns None: write the missing part and return the result'
    """
    return run_checks(find_exercise(all_exercises(), name), function)
