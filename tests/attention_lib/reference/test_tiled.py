"""Tiled attention and its online softmax against the dense reference."""

import math
from importlib import import_module

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.reference import online_softmax, tiled_attention, tiled_attention_backward
from tests.helpers import attention_laws
from tests.helpers.attention_laws import example, random_mask

LAWS = (
    attention_laws.equals_the_loops_with_a_mask,
    attention_laws.equals_the_loops_when_causal,
    attention_laws.ignores_the_future,
    attention_laws.ignores_masked_keys,
    attention_laws.forgets_the_order_of_keys,
)
OPTIONS = [
    {},
    {"scale": -0.3},
    {"causal": True},
    {"mask": random_mask()},
    {"mask": random_mask(), "causal": True},
    {"mask": np.array([True, False, True, True, False])},
    {"mask": np.array([[True], [False], [True]])},
]


@pytest.mark.parametrize("law", LAWS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("block_size", [1, 2, 128])
def test_law(law, block_size):
    law(lambda *arrays, **options: tiled_attention(*arrays, block_size=block_size, **options))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("block_size", [1, 2, 3, 5, 7])
def test_output_and_gradients_equal_the_dense_ones(options, block_size):
    arrays, tiled = example(), {**options, "block_size": block_size}
    output, log_sum_exp = tiled_attention(*arrays, return_log_sum_exp=True, **tiled)
    expected, weights = reference.attention(*arrays, return_weights=True, **options)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-13)
    assert_array_equal(tiled_attention(*arrays, **tiled), output)
    grad_output = np.random.default_rng(9).normal(size=output.shape)
    grads = tiled_attention_backward(*arrays, output, log_sum_exp, grad_output, **tiled)
    expected = reference.attention_backward(*arrays, grad_output, **options)
    for ours, theirs in zip(grads, expected, strict=True):
        assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
    # exp(scores - log-sum-exp) are the weights, which is all that the backward pass needs
    scores = arrays[0] @ arrays[1].swapaxes(-1, -2) * options.get("scale", 7**-0.5)
    again = np.exp(scores - np.where(np.isinf(log_sum_exp), np.inf, log_sum_exp)[..., None])
    assert_allclose(np.where(weights > 0, again, 0), weights, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("n_queries", "n_keys"), [(1, 1), (3, 13), (13, 3), (17, 17), (0, 5), (5, 0)]
)
@pytest.mark.parametrize("causal", [False, True])
def test_any_length(n_queries, n_keys, causal):
    arrays = example(1, n_queries=n_queries, n_keys=n_keys)
    output, log_sum_exp = tiled_attention(
        *arrays, causal=causal, block_size=4, return_log_sum_exp=True
    )
    assert_allclose(output, reference.attention(*arrays, causal=causal), rtol=1e-12, atol=1e-14)
    blind = n_queries if n_keys == 0 else max(0, n_queries - n_keys) * causal
    assert_array_equal(np.isneginf(log_sum_exp), [np.arange(n_queries) < blind] * 2)
    grads = tiled_attention_backward(
        *arrays, output, log_sum_exp, output, causal=causal, block_size=4
    )
    expected = reference.attention_backward(*arrays, output, causal=causal)
    for ours, theirs in zip(grads, expected, strict=True):
        assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_no_block_is_larger_than_128_rows_or_the_block_size(monkeypatch):
    shapes = []

    tiled = import_module("attention_lib.reference.tiled")
    inner = tiled._add_keys

    def recorded(scores, *others):
        shapes.append(scores.shape[-2:])
        return inner(scores, *others)

    monkeypatch.setattr(tiled, "_add_keys", recorded)
    arrays = example(2, n_queries=200, n_keys=300)
    tiled_attention(*arrays)
    assert shapes == [(rows, keys) for rows in (128, 72) for keys in (128, 128, 44)]
    shapes.clear()
    tiled_attention(*arrays, block_size=7, causal=True)
    assert set(shapes) == {(7, 7), (4, 7), (7, 6), (4, 6)}


def test_integers_of_numpy_as_block_sizes():
    arrays = example(2, n_queries=200, n_keys=200)
    for size in (np.int8(100), np.uint8(100), np.uint64(100)):
        output = tiled_attention(*arrays, block_size=size)
        assert_array_equal(output, tiled_attention(*arrays, block_size=100))


def test_the_backward_options_have_the_defaults_of_the_forward_pass():
    arrays = example(2, n_queries=130, n_keys=131)
    output, log_sum_exp = tiled_attention(*arrays, return_log_sum_exp=True)
    grads = tiled_attention_backward(*arrays, output, log_sum_exp, output)
    expected = reference.attention_backward(*arrays, output)
    for ours, theirs in zip(grads, expected, strict=True):
        assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


def test_broadcast_axes_and_their_gradients():
    rng = np.random.default_rng(3)
    shapes = ((2, 1, 5, 3), (3, 7, 3), (2, 3, 7, 2))
    query, key, value = (rng.normal(size=shape) for shape in shapes)
    mask = rng.random((2, 1, 5, 7)) < 0.6
    for arrays in ((query, key, value), (query[:, 0], key[0], np.stack([value[:, 1]] * 2))):
        own = {"mask": mask if arrays[0] is query else mask[0, 0], "block_size": 3}
        output, log_sum_exp = tiled_attention(*arrays, return_log_sum_exp=True, **own)
        assert log_sum_exp.shape == output.shape[:-1]
        assert_allclose(
            output, reference.attention(*arrays, mask=own["mask"]), rtol=1e-12, atol=1e-13
        )
        grads = tiled_attention_backward(*arrays, output, log_sum_exp, output, **own)
        expected = reference.attention_backward(*arrays, output, mask=own["mask"])
        for ours, theirs, array in zip(grads, expected, arrays, strict=True):
            assert ours.shape == array.shape
            assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


def test_empty_rows():
    arrays = example(4)
    mask = np.zeros((3, 5), dtype=bool)
    mask[1, 4] = True
    output, log_sum_exp = tiled_attention(*arrays, mask=mask, block_size=2, return_log_sum_exp=True)
    assert_array_equal(output[:, [0, 2]], 0)
    assert_array_equal(output[:, 1], arrays[2][:, 4])
    assert_array_equal(log_sum_exp[:, [0, 2]], -np.inf)
    grads = tiled_attention_backward(
        *arrays, output, log_sum_exp, np.ones_like(output), mask=mask, block_size=2
    )
    assert_array_equal(grads[0], 0)
    assert_array_equal(grads[2][:, :4], 0)
    assert_array_equal(grads[2][:, 4], 1)


def test_large_scores_and_half_precision():
    query = np.array([[1000.0], [-1000.0]])
    output, log_sum_exp = tiled_attention(
        query, query, query, scale=1.0, block_size=1, return_log_sum_exp=True
    )
    assert_array_equal(output, query)
    assert_array_equal(log_sum_exp, [1e6, 1e6])
    half = tuple(array.astype(np.float16) for array in example(5))
    output, log_sum_exp = tiled_attention(*half, block_size=2, return_log_sum_exp=True)
    assert (output.dtype, log_sum_exp.dtype) == (np.float16, np.float32)
    exact = reference.attention(*(array.astype(np.float64) for array in half))
    assert_allclose(output, exact, rtol=1e-3, atol=1e-3)
    grads = tiled_attention_backward(*half, output, log_sum_exp, output)
    assert {gradient.dtype for gradient in grads} == {np.dtype(np.float16)}


def test_online_softmax_by_hand():
    value = np.array([[1.0], [2.0], [5.0]])
    first = online_softmax(np.array([[0.0, math.log(3)]]), value[:2])
    assert_allclose(first.maximum, [math.log(3)])
    assert_allclose(first.total, [1 / 3 + 1])
    assert_allclose(first.weighted, [[1 / 3 + 2]])
    assert_allclose(first.output(), [[7 / 4]])
    assert_allclose(first.log_sum_exp(), [math.log(4)])
    second = online_softmax(np.array([[math.log(12)]]), value[2:], first)
    assert_allclose(second.maximum, [math.log(12)])
    assert_allclose(second.total, [4 / 12 + 1])
    assert_allclose(second.weighted, [[7 / 12 + 5]])
    assert_allclose(second.output(), [[(7 + 60) / 16]])
    smaller = online_softmax(np.array([[0.0]]), value[:1], second)
    assert_allclose(smaller.total, [17 / 12])
    assert_allclose(smaller.maximum, second.maximum)


def test_online_softmax_closes_what_the_mask_closes():
    mask = np.array([[True, False, True], [False, True, False]])
    state = online_softmax(np.zeros((2, 3)), np.array([[1.0], [2.0], [5.0]]), mask=mask)
    assert_array_equal(state.output(), [[3], [2]])
    assert_array_equal(state.total, [2, 1])


def test_online_softmax_that_sees_nothing_and_then_something():
    nothing = online_softmax(np.ones((2, 3)), np.ones((3, 2)), mask=np.array([False] * 3))
    assert_array_equal(nothing.maximum, [-np.inf] * 2)
    assert_array_equal(nothing.output(), np.zeros((2, 2)))
    assert_array_equal(nothing.log_sum_exp(), [-np.inf] * 2)
    again = online_softmax(np.ones((2, 0)), np.ones((0, 2)), nothing)
    assert_array_equal(again.total, [0, 0])
    state = online_softmax(np.array([[2.0], [-np.inf]]), np.full((1, 2), 3.0), again)
    assert_array_equal(state.output(), [[3, 3], [0, 0]])
    assert_array_equal(state.log_sum_exp(), [2, -np.inf])


Q, K, V = example()
OUTPUT, LSE = tiled_attention(Q, K, V, return_log_sum_exp=True)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"query": Q.tolist()}, TypeError, "^query must be a NumPy array, got list$"),
        ({"key": K[..., :3]}, ValueError, "same width D"),
        ({"value": V[:, :3]}, ValueError, "one row for each of the 5 keys"),
        ({"mask": np.ones((4, 5), bool)}, ValueError, r"mask must broadcast.*\(2, 3, 5\)"),
        ({"causal": 1}, TypeError, "^causal must be True or False, got int$"),
        ({"scale": np.inf}, ValueError, "^scale must be finite"),
        ({"block_size": 0}, ValueError, "^block_size must be at least 1, got 0$"),
        ({"block_size": 2.0}, TypeError, "^block_size must be an integer, got float$"),
    ],
)
def test_bad_input_is_named(changed, error, message):
    given = {"query": Q, "key": K, "value": V, **changed}
    with pytest.raises(error, match=message):
        tiled_attention(**given)
    with pytest.raises(error, match=message):
        tiled_attention_backward(output=OUTPUT, log_sum_exp=LSE, grad_output=OUTPUT, **given)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"output": OUTPUT[:1]}, r"^output must have shape \[\.\.\., T, E\] = \(2, 3, 11\), got"),
        ({"log_sum_exp": LSE[:1]}, r"^log_sum_exp must have shape \[\.\.\., T\] = \(2, 3\), got"),
        ({"grad_output": OUTPUT[:1]}, r"^grad_output must have shape \[\.\.\., T, E\] = \(2, 3,"),
    ],
)
def test_bad_gradients_are_named(changed, message):
    given = {"output": OUTPUT, "log_sum_exp": LSE, "grad_output": OUTPUT, **changed}
    with pytest.raises(ValueError, match=message):
        tiled_attention_backward(Q, K, V, **given)


def test_other_bad_input_is_named():
    with pytest.raises(TypeError, match=r"^return_log_sum_exp must be True or False, got int$"):
        tiled_attention(Q, K, V, return_log_sum_exp=1)
    with pytest.raises(TypeError, match=r"^log_sum_exp must be a NumPy array, got list$"):
        tiled_attention_backward(Q, K, V, OUTPUT, LSE.tolist(), OUTPUT)
    with pytest.raises(TypeError, match=r"^scores must be a NumPy array, got list$"):
        online_softmax([[1.0]], np.ones((1, 1)))
    with pytest.raises(ValueError, match=r"^scores must have at least 2 dimension"):
        online_softmax(np.ones(1), np.ones((1, 1)))
    with pytest.raises(ValueError, match="one row for each of the 1 keys"):
        online_softmax(np.ones((1, 1)), np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"mask must broadcast to the scores' shape \(1, 1\)"):
        online_softmax(np.ones((1, 1)), np.ones((1, 1)), mask=np.ones(2, bool))
    state = online_softmax(np.ones((1, 1)), np.ones((1, 1)))
    with pytest.raises(
        ValueError,
        match=r"^state\.weighted must have shape \[\.\.\., T, E\] = \(2, 1\), got \(1, 1\)$",
    ):
        online_softmax(np.ones((2, 1)), np.ones((1, 1)), state)
