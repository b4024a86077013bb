"""Position schemes against loops, published values and the laws that they are made for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import (
    alibi_bias,
    alibi_slopes,
    clipped_distances,
    pairing_permutation,
    relative_buckets,
    rotate,
    sinusoidal_positions,
)
from tests.helpers import loop_oracles

INTERLEAVED = [(0, 1), (2, 3), (4, 5)]
HALF = [(0, 3), (1, 4), (2, 5)]
PAIRS = {"interleaved": INTERLEAVED, "half": HALF}
offsets = st.integers(-200_000, 200_000)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# sinusoidal


@pytest.mark.parametrize("offset", [0, 3, -5, 100_000])
def test_sinusoidal_positions_equal_the_loops(offset):
    expected = [loop_oracles.sinusoid(offset + p, 6) for p in range(5)]
    made = sinusoidal_positions(5, 6, offset=offset)
    assert made.dtype == np.float64
    assert_allclose(made, expected, atol=3e-11)


def test_sinusoidal_positions_of_a_batch_with_uneven_offsets():
    made = sinusoidal_positions(3, 4, offset=np.array([7, -2], dtype=np.int32))
    assert made.shape == (2, 3, 4)
    assert_array_equal(made[0], sinusoidal_positions(3, 4, offset=7))
    assert_array_equal(made[1], sinusoidal_positions(3, 4, offset=-2))


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_products_of_sinusoidal_positions_know_the_distance_only(first, second, shift):
    def product(p, q):
        return np.sum(sinusoidal_positions(1, 14, offset=p) * sinusoidal_positions(1, 14, offset=q))

    assert_allclose(product(first + shift, second + shift), product(first, second), atol=1e-10)


def test_sinusoidal_positions_count_from_zero():
    assert_array_equal(sinusoidal_positions(1, 4), [[0.0, 1.0, 0.0, 1.0]])


def test_float32_angles_would_be_as_wrong_as_the_docstring_says():
    worst = 0.0
    for width in (32, 64, 128, 256):
        frequencies = 10000.0 ** (-np.arange(0, width, 2) / width)
        positions = np.arange(99_000, 100_001)[:, None]
        rounded = positions.astype(np.float32) * frequencies.astype(np.float32)
        worst = max(worst, np.abs(rounded.astype(np.float64) - positions * frequencies).max())
    assert 0.006 < worst < 0.007


# buckets and clipped distances


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bidirectional": False},
        {"n_buckets": 4, "max_distance": 2},
        {"n_buckets": 2, "max_distance": 2, "bidirectional": False},
        {"n_buckets": 7, "max_distance": 29, "bidirectional": False},
        {"n_buckets": 14, "max_distance": 5},
        {"n_buckets": 38, "max_distance": 1000},
        {"n_buckets": 12, "max_distance": 27, "bidirectional": False},
    ],
)
def test_buckets_equal_the_published_formula(options):
    stated = {"n_buckets": 32, "max_distance": 128, "bidirectional": True} | options
    buckets = relative_buckets(157, 311, **options)
    assert buckets.dtype == np.int64
    behind = 311 - 157
    for i in (0, 1, 89, 156):
        expected = [loop_oracles.t5_bucket(j - i - behind, **stated) for j in range(311)]
        assert_array_equal(buckets[i], expected)


def test_buckets_have_the_published_borders():
    # the first distance of each bucket: T5's default, 32 buckets up to 128
    causal = [*range(17), 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113]
    both = [*range(9), 12, 16, 23, 32, 46, 64, 91]
    past = relative_buckets(1, 2000, bidirectional=False)[0][::-1]  # by distance
    assert_array_equal([np.argmax(past == bucket) for bucket in range(32)], causal)
    assert past.max() == 31
    past = relative_buckets(1, 2000)[0][::-1]
    assert_array_equal([np.argmax(past == bucket) for bucket in range(16)], both)
    assert past.max() == 15
    future = relative_buckets(2000, 2000)[0]
    assert_array_equal(future[1:], past[1:] + 16)
    assert future[0] == 0


def test_borders_that_logarithms_would_miss():
    # in float64, ln(8 / 4) / ln(128 / 4) * 5 is 0.9999999999999999, and a floor loses a bucket
    past = relative_buckets(1, 129, n_buckets=9, max_distance=128, bidirectional=False)[0, ::-1]
    assert_array_equal(past[[3, 4, 7, 8, 15, 16, 63, 64, 128]], [3, 4, 4, 5, 5, 6, 7, 8, 8])
    wide = relative_buckets(1, 2**20, n_buckets=96, max_distance=2**20 - 1, bidirectional=False)
    assert wide.min() == 0
    assert wide.max() == 95
    assert (np.diff(wide[0]) <= 0).all()


def test_sizes_may_be_numpy_integers():
    n_buckets, longest = np.int64(96), np.int64(2**20)
    made = relative_buckets(1, 999, n_buckets=n_buckets, max_distance=longest)
    assert_array_equal(made, relative_buckets(1, 999, n_buckets=96, max_distance=2**20))
    assert_array_equal(alibi_slopes(np.int64(6)), alibi_slopes(6))


@given(
    st.integers(2, 40), st.integers(1, 300), st.booleans(), st.integers(1, 40), st.integers(1, 90)
)
def test_buckets_grow_with_the_distance(half, more, bidirectional, n_queries, n_keys):
    n_buckets = 2 * half
    longest = (half if bidirectional else n_buckets) // 2 + more
    options = {"n_buckets": n_buckets, "max_distance": longest, "bidirectional": bidirectional}
    buckets = relative_buckets(n_queries, n_keys, **options)
    assert ((buckets >= 0) & (buckets < n_buckets)).all()
    behind = n_keys - n_queries
    for i, row in enumerate(buckets):
        past = row[: max(i + behind + 1, 0)]
        future = row[max(i + behind + 1, 0) :]
        assert (np.diff(past) <= 0).all()
        assert (np.diff(future) >= 0).all()
        assert (future > half if bidirectional else future == 0).all()


def test_clipped_distances():
    made = clipped_distances(3, 5, max_distance=2)
    assert made.dtype == np.int64
    assert_array_equal(made, [[0, 1, 2, 3, 4], [0, 0, 1, 2, 3], [0, 0, 0, 1, 2]])
    assert_array_equal(clipped_distances(3, 1, max_distance=1), [[2], [2], [1]])
    assert_array_equal(clipped_distances(1, 3, max_distance=7), [[5, 6, 7]])


@pytest.mark.parametrize(("n_queries", "n_keys"), [(0, 3), (3, 0), (0, 0)])
def test_no_queries_or_no_keys(n_queries, n_keys):
    assert relative_buckets(n_queries, n_keys).shape == (n_queries, n_keys)
    assert clipped_distances(n_queries, n_keys, max_distance=1).shape == (n_queries, n_keys)
    assert alibi_bias(2, n_queries, n_keys).shape == (2, n_queries, n_keys)


# ALiBi


@pytest.mark.parametrize("n_heads", [1, 2, 3, 5, 7, 8, 12, 16, 23, 64])
def test_alibi_slopes_equal_the_rule(n_heads):
    assert_allclose(
        alibi_slopes(n_heads), loop_oracles.alibi_slopes(n_heads), rtol=1e-14, atol=1e-13
    )


def test_alibi_slopes_have_the_published_values():
    eight = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]
    assert_array_equal(alibi_slopes(8), eight)
    assert_allclose(
        alibi_slopes(12)[8:], 2.0 ** -np.array([0.5, 1.5, 2.5, 3.5]), rtol=1e-15, atol=1e-13
    )
    assert alibi_slopes(1) == [1 / 256]


def test_alibi_bias_is_minus_slope_times_distance():
    made = alibi_bias(3, 2, 5)
    assert made.dtype == np.float64
    for head, slope in enumerate(loop_oracles.alibi_slopes(3)):
        distance = [[abs(i + 3 - j) for j in range(5)] for i in range(2)]
        assert_allclose(made[head], -slope * np.array(distance), rtol=1e-15, atol=1e-13)
    square = alibi_bias(3, 7, 7)
    assert_array_equal(square, square.swapaxes(-1, -2))


# rotary


@pytest.mark.parametrize("base", [10000.0, 500, 1.0])
@pytest.mark.parametrize("pairing", PAIRS)
@pytest.mark.parametrize("offset", [0, 11, -3, 100_000])
def test_rotate_equals_the_loops(offset, pairing, base):
    x = normal(2, 5, 6)
    expected = [
        [loop_oracles.rotated(row, offset + p, base, PAIRS[pairing]) for p, row in enumerate(one)]
        for one in x.tolist()
    ]
    made = rotate(x, offset=offset, base=base, pairing=pairing)
    assert_allclose(made, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("pairing", PAIRS)
@pytest.mark.parametrize("offset", [0, 11, -3])
def test_rotate_with_given_frequencies_equals_the_loops(offset, pairing):
    x, given = normal(2, 5, 6), [0.7, -0.2, 0.0]
    pairs = PAIRS[pairing]
    expected = [
        [loop_oracles.rotated(row, offset + p, 1.0, pairs, given) for p, row in enumerate(one)]
        for one in x.tolist()
    ]
    made = rotate(x, offset=offset, pairing=pairing, frequencies=np.array(given))
    assert_allclose(made, expected, rtol=1e-12, atol=1e-13)
    each = rotate(x, offset=np.array([3, 9]), pairing=pairing, frequencies=np.array(given))
    for row, start in enumerate((3, 9)):
        alone = rotate(x[row], offset=start, pairing=pairing, frequencies=np.array(given))
        assert_array_equal(each[row], alone)


def test_frequencies_in_low_precision_are_widened_before_the_angles():
    x, given = normal(3, 4), np.array([1.0, 0.25], dtype=np.float16)
    made = rotate(x, offset=100_000, frequencies=given)
    assert_array_equal(made, rotate(x, offset=100_000, frequencies=given.astype(np.float64)))


def test_rotate_turns_interleaved_pairs_with_base_ten_thousand_by_default():
    x = normal(3, 4)
    assert_array_equal(rotate(x), rotate(x, offset=0, base=10000.0, pairing="interleaved"))
    assert not np.allclose(rotate(x), rotate(x, pairing="half"))
    assert not np.allclose(rotate(x), rotate(x, base=9999.0), rtol=0, atol=1e-7)


@pytest.mark.parametrize("pairing", PAIRS)
@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 3, 5, 6), (2, 3, 1, 5, 6)])
def test_rotate_with_an_offset_for_each_row_of_the_batch(shape, pairing):
    x = normal(*shape)
    made = rotate(x, offset=np.array([13, -4]), pairing=pairing)
    for row, offset in enumerate((13, -4)):
        assert_array_equal(made[row], rotate(x[row], offset=offset, pairing=pairing))


@pytest.mark.parametrize("pairing", PAIRS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_rotate_in_low_precision_far_away(dtype, pairing):
    x = normal(5, 6).astype(dtype)
    made = rotate(x, offset=100_000, pairing=pairing)
    assert made.dtype == dtype
    expected = rotate(x.astype(np.float64), offset=100_000, pairing=pairing)
    assert_allclose(made, expected, atol=2 * np.finfo(dtype).eps)


@given(offsets, offsets, st.sampled_from(["interleaved", "half"]), st.integers(0, 99))
def test_products_after_rotation_know_the_distance_only(first, shift, pairing, seed):
    query, key = normal(2, 1, 6, seed=seed)

    def score(p, q):
        turned = [rotate(x, offset=o, pairing=pairing) for x, o in ((query, p), (key, q))]
        return turned[0] @ turned[1].T

    assert_allclose(score(first + shift, shift), score(first, 0), atol=1e-8)


@given(offsets, offsets, st.sampled_from(["interleaved", "half"]))
def test_rotations_add_and_keep_the_length(first, second, pairing):
    x = normal(3, 6)
    # row p of a rotation with offset o is turned by o + p: undo p before turning again
    alone = x[:1]
    twice = rotate(rotate(alone, offset=first, pairing=pairing), offset=second, pairing=pairing)
    assert_allclose(twice, rotate(alone, offset=first + second, pairing=pairing), atol=1e-9)
    turned = rotate(x, offset=first, pairing=pairing)
    assert_allclose(
        np.linalg.norm(turned, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-12, atol=1e-13
    )
    assert_array_equal(rotate(x[1:], offset=first + 1, pairing=pairing), turned[1:])


def test_permuted_columns_carry_one_pairing_to_the_other():
    x, order = normal(2, 5, 6), pairing_permutation(6)
    assert order.dtype == np.int64
    assert_array_equal(order, [0, 2, 4, 1, 3, 5])
    interleaved = rotate(x, offset=3)
    halves = rotate(x[..., order], offset=3, pairing="half")
    assert_allclose(halves[..., np.argsort(order)], interleaved, rtol=1e-15, atol=1e-13)
    assert not np.allclose(rotate(x, offset=3, pairing="half"), interleaved)


def test_permuted_projections_give_the_same_scores_and_unpermuted_ones_do_not():
    x, query_weight, key_weight = normal(7, 11), normal(6, 11, seed=1), normal(6, 11, seed=2)
    order = pairing_permutation(6)

    def scores(query_weight, key_weight, pairing):
        query, key = (rotate(x @ w.T, pairing=pairing) for w in (query_weight, key_weight))
        return query @ key.T

    expected = scores(query_weight, key_weight, "interleaved")
    assert_allclose(scores(query_weight[order], key_weight[order], "half"), expected, rtol=1e-9)
    assert not np.allclose(scores(query_weight, key_weight, "half"), expected, atol=0.1)


def test_rotate_of_views_and_of_nothing():
    x = normal(6, 5).T
    assert not x.flags.c_contiguous
    assert_array_equal(rotate(x), rotate(np.ascontiguousarray(x)))
    assert rotate(np.zeros((2, 0, 6))).shape == (2, 0, 6)
    assert rotate(np.zeros((0, 3, 6)), offset=np.zeros(0, int)).shape == (0, 3, 6)
    assert sinusoidal_positions(0, 4).shape == (0, 4)


class Tensor:
    """Has what an array has, and is none."""

    def __init__(self, array):
        self.dtype, self.shape, self.ndim = array.dtype, array.shape, array.ndim


X = normal(2, 3, 6)
WRONG = [
    (lambda: sinusoidal_positions(-1, 4), ValueError, "n must be at least 0, got -1"),
    (lambda: sinusoidal_positions(2.0, 4), TypeError, "n must be an integer, got float"),
    (lambda: sinusoidal_positions(3, 5), ValueError, "d_model must be even, got 5"),
    (lambda: sinusoidal_positions(3, 0), ValueError, "d_model must be at least 2, got 0"),
    (lambda: sinusoidal_positions(3, 4, offset=0.5), TypeError, r"offset must be an integer or.*"),
    (
        lambda: sinusoidal_positions(3, 4, offset=-(2**63) - 1),
        ValueError,
        "offset must be at least",
    ),
    (lambda: rotate(X, offset=2**63), ValueError, "offset must fit 64 bits, got 9223"),
    (lambda: sinusoidal_positions(3, 4, offset=True), TypeError, r"array \[B\], got bool"),
    (lambda: relative_buckets(-1, 2), ValueError, "n_queries must be at least 0, got -1"),
    (lambda: relative_buckets(1, 2.0), TypeError, "n_keys must be an integer, got float"),
    (lambda: relative_buckets(1, 2, n_buckets=7), ValueError, "n_buckets must be even, got 7"),
    (lambda: relative_buckets(1, 2, n_buckets=2), ValueError, "n_buckets must be at least 4"),
    (
        lambda: relative_buckets(1, 2, n_buckets=1, bidirectional=False),
        ValueError,
        "n_buckets must be at least 2, got 1",
    ),
    (
        lambda: relative_buckets(1, 2, max_distance=8),
        ValueError,
        "max_distance must be greater than 8, the number of distances with a bucket of their "
        "own, got 8",
    ),
    (
        lambda: relative_buckets(1, 2, max_distance=16, bidirectional=False),
        ValueError,
        "max_distance must be greater than 16.*got 16",
    ),
    (lambda: relative_buckets(1, 2, max_distance=0), ValueError, "max_distance must be at least 1"),
    (lambda: relative_buckets(1, 2, bidirectional=1), TypeError, "bidirectional must be True or"),
    (
        lambda: clipped_distances(1, 2, max_distance=0),
        ValueError,
        "max_distance must be at least 1",
    ),
    (lambda: clipped_distances(1, -2, max_distance=1), ValueError, "n_keys must be at least 0"),
    (lambda: alibi_slopes(0), ValueError, "n_heads must be at least 1, got 0"),
    (lambda: alibi_bias(2.0, 1, 1), TypeError, "n_heads must be an integer, got float"),
    (lambda: alibi_bias(2, -1, 1), ValueError, "n_queries must be at least 0, got -1"),
    (lambda: rotate(X.tolist()), TypeError, "x must be a NumPy array, got list"),
    (lambda: rotate(X.astype(int)), TypeError, "x must have a floating dtype.*int64"),
    (lambda: rotate(X[0, 0]), ValueError, r"x must have at least 2 dimension\(s\), got.*\(6,\)"),
    (
        lambda: rotate(X[..., :5]),
        ValueError,
        r"^x must have an even width of at least 2 on its last axis, got shape \(2, 3, 5\)$",
    ),
    (lambda: rotate(X[..., :0]), ValueError, r"x must have an even width.*\(2, 3, 0\)"),
    (lambda: rotate(X, base=0.0), ValueError, "base must be greater than 0, got 0.0"),
    (lambda: rotate(X, base="e"), TypeError, "base must be a real number, got str"),
    (
        lambda: rotate(X, pairing="neox"),
        ValueError,
        "pairing must be one of 'interleaved', 'half', got 'neox'",
    ),
    (
        lambda: sinusoidal_positions(3, 4, offset=Tensor(np.array([1]))),
        TypeError,
        "^offset must be a NumPy array, got Tensor$",
    ),
    (
        lambda: rotate(X, offset=Tensor(np.array([1, 2]))),
        TypeError,
        "^offset must be a NumPy array, got Tensor$",
    ),
    (
        lambda: rotate(X, offset=[1, 2]),
        TypeError,
        r"^offset must be an integer or an integer array \[B\], got list$",
    ),
    (
        lambda: rotate(X, offset=np.array([1.0, 2.0])),
        TypeError,
        "^offset must hold integers, got dtype float64$",
    ),
    (
        lambda: rotate(X, offset=np.array([[1, 2]])),
        ValueError,
        r"^offset must have shape \[B\], got \(1, 2\)$",
    ),
    (
        lambda: rotate(X, offset=np.array([1, 2, 3])),
        ValueError,
        r"^offset \[B\] must have one entry for each row of a batch \[B, ..., T, D\], "
        r"got offset \(3,\) and x \(2, 3, 6\)$",
    ),
    (lambda: rotate(X[0], offset=np.array([1, 2, 3])), ValueError, r"and x \(3, 6\)"),
    (
        lambda: rotate(X, frequencies=[1.0, 0.1, 0.01]),
        TypeError,
        "^frequencies must be a NumPy array, got list$",
    ),
    (
        lambda: rotate(X, frequencies=np.array([3, 2, 1])),
        TypeError,
        "^frequencies must have a floating dtype .*, got int64$",
    ),
    (
        lambda: rotate(X, frequencies=np.ones(6)),
        ValueError,
        r"^frequencies must have shape \[D / 2\] = \(3,\), got \(6,\)$",
    ),
    (
        lambda: rotate(X, frequencies=np.array([1.0, np.nan, 0.1])),
        ValueError,
        "^frequencies must be finite$",
    ),
    (
        lambda: rotate(X, frequencies=np.array([1.0, -np.inf, 0.1])),
        ValueError,
        "^frequencies must be finite$",
    ),
    (
        lambda: rotate(X, base=500.0, frequencies=np.ones(3)),
        ValueError,
        "^base must be left out where frequencies are given, got 500.0$",
    ),
    (lambda: pairing_permutation(5), ValueError, "d must be even, got 5"),
    (lambda: pairing_permutation(4.0), TypeError, "d must be an integer, got float"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
