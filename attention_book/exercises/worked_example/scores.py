"""Scaled scores in matrix form."""

import numpy as np

from attention_book.exercises.cases import normal, swapped
from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=10)
exercise.returns(
    "scores [batch, query, key]",
    reference.scaled_dot_scores,
    because="query . key over the square root of D",
)
EXAMPLE = np.array([[0.5, 0.5]]), np.array([[1.0, 2.0], [3.0, 4.0]])
SIZES = [(3, 7), (5, 7)], [(5, 3), (2, 3)], [(1, 2), (3, 2)]
BATCH, HEADS = [(2, 3, 7), (2, 5, 7)], [(2, 3, 5, 7), (2, 3, 11, 7)]
exercise.agrees("the example's query gives its two scaled scores", [EXAMPLE])
exercise.agrees("[T, D] and [S, D] give [T, S]", normal(31, *SIZES))
exercise.agrees("a batch [B, T, D] and [B, S, D] gives [B, T, S]", normal(32, BATCH))
exercise.agrees("more leading axes (batch and heads) work too", normal(33, HEADS))

UNSCALED = "your scores are not scaled: divide by the square root of D, the width of a key"
UNTURNED = (
    "your keys were not transposed: on a matrix, NumPy's transpose(-2, -1) leaves both axes "
    "where they are"
)


def root(key):
    return np.sqrt(key.shape[-1])


exercise.mutant("forgets the scale", lambda q, k: q @ swapped(k), diagnosis=UNSCALED)
exercise.mutant(
    "divides by D, not by its square root",
    lambda q, k: q @ swapped(k) / k.shape[-1],
    "square root",
)
exercise.mutant(
    "scales by the number of keys",
    lambda q, k: q @ swapped(k) / np.sqrt(k.shape[-2]),
    "square root",
)
exercise.mutant(
    "torch's transpose(-2, -1) in NumPy leaves a matrix as it is",
    lambda q, k: q @ k.transpose(-2, -1) / root(k),
    diagnosis=UNTURNED,
)
exercise.mutant(
    "neither transposes nor scales", lambda q, k: q @ k.transpose(-2, -1), diagnosis=UNTURNED
)
exercise.mutant(
    ".T reverses all the axes, also the batch",
    lambda q, k: q @ k.T / root(k),
    "ValueError",
    crashes=True,
)
exercise.mutant(
    "np.dot pairs every batch entry with every other",
    lambda q, k: np.dot(q, swapped(k)) / root(k),
    "shape",
)
exercise.mutant("queries and keys exchanged", lambda q, k: k @ swapped(q) / root(k), "shape")
