"""The reference of Performer attention: its formula by loops, and its statistics."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import (
    attention,
    orthogonal_features,
    performer_attention,
    positive_features,
)
from tests.helpers.linear_laws import (
    EMPTY,
    LENGTHS,
    B,
    E,
    example,
    key_mask,
    performer_loops,
    softmax_loops,
)

EXACT = {"rtol": 1e-12, "atol": 1e-12}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lengths", [*LENGTHS[:6], *EMPTY], ids=str)
def test_equals_the_weights_written_out(lengths, causal):
    arrays = example(0, *lengths)
    features = orthogonal_features(7, 3, seed=4)
    for mask in (None, key_mask(lengths[1])):
        options = {"causal": causal, "mask": mask}
        output = performer_attention(*arrays, n_features=7, seed=4, **options)
        assert output.shape == (B, lengths[0], E)
        expected = performer_loops(*arrays, features, **options)
        assert_allclose(output, expected, **EXACT)
        assert_array_equal(output, performer_attention(*arrays, features=features, **options))


def test_defaults_and_options():
    arrays = example(1)
    default = performer_attention(*arrays, n_features=5)
    features = orthogonal_features(5, 3)
    assert_allclose(default, performer_loops(*arrays, features), **EXACT)
    assert_array_equal(features, orthogonal_features(5, 3, seed=0, orthogonal=True))
    independent = orthogonal_features(5, 3, seed=2, orthogonal=False)
    output = performer_attention(*arrays, n_features=5, seed=2, orthogonal=False, scale=0.3)
    assert_allclose(output, performer_loops(*arrays, independent, scale=0.3), **EXACT)


def test_features_of_a_block_are_orthogonal_and_blocks_differ():
    rows = orthogonal_features(17, 5, seed=1)
    assert rows.shape == (17, 5)
    assert rows.dtype == np.float64
    lengths = np.linalg.norm(rows, axis=1)
    for start in range(0, 17, 5):
        block = rows[start : start + 5]
        products = block @ block.T
        assert_allclose(products, np.diag(np.diag(products)), atol=1e-12)
    assert abs(rows[:5] @ rows[5:10].T).max() > 0.1
    assert len(set(lengths.round(9))) == 17
    assert_array_equal(rows[:11], orthogonal_features(17, 5, seed=1)[:11])
    assert not np.array_equal(rows, orthogonal_features(17, 5, seed=2))
    assert_array_equal(
        orthogonal_features(4, 3, seed=9, orthogonal=False),
        np.random.default_rng(9).normal(size=(2, 3, 3)).reshape(6, 3)[:4],
    )


@pytest.mark.parametrize("orthogonal", [True, False])
def test_each_row_is_distributed_like_independent_normal_numbers(orthogonal):
    rows = np.concatenate(
        [orthogonal_features(3, 3, seed=seed, orthogonal=orthogonal) for seed in range(1500)]
    )
    n = len(rows)
    error = 5 / math.sqrt(n)  # five standard errors; rows of a block are uncorrelated
    assert abs(rows.mean(0)).max() < error
    assert abs(rows.T @ rows / n - np.eye(3)).max() < 2 * error
    square = (rows**2).sum(1)  # chi squared: mean 3, variance 6
    assert abs(square.mean() - 3) < error * math.sqrt(6)
    assert abs(square.var() - 6) < error * math.sqrt(180)
    assert abs((rows**4).mean() - 3) < 2 * error * math.sqrt(96)


def estimates(n_features, seeds, orthogonal=True, width=8):
    """Estimates of exp(x . y) for one pair of vectors, one a seed, and the true number."""
    x, y = np.random.default_rng(0).normal(size=(2, width)) * 0.4
    found = []
    for seed in range(seeds):
        rows = orthogonal_features(n_features, width, seed=seed, orthogonal=orthogonal)
        found.append(positive_features(x, rows) @ positive_features(y, rows))
    return np.array(found), np.exp(x @ y)


@pytest.mark.parametrize("orthogonal", [True, False])
@pytest.mark.parametrize("n_features", [8, 13])
def test_the_kernel_is_estimated_without_bias(n_features, orthogonal):
    found, true = estimates(n_features, 1000, orthogonal)
    standard_error = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean() - true) < 4 * standard_error
    assert standard_error < 0.025 * true  # the test would see a bias of a tenth


def test_orthogonal_features_have_less_variance():
    orthogonal, _ = estimates(8, 1000, True)
    independent, _ = estimates(8, 1000, False)
    # The variance of a variance of 1000 numbers is a few hundredths of it; the gap is larger.
    assert orthogonal.var() < 0.85 * independent.var()


def test_the_ratio_is_biased_though_its_parts_are_not():
    query, key, value = (one[:1, :1] if i == 0 else one[:1] for i, one in enumerate(example(3)))
    query, key = query * 0.7, key * 0.7  # longer ones have estimates with very long tails
    exact = attention(query, key, value)[0, 0]
    ratios, parts = [], []
    for seed in range(1500):
        rows = orthogonal_features(2, 3, seed=seed)
        ratios.append(performer_attention(query, key, value, features=rows)[0, 0])
        q, k = (positive_features(one[0] * 3**-0.25, rows) for one in (query, key))
        parts.append(q[0] @ k.T @ np.c_[value[0], np.ones(len(key[0]))])
    ratios, parts = np.array(ratios), np.array(parts)
    weights = np.exp(query[0, 0] @ key[0].T / math.sqrt(3))
    true = weights @ np.c_[value[0], np.ones(len(key[0]))]
    root = math.sqrt(len(ratios))
    assert (abs(parts.mean(0) - true) < 4 * parts.std(0) / root).all()
    assert (abs(ratios.mean(0) - exact) / (ratios.std(0) / root)).max() > 6


def test_the_error_falls_with_the_square_root_of_the_number_of_features():
    query, key, value = example(5, 7, 13, width=4)
    query, key = query * 0.4, key * 0.4
    exact = softmax_loops(query, key, value)
    counts = (16, 64, 256)
    errors = []
    for n_features in counts:
        squares = [
            (performer_attention(query, key, value, n_features=n_features, seed=seed) - exact) ** 2
            for seed in range(40)
        ]
        errors.append(math.sqrt(np.mean(squares)))
    assert errors[0] < np.sqrt(np.mean(exact**2))
    for few, many in itertools.pairwise(errors):
        assert 1.6 < few / many < 2.6  # 2 in the limit: four times as many features


def test_causal_attention_is_approached():
    query, key, value = example(6, 11, 11)
    arrays = (query * 0.4, key * 0.4, value)
    exact = softmax_loops(*arrays, causal=True)
    output = performer_attention(*arrays, n_features=4096, causal=True)
    assert_allclose(output, exact, atol=0.05)
    assert_allclose(output[:, 0], value[:, 0], rtol=1e-12, atol=1e-13)  # one key has weight 1


@pytest.mark.parametrize("causal", [False, True])
def test_stays_finite_for_large_inputs_with_nothing_added_to_the_denominator(causal):
    query, key, value = example(7, 9, 9)
    output = performer_attention(query * 100, key * 100, value, n_features=6, causal=causal)
    assert np.isfinite(output).all()
    ones = np.ones_like(value)
    total = performer_attention(query * 100, key * 100, ones, n_features=6, causal=causal)
    assert_allclose(total, ones, rtol=1e-13, atol=1e-13)  # the weights sum to one


def test_features_shift_with_neither_keys_nor_queries():
    query, key, value = example(8)
    rows = orthogonal_features(50, 3, seed=1)
    output = performer_attention(query, key, value, features=rows, scale=1.0)
    q, k = positive_features(query, rows), positive_features(key, rows)
    weights = q @ k.swapaxes(1, 2)
    expected = weights @ value / weights.sum(-1, keepdims=True)
    assert_allclose(output, expected, **EXACT)


def test_empty_rows_are_zero():
    query, key, value = example(9, 7, 5)
    mask = np.array([False, True, True, True, True])
    output = performer_attention(query, key, value, n_features=4, mask=mask, causal=True)
    assert_array_equal(output[:, :3], np.zeros((B, 3, E)))
    assert (output[:, 3:] != 0).all()
    nothing = performer_attention(query, key, value, n_features=4, mask=np.zeros((1, 1), bool))
    assert_array_equal(nothing, np.zeros((B, 7, E)))


@pytest.mark.parametrize("causal", [False, True])
def test_half_precision_is_computed_in_single(causal):
    half = [one.astype(np.float16) for one in example(10)]
    output = performer_attention(*half, n_features=9, causal=causal)
    assert output.dtype == np.float16
    single = [one.astype(np.float32) for one in half]
    expected = performer_attention(*single, n_features=9, causal=causal)
    assert expected.dtype == np.float32
    assert_array_equal(output, expected.astype(np.float16))
    rows = orthogonal_features(4, 3).astype(np.float16)
    assert positive_features(half[0], rows).dtype == np.float16


Q, K, V = example(11, 5, 5)
W = np.ones((4, 3))
ERRORS = [
    ({"query": Q.tolist()}, TypeError, r"^query must be a NumPy array, got list$"),
    ({"key": K.tolist()}, TypeError, r"^key must be a NumPy array, got list$"),
    ({"value": V.tolist()}, TypeError, r"^value must be a NumPy array, got list$"),
    ({"key": K.astype(np.float32)}, TypeError, r"share one dtype"),
    ({"key": K[..., :2]}, ValueError, r"same width D"),
    ({"value": V[:, :4]}, ValueError, r"value must have one row for each of the 5 keys"),
    ({"causal": 1}, TypeError, r"^causal must be True or False, got int$"),
    ({"mask": [True] * 5}, TypeError, r"^mask must be a NumPy array, got list$"),
    ({"mask": np.ones((5, 5), bool)}, ValueError, r"mask must be the same for every"),
    ({"scale": 0.0}, ValueError, r"^scale must be greater than 0, got 0.0$"),
    ({"n_features": 0}, ValueError, r"^n_features must be at least 1, got 0$"),
    ({"n_features": 2.0}, TypeError, r"^n_features must be an integer, got float$"),
    ({"seed": -1}, ValueError, r"^seed must be at least 0, got -1$"),
    ({"orthogonal": None}, TypeError, r"^orthogonal must be True or False, got NoneType$"),
    (
        {"n_features": None},
        ValueError,
        r"^exactly one of n_features and features must be given, got neither$",
    ),
    (
        {"features": W},
        ValueError,
        r"^exactly one of n_features and features must be given, got both$",
    ),
    (
        {"n_features": None, "features": W[:, :2]},
        ValueError,
        r"^features must have shape \[M, 3\] with M of at least 1, got \(4, 2\)$",
    ),
    ({"n_features": None, "features": W[:0]}, ValueError, r"M of at least 1, got \(0, 3\)$"),
    ({"n_features": None, "features": W[0]}, ValueError, r"M of at least 1, got \(3,\)$"),
    ({"n_features": None, "features": W.tolist()}, TypeError, r"^features must be a NumPy array"),
    ({"n_features": None, "features": W.astype("f4")}, TypeError, r"got query float64, features f"),
]


@pytest.mark.parametrize(("options", "error", "message"), ERRORS)
def test_bad_input_is_named(options, error, message):
    with pytest.raises(error, match=message):
        performer_attention(
            **{"query": Q, "key": K, "value": V, "n_features": 4, "seed": 0, **options}
        )


def test_bad_features_are_named():
    with pytest.raises(ValueError, match=r"^width must be at least 1, got 0$"):
        orthogonal_features(3, 0)
    with pytest.raises(ValueError, match=r"^n_features must be at least 1, got 0$"):
        orthogonal_features(0, 3)
    with pytest.raises(
        ValueError, match=r"^x must have at least 1 dimension\(s\), got shape \(\)$"
    ):
        positive_features(np.array(1.0), W)
    with pytest.raises(ValueError, match=r"^features must have shape \[M, 2\]"):
        positive_features(np.ones(2), W)
    with pytest.raises(TypeError, match=r"^x must be a NumPy array"):
        positive_features([1.0], W)
    with pytest.raises(TypeError, match=r"^features must be a NumPy array"):
        positive_features(np.ones(3), W.tolist())
    with pytest.raises(TypeError, match=r"got x float64, features float32$"):
        positive_features(np.ones(3), W.astype(np.float32))
