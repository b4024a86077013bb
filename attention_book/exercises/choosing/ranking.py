"""Rank finished outputs with a length penalty."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=7, page="07_1_choosing")


@exercise.returns(
    "places [rank]",
    because="the score is log P divided by ((5 + n) / 6) to the power alpha, the largest first",
)
def right(log_probability, lengths, alpha):
    return ranked(log_probability / ((5 + lengths) / 6) ** alpha)


def ranked(scores):
    return np.argsort(-scores, kind="stable")


def outputs(seed, size, alpha):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 15, size)
    return -lengths * rng.uniform(0.2, 0.5, size) - rng.uniform(0, 1, size), lengths, alpha


HAND = (np.array([-2.4, -2.6, -2.0, -2.35]), np.array([3, 6, 1, 5]))
exercise.agrees(
    "four outputs by hand",
    [(*HAND, 1.0)],
    "the scores are -1.8, -1.42, -2 and -1.41, so the last output comes first",
)
exercise.agrees(
    "no penalty ranks by log P alone",
    [(*HAND, 0.0), outputs(111, 7, 0.0)],
    "any number to the power 0 is 1",
)
exercise.agrees("several strengths", [outputs(112, 13, 0.6), outputs(113, 11, 2.0)])
exercise.agrees(
    "the share of one word is not the rule",
    [(np.array([-1.1, -3.2]), np.array([1, 3]), 1.0)],
    "lp(1) is 1 and lp(3) is 1.33: a length of 3 does not divide by 3",
)

exercise.mutant(
    "multiplies by the penalty",
    lambda total, n, alpha: ranked(total * ((5 + n) / 6) ** alpha),
    diagnosis="you multiply by the penalty: long outputs then lose twice",
)
exercise.mutant(
    "the worst first",
    lambda total, n, alpha: right(total, n, alpha)[::-1],
    diagnosis="your ranking begins with the smallest score",
)
exercise.mutant(
    "ranks by log P alone",
    lambda total, n, alpha: ranked(total),
    diagnosis="your ranking does not depend on the lengths",
)
exercise.mutant(
    "divides by the length itself",
    lambda total, n, alpha: ranked(total / n**alpha),
    "places are",
)
exercise.mutant(
    "forgets the strength",
    lambda total, n, alpha: ranked(total / ((5 + n) / 6)),
    "places are",
)
exercise.mutant(
    "returns the scores", lambda total, n, alpha: total / ((5 + n) / 6) ** alpha, "places are"
)
