"""The filters of sampling in NumPy: against loops, at ties and limits, and what they refuse."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import (
    next_token_probabilities,
    softmax,
    top_k_logits,
    top_p_logits,
)
from tests.helpers.loop_oracles import nucleus_row

INF = np.inf
LOGITS = np.random.default_rng(0).normal(size=(2, 3, 7))
EIGHTHS = np.log(np.array([0.125, 0.5, 0.25, 0.125]))


def kept(filtered):
    return np.flatnonzero(filtered > -INF).tolist()


@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_top_k_equals_the_loop(k):
    filtered = top_k_logits(LOGITS, k)
    for row in np.ndindex(2, 3):
        expected = nucleus_row(LOGITS[row].tolist(), k, INF)
        assert kept(filtered[row]) == expected
        assert_array_equal(filtered[row][expected], LOGITS[row][expected])


@pytest.mark.parametrize("p", [1e-9, 0.2, 0.5, 0.77, 0.999])
def test_top_p_equals_the_loop(p):
    filtered = top_p_logits(LOGITS, p)
    for row in np.ndindex(2, 3):
        expected = nucleus_row(LOGITS[row].tolist(), 7, p)
        assert kept(filtered[row]) == expected
        assert_array_equal(filtered[row][expected], LOGITS[row][expected])


def test_top_p_is_the_smallest_set_that_reaches_p():
    probabilities = softmax(LOGITS)
    for p, row in itertools.product((0.3, 0.6, 0.9), np.ndindex(2, 3)):
        nucleus = kept(top_p_logits(LOGITS[row], p))
        assert probabilities[row][nucleus].sum() >= p
        for size in range(1, len(nucleus)):
            for tokens in itertools.combinations(range(7), size):
                assert probabilities[row][list(tokens)].sum() < p


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.25, [1]), (0.5, [1]), (0.625, [1, 2]), (0.75, [1, 2]), (0.8, [0, 1, 2]), (1, range(4))],
)
def test_top_p_ends_with_the_token_that_reaches_p(p, expected):
    assert kept(top_p_logits(EIGHTHS, p)) == list(expected)


def test_equal_logits_are_kept_from_the_smaller_token_id_on():
    ties = np.array([2.0, 5.0, 2.0, 5.0, 2.0])
    assert [kept(top_k_logits(ties, k)) for k in (1, 2, 3, 4)] == [
        [1],
        [1, 3],
        [0, 1, 3],
        [0, 1, 2, 3],
    ]
    even = np.zeros(4)
    assert [kept(top_p_logits(even, p)) for p in (0.25, 0.3, 0.75)] == [[0], [0, 1], [0, 1, 2]]
    assert kept(top_p_logits(np.zeros(1024), 0.5)) == list(range(512))


def test_p_of_1_keeps_even_what_rounding_would_drop():
    """In float32 the first token alone has probability 1."""
    logits = np.array([40.0, 0.0, 1.0], np.float32)
    assert_array_equal(top_p_logits(logits, 1), logits)
    assert_array_equal(top_p_logits(logits, 1.0), logits)
    assert kept(top_p_logits(logits, 0.999999)) == [0]


def test_tokens_of_no_probability_stay_out():
    logits = np.array([-INF, 1.0, -INF, 0.0])
    for filtered in (top_k_logits(logits, 3), top_p_logits(logits, 0.999), top_p_logits(logits, 1)):
        assert_array_equal(filtered, logits)
    nothing = np.full((1, 3), -INF)
    assert_array_equal(top_k_logits(nothing, 2), nothing)
    assert_array_equal(top_p_logits(nothing, 0.5), nothing)
    assert_array_equal(next_token_probabilities(nothing, top_k=2, top_p=0.5), np.zeros((1, 3)))
    assert kept(top_k_logits(np.array([INF, 0.0, INF]), 1)) == [0]
    assert kept(top_p_logits(np.array([INF, 0.0, INF]), 0.6)) == [0, 2]


def test_nothing_given_is_softmax():
    assert_array_equal(next_token_probabilities(LOGITS), softmax(LOGITS))
    warm = next_token_probabilities(LOGITS, temperature=2.0)
    assert_array_equal(warm, softmax(LOGITS, temperature=2.0))


def test_each_filter_acts_and_the_rest_is_spread_in_proportion():
    by_k = next_token_probabilities(EIGHTHS, top_k=2)
    assert_allclose(by_k, [0, 2 / 3, 1 / 3, 0], rtol=1e-12)
    by_p = next_token_probabilities(EIGHTHS, top_p=0.8)
    assert_allclose(by_p, [1 / 7, 4 / 7, 2 / 7, 0], rtol=1e-12)
    assert_allclose(next_token_probabilities(EIGHTHS, top_p=1), np.exp(EIGHTHS), rtol=1e-12)


def test_the_temperature_acts_before_the_nucleus_and_top_k_too():
    # squared and normalised: 1/22, 16/22, 4/22, 1/22; the first alone reaches 0.7 only when squared
    cold = next_token_probabilities(EIGHTHS, temperature=0.5, top_p=0.7)
    assert_array_equal(cold, [0, 1, 0, 0])
    squared = next_token_probabilities(EIGHTHS, temperature=0.5, top_p=0.8)
    assert_allclose(squared, [0, 0.8, 0.2, 0], rtol=1e-12)
    # 2/3, 1/3 after top-k: one token reaches 0.6 of what is left
    both = next_token_probabilities(EIGHTHS, top_k=2, top_p=0.6)
    assert_array_equal(both, [0, 1, 0, 0])


def test_temperature_towards_zero_is_argmax_and_ties_share():
    for temperature in (1e-4, 1e-300):
        cold = next_token_probabilities(LOGITS, temperature=temperature)
        assert_allclose(cold, np.eye(7)[LOGITS.argmax(axis=-1)], atol=1e-12)
        ties = next_token_probabilities(np.array([1.0, 0.0, 1.0]), temperature=temperature)
        assert_array_equal(ties, [0.5, 0, 0.5])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept_and_float16_is_computed_in_float32(dtype):
    logits = LOGITS.astype(dtype)
    for result in (
        top_k_logits(logits, 3),
        top_p_logits(logits, 0.7),
        top_p_logits(logits, 1),
        next_token_probabilities(logits, top_k=5, top_p=0.7),
    ):
        assert result.dtype == dtype
    exact = next_token_probabilities(logits.astype(np.float64), top_k=5, top_p=0.7)
    ours = next_token_probabilities(logits, top_k=5, top_p=0.7).astype(np.float64)
    tolerance = {np.float16: 1e-3, np.float32: 1e-6, np.float64: 0}[dtype]
    assert_allclose(ours, exact, rtol=tolerance, atol=tolerance)


def test_the_input_is_left_alone_and_views_and_no_rows_work():
    logits = LOGITS.copy()
    whole = top_p_logits(logits, 1)
    whole[:] = 0
    top_k_logits(logits, 2), top_p_logits(logits, 0.5)
    next_token_probabilities(logits, top_k=3, top_p=0.5)
    assert_array_equal(logits, LOGITS)
    turned = np.swapaxes(LOGITS, 0, 2)
    assert_array_equal(top_k_logits(turned, 1), top_k_logits(turned.copy(), 1))
    assert_array_equal(top_p_logits(turned, 0.6), top_p_logits(turned.copy(), 0.6))
    for empty in (top_k_logits(LOGITS[:0], 2), top_p_logits(LOGITS[:0], 0.5)):
        assert empty.shape == (0, 3, 7)
    assert next_token_probabilities(LOGITS[:0], top_k=2, top_p=0.5).shape == (0, 3, 7)


ROWS = arrays(np.float64, (3, 5), elements=st.floats(-8, 8, width=16))


@settings(max_examples=50, deadline=None)
@given(logits=ROWS, k=st.integers(1, 5), p=st.floats(0.01, 1))
def test_a_distribution_over_what_the_filters_kept(logits, k, p):
    probabilities = next_token_probabilities(logits, top_k=k, top_p=p)
    assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-12)
    assert ((probabilities > 0).sum(axis=-1) <= k).all()
    best = logits.argmax(axis=-1)[:, None]
    assert (np.take_along_axis(probabilities, best, axis=-1) > 0).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: top_k_logits([1.0], 1), TypeError, "logits must be a NumPy array, got list"),
        (lambda: top_p_logits([1.0], 0.5), TypeError, "logits must be a NumPy array, got list"),
        (
            lambda: next_token_probabilities(np.arange(3)),
            TypeError,
            "logits must have a floating dtype.*got int64",
        ),
        (
            lambda: top_k_logits(np.array(1.0), 1),
            ValueError,
            r"logits must have at least 1 dimension\(s\), got shape \(\)",
        ),
        (
            lambda: top_p_logits(np.ones((2, 0)), 0.5),
            ValueError,
            r"logits must have at least one token on the last axis, got shape \(2, 0\)",
        ),
        (lambda: top_k_logits(np.array([0, np.nan]), 1), ValueError, "logits must not be NaN"),
        (lambda: top_p_logits(np.array([0, np.nan]), 0.5), ValueError, "logits must not be NaN"),
        (
            lambda: next_token_probabilities(np.array([0, np.nan])),
            ValueError,
            "logits must not be NaN, got NaN",
        ),
        (
            lambda: top_k_logits(LOGITS, 8),
            ValueError,
            "top_k must be at most the 7 tokens there are, got 8",
        ),
        (lambda: top_k_logits(LOGITS, 0), ValueError, "top_k must be at least 1, got 0"),
        (lambda: top_k_logits(LOGITS, 2.0), TypeError, "top_k must be an integer, got float"),
        (lambda: top_p_logits(LOGITS, 0), ValueError, r"top_p must lie in \(0, 1\], got 0"),
        (lambda: top_p_logits(LOGITS, 1.5), ValueError, r"top_p must lie in \(0, 1\], got 1.5"),
        (lambda: top_p_logits(LOGITS, "x"), TypeError, "top_p must be a real number, got str"),
        (lambda: top_p_logits(LOGITS, np.nan), ValueError, "top_p must be finite, got nan"),
        (
            lambda: next_token_probabilities(LOGITS, temperature=0),
            ValueError,
            "temperature must be greater than 0, got 0",
        ),
        (
            lambda: next_token_probabilities(LOGITS, top_k=8),
            ValueError,
            "top_k must be at most the 7 tokens there are, got 8",
        ),
        (
            lambda: next_token_probabilities(LOGITS, top_p=2),
            ValueError,
            r"top_p must lie in \(0, 1\], got 2",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
