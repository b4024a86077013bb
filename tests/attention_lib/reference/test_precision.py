"""The dtype that comes back from each function, and how half precision is widened."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.reference.precision import widen


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


Q, K, V = normal(3, 5), normal(7, 5, seed=1), normal(7, 11, seed=2)
GATES = {"input_weight": normal(12, 5), "hidden_weight": normal(12, 3)}
BIASES = {"input_bias": normal(12), "hidden_bias": normal(12, seed=1)}
CALLS = {
    "softmax": {"scores": Q},
    "softmax_jacobian": {"weights": Q},
    "dot_scores": {"query": Q, "key": K},
    "scaled_dot_scores": {"query": Q, "key": K},
    "general_scores": {"query": Q, "key": K, "weight": normal(5, 5)},
    "additive_scores": {
        "query": Q,
        "key": K,
        "query_weight": normal(13, 5),
        "key_weight": normal(13, 5),
        "score_vector": normal(13),
    },
    "concat_scores": {"query": Q, "key": K, "weight": normal(13, 10), "score_vector": normal(13)},
    "kernel_regression": {"query": Q, "key": K, "value": V},
    "attend": {"scores": normal(3, 7), "value": V},
    "attention": {"query": Q, "key": K, "value": V},
    "attention_backward": {"query": Q, "key": K, "value": V, "grad_output": normal(3, 11)},
    "lstm_gates": {"inputs": normal(2, 5), "hidden": normal(2, 3), **GATES, **BIASES},
    "lstm_cell": {
        "inputs": normal(2, 5),
        "hidden": normal(2, 3),
        "cell": normal(2, 3),
        **GATES,
        **BIASES,
    },
    "reinforce_gradient": {
        "weights": np.full((2, 3), 1 / 3),
        "index": np.array([1, 2]),
        "reward": normal(2),
    },
    "hard_attention": {"query": Q, "key": K, "value": V},
}


def results(name, given):
    rng = {"rng": np.random.default_rng(0)} if name == "hard_attention" else {}
    result = getattr(reference, name)(**given, **rng)
    result = result if isinstance(result, tuple) else (result,)
    return [one for one in result if np.issubdtype(one.dtype, np.floating)]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", CALLS)
def test_what_comes_back_has_the_dtype_of_what_went_in(name, dtype):
    given = {
        key: one if one.dtype.kind == "i" else one.astype(dtype) for key, one in CALLS[name].items()
    }
    wide = {key: one if one.dtype.kind == "i" else one.astype(float) for key, one in given.items()}
    tolerance = {np.float16: 3e-3, np.float32: 1e-5, np.float64: 1e-13}[dtype]
    for ours, exact in zip(results(name, given), results(name, wide), strict=True):
        assert ours.dtype == dtype
        assert_allclose(ours, exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("dtype", "working"), [(np.float16, np.float32), (np.float32, np.float32), (float, float)]
)
def test_half_precision_is_widened_and_the_rest_is_not_copied(dtype, working):
    first, second = np.ones(3, dtype), np.ones((2, 1), dtype)
    given, *widened = widen(first=first, second=second)
    assert given == dtype
    for before, after in zip((first, second), widened, strict=True):
        assert after.dtype == working
        assert_array_equal(after, before)
        assert np.shares_memory(after, before) == (dtype == working)
