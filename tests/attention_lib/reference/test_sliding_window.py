"""The band in NumPy against loops and against dense attention under its mask."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.reference import (
    sink_window_mask,
    sliding_window_attention,
    streaming_positions,
)
from tests.helpers import loop_oracles
from tests.helpers.bad_calls import whole
from tests.helpers.sparse_cases import band, example, padding, window_calls

SIZES = [(1, 1), (7, 7), (67, 67), (5, 67), (1, 67), (67, 5), (131, 131)]
BANDS = [(0, 0), (1, 0), (3, 2), (40, 0), (2, 50), (500, 1)]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("window", "n_sinks"), BANDS)
@pytest.mark.parametrize(("n_queries", "n_keys"), SIZES)
def test_equals_dense_attention_under_the_mask(n_queries, n_keys, window, n_sinks, causal):
    options = {"window": window, "n_sinks": n_sinks, "causal": causal}
    visible = sink_window_mask(n_queries, n_keys, **options)
    assert_array_equal(visible, band(n_queries, n_keys, window, n_sinks, causal))
    arrays = example(n_queries, n_keys)
    expected = reference.attention(*arrays, mask=visible)
    output = sliding_window_attention(*arrays, **options)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)
    mask = padding(n_keys)
    expected = reference.attention(*arrays, mask=visible & mask, scale=-0.7)
    output = sliding_window_attention(*arrays, **options, mask=mask, scale=-0.7)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_equals_the_loops(causal):
    query, key, value = (array.reshape(-1, *array.shape[-2:])[0] for array in example(11, 13))
    allowed = band(11, 13, 3, 1, causal)
    lists = (array.tolist() for array in (query, key, value))
    expected, _ = loop_oracles.attention(*lists, allowed, 5**-0.5)
    options = {"window": 3, "n_sinks": 1, "causal": causal}
    output = sliding_window_attention(query, key, value, **options)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


def test_defaults_and_one_row_by_hand():
    assert_array_equal(
        sink_window_mask(4, 4, window=1),
        [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]],
    )
    value = np.array([[1.0], [3.0], [8.0], [20.0]])
    zeros = np.zeros((4, 2))
    output = sliding_window_attention(zeros, zeros, value, window=1)
    assert_allclose(output[:, 0], [2, 4, 31 / 3, 14], rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize("mask", [np.array([False]), np.zeros((2, 1, 1, 1), bool)])
def test_a_mask_of_one_entry_speaks_for_all_keys(mask):
    arrays = example(5, 7)
    output = sliding_window_attention(*arrays, window=2, mask=mask)
    assert_array_equal(output, np.zeros((2, 3, 5, 7)))


def local(n, sink=0.0):
    """Query, key, value whose scores fall with distance; `sink` is what key 0 adds to its scores.

    sum_f cos(f (i - j)) is the product of cosines and sines of the positions.
    """
    angles = np.arange(n)[:, None] * np.geomspace(0.02, 0.6, 16)
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    query, key = np.c_[waves, np.ones(n)], np.c_[waves, np.zeros(n)]
    key[0] = 0
    key[0, -1] = 16 + sink  # 16 is the product of a position with itself
    return query, key, np.random.default_rng(0).normal(size=(n, 7))


def test_the_error_falls_with_the_window_where_attention_is_local_and_is_bounded_by_what_is_cut():
    query, key, value = (array[1:] for array in local(257))
    exact, weights = reference.attention(query, key, value, scale=1.0, return_weights=True)
    errors = []
    for window in (2, 8, 32, 255):
        output = sliding_window_attention(query, key, value, window=window, scale=1.0)
        outside = (weights * ~sink_window_mask(256, 256, window=window)).sum(axis=1)
        # the weight outside, times how far a value can lie from a mean of values
        assert (abs(output - exact).max(axis=1) <= outside * np.ptp(value) + 1e-12).all()
        errors.append(np.linalg.norm(output - exact) / np.linalg.norm(exact))
    assert 0.3 > errors[0] > 5 * errors[1] > 10 * errors[2] > 0
    assert errors[3] < 1e-12


def test_without_locality_the_error_is_that_of_a_mean_of_fewer_values():
    n, zeros = 256, np.zeros((256, 1))
    for window in (2, 8, 32):
        squares = []
        for seed in range(20):
            value = np.random.default_rng(seed).normal(size=(n, 8))
            output = sliding_window_attention(zeros, zeros, value, window=window)
            error = (output - value.mean(axis=0))[window : n - window]
            squares.append(np.mean(error**2))
        expected = 1 / (2 * window + 1) - 1 / n  # the variance of a sample without replacement
        assert abs(np.mean(squares) - expected) < 4 * np.std(squares) / np.sqrt(len(squares))
        assert np.std(squares) < 0.3 * expected


@pytest.mark.parametrize("sink", [0.0, 2.0])
def test_sinks_keep_the_weight_that_the_first_key_attracts(sink):
    query, key, value = local(257, sink)
    options = {"scale": 1.0, "causal": True}
    exact, weights = reference.attention(query, key, value, return_weights=True, **options)
    assert weights[100:, 0].mean() > 0.2
    without, with_sink = (
        sliding_window_attention(query, key, value, window=16, n_sinks=n_sinks, **options)
        for n_sinks in (0, 1)
    )
    late = np.s_[50:]
    size = np.linalg.norm(exact[late])
    assert np.linalg.norm((without - exact)[late]) > 0.2 * size
    assert np.linalg.norm((with_sink - exact)[late]) < 0.02 * size


def test_zero_sizes_views_and_float16():
    query, key, value = example(7, 7)
    for some in ((query[:0], key[:0], value), (query, key[..., :0, :], value[:, :0])):
        output = sliding_window_attention(*some, window=2)
        assert_array_equal(output, np.zeros((*some[0].shape[:-1], 7)))
    assert sliding_window_attention(query[..., :0, :], key, value, window=2).shape == (2, 3, 0, 7)
    assert sliding_window_attention(query, key, value[..., :0], window=2).shape == (2, 3, 7, 0)
    whole_numbers = sliding_window_attention(query, key, value, window=np.uint8(2))
    turned = sliding_window_attention(query[..., ::-1], key[..., ::-1], value, window=2)
    assert_allclose(turned, whole_numbers, rtol=1e-12, atol=1e-13)
    half = [array.astype(np.float16) for array in (query, key, value)]
    output = sliding_window_attention(*half, window=2)
    assert output.dtype == np.float16
    exact = sliding_window_attention(*(array.astype(float) for array in half), window=2)
    assert_allclose(output, exact, rtol=1e-3, atol=1e-3)


def test_no_scores_outside_the_blocks(monkeypatch):
    sizes = []

    def recorded(query, key, value, **options):
        sizes.append((query.shape[-2], key.shape[-2]))
        return reference.attention(query, key, value, **options)

    monkeypatch.setattr("attention_lib.reference.sliding_window.attention", recorded)
    arrays = [array[0, :1] for array in example(1000, 1000)[:2]]
    value = np.ones((1, 1000, 1))
    sliding_window_attention(*arrays, value, window=50, n_sinks=4)
    assert max(sizes) == (50, 154)
    assert sum(rows for rows, _ in sizes) == 1000
    sizes.clear()
    sliding_window_attention(*arrays, value, window=3, causal=True)
    assert max(sizes) == (32, 35)


@pytest.mark.parametrize("length", [0, 1, 4, 5, 6, 50])
@pytest.mark.parametrize(("window", "n_sinks"), [(0, 0), (3, 0), (0, 2), (3, 2), (7, 1)])
def test_a_streaming_cache_keeps_what_the_next_query_sees(length, window, n_sinks):
    kept = streaming_positions(length, window=window, n_sinks=n_sinks)
    assert kept.dtype == np.int64
    row = sink_window_mask(1, length + 1, window=window, n_sinks=n_sinks, causal=True)[0]
    assert_array_equal(kept, np.flatnonzero(row[:-1]))


def test_sinks_default_to_none():
    assert_array_equal(streaming_positions(5, window=2), [3, 4])


@pytest.mark.parametrize("call", list(window_calls()))
def test_a_bad_argument_is_named(call):
    function, given, error, message = call
    with pytest.raises(error, match=whole(message, "NumPy array")):
        getattr(reference, function)(**given)
