"""What must hold of every implementation of attention, as functions that take the implementation.

An implementation takes NumPy arrays and the options of `attention_lib.reference.attention`. The
mutation tests run the same functions against broken implementations and expect each to be rejected.
"""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.helpers import loop_oracles

B, T, S, D, E = 2, 3, 5, 7, 11


def example(seed=0, dtype=np.float64, n_queries=T, n_keys=S):
    rng = np.random.default_rng(seed)
    shapes = ((B, n_queries, D), (B, n_keys, D), (B, n_keys, E))
    return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)


def random_mask(seed=1, n_queries=T, n_keys=S):
    """Every row keeps a key, no row keeps all."""
    mask = np.random.default_rng(seed).random((B, n_queries, n_keys)) < 0.5
    mask[..., 0], mask[..., -1] = True, False
    return mask


def random_bias(seed=2):
    """One entry of each batch row is closed by minus infinity."""
    bias = np.random.default_rng(seed).normal(size=(B, T, S))
    bias[:, 1, 2] = -np.inf
    return bias


def loops(query, key, value, allowed, scale, bias=None, temperature=1.0):
    bias = [None] * len(query) if bias is None else bias.tolist()
    both = [
        loop_oracles.attention(
            q.tolist(), k.tolist(), v.tolist(), a.tolist(), scale, b, temperature
        )
        for q, k, v, a, b in zip(query, key, value, allowed, bias, strict=True)
    ]
    return tuple(np.array(part) for part in zip(*both, strict=True))


def equals_the_loops(attention, *, tolerance=1e-12):
    query, key, value = example()
    everything = np.ones((B, T, S), dtype=bool)
    output, weights = attention(query, key, value, return_weights=True)
    expected_output, expected_weights = loops(query, key, value, everything, D**-0.5)
    assert_allclose(output, expected_output, rtol=tolerance, atol=tolerance)
    assert_allclose(weights, expected_weights, rtol=tolerance, atol=tolerance)
    assert_allclose(attention(query, key, value), expected_output, rtol=tolerance, atol=tolerance)


def equals_the_loops_with_a_mask(attention, *, tolerance=1e-12):
    query, key, value = example(2)
    mask = random_mask()
    expected, _ = loops(query, key, value, mask, 0.3)
    output = attention(query, key, value, mask=mask, scale=0.3)
    assert_allclose(output, expected, rtol=tolerance, atol=tolerance)


def equals_the_loops_when_causal(attention, *, tolerance=1e-12):
    for n_queries, n_keys in ((5, 5), (3, 5), (5, 3), (1, 5)):
        query, key, value = example(3, n_queries=n_queries, n_keys=n_keys)
        allowed = np.array([loop_oracles.causal(n_queries, n_keys)] * B)
        expected, _ = loops(query, key, value, allowed, D**-0.5)
        output = attention(query, key, value, causal=True)
        assert_allclose(output, expected, rtol=tolerance, atol=tolerance)
        mask = random_mask(4, n_queries, n_keys)
        expected, _ = loops(query, key, value, allowed & mask, D**-0.5)
        output = attention(query, key, value, causal=True, mask=mask)
        assert_allclose(output, expected, rtol=tolerance, atol=tolerance)


def equals_the_loops_with_bias_and_temperature(attention, *, tolerance=1e-12):
    query, key, value = example(11)
    mask, bias = random_mask(), random_bias()
    for options in ({"bias": bias}, {"temperature": 0.5}, {"bias": bias, "temperature": 3.0}):
        for allowed in (np.ones_like(mask), mask):
            expected, expected_weights = loops(query, key, value, allowed, 0.3, **options)
            given = {"mask": allowed, "scale": 0.3, **options}
            output, weights = attention(query, key, value, return_weights=True, **given)
            assert_allclose(weights, expected_weights, rtol=tolerance, atol=tolerance)
            assert_allclose(output, expected, rtol=tolerance, atol=tolerance)
            plain = attention(query, key, value, **given)
            assert_allclose(plain, expected, rtol=tolerance, atol=tolerance)


def ignores_the_future(attention):
    query, key, value = example(5, n_queries=S)
    before = attention(query, key, value, causal=True)
    for step in range(S - 1):
        later_key, later_value = key.copy(), value.copy()
        later_key[:, step + 1 :] += 3.0
        later_value[:, step + 1 :] -= 5.0
        after = attention(query, later_key, later_value, causal=True)
        assert_array_equal(after[:, : step + 1], before[:, : step + 1])


def ignores_masked_keys(attention):
    query, key, value = example(6)
    mask = np.array([True, True, False, True, False])
    changed_key, changed_value = key.copy(), value.copy()
    changed_key[:, ~mask] *= -4.0
    changed_value[:, ~mask] = 1e6
    before = attention(query, key, value, mask=mask)
    after = attention(query, changed_key, changed_value, mask=mask)
    assert_array_equal(after, before)


def rows_sum_to_one(attention, *, tolerance=1e-12):
    query, key, value = example(7)
    for options in ({}, {"mask": random_mask()}, {"causal": True}):
        _, weights = attention(query, key, value, return_weights=True, **options)
        if not (weights >= 0).all():
            raise AssertionError("a weight is negative")
        assert_allclose(weights.sum(axis=-1), 1, rtol=tolerance)


def empty_rows_are_zero(attention):
    query, key, value = example(8)
    mask = random_mask()
    mask[0, 1] = False
    output, weights = attention(query, key, value, mask=mask, return_weights=True)
    assert_array_equal(weights[0, 1], np.zeros(S))
    assert_array_equal(output[0, 1], np.zeros(E))
    assert_array_equal(attention(query, key, value, mask=mask)[0, 1], np.zeros(E))
    nothing = attention(query, key, value, mask=np.zeros((1, 1), dtype=bool))
    assert_array_equal(nothing, np.zeros((B, T, E)))


def forgets_the_order_of_keys(attention, *, tolerance=1e-12):
    query, key, value = example(9)
    order = np.array([3, 0, 4, 2, 1])
    output = attention(query, key[:, order], value[:, order])
    assert_allclose(output, attention(query, key, value), rtol=tolerance, atol=tolerance)


def stays_finite_for_large_scores(attention):
    query, key, value = example(10)
    output, weights = attention(query * 1e4, key, value, return_weights=True)
    nearest = (query @ key.swapaxes(-1, -2)).argmax(axis=-1)
    assert_array_equal(weights.argmax(axis=-1), nearest)
    picked = np.take_along_axis(value, nearest[..., None], axis=1)
    assert_allclose(output, picked, atol=1e-6)


LAWS = (
    equals_the_loops,
    equals_the_loops_with_a_mask,
    equals_the_loops_when_causal,
    equals_the_loops_with_bias_and_temperature,
    ignores_the_future,
    ignores_masked_keys,
    rows_sum_to_one,
    empty_rows_are_zero,
    forgets_the_order_of_keys,
    stays_finite_for_large_scores,
)


def evaluation_repeats(module, tensors):
    """A module in evaluation mode gives the same output twice, and that of dropout 0."""
    module.eval()
    first, second = module(*tensors), module(*tensors)
    assert_array_equal(first.detach().numpy(), second.detach().numpy())
