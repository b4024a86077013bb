"""Kernel regression."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


@exercise.returns("estimates [query]")
def right(query, key, value, bandwidth):
    columns = query[:, None], key[:, None], value[:, None]
    return reference.kernel_regression(*columns, bandwidth=bandwidth)[:, 0]


POINTS = np.array([0.0, 1.0]), np.array([2.0, 6.0])
exercise.agrees(
    "two points: the estimate is their weighted mean",
    [(np.array([0.5, 0.0]), *POINTS, 1.0)],
    "half way between two points the estimate is the mean of their values, and on a "
    "point it leans to that point",
)


@exercise.behaviour("the bandwidth divides the distance")
def _(answer):
    cases = normal(61, *[[3, 5, 5]] * 3)
    for arrays, bandwidth in zip(cases, (0.3, 1.0, 2.5), strict=True):
        because = (
            f"weights are the softmax of -(distance)^2 / (2 bandwidth^2), here with a "
            f"bandwidth of {bandwidth}"
        )
        exercise.judge(answer(*arrays, bandwidth), (*arrays, bandwidth), because)


exercise.agrees(
    "far away from the data the estimate stays finite",
    [(np.array([100.0]), *POINTS, 1.0)],
    "far from all data every exp underflows to 0: take the softmax of the exponents "
    "instead of dividing two zeros",
)


def powers(query, key, bandwidth, sign=-1):
    return np.exp(sign * (query[:, None] - key) ** 2 / (2 * bandwidth**2))


def shares(weights):
    return weights / weights.sum(-1, keepdims=True)


exercise.mutant(
    "does not divide by the sum of the weights", lambda q, k, v, b: powers(q, k, b) @ v, "mean"
)
exercise.mutant("ignores the bandwidth", lambda q, k, v, b: right(q, k, v, 1.0), "bandwidth")
exercise.mutant(
    "divides by the bandwidth, not its square",
    lambda q, k, v, b: right(q, k, v, np.sqrt(b)),
    "bandwidth",
)
exercise.mutant(
    "gives far points the larger weight", lambda q, k, v, b: shares(powers(q, k, b, 1)) @ v, "leans"
)
exercise.mutant(
    "divides zero by zero far from the data", lambda q, k, v, b: shares(powers(q, k, b)) @ v, "nan"
)
