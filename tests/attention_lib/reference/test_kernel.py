"""Kernel regression in NumPy: the weighted mean, and the default."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_kernel_regression_is_the_weighted_mean():
    query, key, value = normal(3, 2), normal(5, 2, seed=1), normal(5, 7, seed=2)
    for i, output in enumerate(reference.kernel_regression(query, key, value, bandwidth=0.8)):
        kernel = np.array([np.exp(-((query[i] - k) ** 2).sum() / (2 * 0.8**2)) for k in key])
        assert_allclose(
            output, (kernel[:, None] * value).sum(0) / kernel.sum(), rtol=1e-12, atol=1e-13
        )
    with pytest.raises(ValueError, match="bandwidth must be greater than 0"):
        reference.kernel_regression(query, key, value, bandwidth=0)


Q, K, V = normal(3, 5), normal(7, 5, seed=1), normal(7, 11, seed=2)


def test_the_bandwidth_is_one_unless_given():
    assert_array_equal(
        reference.kernel_regression(Q, K, V), reference.kernel_regression(Q, K, V, bandwidth=1.0)
    )
