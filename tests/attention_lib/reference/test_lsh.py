"""The definition of LSH attention: buckets, who reaches whom, and the softmax over them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.reference import lsh_attention, lsh_buckets, lsh_mask

N, D, E = 13, 3, 5


def example(seed=0, n=N, leading=(2,)):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(*leading, n, D)), rng.normal(size=(*leading, n, E))


def exact(query_key, value, *, causal=False, keys=None, scale=None):
    """Shared queries and keys, dense: every token reaches every other one."""
    n = query_key.shape[-2]
    reached = np.tri(n, dtype=bool) if causal else np.ones((n, n), dtype=bool)
    reached = reached if keys is None else reached & keys[..., None, :] & keys[..., :, None]
    others = reached & ~np.eye(n, dtype=bool)
    alone = ~others.any(axis=-1, keepdims=True)
    unit = query_key / np.linalg.norm(query_key, axis=-1, keepdims=True)
    mask = others | (alone & np.eye(n, dtype=bool) & reached)
    return reference.attention(query_key, unit, value, mask=mask, scale=scale)


def reached_in_loops(buckets, size, causal, real):
    """Which token reaches which; buckets [hashes][N] of one sequence."""
    n = len(real)
    reached = [[False] * n for _ in range(n)]
    for row in buckets:
        # Padding is put behind everything else and reaches nothing.
        order = sorted(range(n), key=lambda i: (not real[i], row[i], i))
        chunk = {token: place // size for place, token in enumerate(order)}
        for i in range(n):
            for j in range(n):
                near = chunk[i] - chunk[j] in (0, 1)
                allowed = real[i] and real[j] and i != j and (j < i or not causal)
                if near and allowed and row[i] == row[j]:
                    reached[i][j] = True
    for i in range(n):
        if real[i] and not any(reached[i]):
            reached[i][i] = True
    return reached


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("bucket_size", "n_hashes"), [(1, 1), (2, 3), (3, 1), (4, 2), (5, 2), (99, 2)]
)
def test_the_mask_equals_the_loops(bucket_size, n_hashes, masked, causal):
    query_key, _ = example(1)
    real = np.random.default_rng(2).random((2, N)) < 0.7 if masked else np.ones((2, N), bool)
    options = {"bucket_size": bucket_size, "n_hashes": n_hashes, "seed": 4}
    buckets = lsh_buckets(query_key, **options)
    mask = real[:, None] if masked else None
    ours = lsh_mask(query_key, causal=causal, mask=mask, **options)
    for b in range(2):
        expected = reached_in_loops(buckets[b].tolist(), bucket_size, causal, real[b].tolist())
        assert_array_equal(ours[b], expected)


def test_buckets_by_hand():
    query_key, _ = example(3)
    buckets = lsh_buckets(query_key, bucket_size=3, n_hashes=2, seed=5)
    # 13 tokens in buckets of 3: five, rounded up to six, so three directions and their opposites.
    rotations = np.random.default_rng(5).normal(size=(2, D, 3))
    for b in range(2):
        for r in range(2):
            for i in range(N):
                turned = [float(query_key[b, i] @ rotations[r, :, c]) for c in range(3)]
                both = turned + [-x for x in turned]
                assert buckets[b, r, i] == both.index(max(both))
    assert buckets.dtype == np.int64
    assert_array_equal(lsh_buckets(5 * query_key, bucket_size=3, n_hashes=2, seed=5), buckets)
    assert (lsh_buckets(query_key, bucket_size=3, n_hashes=2) != buckets).any()
    first = lsh_buckets(query_key, bucket_size=3, n_hashes=2, seed=0)
    assert_array_equal(lsh_buckets(query_key, bucket_size=3, n_hashes=2), first)


def test_opposite_vectors_meet_in_no_bucket_and_equal_ones_in_all():
    query_key, _ = example(4)
    both = np.concatenate([query_key, -query_key, 3 * query_key], axis=1)
    buckets = lsh_buckets(both, bucket_size=4, n_hashes=5)
    plus, minus, again = np.split(buckets, 3, axis=-1)
    assert (plus != minus).all()
    assert_array_equal(plus, again)


def test_one_bucket_where_it_holds_all_and_two_where_it_does_not():
    query_key, _ = example(5)
    assert_array_equal(lsh_buckets(query_key, bucket_size=13, n_hashes=3), np.zeros((2, 3, 13)))
    assert_array_equal(np.unique(lsh_buckets(query_key, bucket_size=12, n_hashes=3)), [0, 1])
    masked = lsh_buckets(query_key, bucket_size=12, n_hashes=3, mask=np.arange(N) != 4)
    assert_array_equal(masked[..., 4], 2)
    assert (masked[..., 5:] < 2).all()
    masked = lsh_buckets(query_key, bucket_size=13, n_hashes=3, mask=np.arange(N)[None] != 4)
    assert_array_equal(masked[0, 0], np.arange(N) == 4)


@pytest.mark.parametrize("scale", [None, 0.3])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("n_hashes", [1, 3])
def test_exact_where_one_bucket_holds_all(n_hashes, causal, scale):
    query_key, value = example(6)
    options = {"bucket_size": 13, "n_hashes": n_hashes, "causal": causal, "scale": scale}
    expected = exact(query_key, value, causal=causal, scale=scale)
    assert_allclose(lsh_attention(query_key, value, **options), expected, rtol=1e-12, atol=1e-13)
    keys = np.arange(N) != np.array([[4], [7]])
    expected = exact(query_key, value, causal=causal, scale=scale, keys=keys)
    output = lsh_attention(query_key, value, mask=keys[:, None], **options)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-13)
    assert_array_equal(output[0, 4], np.zeros(E))
    query_key[0, 4], value[0, 4] = np.nan, np.inf
    again = lsh_attention(query_key, value, mask=keys[:, None], **options)
    assert_array_equal(again, output)


def test_the_output_is_the_softmax_over_what_is_reached():
    query_key, value = example(7)
    options = {"bucket_size": 3, "n_hashes": 2, "causal": True, "seed": 2}
    reached = lsh_mask(query_key, **options)
    output = lsh_attention(query_key, value, **options)
    for b in range(2):
        for i in range(N):
            others = [j for j in range(N) if reached[b, i, j]]
            key = [query_key[b, j] / np.linalg.norm(query_key[b, j]) for j in others]
            powers = np.exp([query_key[b, i] @ one / np.sqrt(D) for one in key])
            expected = powers @ value[b, others] / powers.sum()
            assert_allclose(output[b, i], expected, rtol=1e-12, atol=1e-13)
    assert_array_equal(output[:, 0], value[:, 0])  # the first token reaches nothing else


def test_the_error_falls_with_the_number_of_hashes():
    rng = np.random.default_rng(8)
    # Tokens around a few centres: what is near is worth finding.
    centres = 4 * rng.normal(size=(16, 16))
    query_key = centres[rng.integers(16, size=(4, 256))] + rng.normal(size=(4, 256, 16))
    value = rng.normal(size=(4, 256, E))
    expected = exact(query_key, value)
    errors, found = [], []
    for n_hashes in (1, 2, 4, 8):
        of_seeds = [
            lsh_attention(query_key, value, bucket_size=32, n_hashes=n_hashes, seed=seed)
            for seed in range(3)
        ]
        found.append(lsh_mask(query_key, bucket_size=32, n_hashes=n_hashes).mean())
        errors.append(np.mean([np.linalg.norm(one - expected) for one in of_seeds]))
    assert errors[0] > 1.2 * errors[1] > 1.44 * errors[2] > 1.2 * 1.44 * errors[3]
    assert 0 < found[0] < found[1] < found[2] < found[3] < 1


@pytest.mark.parametrize("angle", [0.2, 1.0, 2.0, 3.0])
def test_two_vectors_share_one_of_two_buckets_with_a_probability_linear_in_their_angle(angle):
    one, other = np.array([1.0, 0.0, 0.0]), np.array([np.cos(angle), 0.0, np.sin(angle)])
    rounds = 4000
    buckets = lsh_buckets(np.stack([one, 5 * other]), bucket_size=1, n_hashes=rounds)
    together = (buckets[:, 0] == buckets[:, 1]).mean()
    expected = 1 - angle / np.pi  # the sign of a random projection
    assert abs(together - expected) < 4 * np.sqrt(expected * (1 - expected) / rounds)


def test_rounds_find_a_pair_independently_of_one_another():
    query_key, _ = example(14, n=64, leading=())
    buckets = lsh_buckets(query_key, bucket_size=8, n_hashes=3000)
    shared = buckets[:, :, None] == buckets[:, None, :]
    single = shared.mean(axis=0)
    several = shared.reshape(1000, 3, 64, 64).any(axis=1).mean(axis=0)
    expected = 1 - (1 - single) ** 3
    spread = np.sqrt(expected * (1 - expected) / 1000)
    pairs = (spread > 0) & ~np.eye(64, dtype=bool)
    deviations = (several - expected)[pairs] / spread[pairs]
    # Less than one standard deviation: the same rounds give `single`.
    assert abs(deviations).max() < 5
    assert 0.3 < deviations.std() < 1.1
    assert single[pairs].std() > 0.1  # near and far pairs differ: the hash is worth its cost


def test_larger_buckets_and_more_hashes_find_more_of_the_weight():
    rng = np.random.default_rng(8)
    centres = 4 * rng.normal(size=(16, 16))
    query_key = centres[rng.integers(16, size=(4, 256))] + rng.normal(size=(4, 256, 16))
    value = rng.normal(size=(4, 256, E))
    unit = query_key / np.linalg.norm(query_key, axis=-1, keepdims=True)
    others = ~np.eye(256, dtype=bool)
    expected, weights = reference.attention(
        query_key, unit, value, mask=others, return_weights=True
    )
    size = np.linalg.norm(expected)
    errors, found, pairs = np.zeros((3, 4)), np.zeros((3, 4)), np.zeros((3, 4))
    for i, n_hashes in enumerate((1, 2, 4)):
        for j, bucket_size in enumerate((16, 64, 128, 256)):
            options = {"bucket_size": bucket_size, "n_hashes": n_hashes, "seed": 1}
            reached = lsh_mask(query_key, **options)
            output = lsh_attention(query_key, value, **options)
            errors[i, j] = np.linalg.norm(output - expected) / size
            found[i, j] = (weights * reached).sum(axis=-1).mean()
            pairs[i, j] = reached[:, others].mean()
    assert (np.diff(errors, axis=0)[:, :3] < 0).all()
    assert (np.diff(errors, axis=1) < 0).all()
    assert (errors[:, 3] < 1e-12).all()
    assert (np.diff(found, axis=0)[:, :3] > 0).all()
    assert (np.diff(found, axis=1) > 0).all()
    # The weight found is more than the share of the pairs that is computed.
    assert (found[:, 0] > 3 * pairs[:, 0]).all()
    assert (found[:, 1] > 1.4 * pairs[:, 1]).all()


def test_causal_closes_the_future_but_the_future_moves_the_borders():
    query_key, value = example(9, n=64, leading=())
    options = {"bucket_size": 4, "n_hashes": 1, "causal": True}
    assert not lsh_mask(query_key, **options)[np.triu_indices(64, 1)].any()
    before = lsh_attention(query_key, value, **options)
    changed_value = value.copy()
    changed_value[32:] += 100
    after = lsh_attention(query_key, changed_value, **options)
    assert_array_equal(after[:32], before[:32])
    other = query_key.copy()
    other[32:] = example(10, n=64, leading=())[0][32:]
    moved = lsh_mask(other, **options)[:32] != lsh_mask(query_key, **options)[:32]
    assert moved.any()  # as published: the sort sees all tokens


def test_the_options_have_defaults():
    query_key, value = example(9, n=64)
    options = {"bucket_size": 4, "n_hashes": 1}
    for function, given in ((lsh_mask, (query_key,)), (lsh_attention, (query_key, value))):
        default = function(*given, **options)
        assert_array_equal(default, function(*given, **options, causal=False, seed=0, mask=None))
        for changed in ({"causal": True}, {"seed": 1}):
            assert (default != function(*given, **options, **changed)).any()
    sizes = {"bucket_size": 64, "n_hashes": 2}
    assert lsh_buckets(query_key, **sizes).dtype == np.int64


def test_zero_vectors_short_sequences_and_half_precision():
    query_key, value = example(11, n=5)
    query_key[:, 2] = 0
    output = lsh_attention(query_key, value, bucket_size=2, n_hashes=2)
    assert np.isfinite(output).all()
    assert_array_equal(lsh_buckets(query_key, bucket_size=2, n_hashes=2)[..., 2], 0)
    one = lsh_attention(query_key[:, :1], value[:, :1], bucket_size=2, n_hashes=2)
    assert_array_equal(one, value[:, :1])
    none = lsh_attention(query_key[:, :0], value[:, :0], bucket_size=2, n_hashes=2)
    assert none.shape == (2, 0, E)
    half = [array.astype(np.float16) for array in example(12)]
    output = lsh_attention(*half, bucket_size=4, n_hashes=2)
    assert output.dtype == np.float16
    wide = lsh_attention(*(one.astype(np.float64) for one in half), bucket_size=4, n_hashes=2)
    assert_allclose(output, wide, rtol=2e-3, atol=2e-3)


def test_leading_axes_broadcast():
    query_key, value = example(13, leading=(2, 1))
    value = np.concatenate([value, -value, 2 * value], axis=1)
    mask = np.arange(N) < np.array([13, 9])[:, None, None, None]
    options = {"bucket_size": 4, "n_hashes": 2}
    output = lsh_attention(query_key, value, mask=mask, **options)
    assert output.shape == (2, 3, N, E)
    expected = lsh_attention(query_key[1, 0], value[1, 2], mask=mask[1, 0], **options)
    assert_allclose(output[1, 2], expected, rtol=1e-12, atol=1e-13)


QK, V = example()
GIVEN = {"query_key": QK, "value": V, "bucket_size": 4, "n_hashes": 2}
BAD = [
    ({"query_key": QK.tolist()}, TypeError, "^query_key must be a NumPy array, got list$"),
    ({"query_key": QK[0, 0]}, ValueError, "^query_key must have at least 2 dimension"),
    ({"query_key": QK[..., :0]}, ValueError, "^the width of query_key must be at least 1, got 0$"),
    ({"bucket_size": 0}, ValueError, "^bucket_size must be at least 1, got 0$"),
    ({"bucket_size": 2.0}, TypeError, "^bucket_size must be an integer, got float$"),
    ({"n_hashes": 0}, ValueError, "^n_hashes must be at least 1, got 0$"),
    ({"seed": -1}, ValueError, "^seed must be at least 0, got -1$"),
    ({"mask": np.ones((N, N), bool)}, ValueError, "^mask must .*every query"),
    ({"mask": np.ones(4, bool)}, ValueError, r"^mask must broadcast .*got \(4,\)$"),
    ({"mask": np.ones(N)}, TypeError, "^mask must be boolean"),
]
MORE = [
    ({"value": V[:, :4]}, ValueError, "^value must have one row for each of the 13 keys"),
    ({"value": V.astype(np.float32)}, TypeError, "query_key float64, value float32$"),
    ({"causal": 1}, TypeError, "^causal must be True or False, got int$"),
    ({"scale": np.nan}, ValueError, "^scale must be finite, got nan$"),
]


@pytest.mark.parametrize(("changed", "error", "message"), BAD + MORE)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        lsh_attention(**{**GIVEN, **changed})


@pytest.mark.parametrize(("changed", "error", "message"), BAD)
def test_bad_input_of_the_buckets_is_named(changed, error, message):
    given = {name: one for name, one in GIVEN.items() if name != "value"}
    for function in (lsh_buckets, lsh_mask):
        with pytest.raises(error, match=message):
            function(**{**given, **changed})


def test_a_bad_flag_of_the_mask_is_named():
    with pytest.raises(TypeError, match=r"^causal must be True or False, got int$"):
        lsh_mask(QK, bucket_size=4, n_hashes=2, causal=1)
