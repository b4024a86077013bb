"""How sure is the difference of two models on the same test?"""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


@exercise.returns("numbers [difference, standard error]")
def right(whole, without):
    apart = without.astype(float) - whole
    return np.array([apart.mean(), apart.std(ddof=1) / np.sqrt(len(apart))])


def marks(seed, n, flips):
    rng = np.random.default_rng(seed)
    whole = (rng.random(n) < 0.8).astype(int)
    changed = rng.random(n) < flips
    return whole, np.where(changed, 1 - whole, whole)


HAND = np.array([1, 1, 0, 1]), np.array([1, 0, 0, 0])
exercise.agrees(
    "four sentences by hand",
    [HAND],
    "the four differences are 0, −1, 0, −1: their mean is −0.5, their deviation 0.577, and the "
    "error is that divided by 2",
)
exercise.agrees(
    "many sentences",
    [marks(63, 101, 0.1), marks(64, 47, 0.3)],
    "the deviation of the differences (ddof=1), divided by the root of their number",
)
exercise.agrees(
    "two models that agree everywhere",
    [(np.array([1, 0, 1]), np.array([1, 0, 1]))],
    "where no sentence differs the error is zero",
)


def unpaired(whole, without):
    variances = [one.var(ddof=1) / len(one) for one in (whole, without)]
    return np.array([without.mean() - whole.mean(), np.sqrt(sum(variances))])


exercise.mutant(
    "as if the tests were two",
    unpaired,
    diagnosis="you add the variances of the two models: that is for two separate tests; here both "
    "answered the same sentences, so take the difference sentence by sentence first",
)
exercise.mutant(
    "whole minus without",
    lambda whole, without: right(without, whole),
    diagnosis="your difference has the wrong sign: a part that was needed makes it negative",
)
exercise.mutant(
    "the deviation itself",
    lambda a, b: right(a, b) * [1, np.sqrt(len(a))],
    diagnosis="you return the deviation of one sentence: the error of a mean is that divided by "
    "the root of their number",
)
exercise.mutant("divided by n", lambda a, b: right(a, b) / [1, np.sqrt(len(a))], "divided by 2")
exercise.mutant(
    "the deviation with n in place of n - 1",
    lambda a, b: right(a, b) * [1, np.sqrt(1 - 1 / len(a))],
    "deviation 0.577",
)
exercise.mutant("the difference alone", lambda a, b: right(a, b)[0], "shape")
