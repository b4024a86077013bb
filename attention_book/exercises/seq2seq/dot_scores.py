"""Dot scores."""

import numpy as np

from attention_book.exercises.cases import normal, swapped
from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=5)
exercise.returns(
    "scores [batch, query, key]",
    reference.dot_scores,
    because="the sum over features of query times key",
)
SIZES = [(3, 7), (5, 7)], [(1, 3), (2, 3)], [(2, 2), (2, 2)]
exercise.agrees("[T, D] and [S, D] give [T, S], unscaled", normal(21, *SIZES))
exercise.agrees("[B, T, D] and [B, S, D] give [B, T, S]", normal(22, [(2, 3, 7), (2, 5, 7)]))

exercise.mutant(
    "divides by the square root of D",
    reference.scaled_dot_scores,
    diagnosis="your scores are divided by the square root of D: the dot score has no scale",
)
exercise.mutant("exchanges queries and keys", lambda q, k: k @ swapped(q), "shape")
exercise.mutant(
    ".T reverses all axes, the batch too", lambda q, k: q @ k.T, "ValueError", crashes=True
)


@exercise.mutant("divides by the lengths of the vectors", says="sum over features")
def _(query, key):
    lengths = np.linalg.norm(query, axis=-1)[..., None] * np.linalg.norm(key, axis=-1)[..., None, :]
    return reference.dot_scores(query, key) / lengths
