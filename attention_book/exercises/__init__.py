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
from dataclasses import replace
from functools import cache

from attention_book.exercises.engine import collect, find_exercise, run_checks
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.feedback import Feedback
from attention_book.exercises.progress_note import note
from attention_book.exercises.progress_table import Progress, kept_progress

__all__ = ["Feedback", "Progress", "all_exercises", "check", "progress"]


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

    The outcome is kept: `progress()` shows what passes so far, and says where that is written.

    Returns: Feedback with `passed`, `message`, a stable `repr` and an HTML form.
    Raises: ValueError if no exercise has that name; it lists the names there are, and the
        nearest. TypeError if the name is no text.
    Cost: some calls of `function` on arrays of at most a few hundred numbers.
    Chapter: all of them, section "Exercises".

    >>> check("worked_example.softmax", lambda scores, mask: None).message
    'your function returns None: write the missing part and return the result'
    """
    exercises = all_exercises()
    feedback = run_checks(find_exercise(exercises, name), function)
    return replace(feedback, progress=note(name, feedback.passed, exercises))


def progress(file=None) -> Progress:
    """The reader's progress: what passes so far, after how many tries, and since when.

    It is kept in one small file, for all notebooks: `attention-book-progress.json` in the user's
    folder for data of programs, or what the environment variable `ATTENTION_BOOK_PROGRESS` names;
    "off" keeps nothing. A cell that still is as the book printed it does not count.

    Args:
        file: another file of progress, such as a student's.

    Returns: Progress, which shows itself as a table; `.rows` has one row an exercise, and
        `.to_csv("progress.csv")` writes them.
    Raises: ValueError if there is no such file; ProgressError or OSError if it cannot be read.

    >>> progress().where
    'Not kept: ATTENTION_BOOK_PROGRESS is off, or CI is set.'
    """
    return kept_progress(all_exercises(), file)
