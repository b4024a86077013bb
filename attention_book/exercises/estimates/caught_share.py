"""The share of each token's exact weight that its buckets catch."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def met(buckets):
    """[N, N]: do two tokens share a bucket in at least one of the rounds [rounds, N]?"""
    return (buckets[:, :, None] == buckets[:, None, :]).any(axis=0)


@exercise.returns("shares [token]")
def right(weights, buckets):
    return (weights * met(buckets)).sum(axis=-1)


def weights_without_itself(seed, n):
    weights = np.random.default_rng(seed).random((n, n)) * (1 - np.eye(n))
    return weights / weights.sum(axis=-1, keepdims=True)


def drawn(seed, n, rounds, n_buckets):
    buckets = np.random.default_rng(seed + 1).integers(n_buckets, size=(rounds, n))
    return weights_without_itself(seed, n), buckets


HAND = (
    np.array([[0.0, 0.7, 0.2, 0.1], [0.5, 0, 0.3, 0.2], [0.4, 0.5, 0, 0.1], [0.1, 0.1, 0.8, 0]]),
    np.array([[0, 0, 1, 2]]),
)
exercise.agrees(
    "one round by hand",
    [HAND],
    "the first two tokens share a bucket and give each other 0.7 and 0.5; the others are alone",
)
exercise.agrees("one round, drawn", [drawn(31, 7, 1, 3), drawn(33, 5, 1, 2)])
exercise.agrees(
    "several rounds",
    [drawn(35, 7, 3, 3), drawn(37, 5, 2, 2), drawn(39, 11, 4, 5)],
    "a pair that shares a bucket in any round is caught, once",
)


def every_round(weights, buckets):
    return (weights * (buckets[:, :, None] == buckets[:, None, :]).all(axis=0)).sum(axis=-1)


def counts_rounds(weights, buckets):
    return (weights * (buckets[:, :, None] == buckets[:, None, :]).sum(axis=0)).sum(axis=-1)


exercise.mutant(
    "a pair has to meet in every round",
    every_round,
    diagnosis="you count a pair that shares its bucket in every round: one round is enough",
)
exercise.mutant(
    "a pair counts once for each round",
    counts_rounds,
    diagnosis="a pair that several rounds find is added several times: it counts once",
)
exercise.mutant(
    "the first round alone",
    lambda weights, buckets: right(weights, buckets[:1]),
    diagnosis="you look at the first round alone",
)
exercise.mutant(
    "over the queries instead of the keys",
    lambda weights, buckets: (weights * met(buckets)).sum(axis=0),
    diagnosis="you add over the queries: a row of the weights is a query, so add along it",
)
exercise.mutant(
    "the share of keys, not of weight",
    lambda weights, buckets: (met(buckets) & ~np.eye(len(weights), dtype=bool)).mean(axis=-1),
    "shares are",
)
exercise.mutant("one number for all", lambda w, b: right(w, b).mean(), "shape")
