"""Other weights, the same output."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem, expect_close
from attention_book.exercises.words import number
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=3, minutes=20)


def null_space(rows):
    _, sizes, directions = np.linalg.svd(rows)
    return directions[(sizes > 1e-9 * sizes[0]).sum() :]


def slid(weights, value, *, sums=True, beyond=1.0):
    rows = np.vstack([value.T, np.ones((int(sums), len(weights)))])
    space = null_space(rows)
    direction = -space.T @ space[:, weights.argmax()]
    falling = direction < 0
    step = (weights[falling] / -direction[falling]).min()
    return weights + beyond * step * direction


exercise.returns("weights [key]", slid)


def case(seed, n_keys, width, sharpness=1.0):
    scores, value = normal(seed, [n_keys, (n_keys, width)])[0]
    return reference.softmax(sharpness * scores), value


HAND = np.array([0.25, 0.5, 0.25]), np.array([[0.0], [1.0], [2.0]])
CASES = [HAND, case(71, 5, 3), case(72, 7, 2), case(73, 11, 5)]


@exercise.law("the output is the same", CASES)
def _(found, weights, value):
    because = "the weights must mix the values to the output that they had before"
    expect_close(found @ value, weights @ value, what="outputs", axes=("value",), because=because)


@exercise.law("they sum to one", CASES)
def _(found, weights, value):
    if abs(found.sum() - 1) > 1e-6:
        raise Problem(
            f"your weights sum to {number(found.sum())}: beside the output, their sum is an "
            "equation too"
        )


@exercise.law("no weight is negative, even where one was small", [*CASES, case(74, 7, 2, 3.0)])
def _(found, weights, value):
    if found.min() < -1e-9:
        raise Problem(f"your weights go down to {number(found.min())}: the step is too long")


@exercise.law("one weight at least has moved by 0.01", CASES)
def _(found, weights, value):
    if abs(found - weights).max() < 0.01:
        raise Problem("your weights are those that you were given: no weight moved by 0.01")


exercise.mutant("gives the weights back", lambda weights, value: weights, "no weight moved")
exercise.mutant(
    "forgets that weights sum to one", lambda w, v: slid(w, v, sums=False), "an equation too"
)
exercise.mutant("a step that is too long", lambda w, v: slid(w, v, beyond=1.5), "too long")
exercise.mutant(
    "equal weights", lambda weights, value: np.full(len(weights), 1 / len(weights)), "outputs"
)
exercise.mutant(
    "a random direction",
    lambda w, v: w + 0.05 * np.random.default_rng(0).normal(size=len(w)),
    "outputs",
)
