"""The whole backward pass."""

import numpy as np

from attention_book.exercises.cases import normal, swapped
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import expect_close, expect_tuple
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=3, minutes=25)
GRADIENTS = ("grad_query", "grad_key", "grad_value")
BECAUSE = {
    "grad_value": "weights transposed times grad_output",
    "grad_query": "scale times grad_scores times key",
    "grad_key": "scale times grad_scores transposed times query",
}


@exercise.compare
def _(given, case, because):
    given = dict(zip(GRADIENTS, expect_tuple(given, GRADIENTS), strict=True))
    expected = dict(zip(GRADIENTS, reference.attention_backward(*case), strict=True))
    for name, why in BECAUSE.items():
        axes = ("batch", "query" if name == "grad_query" else "key", "feature")
        what = f"entries of {name}"
        expect_close(given[name], expected[name], what=what, axes=axes, because=why)


STATES = np.array([[1.0, 2.0], [3.0, 4.0]])
EXAMPLE = np.array([[0.5, 0.5]]), STATES, STATES, np.ones((1, 2))
SIZES = (
    [(3, 7), (5, 7), (5, 2), (3, 2)],
    [(2, 5), (3, 5), (3, 7), (2, 7)],
    [(5, 2), (1, 2), (1, 3), (5, 3)],
)
exercise.agrees("the three gradients of the example are right", [EXAMPLE])
exercise.agrees("sizes T, S, D and E that all differ are right", normal(71, *SIZES))
exercise.agrees("a batch is right", normal(72, [(2, 3, 7), (2, 5, 7), (2, 5, 3), (2, 3, 3)]))


def through_softmax(weights, grad_weights):
    return weights * (grad_weights - (weights * grad_weights).sum(axis=-1, keepdims=True))


def variant(
    power=-0.5, jacobian=through_softmax, turn=swapped, pick=lambda weights, scores: weights
):
    def backward(query, key, value, grad_output):
        scores = reference.scaled_dot_scores(query, key)
        weights = reference.softmax(scores)
        grad_scores = jacobian(weights, grad_output @ swapped(value)) * key.shape[-1] ** power
        grad_value = turn(pick(weights, scores)) @ grad_output
        return grad_scores @ key, turn(grad_scores) @ query, grad_value

    return backward


exercise.mutant("no scale on the way back", variant(power=0.0), "scale times")
exercise.mutant("the scale twice", variant(power=-1.0), "scale times")
exercise.mutant("only half of the softmax Jacobian", variant(jacobian=np.multiply), "grad_query")
exercise.mutant(
    "treats the weights as constants", variant(jacobian=lambda w, g: 0 * g), "grad_query"
)
exercise.mutant("the gradients in the wrong order", lambda *a: variant()(*a)[::-1], "grad_value")
exercise.mutant("scores where the weights belong", variant(pick=lambda w, s: s), "grad_value")
exercise.mutant(".T reverses the batch axis too", variant(turn=np.transpose), crashes=True)
