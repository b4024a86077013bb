"""The NumPy definition of attention against loops, torch and its own rules."""

import tracemalloc
from importlib import import_module

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from tests.helpers import attention_laws
from tests.helpers.attention_laws import example, random_bias, random_mask


@pytest.mark.parametrize("law", attention_laws.LAWS, ids=lambda law: law.__name__)
def test_law(law):
    law(reference.attention)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 2e-3), (np.float32, 2e-6)])
def test_small_dtypes_come_back_and_are_rounded_once(dtype, tolerance):
    small = example(dtype=dtype)
    output, weights = reference.attention(*small, return_weights=True)
    assert output.dtype == weights.dtype == dtype
    exact = reference.attention(*(array.astype(np.float64) for array in small))
    assert_allclose(output, exact, rtol=tolerance, atol=tolerance)


def test_plain_matrices_heads_and_broadcast_leading_axes():
    query, key, value = example()
    plain = reference.attention(query[0], key[0], value[0])
    assert_allclose(plain, reference.attention(query, key, value)[0], rtol=1e-13, atol=1e-13)
    shared = reference.attention(query[:, None], key[:1], value[0])
    assert shared.shape == (2, 1, 3, 11)
    assert_allclose(
        shared[1, 0], reference.attention(query[1], key[0], value[0]), rtol=1e-12, atol=1e-13
    )


def test_non_contiguous_and_empty_inputs():
    query, key, value = example()
    turned = np.asfortranarray(query)
    assert_allclose(
        reference.attention(turned, key[:, ::-1], value[:, ::-1]),
        reference.attention(query, key, value),
        rtol=1e-12,
    )
    assert reference.attention(query[:0], key[:0], value[:0]).shape == (0, 3, 11)
    assert reference.attention(query[:, :0], key, value).shape == (2, 0, 11)
    assert_array_equal(reference.attention(query, key[:, :0], value[:, :0]), np.zeros((2, 3, 11)))


def test_nan_propagates_from_a_key_that_is_seen_and_not_from_one_that_is_masked():
    query, key, value = example()
    key[:, 2] = np.nan
    assert np.isnan(reference.attention(query, key, value)).all()
    mask = np.arange(5) != 2
    assert np.isfinite(reference.attention(query, key, value, mask=mask)).all()


def test_attend_is_the_second_half_of_attention():
    query, key, value = example()
    scores = reference.scaled_dot_scores(query, key)
    output, weights = reference.attend(scores, value, mask=random_mask())
    expected = reference.attention(query, key, value, mask=random_mask(), return_weights=True)
    assert_allclose(output, expected[0], rtol=1e-13, atol=1e-13)
    assert_allclose(weights, expected[1], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": 0.3},
        {"causal": True},
        {"mask": "some"},
        {"bias": random_bias(), "temperature": 0.7},
    ],
)
def test_backward_equals_differences(options):
    if options.get("mask"):
        options = {"mask": random_mask()}
        options["mask"][0, 1] = False
    arrays = example(1)
    weight_of_loss = np.random.default_rng(2).normal(size=(2, 3, 11))
    gradients = reference.attention_backward(*arrays, weight_of_loss, **options)
    for place, gradient in enumerate(gradients):
        direction = np.random.default_rng(3).normal(size=gradient.shape)
        ends = []
        for sign in (1, -1):
            moved = list(arrays)
            moved[place] = arrays[place] + sign * 1e-6 * direction
            ends.append((reference.attention(*moved, **options) * weight_of_loss).sum())
        slope = (ends[0] - ends[1]) / 2e-6
        assert_allclose((gradient * direction).sum(), slope, rtol=1e-6, atol=1e-8)


def test_backward_of_an_empty_row_is_zero():
    query, key, value = example()
    nothing = np.zeros((3, 5), dtype=bool)
    for gradient in reference.attention_backward(
        query, key, value, np.ones((2, 3, 11)), mask=nothing
    ):
        assert_array_equal(gradient, np.zeros_like(gradient))


def test_backward_sums_over_broadcast_axes():
    query, key, value = example()
    shared = reference.attention_backward(query, key[0], value[:1], np.ones((2, 3, 11)))
    full = reference.attention_backward(
        query, np.stack([key[0]] * 2), np.concatenate([value[:1]] * 2), np.ones((2, 3, 11))
    )
    assert_allclose(shared[1], full[1].sum(axis=0), rtol=1e-12, atol=1e-14)
    assert_allclose(shared[2], full[2].sum(axis=0, keepdims=True), rtol=1e-12, atol=1e-13)


Q, K, V = example()
BAD = [
    ((Q[..., :5], K, V), {}, ValueError, r"same width D.*query \(2, 3, 5\) and key \(2, 5, 7\)"),
    (
        (Q, K, V[:, :4]),
        {},
        ValueError,
        r"value must have one row for each of the 5 keys.*\(2, 4, 11\)",
    ),
    ((Q[0, 0], K, V), {}, ValueError, r"query must have at least 2 dimension.*\(7,\)"),
    ((Q[:, :, :0], K[:, :, :0], V), {}, ValueError, r"query must have a width of at least 1"),
    ((np.stack([Q[0]] * 3), K, V), {}, ValueError, r"must broadcast together.*\(3, 3, 7\)"),
    ((Q, K, np.stack([V[0]] * 3)), {}, ValueError, r"axes of value before the last two"),
    ((Q.astype(int), K, V), {}, TypeError, r"query must have a floating dtype.*int64"),
    ((Q.astype(complex), K, V), {}, TypeError, r"query must have a floating dtype.*complex"),
    ((Q.astype(np.float32), K, V), {}, TypeError, r"one dtype, got query float32, key float64"),
    ((Q.tolist(), K, V), {}, TypeError, r"query must be a NumPy array, got list"),
    ((Q, K, V), {"mask": np.ones((3, 5))}, TypeError, r"mask must be boolean.*float64"),
    ((Q, K, V), {"mask": [True] * 5}, TypeError, r"mask must be a NumPy array, got list"),
    ((Q, K, V), {"mask": np.ones((3, 4), bool)}, ValueError, r"\(2, 3, 5\), got \(3, 4\)"),
    ((Q, K, V), {"mask": np.ones((9, 2, 3, 5), bool)}, ValueError, r"got \(9, 2, 3, 5\)"),
    ((Q, K, V), {"scale": "1"}, TypeError, r"scale must be a real number, got str"),
    ((Q, K, V), {"scale": np.inf}, ValueError, r"scale must be finite"),
    ((Q, K, V), {"bias": 1.0}, TypeError, r"bias must be a NumPy array, got float"),
    ((Q, K, V), {"bias": np.zeros(5, int)}, TypeError, r"bias must have a floating dtype.*int64"),
    (
        (Q, K, V),
        {"bias": np.zeros(5, np.float32)},
        TypeError,
        r"share one dtype, got query float64, bias float32",
    ),
    (
        (Q, K, V),
        {"bias": np.zeros((3, 4))},
        ValueError,
        r"bias must broadcast to the scores' shape \(2, 3, 5\), got \(3, 4\)",
    ),
    ((Q, K, V), {"bias": np.zeros((9, 2, 3, 5))}, ValueError, r"got \(9, 2, 3, 5\)"),
    ((Q, K, V), {"temperature": 0}, ValueError, r"temperature must be greater than 0, got 0"),
    ((Q, K, V), {"temperature": None}, TypeError, r"temperature must be a real number"),
    ((Q, K, V), {"causal": 1}, TypeError, r"causal must be True or False, got int"),
]


@pytest.mark.parametrize(("arrays", "options", "error", "message"), BAD)
def test_bad_input_is_named(arrays, options, error, message):
    with pytest.raises(error, match=message):
        reference.attention(*arrays, **options)


def test_backward_names_a_gradient_of_the_wrong_shape():
    with pytest.raises(
        ValueError, match=r"grad_output must have the shape \(2, 3, 11\).*\(2, 3, 7\)"
    ):
        reference.attention_backward(Q, K, V, Q)


def test_scores_without_a_query_axis_are_refused():
    with pytest.raises(ValueError, match="scores must have at least 2"):
        reference.attend(np.ones(3), np.ones((3, 2)))


@pytest.mark.parametrize("piece", [1, 7, 15, 16, 60, 10**6])
@pytest.mark.parametrize("options", [{}, {"causal": True, "mask": True}, {"bias": True}])
def test_the_parts_of_a_large_output_are_those_of_the_whole(monkeypatch, piece, options):
    rng = np.random.default_rng(0)
    query, key, value = (
        rng.normal(size=shape) for shape in ((2, 3, 7, 5), (3, 5, 5), (2, 1, 5, 11))
    )
    options = dict(options)
    if "mask" in options:
        options["mask"] = rng.random((3, 1, 5)) < 0.6
    if "bias" in options:
        options["bias"] = rng.normal(size=(2, 1, 1, 5))
    expected, _ = reference.attention(query, key, value, return_weights=True, **options)
    monkeypatch.setattr(import_module("attention_lib.reference.attention"), "_PIECE", piece)
    found = reference.attention(query, key, value, **options)
    assert found.shape == (2, 3, 7, 11)
    assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


def test_values_with_more_leading_axes_than_the_scores_share_their_weights(monkeypatch):
    rng = np.random.default_rng(0)
    query, key, value = (rng.normal(size=shape) for shape in ((3, 5), (7, 5), (2, 7, 11)))
    monkeypatch.setattr(import_module("attention_lib.reference.attention"), "_PIECE", 1)
    for one, output in zip(value, reference.attention(query, key, value), strict=True):
        assert_allclose(output, reference.attention(query, key, one), rtol=1e-13, atol=1e-13)


def test_a_large_output_takes_little_memory_beside_it():
    query = key = value = np.zeros((4096, 1), np.float32)
    tracemalloc.start()
    try:
        reference.attention(query, key, value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20  # the weights alone would take 64 MiB
