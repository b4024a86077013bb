"""One matrix for two projections."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=6)


@exercise.returns(
    "entries [query input, key input]",
    because="x_q W x_k has to be the scaled score of the two inputs",
)
def right(query_weight, key_weight):
    return query_weight @ key_weight.T / np.sqrt(query_weight.shape[-1])


exercise.agrees("widths C and D that differ are right", normal(31, [(5, 3)] * 2, [(2, 7)] * 2))
exercise.agrees("equal widths are right", normal(32, [(3, 3)] * 2))
exercise.agrees("a single number in a key is right", normal(33, [(3, 1)] * 2))

UNSCALED = "your matrix gives scores that are not scaled: divide by the square root of D"
exercise.mutant("forgets the scale", lambda q, k: q @ k.T, diagnosis=UNSCALED)
exercise.mutant(
    "scales by the width of the model", lambda q, k: q @ k.T / np.sqrt(len(q)), "scaled score"
)
exercise.mutant(
    "divides by D, not by its square root", lambda q, k: q @ k.T / q.shape[-1], "scaled score"
)
exercise.mutant(
    "exchanges query and key",
    lambda q, k: right(k, q),
    diagnosis="your matrix is turned over: the input that asks stands on its left",
)
exercise.mutant("a product of numbers, not of matrices", lambda q, k: q * k, says="shape")
