"""From which length on is it faster?"""

from numbers import Integral

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe, safely

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def crossover(lengths, seconds, dense_seconds):
    """The first length from which on it is faster at all that were measured, or 0."""
    slower = np.flatnonzero(np.asarray(seconds) >= np.asarray(dense_seconds))
    first = slower[-1] + 1 if len(slower) else 0
    return int(lengths[first]) if first < len(lengths) else 0


exercise.right = crossover


def behaviour(statement, cases, why):
    @exercise.behaviour(statement)
    def _(answer):
        for case in cases:
            lengths, seconds, dense = (np.array(one) for one in case)
            given, wanted = answer(lengths, seconds, dense), crossover(*case)
            number = isinstance(given, Integral) and not isinstance(given, bool)
            if not number:
                raise Problem(f"your answer should be a whole number, but is {describe(given)}")
            told = safely(lambda one: str(int(one)), given, "another number")
            if given != 0 and not any(given == one for one in case[0]):
                raise Problem(f"you return {told}, which is none of the lengths {case[0]}")
            if given != wanted:
                raise Problem(
                    f"you return {told} for the lengths {case[0]} with {case[1]} seconds against "
                    f"{case[2]}: {wanted} is right, for {why}"
                )


behaviour(
    "one crossing",
    [
        ([64, 128, 192], [0.4, 0.5, 0.7], [0.1, 0.5, 1.0]),
        ([512, 640, 768, 896], [8.0, 10.9, 12.7, 14.9], [6.7, 10.6, 14.6, 20.0]),
    ],
    "equal times are no gain",
)
behaviour(
    "faster from the start",
    [([100, 200], [1.0, 2.0], [2.0, 8.0]), ([7], [1.0], [2.0])],
    "it is faster at every length, the first included",
)
behaviour(
    "0 where it is slower at the end",
    [([100, 200], [3.0, 9.0], [2.0, 8.0]), ([100, 200, 400], [1.0, 9.0, 40.0], [2.0, 8.0, 32.0])],
    "at the longest length it is slower, so nothing says that it ever stays faster",
)
behaviour(
    "a lucky moment does not count",
    [
        ([100, 200, 400, 800], [1.0, 9.0, 18.0, 36.0], [2.0, 8.0, 32.0, 128.0]),
        ([100, 200, 300, 400, 800], [9.0, 3.0, 9.0, 9.0, 9.0], [2.0, 4.0, 8.0, 16.0, 64.0]),
    ],
    "from a crossover on it is faster at every length that was measured",
)


def first_where(faster):
    def wrong(lengths, seconds, dense_seconds):
        found = np.flatnonzero(faster(seconds, dense_seconds))
        return int(lengths[found[0]]) if len(found) else 0

    return wrong


exercise.mutant("the first length that is faster", first_where(np.less), "at the longest length")
exercise.mutant("where it is slower", first_where(np.greater), "equal times are no gain")
exercise.mutant("equal counts as faster", first_where(np.less_equal), "equal times are no gain")


@exercise.mutant("the last length that is slower", says="equal times are no gain")
def _(lengths, seconds, dense_seconds):
    slower = np.flatnonzero(seconds >= dense_seconds)
    return int(lengths[slower[-1]]) if len(slower) else 0


@exercise.mutant("the place instead of the length", says="none of the lengths")
def _(lengths, seconds, dense_seconds):
    return lengths.tolist().index(crossover(lengths, seconds, dense_seconds))


@exercise.mutant("an error where it never is faster", says="out of bounds", crashes=True)
def _(lengths, seconds, dense_seconds):
    slower = np.flatnonzero(seconds >= dense_seconds)
    return int(lengths[slower[-1] + 1 if len(slower) else 0])


@exercise.mutant("the last length where it never is faster", says="at the longest length")
def _(lengths, seconds, dense_seconds):
    found = crossover(lengths, seconds, dense_seconds)
    return found or int(lengths[-1])
