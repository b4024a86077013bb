"""The definition of Linformer attention: exact with the identity, linear in what it projects."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.reference import linformer_attention, pooling_projection

T, S, R, D, E = 3, 7, 5, 2, 11


def example(seed=0, leading=(2, 3), n_keys=S):
    rng = np.random.default_rng(seed)
    shapes = ((T, D), (n_keys, D), (n_keys, E))
    return tuple(rng.normal(size=(*leading, *shape)) for shape in shapes)


def projections(seed=1, heads=()):
    rng = np.random.default_rng(seed)
    names = ("key_projection", "value_projection")
    return {name: rng.normal(size=(*heads, R, S)) for name in names}


def in_loops(query, key, value, key_projection, value_projection, scale, real):
    """One head, as sums over positions."""
    rows = [sum(key_projection[r, j] * key[j] for j in range(S) if real[j]) for r in range(R)]
    averaged = [
        sum(value_projection[r, j] * value[j] for j in range(S) if real[j]) for r in range(R)
    ]
    output = []
    for one in query:
        powers = [np.exp(scale * np.dot(one, row)) for row in rows]
        output.append(sum(p * row for p, row in zip(powers, averaged, strict=True)) / sum(powers))
    return np.array(output)


@pytest.mark.parametrize("scale", [None, 0.3])
@pytest.mark.parametrize("heads", [(), (3,)])
def test_equals_the_loops(heads, scale):
    query, key, value = example()
    given = projections(heads=heads)
    real = np.random.default_rng(2).random((2, S)) < 0.6
    expected = np.zeros((2, 3, T, E))
    for b in range(2):
        for h in range(3):
            own = {name: one[h] if heads else one for name, one in given.items()}
            factor = D**-0.5 if scale is None else scale
            expected[b, h] = in_loops(
                query[b, h], key[b, h], value[b, h], **own, scale=factor, real=real[b]
            )
    output = linformer_attention(query, key, value, **given, mask=real[:, None, None], scale=scale)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-13)


def test_the_identity_is_exact():
    query, key, value = example()
    same = {"key_projection": np.eye(S), "value_projection": np.eye(S)}
    expected = reference.attention(query, key, value)
    assert_allclose(
        linformer_attention(query, key, value, **same), expected, rtol=1e-12, atol=1e-13
    )


def test_masked_keys_have_no_say_and_no_keys_give_zero():
    query, key, value = example()
    mask = np.array([True, False, True, True, False, False, True])
    changed_key, changed_value = key.copy(), value.copy()
    changed_key[..., ~mask, :], changed_value[..., ~mask, :] = np.nan, np.inf
    before = linformer_attention(query, key, value, **projections(), mask=mask)
    after = linformer_attention(query, changed_key, changed_value, **projections(), mask=mask)
    assert_array_equal(after, before)
    nothing = linformer_attention(query, key, value, **projections(), mask=np.zeros(S, bool))
    assert_array_equal(nothing, np.zeros((2, 3, T, E)))


def test_without_keys_and_in_half_precision():
    query, key, value = example(n_keys=0)
    empty = {name: np.zeros((R, 0)) for name in projections()}
    assert_array_equal(linformer_attention(query, key, value, **empty), np.zeros((2, 3, T, E)))
    half = [one.astype(np.float16) for one in example()]
    given = {name: one.astype(np.float16) for name, one in projections().items()}
    output = linformer_attention(*half, **given)
    assert output.dtype == np.float16
    wide = {name: one.astype(np.float64) for name, one in given.items()}
    exact = linformer_attention(*(one.astype(np.float64) for one in half), **wide)
    assert_allclose(output, exact, rtol=2e-3, atol=2e-3)


def test_the_error_of_pooling_falls_with_the_number_of_slots():
    n, errors = 64, []
    rng = np.random.default_rng(3)
    # Smooth sequences: neighbours are alike, as pooling needs it.
    walk = np.cumsum(rng.normal(size=(8, n, 3 * 4)) / 8, axis=1)
    query, key, value = np.split(walk, 3, axis=-1)
    exact = reference.attention(query, key, value)
    for n_projected in (1, 4, 16, 64):
        pooling = pooling_projection(n_projected, n)
        output = linformer_attention(
            query, key, value, key_projection=pooling, value_projection=pooling
        )
        errors.append(np.linalg.norm(output - exact) / np.linalg.norm(exact))
    assert errors[0] > 2 * errors[1] > 4 * errors[2] > 0
    assert errors[3] < 1e-12


def pooled_errors(query, key, value, counts):
    exact, errors = reference.attention(query, key, value), []
    for n_projected in counts:
        pooling = pooling_projection(n_projected, key.shape[-2])
        options = {"key_projection": pooling, "value_projection": pooling}
        output = linformer_attention(query, key, value, **options)
        errors.append(np.linalg.norm(output - exact) / np.linalg.norm(exact))
    return errors


def test_eight_slots_hold_eight_stretches_and_noise_alone_is_left():
    rng = np.random.default_rng(4)
    query, stretches = rng.normal(size=(8, 64, 4)), rng.normal(size=(2, 8, 8, 4))
    noise = rng.normal(size=(2, 8, 64, 4))
    key, value = np.repeat(stretches, 8, axis=2)
    errors = pooled_errors(query, key, value, (1, 2, 4, 8, 16, 32))
    assert min(errors[:3]) > 0.3
    assert max(errors[3:]) < 1e-12
    before = 0.0
    for size in (0.03, 0.1, 0.3):
        noisy = np.repeat(stretches, 8, axis=2) + size * noise
        few, enough, whole = pooled_errors(query, *noisy, (4, 8, 64))
        assert few > 0.3
        assert before < enough < size  # eight values are averaged: less than the noise itself
        assert whole < 1e-12
        before = enough


def test_a_sequence_without_structure_needs_nearly_all_slots():
    query, key, value = np.random.default_rng(5).normal(size=(3, 8, 64, 4))
    errors = pooled_errors(query, key, value, (1, 4, 16, 32, 64))
    assert errors[0] > errors[1] > errors[2] > errors[3] > 0.4
    assert errors[4] < 1e-12


def test_the_projection_has_to_know_where_what_is_alike_stands():
    rng = np.random.default_rng(6)
    query = rng.normal(size=(8, 64, 4))
    key, value = np.repeat(rng.normal(size=(2, 8, 8, 4)), 8, axis=2)
    order = rng.permutation(64)  # the same rank, but neighbours are no longer alike
    key, value = key[:, order], value[:, order]
    assert pooled_errors(query, key, value, (8,))[0] > 0.3
    knows = pooling_projection(8, 64)[:, order]
    output = linformer_attention(query, key, value, key_projection=knows, value_projection=knows)
    assert_allclose(output, reference.attention(query, key, value), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("n_projected", "n_keys"), [(1, 7), (3, 7), (7, 7), (5, 12)])
def test_pooling_averages_stretches_of_nearly_one_length(n_projected, n_keys):
    pooling = pooling_projection(n_projected, n_keys)
    assert pooling.dtype == np.float64
    lengths = (pooling > 0).sum(axis=1)
    assert_array_equal(
        np.unique(lengths), np.unique([n_keys // n_projected, -(-n_keys // n_projected)])
    )
    expected = np.repeat(np.arange(n_projected), lengths)
    assert_array_equal(pooling.argmax(axis=0), expected)
    assert_array_equal((pooling > 0).sum(axis=0), 1)
    assert_allclose(pooling.sum(axis=1), 1)


def test_pooling_cuts_at_the_floor():
    third = 1 / 3
    expected = [[0.5, 0.5, 0, 0, 0], [0, 0, third, third, third]]
    assert_allclose(pooling_projection(2, 5), expected)


Q, K, V = example()
GIVEN = {"query": Q, "key": K, "value": V, **projections()}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        (
            {"causal": True},
            ValueError,
            "^causal must be False: each projected key mixes all positions, the future among them$",
        ),
        ({"causal": 0}, TypeError, "^causal must be True or False, got int$"),
        ({"scale": "1"}, TypeError, "^scale must be a real number, got str$"),
        ({"query": Q.tolist()}, TypeError, "^query must be a NumPy array, got list$"),
        ({"query": Q[..., :1]}, ValueError, "same width D"),
        ({"value": V[..., :3, :]}, ValueError, "one row for each of the 7 keys"),
        (
            {"mask": np.ones((T, S), bool)},
            ValueError,
            r"^mask must .*every query.*\(3, 7\)",
        ),
        ({"mask": np.ones(4, bool)}, ValueError, r"^mask must broadcast .*got \(4,\)$"),
        (
            {"key_projection": np.ones((R, 4))},
            ValueError,
            r"^key_projection must have shape \[R, S\] or \[H, R, S\] with R >= 1 for key of "
            r"shape \(2, 3, 7, 2\), got \(5, 4\)$",
        ),
        ({"key_projection": np.ones((0, S))}, ValueError, r"^key_projection .*got \(0, 7\)$"),
        ({"key_projection": np.ones(S)}, ValueError, r"^key_projection .*got \(7,\)$"),
        ({"key_projection": np.ones((1, 3, R, S))}, ValueError, r"^key_projection .*got \(1, 3"),
        (
            {"value_projection": np.ones((2, R, S))},
            ValueError,
            r"^value_projection .*for value of shape \(2, 3, 7, 11\), got \(2, 5, 7\)$",
        ),
        (
            {"value_projection": np.ones((4, S))},
            ValueError,
            r"^key_projection and value_projection must have the same number R of rows, "
            r"got \(5, 7\) and \(4, 7\)$",
        ),
        (
            {"key_projection": np.ones((R, S), np.float32)},
            TypeError,
            "^arguments must share one dtype, .*key_projection float32",
        ),
    ],
)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        linformer_attention(**{**GIVEN, **changed})


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((0, 3), ValueError, "^n_projected must be at least 1, got 0$"),
        ((1, 0), ValueError, "^n_keys must be at least 1, got 0$"),
        ((4, 3), ValueError, "^n_projected must be at most n_keys 3, got 4$"),
        ((1.0, 3), TypeError, "^n_projected must be an integer, got float$"),
    ],
)
def test_bad_sizes_are_named(sizes, error, message):
    with pytest.raises(error, match=message):
        pooling_projection(*sizes)
