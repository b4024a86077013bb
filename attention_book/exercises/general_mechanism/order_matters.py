"""Does the order matter?"""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=12)
X = np.random.default_rng(61).normal(size=(7, 3))


def attention(x):
    return reference.attention(x, x, x)


def causal(x):
    return reference.attention(x, x, x, causal=True)


def placed(x):
    return attention(x + np.arange(len(x))[:, None])


def everywhere_the_mean(x):
    return np.broadcast_to(attention(x).mean(axis=0), x.shape)


def backwards(x):
    return x[::-1].copy()


def left_neighbour(x):
    return np.roll(x, 1, axis=0)


def last_alone(x):
    return np.concatenate([x[:-1], 2 * x[-1:]])


def expect_answer(answer, layer, expected, words):
    given = answer(layer, X)
    if not isinstance(given, bool | np.bool_):
        raise Problem(f"your probe should return True or False, but returns {describe(given)}")
    if given != expected:
        raise Problem(f"your probe says {given} of a layer that {words}: {expected} is right")


def behaviour(statement, cases, expected):
    @exercise.behaviour(statement)
    def _(answer):
        for layer, words in cases:
            expect_answer(answer, layer, expected, words)


behaviour(
    "an equivariant layer passes",
    [
        (attention, "is self-attention without places"),
        (np.tanh, "looks at each row by itself"),
        (everywhere_the_mean, "gives every row the mean of all"),
    ],
    False,
)
behaviour(
    "a layer that knows the order is caught",
    [
        (causal, "sees no later row"),
        (placed, "adds the place to each row"),
        (backwards, "writes its rows backwards"),
        (left_neighbour, "gives each row its left neighbour on a circle"),
        (last_alone, "doubles the last row"),
    ],
    True,
)


def probe(orders, move=True, measure=lambda y: y):
    def order_matters(layer, x):
        outputs = layer(x)
        for order in orders(len(x)):
            expected = outputs[order] if move else outputs
            if not np.allclose(measure(layer(x[order])), measure(expected)):
                return True
        return False

    return order_matters


def several(n):
    return [np.random.default_rng(seed).permutation(n) for seed in range(20)]


exercise.right = probe(several)
exercise.mutant(
    "asks for invariance", probe(several, move=False), says="is self-attention without places"
)
exercise.mutant("tries the reversal alone", probe(lambda n: [np.arange(n)[::-1]]), "backwards")
exercise.mutant("turns the circle alone", probe(lambda n: [np.roll(np.arange(n), 1)]), "circle")
exercise.mutant("swaps the first two rows alone", probe(lambda n: [[1, 0, *range(2, n)]]), "last")
exercise.mutant(
    "compares the mean of the outputs",
    probe(several, measure=lambda y: y.mean(axis=0)),
    "backwards",
)
exercise.mutant("tries the order as it is", probe(lambda n: [np.arange(n)]), "no later row")
exercise.mutant(
    "returns the difference",
    lambda layer, x: np.abs(layer(x[::-1]) - layer(x)[::-1]).max(),
    "True or False",
)
exercise.mutant("True and False exchanged", lambda f, x: not probe(several)(f, x), "says True")
