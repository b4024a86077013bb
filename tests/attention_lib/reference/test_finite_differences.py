"""The backward passes written by hand against central differences, in NumPy alone.

A central difference with step h errs by about h^2 in the formula and 1e-16 / h in rounding; with
h = 1e-5 both stay below 1e-8 for numbers of size one.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference

STEP = 1e-5


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def central_difference(function, x):
    """The gradient of function(x), a number, one entry of x after the other."""
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        values = []
        for step in (STEP, -STEP):
            moved = x.copy()
            moved[place] += step
            values.append(function(moved))
        gradient[place] = (values[0] - values[1]) / (2 * STEP)
    return gradient


MASK = np.array([[True, False, True, True, True], [False] * 5, [True, True, True, False, True]])
BIAS = normal(3, 5, seed=9)
BIAS[0, 2] = -np.inf
OPTIONS = [
    {},
    {"scale": 0.3},
    {"scale": -1.0},
    {"causal": True},
    {"mask": MASK},
    {"mask": MASK, "causal": True, "scale": 2.0},
    {"bias": BIAS},
    {"temperature": 0.5},
    {"bias": BIAS, "mask": MASK, "temperature": 3.0},
]
SHAPES = [
    ((3, 2), (5, 2), (5, 7)),
    ((2, 3, 2), (2, 5, 2), (2, 5, 7)),
    ((2, 3, 2), (5, 2), (1, 5, 7)),  # one memory for the whole batch
    ((3, 2), (2, 5, 2), (2, 5, 7)),  # one query for the whole batch
]


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("options", OPTIONS)
def test_attention_backward(options, shapes):
    arrays = [normal(*shape, seed=seed) for seed, shape in enumerate(shapes)]
    grad_output = normal(*reference.attention(*arrays).shape, seed=5)
    gradients = reference.attention_backward(*arrays, grad_output, **options)
    for place, (gradient, array) in enumerate(zip(gradients, arrays, strict=True)):

        def loss(moved, place=place):
            given = [*arrays[:place], moved, *arrays[place + 1 :]]
            return np.sum(reference.attention(*given, **options) * grad_output)

        assert gradient.shape == array.shape
        assert_allclose(gradient, central_difference(loss, array), rtol=1e-7, atol=1e-8)


def test_a_query_with_nothing_to_attend_to_passes_no_gradient():
    arrays = [normal(3, 2), normal(5, 2, seed=1), normal(5, 7, seed=2)]
    grad_output = normal(3, 7, seed=3)
    grad_query, _, _ = reference.attention_backward(*arrays, grad_output, mask=MASK)
    assert_array_equal(grad_query[1], np.zeros(2))
    nothing = reference.attention_backward(*arrays, grad_output, mask=np.zeros(5, dtype=bool))
    for gradient, array in zip(nothing, arrays, strict=True):
        assert_array_equal(gradient, np.zeros_like(array))


@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 3, 2)])
def test_softmax_jacobian(shape):
    scores = normal(*shape)
    jacobian = reference.softmax_jacobian(reference.softmax(scores))
    assert jacobian.shape == (*shape, shape[-1])
    for j in range(shape[-1]):
        for row in np.ndindex(shape[:-1]):

            def weight(moved, j=j):
                return reference.softmax(moved)[j]

            expected = central_difference(weight, scores[row])
            assert_allclose(jacobian[row][j], expected, rtol=1e-7, atol=1e-9)


def test_reinforce_is_the_gradient_of_the_expected_reward():
    scores, rewards = normal(5), normal(5, seed=1)
    weights = reference.softmax(scores)
    estimates = reference.reinforce_gradient(
        np.tile(weights, (5, 1)), np.arange(5), rewards, baseline=0.7
    )
    expected = central_difference(lambda moved: reference.softmax(moved) @ rewards, scores)
    assert_allclose(weights @ estimates, expected, rtol=1e-7, atol=1e-9)
