"""Usable length."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


@exercise.returns("usable lengths")
def right(accuracy, lengths, bar):
    cleared = np.cumprod(np.asarray(accuracy) >= bar).sum()
    return lengths[cleared - 1] if cleared else 0


LENGTHS = np.array([4, 6, 8, 10, 12])
FALLING = np.array([1.0, 0.97, 0.93, 0.6, 0.3])
ON_THE_BAR = np.array([1.0, 0.75, 0.5, 0.25, 0.0])
exercise.agrees(
    "the last length before the accuracy falls below the bar",
    [(FALLING, LENGTHS, 0.9), (FALLING, LENGTHS, 0.5)],
    "lengths 4, 6, 8, 10 and 12 get the accuracies 1, 0.97, 0.93, 0.6 and 0.3",
)
exercise.agrees(
    "an accuracy that is equal to the bar clears it",
    [(ON_THE_BAR, LENGTHS, 0.5)],
    "what is right in exactly a half of the cases clears a bar of one half",
)
exercise.agrees(
    "all lengths may clear the bar",
    [(FALLING, LENGTHS, 0.2)],
    "every length clears a bar of 0.2, so the longest one counts",
)
exercise.agrees(
    "no length may clear the bar",
    [(np.array([0.5, 0.4, 0.3, 0.2, 0.1]), LENGTHS, 0.9)],
    "where the shortest length already misses the bar, the usable length is 0",
)
exercise.agrees(
    "a length that clears the bar again does not count",
    [(np.array([1.0, 0.95, 0.7, 0.92, 0.4]), LENGTHS, 0.9)],
    "at length 8 the accuracy is below the bar, so the recovery at length 10 is too late",
)


def below(accuracy, bar):
    return np.flatnonzero(np.asarray(accuracy) < bar)


exercise.mutant(
    "gives the first length that misses the bar",
    lambda a, n, bar: n[below(a, bar)[0]] if len(below(a, bar)) else n[-1],
    "lengths 4, 6, 8",
)
exercise.mutant(
    "takes the longest length that clears the bar, after whatever fall",
    lambda a, n, bar: max([0, *n[np.asarray(a) >= bar]]),
    "too late",
)
exercise.mutant(
    "wants more than the bar",
    lambda a, n, bar: right(np.where(np.equal(a, bar), 0, a), n, bar),
    "exactly a half",
)
exercise.mutant(
    "wraps around to the longest length where none clears the bar",
    lambda a, n, bar: n[below(a, bar)[0] - 1] if len(below(a, bar)) else n[-1],
    "usable length is 0",
)
exercise.mutant(
    "stops with an error where every length clears the bar",
    lambda a, n, bar: 0 if a[0] < bar else n[below(a, bar)[0] - 1],
    "stops with",
    crashes=True,
)
