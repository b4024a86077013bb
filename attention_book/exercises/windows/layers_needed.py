"""How many layers until every token has heard of every token?"""

from numbers import Integral

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=12)


def right(mask):
    once = mask | np.eye(len(mask), dtype=bool)
    heard = once
    for layers in range(1, len(mask) + 1):
        if heard.all():
            return layers
        heard = (once.astype(int) @ heard.astype(int)) > 0
    return -1


exercise.returns("layers")(right)


def window(n, width):
    return abs(np.subtract.outer(np.arange(n), np.arange(n))) <= width


def with_global(n, width):
    mask = window(n, width)
    mask[0], mask[:, 0] = True, True
    return mask


def ring(n):
    """Each token sees only the one after it, round and round, and not itself."""
    return np.roll(np.eye(n, dtype=bool), 1, axis=1)


def islands(n):
    place = np.arange(n) // (n // 2)
    return place[:, None] == place


CASES = [
    ("a window of 1 on 6 tokens", window(6, 1), 5),
    ("a window of 2 on 8 tokens", window(8, 2), 4),
    ("a window of 1 and one global token", with_global(9, 1), 2),
    ("a dense mask", np.ones((4, 4), dtype=bool), 1),
    ("a mask without the token itself, for the residual keeps it", ring(5), 4),
    ("a causal mask, in which the first token never hears of the last", np.tri(5) > 0, -1),
    ("two groups that do not see each other", islands(8), -1),
]


def behaviour(words, mask, expected):
    @exercise.behaviour(f"{words}: {expected}")
    def _(answer):
        given = answer(mask.copy())
        if isinstance(given, bool) or not isinstance(given, Integral):
            raise Problem(f"your answer should be a whole number, but is {describe(given)}")
        if expected < 0 and given != expected:
            raise Problem(
                f"you return {describe(given)} for {words}; no number of layers is enough"
            )
        if given != expected:
            raise Problem(f"you return {describe(given)} for {words}, but {expected} is right")


for words, mask, expected in CASES:
    behaviour(words, mask, expected)


def counted_from_zero(mask):
    found = right(mask)
    return found if found < 0 else found - 1


def without_residual(mask):
    heard = mask
    for layers in range(1, len(mask) + 1):
        if heard.all():
            return layers
        heard = (mask.astype(int) @ heard.astype(int)) > 0
    return -1


def doubled(mask):
    heard = mask | np.eye(len(mask), dtype=bool)
    for layers in range(1, len(mask) + 1):
        if heard.all():
            return layers
        heard = (heard.astype(int) @ heard.astype(int)) > 0
    return -1


def last_query_only(mask):
    once = mask | np.eye(len(mask), dtype=bool)
    heard = once
    for layers in range(1, len(mask) + 1):
        if heard[-1].all():
            return layers
        heard = (once.astype(int) @ heard.astype(int)) > 0
    return -1


def never_says_none(mask):
    found = right(mask)
    return len(mask) if found < 0 else found


exercise.mutant("one layer too few", counted_from_zero, "is right")
exercise.mutant("forgets the residual", without_residual, "the residual keeps it")
exercise.mutant("multiplies what was heard with itself", doubled, "is right")
exercise.mutant("asks the last query alone", last_query_only, "no number of layers")
exercise.mutant("gives up with a number", never_says_none, "no number of layers")
