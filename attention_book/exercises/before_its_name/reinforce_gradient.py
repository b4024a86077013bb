"""REINFORCE for one draw."""

import numpy as np

from attention_book.exercises.cases import weighted
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import expect_array, expect_close

exercise = Exercise(__name__, __doc__, difficulty=3, minutes=15)


def one_hot(weights, index):
    return np.eye(len(weights))[index]


@exercise.returns("gradients [score]")
def right(weights, index, reward, baseline):
    return (reward - baseline) * (one_hot(weights, index) - weights)


exercise.agrees(
    "one draw follows the slope of the log-probability of its item",
    [(np.array([0.2, 0.5, 0.3]), 1, 3.0, 1.0)],
    "raising a score raises the log-probability of its own item and lowers all others; a "
    "reward of 2 above the baseline follows that slope",
)


def mean_over_draws(answer, weights, rewards, baseline):
    words = {"what": exercise.what, "axes": exercise.axes}
    answers = [answer(weights, *draw, baseline) for draw in enumerate(rewards)]
    rows = [expect_array(row, weights.shape, **words) for row in answers]
    return weights.astype(rows[0].dtype) @ np.stack(rows)


@exercise.behaviour("on average it is the gradient of the expected reward")
def _(answer):
    ((weights, rewards),) = weighted(71, [5, 5])
    expect_close(
        mean_over_draws(answer, weights, rewards, 0.0),
        weights * (rewards - weights @ rewards),
        what="mean gradients",
        axes=exercise.axes,
        because="averaged over all draws it must be the gradient of the expected reward, weight "
        "times (reward - mean reward)",
    )


@exercise.behaviour("a baseline does not change the average")
def _(answer):
    (case,) = weighted(72, [7, 7])
    expect_close(
        mean_over_draws(answer, *case, 4.0),
        mean_over_draws(answer, *case, 0.0),
        what="mean gradients with a baseline of 4",
        axes=exercise.axes,
        because="a baseline must leave the mean over all draws as it is",
    )


exercise.mutant(
    "forgets that the other scores lose", lambda w, i, r, b: (r - b) * one_hot(w, i), "slope"
)
exercise.mutant("ignores the baseline", lambda w, i, r, b: right(w, i, r, 0.0), "baseline")
exercise.mutant("goes downhill", lambda *case: -right(*case), "slope")
exercise.mutant(
    "is the gradient for the weights, not for the scores",
    lambda w, i, r, b: (r - b) * one_hot(w, i) / w[i],
    "slope",
)
exercise.mutant(
    "counts the chance of the draw twice", lambda w, i, r, b: w[i] * right(w, i, r, b), "slope"
)
