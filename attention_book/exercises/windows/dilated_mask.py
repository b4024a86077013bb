"""A window with gaps."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


def apart(n):
    return np.subtract.outer(np.arange(n), np.arange(n))


@exercise.returns("masks [query, key]")
def right(n, window, gap):
    steps = apart(n)
    return 1.0 * ((abs(steps) <= window * gap) & (steps % gap == 0))


@exercise.compare
def _(given, case, because):
    truth = isinstance(given, np.ndarray) and given.dtype == bool  # as good as 0 and 1
    exercise._compare_array(given.astype(float) if truth else given, case, because)


exercise.agrees(
    "seven tokens, one to each side, a gap of three",
    [(7, 1, 3)],
    "token 3 sees the tokens 0, 3 and 6; token 1 sees 1 and 4",
)
exercise.agrees("a gap of one is the plain window", [(9, 2, 1), (5, 1, 1)])
exercise.agrees("other sizes", [(13, 2, 2), (17, 3, 4), (11, 1, 5)])
exercise.agrees(
    "a window of zero sees the token alone", [(6, 0, 2)], "the window does not count the token"
)


def widened(n, window, gap):
    return 1.0 * (abs(apart(n)) <= window * gap)


def not_widened(n, window, gap):
    return 1.0 * ((abs(apart(n)) <= window) & (apart(n) % gap == 0))


def fixed_columns(n, window, gap):
    return 1.0 * ((abs(apart(n)) <= window * gap) & (np.arange(n) % gap == 0))


exercise.mutant(
    "a wider window without gaps",
    widened,
    diagnosis="you leave no gaps: only keys whose distance is a multiple of `gap` are seen",
)
exercise.mutant(
    "gaps in a window that is not wider",
    not_widened,
    diagnosis="your reach does not grow as it should: `window` counts keys to each side without "
    "the token itself, and they now stand `gap` apart",
)
exercise.mutant(
    "the same columns for every query",
    fixed_columns,
    diagnosis="you choose keys by their place; it is the distance from the query that has to be a "
    "multiple of `gap`",
)
exercise.mutant("sees the past only", lambda *sizes: np.tril(right(*sizes)), "token 3 sees")
exercise.mutant(
    "counts the token in the window",
    lambda n, window, gap: right(n, max(window - 1, 0), gap),
    "your reach does not grow",
)
