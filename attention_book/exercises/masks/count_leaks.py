"""Count the leaks of a layer."""

from numbers import Integral

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe, safely
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=12)
N = 7
X = np.random.default_rng(71).normal(size=(N, 3))


def masked(mask):
    return lambda x: reference.attention(x, x, x, mask=mask)


def unscaled_sum(x):
    """Output i is input i and half of input i + 1, in the second number alone."""
    outputs = x.copy()
    outputs[:-1, 1] += x[1:, 1] / 2
    return outputs


def opposite(x):
    """Input i + 1 moves two numbers of output i against one another."""
    outputs = x.copy()
    outputs[:-1, 0] += x[1:, 0]
    outputs[:-1, 1] -= x[1:, 1]
    return outputs


def noisy(x):
    """Causal, with what rounding might add."""
    return masked(np.tri(N) > 0)(x) + 1e-12 * x.sum()


LAYERS = [
    ("is causal", masked(np.tri(N) > 0), 0),
    ("is causal up to rounding", noisy, 0),
    ("sees every input", masked(np.ones((N, N), bool)), N * (N - 1) // 2),
    ("sees one input too many", masked(np.tri(N, k=1) > 0), N - 1),
    ("sees half of the next input", unscaled_sum, N - 1),
    ("is moved in two numbers against one another", opposite, N - 1),
    ("sees its own input alone", np.tanh, 0),
]


def behaviour(words, layer, expected):
    @exercise.behaviour(f"a layer that {words} has {expected} leaks")
    def _(answer):
        given = answer(layer, X)
        if isinstance(given, bool) or not isinstance(given, Integral):
            raise Problem(f"your count should be a whole number, but is {describe(given)}")
        if given != expected:
            count = safely(lambda one: str(int(one)), given, "far too many")
            raise Problem(f"you count {count} leaks in a layer that {words}: {expected} is right")


for one in LAYERS:
    behaviour(*one)


def counter(part=slice, fresh=True, measure=None, tolerance=1e-6, inputs=range(N)):
    measure = measure or (lambda difference: np.abs(difference).max(axis=-1))

    def count_leaks(layer, x):
        before, changed, leaks = layer(x), x.copy(), 0
        for j in inputs:
            changed = x.copy() if fresh else changed
            changed[j] += 1.0
            leaks += int((measure(layer(changed) - before) > tolerance)[part(j)].sum())
        return leaks

    return count_leaks


exercise.right = counter()
exercise.mutant("counts the diagonal too", counter(part=lambda j: slice(j + 1)), "you count")
exercise.mutant("counts what is allowed", counter(part=lambda j: slice(j, None)), "you count")
exercise.mutant("changes the last input alone", counter(inputs=[N - 1]), "every input")
exercise.mutant("does not restore what it changed", counter(fresh=False), "you count")
exercise.mutant(
    "adds the numbers of an output",
    counter(measure=lambda difference: np.abs(difference.sum(axis=-1))),
    "against one another",
)
exercise.mutant(
    "looks at the first number of an output",
    counter(measure=lambda difference: np.abs(difference[:, 0])),
    "half of the next",
)
exercise.mutant("no tolerance for rounding", counter(tolerance=0), "rounding")
exercise.mutant("returns the share", lambda f, x: counter()(f, x) / N**2, "whole number")
