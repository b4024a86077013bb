"""The least width of a head with these weights."""

from numbers import Integral

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe, safely
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)
rank = np.linalg.matrix_rank


def centred_rank(weights, axis=-1):
    scores = np.log(weights)
    return int(rank(scores - scores.mean(axis=axis, keepdims=True)))


exercise.right = centred_rank


def weights_of(seed, n_queries, n_keys, width, shift=0.0):
    """Weights of scores of this width, to each row of which one number was added."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n_queries, width)) @ rng.normal(size=(width, n_keys))
    return reference.softmax(scores + shift * rng.normal(size=(n_queries, 1)))


def behaviour(statement, cases, why):
    @exercise.behaviour(statement)
    def _(answer):
        for weights in cases:
            given, wanted = answer(weights), centred_rank(weights)
            if isinstance(given, bool) or not isinstance(given, Integral):
                raise Problem(f"your width should be a whole number, but is {describe(given)}")
            if given != wanted:
                count = safely(lambda one: str(int(one)), given, "another number")
                raise Problem(f"you return a width of {count}: {wanted} is right, for {why}")


behaviour(
    "equal weights need no width",
    [np.full((4, 5), 1 / 5), np.full((3, 3), 1 / 3)],
    "equal scores give equal weights, and a row of zeros does it",
)
behaviour(
    "the width of the scores is found",
    [weights_of(21, 7, 11, 3), weights_of(22, 11, 7, 2), weights_of(23, 9, 9, 4)],
    "scores of this width were used, and a number added to a row changes no weight",
)
behaviour(
    "any weights of five keys need at most four",
    [weights_of(24, 8, 5, 8), weights_of(25, 3, 7, 7)],
    "the rows have a mean of zero, which takes one away from the number of keys, and the rank is "
    "never more than the number of queries",
)

exercise.mutant(
    "the rank of the weights", lambda weights: int(rank(weights)), "equal scores give equal weights"
)
exercise.mutant(
    "the rank of the logarithms, means and all",
    lambda weights: int(rank(np.log(weights))),
    "equal scores give equal weights",
)
exercise.mutant(
    "the means of the columns", lambda weights: centred_rank(weights, axis=0), "changes no weight"
)
exercise.mutant(
    "one mean for the whole table",
    lambda weights: centred_rank(weights, axis=None),
    "changes no weight",
)
exercise.mutant(
    "weights without their mean, no logarithm",
    lambda weights: int(rank(weights - weights.mean(axis=-1, keepdims=True))),
    "changes no weight",
)
exercise.mutant("the number of keys less one", lambda weights: weights.shape[-1] - 1, "zeros")
exercise.mutant("a share instead of a width", lambda w: centred_rank(w) / len(w), "whole number")
