"""The context vector."""

import numpy as np

from attention_book.exercises.cases import normal, swapped, weighted
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=5)
exercise.returns("contexts [batch, query, feature]", lambda weights, value: weights @ value)
exercise.agrees(
    "all the weight on one key returns that key's value",
    [(np.eye(5), *normal(41, [(5, 3)])[0])],
    "all the weight lies on one key, so the context is the value of that key",
)
exercise.agrees(
    "otherwise it is the sum of weight times value",
    weighted(42, [(3, 5), (5, 7)], [(2, 3), (3, 5)], [(1, 2), (2, 2)]),
    "the sum over keys of weight times value",
)
exercise.agrees(
    "each entry of a batch has its own values",
    weighted(43, [(2, 3, 5), (2, 5, 7)]),
    "each batch entry has its own values",
)
exercise.agrees(
    "a row of zero weights gives zeros",
    [(np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0]]), np.arange(1.0, 7.0).reshape(3, 2))],
    "a row of zero weights gives a zero context",
)

exercise.mutant(
    "takes the value of the best key alone",
    lambda w, v: np.take_along_axis(v, w.argmax(axis=-1)[..., None], axis=-2),
    "sum over keys",
)
exercise.mutant(
    "averages the values and ignores the weights",
    lambda w, v: np.ones_like(w) @ v / w.shape[-1],
    "contexts are",
)
exercise.mutant("sums over queries", lambda w, v: swapped(w) @ v, crashes=True)
exercise.mutant("np.dot pairs every batch entry with every other", np.dot, "shape")
exercise.mutant(
    "divides the weighted sum by the number of keys again",
    lambda w, v: w @ v / w.shape[-1],
    "contexts are",
)
exercise.mutant(
    "divides by the sum of the weights, 0 for an empty row",
    lambda w, v: w @ v / w.sum(axis=-1, keepdims=True),
    "nan",
)
