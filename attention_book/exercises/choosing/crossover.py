"""From which length on is the straight law the faster one?"""

import math
from numbers import Integral

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe, safely

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=9, page="08_5_choosing")


def first(faster):
    """The smallest whole length at which `faster(n, per_pair, overhead, per_token)`."""

    def crossover(per_pair, overhead, per_token):
        n = 1
        while not faster(n, per_pair, overhead, per_token):
            n += 1
        return n

    return crossover


def strictly(n, per_pair, overhead, per_token):
    return overhead + per_token * n < per_pair * n**2


exercise.right = first(strictly)
MISTAKES = {
    "the answer to a law without its overhead": lambda p, o, t: exercise.right(p, 0, t),
    "the answer to a law without its per_token": lambda p, o, t: exercise.right(p, o, 0),
}


def known(given, case):
    """What the answer is right for, where that is known."""
    return next((f"that is {what}, and " for what, f in MISTAKES.items() if f(*case) == given), "")


def behaviour(statement, cases, why):
    @exercise.behaviour(statement)
    def _(answer):
        for case in cases:
            given, wanted = answer(*case), exercise.right(*case)
            where = "for per_pair {}, overhead {} and per_token {}".format(*case)
            if isinstance(given, bool) or not isinstance(given, Integral):
                raise Problem(f"your answer {where} should be a whole number: {describe(given)}")
            if given != wanted:
                length = safely(lambda one: str(int(one)), given, "another length")
                wrong = known(given, case)
                raise Problem(f"you return {length} {where}: {wrong}{wanted} is right, for {why}")


behaviour(
    "two laws by hand",
    [(1, 30, 3), (2, 7, 1)],
    "that is the first length at which overhead + per_token * n is less than per_pair * n ** 2",
)
behaviour(
    "an overhead moves the crossover",
    [(1, 100, 3), (0.5, 40, 2), (0.0254, 164, 2.64)],
    "the fixed part of a call has to be earned back as well",
)
behaviour(
    "without an overhead it is a ratio",
    [(1, 0, 7.5), (3, 0, 40)],
    "then n has to exceed per_token / per_pair",
)
behaviour(
    "as long is not faster",
    [(1, 0, 7), (1, 6, 5), (2, 8, 0)],
    "at the crossing itself both take as long",
)
behaviour("one token can be enough", [(5, 1, 1), (9, 0, 2)], "the straight law is faster at once")


def root(per_pair, overhead, per_token):
    """Where both laws give the same time."""
    inside = per_token**2 + 4 * per_pair * overhead
    return (per_token + math.sqrt(inside)) / (2 * per_pair)


exercise.mutant(
    "forgets the overhead",
    lambda pair, overhead, token: exercise.right(pair, 0, token),
    "the answer to a law without its overhead",
)
exercise.mutant(
    "forgets what each token costs",
    lambda pair, overhead, token: exercise.right(pair, overhead, 0),
    "the answer to a law without its per_token",
)
exercise.mutant("gives the root itself", root, "should be a whole number")
exercise.mutant(
    "rounds the root up, and stops where both are equal",
    lambda *law: max(1, math.ceil(root(*law))),
    "is right, for at the crossing itself both take as long",
)
exercise.mutant("rounds the root down", lambda *law: max(1, math.floor(root(*law))), "is right")
exercise.mutant(
    "halves nothing in the formula of the root",
    lambda pair, overhead, token: 1 + math.floor(2 * root(pair, overhead, token)),
    "is right",
)
exercise.mutant(
    "compares with n, not with its square",
    lambda pair, overhead, token: exercise.right(pair**0.5, overhead, token),
    "is right",
)
