"""Rollout against sums over paths, its laws, and what it refuses."""

import itertools
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attention_lib import reference


def stochastic(*shape, seed=0):
    return reference.softmax(np.random.default_rng(seed).normal(size=shape))


STACK = [stochastic(2, 3, 5, 5, seed=seed) for seed in range(3)]  # [B, H, T, T], three layers


@pytest.mark.parametrize("residual", [0.0, 0.3])
def test_rollout_sums_over_all_paths_through_the_layers(residual):
    step = [residual * np.eye(5) + (1 - residual) * one[1].mean(axis=0) for one in STACK]
    expected = np.zeros((5, 5))
    for target, second, first, source in itertools.product(range(5), repeat=4):
        path = step[2][target, second] * step[1][second, first] * step[0][first, source]
        expected[target, source] += path
    found = reference.attention_rollout(STACK, residual=residual)
    assert found.shape == (2, 5, 5)
    assert_allclose(found[1], expected, rtol=1e-12, atol=1e-13)


def test_half_is_residual_unless_given():
    found = reference.attention_rollout(STACK)
    assert_allclose(found, reference.attention_rollout(tuple(STACK), residual=0.5), rtol=0)
    assert_allclose(found.sum(axis=-1), 1, rtol=1e-12, atol=1e-13)


def test_one_layer_is_its_mean_head_beside_the_residual():
    found = reference.attention_rollout(STACK[:1], residual=0.25)
    assert_allclose(found, 0.25 * np.eye(5) + 0.75 * STACK[0].mean(axis=1), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    found = reference.attention_rollout([one.astype(dtype) for one in STACK])
    assert found.dtype == dtype
    assert_allclose(found, reference.attention_rollout(STACK), rtol=3e-3)


ONE = STACK[0]


@pytest.mark.parametrize(
    ("weights", "options", "error", "message"),
    [
        (ONE, {}, TypeError, "weights must be a list with one array a layer, got ndarray"),
        ([], {}, ValueError, "weights must hold at least one layer, got none"),
        ([ONE, [1.0]], {}, TypeError, "weights[1] must be a NumPy array, got list"),
        (
            [ONE[0, 0]],
            {},
            ValueError,
            "weights[0] must have at least 3 dimension(s), got shape (5, 5)",
        ),
        (
            [ONE[..., :3]],
            {},
            ValueError,
            "weights[0] must have as many keys as queries, got shape (2, 3, 5, 3)",
        ),
        (
            [ONE, ONE[:, :2]],
            {},
            ValueError,
            "weights[1] must have shape that of weights[0] = (2, 3, 5, 5), got (2, 2, 5, 5)",
        ),
        (
            [ONE, ONE.astype(np.float32)],
            {},
            TypeError,
            "arguments must share one dtype, got weights[0] float64, weights[1] float32",
        ),
        ([ONE], {"residual": 1}, ValueError, "residual must lie in [0, 1), got 1"),
        ([ONE], {"residual": "1"}, TypeError, "residual must be a real number, got str"),
    ],
)
def test_a_bad_argument_is_named(weights, options, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        reference.attention_rollout(weights, **options)
