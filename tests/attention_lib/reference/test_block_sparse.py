"""Patterns of blocks, and their attention in NumPy against dense attention under the mask."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.reference import (
    block_sparse_attention,
    block_sparse_mask,
    block_sparse_pattern,
)
from tests.helpers import loop_oracles
from tests.helpers.bad_calls import whole
from tests.helpers.sparse_cases import block_calls, example, padding

KINDS = [
    {},
    {"window_blocks": 1, "global_blocks": 0, "random_blocks": 0},
    {"window_blocks": 5, "global_blocks": 0, "random_blocks": 2, "seed": 7},
    {"global_blocks": 1, "random_blocks": 1},
    {"global_blocks": 100},
    {"random_blocks": 100},
]
LENGTHS = [(1, 1, False), (67, 67, False), (67, 67, True), (5, 67, True), (1, 67, True)]


def test_the_pattern_of_a_seed():
    pattern = block_sparse_pattern(8, global_blocks=1, random_blocks=2, seed=3)
    near = abs(np.subtract.outer(np.arange(8), np.arange(8))) <= 1
    without = block_sparse_pattern(8, global_blocks=1, random_blocks=0)
    fixed = near.copy()
    fixed[0], fixed[:, 0] = True, True
    assert_array_equal(without, fixed)
    assert_array_equal(pattern & fixed, fixed)
    assert_array_equal((pattern & ~fixed).sum(axis=1), [0, 2, 2, 2, 2, 2, 2, 2])
    assert_array_equal(pattern, block_sparse_pattern(8, global_blocks=1, random_blocks=2, seed=3))
    other = block_sparse_pattern(8, global_blocks=1, random_blocks=2, seed=4)
    assert (pattern != other).any()


def test_a_window_of_five_blocks():
    options = {"window_blocks": 5, "global_blocks": 0, "random_blocks": 0}
    expected = [[abs(i - j) <= 2 for j in range(7)] for i in range(7)]
    assert_array_equal(block_sparse_pattern(7, **options), expected)


def test_the_defaults():
    given = {"window_blocks": 3, "global_blocks": 2, "random_blocks": 3, "seed": 0, "causal": False}
    pattern = block_sparse_pattern(20)
    assert pattern.dtype == bool
    assert_array_equal(pattern, block_sparse_pattern(20, **given))
    assert_array_equal(pattern[5:-1].sum(axis=1), 8)
    arrays = example(67, 67)
    output = block_sparse_attention(*arrays, block_size=5)
    expected = block_sparse_attention(*arrays, block_size=5, mask=None, scale=None, **given)
    assert_array_equal(output, expected)


def test_draws_are_even_over_the_blocks_that_are_left():
    counts = np.zeros(12)
    for seed in range(600):
        options = {"window_blocks": 1, "global_blocks": 1, "random_blocks": 2, "seed": seed}
        counts += block_sparse_pattern(12, **options)[5]
    assert counts[0] == counts[5] == 600
    drawn = np.delete(counts, [0, 5])  # each 600 * 2 / 10 = 120 on average, deviation 10
    assert drawn.sum() == 1200
    assert drawn.min() > 80
    assert drawn.max() < 160


@pytest.mark.parametrize("kind", KINDS)
def test_a_causal_pattern_grows_at_its_end(kind):
    whole_pattern = block_sparse_pattern(17, causal=True, **kind)
    for n_blocks in (0, 1, 5, 16):
        part = block_sparse_pattern(n_blocks, causal=True, **kind)
        assert_array_equal(part, whole_pattern[:n_blocks, :n_blocks])
    assert not np.triu(whole_pattern, 1).any()
    assert whole_pattern.diagonal().all()


def test_a_causal_row_has_as_many_draws_as_are_left():
    pattern = block_sparse_pattern(
        9, window_blocks=1, global_blocks=1, random_blocks=3, causal=True
    )
    assert_array_equal(pattern.sum(axis=1), [1, 2, 3, 4, 5, 5, 5, 5, 5])


def test_a_mask_repeats_its_blocks_and_cuts_the_last():
    pattern = np.array([[True, False, True], [True, True, False], [False, False, True]])
    assert_array_equal(
        block_sparse_mask(pattern, 5, block_size=2),
        [[1, 1, 0, 0, 1], [1, 1, 0, 0, 1], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 1]],
    )
    assert_array_equal(
        block_sparse_mask(pattern, 5, block_size=2, causal=True),
        [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 1]],
    )
    assert block_sparse_mask(np.ones((0, 0), bool), 0, block_size=2).shape == (0, 0)
    for kind in (np.int8, np.uint64):
        mask = block_sparse_mask(pattern, kind(5), block_size=kind(2))
        assert_array_equal(mask, block_sparse_mask(pattern, 5, block_size=2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("block_size", [1, 8, 100])
@pytest.mark.parametrize(("n_queries", "n_keys", "causal"), LENGTHS)
def test_equals_dense_attention_under_the_mask(n_queries, n_keys, causal, block_size, kind):
    pattern = block_sparse_pattern(-(-n_keys // block_size), causal=causal, **kind)
    visible = block_sparse_mask(pattern, n_keys, block_size=block_size, causal=causal)
    visible = visible[n_keys - n_queries :]
    arrays = example(n_queries, n_keys)
    options = {"block_size": block_size, "causal": causal, **kind}
    expected = reference.attention(*arrays, mask=visible)
    assert_allclose(block_sparse_attention(*arrays, **options), expected, rtol=1e-12, atol=1e-12)
    mask = padding(n_keys)
    expected = reference.attention(*arrays, mask=visible & mask, scale=-0.7)
    output = block_sparse_attention(*arrays, mask=mask, scale=-0.7, **options)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


def test_equals_the_loops():
    query, key, value = (array.reshape(-1, *array.shape[-2:])[0] for array in example(13, 13))
    options = {"window_blocks": 1, "global_blocks": 1, "random_blocks": 0}
    allowed = [[i // 3 == j // 3 or i < 3 or j < 3 for j in range(13)] for i in range(13)]
    lists = (array.tolist() for array in (query, key, value))
    expected, _ = loop_oracles.attention(*lists, allowed, 5**-0.5)
    output = block_sparse_attention(query, key, value, block_size=3, **options)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


def test_the_error_falls_with_the_random_blocks_as_that_of_a_mean_of_more_values():
    n, block_size, zeros = 256, 8, np.zeros((256, 1))
    for random_blocks in (0, 1, 3, 9, 31):
        squares = []
        for seed in range(20):
            value = np.random.default_rng(seed).normal(size=(n, 8))
            options = {"window_blocks": 1, "global_blocks": 0, "random_blocks": random_blocks}
            output = block_sparse_attention(
                zeros, zeros, value, block_size=block_size, seed=seed, **options
            )
            squares.append(np.mean((output - value.mean(axis=0)) ** 2))
        # the variance of a sample without replacement, of 8 (1 + random_blocks) of 256 values
        expected = 1 / (block_size * (1 + random_blocks)) - 1 / n
        error = 4 * np.std(squares) / np.sqrt(len(squares))
        assert abs(np.mean(squares) - expected) <= error + 1e-15
        assert error < 0.2 * expected or random_blocks == 31


def test_a_global_block_carries_what_all_need():
    rng = np.random.default_rng(0)
    query, key, value = (rng.normal(size=(256, 5)) for _ in range(3))
    query[:, 0], key[:, 0] = 4, 0
    key[3, 0] = 6  # the one key that every query looks for, in the first block
    exact, weights = reference.attention(query, key, value, return_weights=True)
    assert weights[:, 3].min() > 0.5
    errors = []
    for global_blocks in (0, 1):
        options = {"global_blocks": global_blocks, "random_blocks": 0, "block_size": 8}
        output = block_sparse_attention(query, key, value, **options)
        errors.append(np.linalg.norm(output - exact) / np.linalg.norm(exact))
    assert errors[0] > 0.8
    assert errors[1] < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_how_far_layers_on_top_of_one_another_reach(seed):
    def reached(layers, **kind):
        pattern = block_sparse_pattern(64, seed=seed, **kind).astype(int)
        return (np.linalg.matrix_power(pattern, layers) > 0).mean()

    nothing = {"global_blocks": 0, "random_blocks": 0}
    assert reached(5, **nothing) < 0.2  # one block further to each side with each layer
    assert reached(1, global_blocks=1, random_blocks=0) < 0.1
    assert reached(2, global_blocks=1, random_blocks=0) == 1
    assert reached(2, global_blocks=0, random_blocks=3) < 0.5
    assert reached(5, global_blocks=0, random_blocks=3) > 0.99


def test_no_scores_outside_the_pattern(monkeypatch):
    sizes = []

    def recorded(query, key, value, **options):
        sizes.append((query.shape[-2], key.shape[-2]))
        return reference.attention(query, key, value, **options)

    monkeypatch.setattr("attention_lib.reference.block_sparse.attention", recorded)
    query = np.ones((200, 2))
    options = {"block_size": 10, "global_blocks": 1, "random_blocks": 1}
    block_sparse_attention(query, query, query, **options)
    assert sizes[0] == (10, 200)
    assert max(sizes[1:]) == (10, 50)
    assert len(sizes) == 20


def test_zero_sizes_and_float16():
    query, key, value = example(7, 7)
    for some in (
        (query[:0], key[:0], value),
        (query[..., :0, :], key[..., :0, :], value[:, :0]),
        (query, key, value[..., :0]),
    ):
        output = block_sparse_attention(*some, block_size=2)
        assert output.shape == (*some[0].shape[:-1], some[2].shape[-1])
    empty = block_sparse_attention(query, key, value, block_size=2, mask=np.zeros(1, bool))
    assert_array_equal(empty, np.zeros((2, 3, 7, 7)))
    half = [array.astype(np.float16) for array in (query, key, value)]
    options = {"block_size": np.uint8(2), "global_blocks": 0, "random_blocks": 0}
    output = block_sparse_attention(*half, **options)
    assert output.dtype == np.float16
    exact = block_sparse_attention(*(array.astype(float) for array in half), **options)
    assert_allclose(output, exact, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("call", list(block_calls()))
def test_a_bad_argument_is_named(call):
    function, given, error, message = call
    with pytest.raises(error, match=whole(message, "NumPy array")):
        getattr(reference, function)(**given)
