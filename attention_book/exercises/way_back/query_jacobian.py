"""How the context moves with the query."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=3, minutes=20)


def variant(centre=True, scaled=True, weighted=True):
    def jacobian(query, key, value):
        weights = reference.softmax(reference.scaled_dot_scores(query[None], key))[0]
        use = weights if weighted else np.full(len(key), 1 / len(key))
        mean = use @ value if centre else 0.0
        scale = key.shape[-1] ** -0.5 if scaled else 1.0
        return scale * (value - mean).T @ (use[:, None] * key)

    return jacobian


right = exercise.returns("derivatives [output, query entry]", variant())
STATES = np.array([[1.0, 2.0], [3.0, 4.0]])
exercise.agrees(
    "the example's 2 x 2 matrix is right",
    [(np.array([0.5, 0.5]), STATES, STATES)],
    "scale times the covariance under the weights",
)
exercise.agrees(
    "sizes S, D and E that differ are right",
    normal(81, [3, (5, 3), (5, 2)], [2, (3, 2), (3, 7)], [5, (7, 5), (7, 5)]),
    "the rows belong to the values, the columns to the keys; the means are weighted",
)
exercise.agrees(
    "a single key gives zeros",
    normal(82, [3, (1, 3), (1, 2)]),
    "with a single key the weight is 1 whatever the query",
)

exercise.mutant("does not subtract the mean", variant(centre=False), "covariance")
exercise.mutant("forgets the scale", variant(scaled=False), "scale")
exercise.mutant("a covariance with equal weights", variant(weighted=False), "covariance")
exercise.mutant("rows and columns exchanged", lambda *case: right(*case).T, "shape")
