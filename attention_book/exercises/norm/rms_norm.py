"""Normalise by the root mean square."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=6)
EPS = 1e-6


def mean_square(x):
    return np.mean(x**2, axis=-1, keepdims=True)


@exercise.returns("vectors [token, number]")
def right(x, gain):
    return gain * x / np.sqrt(mean_square(x) + EPS)


exercise.agrees(
    "one vector by hand",
    [(np.array([[1.0, 7.0]]), np.ones(2))],
    "the squares are 1 and 49, their mean is 25, its root 5",
)
exercise.agrees(
    "each token by itself, with a gain for each number",
    normal(61, [(3, 5), 5], [(2, 7), 7]),
    "a token is divided by the root of the mean of its own squares",
)
exercise.agrees(
    "a mean that is far from zero stays",
    [(x + 4, gain) for x, gain in normal(62, [(3, 5), 5])],
    "nothing is subtracted",
)
exercise.agrees(
    "a token of zeros stays zero",
    [(np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 2.0]]), np.ones(3))],
    "eps = 1e-6 stands inside the root, so nothing is divided by zero",
)
exercise.agrees(
    "very small numbers feel eps",
    [(0.001 * x, gain) for x, gain in normal(63, [(3, 5), 5])],
    "eps = 1e-6 is added to the mean square, before the root",
)


def with_size(size):
    return lambda x, gain: gain * x / size(x)


def layer_normed(x, gain):
    return right(x - x.mean(axis=-1, keepdims=True), gain)


exercise.mutant(
    "subtracts the mean",
    layer_normed,
    diagnosis="you subtract the mean first, as layer norm does: here nothing is subtracted",
)
exercise.mutant(
    "divides by the length of the vector",
    with_size(lambda x: np.sqrt((x**2).sum(axis=-1, keepdims=True) + EPS)),
    diagnosis="you divide by the root of the sum of the squares: take their mean, so that a number "
    "has about size 1 whatever the width is",
)
exercise.mutant(
    "forgets the root",
    with_size(lambda x: mean_square(x) + EPS),
    diagnosis="you divide by the mean square: take its root",
)
exercise.mutant(
    "over the tokens",
    with_size(lambda x: np.sqrt(np.mean(x**2, axis=0, keepdims=True) + EPS)),
    diagnosis="you take the mean over the tokens: each token is normalised by itself, over its "
    "numbers",
)
exercise.mutant(
    "one size for all tokens", with_size(lambda x: np.sqrt(np.mean(x**2) + EPS)), "vectors are"
)
exercise.mutant("forgets the gain", lambda x, gain: right(x, np.ones_like(gain)), "a token is")
exercise.mutant(
    "divides by the standard deviation",
    with_size(lambda x: np.sqrt(x.var(axis=-1, keepdims=True) + EPS)),
    "mean is 25",
)
exercise.mutant("eps outside the root", with_size(lambda x: np.sqrt(mean_square(x)) + EPS), "eps")
exercise.mutant("no eps", with_size(lambda x: np.sqrt(mean_square(x))), "a token is")
