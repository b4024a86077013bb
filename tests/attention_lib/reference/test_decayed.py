"""The reference of linear attention that forgets against all pairs written out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import decayed_linear_attention, linear_attention
from tests.helpers.recurrence_laws import (
    DECAYS,
    LENGTHS,
    B,
    D,
    E,
    H,
    beginning,
    decayed_sums,
    example,
    open_positions,
    uniform,
)

EXACT = {"rtol": 1e-12, "atol": 1e-12}


@pytest.mark.parametrize("shape", DECAYS.values(), ids=DECAYS)
@pytest.mark.parametrize("n", LENGTHS[:4])
def test_equals_the_sum_over_all_pairs(n, shape):
    arrays, decay = example(n), uniform(*shape(n), seed=4)
    for mask in (None, open_positions(n)):
        for state in (None, beginning()):
            options = {"mask": mask, "state": state}
            output, last = decayed_linear_attention(*arrays, decay, return_state=True, **options)
            expected = decayed_sums(*arrays, decay, **options)
            assert_allclose(output, expected[0], **EXACT)
            assert_allclose(last, expected[1], **EXACT)
            assert_array_equal(decayed_linear_attention(*arrays, decay, **options), output)


def test_nothing_forgotten_is_linear_attention_without_its_normaliser():
    query, key, value = example(13)
    output = decayed_linear_attention(query, key, value, 1.0)
    weights = np.tril(query @ np.swapaxes(key, -1, -2))
    assert_allclose(output, weights @ value, **EXACT)
    query, key = abs(query), abs(key)  # relu leaves them as they are
    output = decayed_linear_attention(query, key, value, 1.0)
    sums = decayed_linear_attention(query, key, np.ones_like(value), 1.0)
    mean = linear_attention(query, key, value, causal=True, feature_map="relu")
    assert_allclose(output / sums, mean, **EXACT)


def test_all_forgotten_each_position_sees_itself_alone():
    query, key, value = example(13)
    output = decayed_linear_attention(query, key, value, 0.0, state=beginning())
    assert_allclose(output, (query * key).sum(-1, keepdims=True) * value, **EXACT)


def test_one_pair_decays_with_its_distance():
    one, value = np.ones((6, 1)), np.array([[1.0], [0], [0], [0], [0], [0]])
    output = decayed_linear_attention(one, one, value, 0.5)
    assert_allclose(output[:, 0], 0.5 ** np.arange(6))


def test_half_precision_is_computed_in_single():
    arrays = [one.astype(np.float16) for one in example(9)]
    decay = np.array(0.999, dtype=np.float32)  # finer than float16
    output, state = decayed_linear_attention(*arrays, decay, return_state=True)
    assert (output.dtype, state.dtype) == (np.float16, np.float32)
    wide = [one.astype(np.float32) for one in arrays]
    assert_array_equal(output, decayed_linear_attention(*wide, decay).astype(np.float16))
    assert_array_equal(decayed_linear_attention(*arrays, decay, state=state).shape, (B, H, 9, E))


Q, K, V = example(5)
G = np.full((H, 1, 1), 0.5)
S = beginning()
GIVEN = {"query": Q, "key": K, "value": V, "decay": G}
ERRORS = [
    ({"query": Q.tolist()}, TypeError, r"^query must be a NumPy array, got list$"),
    ({"decay": [0.5]}, TypeError, r"^decay must be a NumPy array, got list$"),
    ({"decay": True}, TypeError, r"^decay must be a NumPy array, got bool$"),
    ({"decay": 1.01}, ValueError, r"^decay must lie in \[0, 1\]$"),
    ({"decay": np.inf}, ValueError, r"^decay must be finite, got inf$"),
    ({"value": V.astype("f4")}, TypeError, r"^arguments must share one dtype, got query float64, "),
    (
        {"decay": G.astype("f4")},
        TypeError,
        r"^decay must have the dtype of query, float64, got float32$",
    ),
    (
        {name: one.astype("f2") for name, one in (("query", Q), ("key", K), ("value", V))},
        TypeError,
        r"^decay must have the dtype of query, float16 or float32, got float64$",
    ),
    ({"key": K[..., :2]}, ValueError, r"^query and key must have the same width D"),
    ({"value": V[..., :4, :]}, ValueError, r"^value must have one row for each of the 5 keys"),
    ({"query": Q[..., :3, :]}, ValueError, r"^the second last axes must have one length"),
    (
        {"decay": np.ones(5)},
        ValueError,
        r"^decay must have no axes, or shape \[..., 1 or N, 1 or D\] for query \(2, 3, 5, 4\), "
        r"got \(5,\)$",
    ),
    ({"decay": np.ones((H, 5, 2))}, ValueError, r"^decay must have .*, got \(3, 5, 2\)$"),
    ({"decay": np.ones((H, 4, 1))}, ValueError, r"^decay must have .*, got \(3, 4, 1\)$"),
    ({"decay": np.ones((7, 1, 1))}, ValueError, r"broadcast together, got .*decay \(7, 1, 1\)$"),
    ({"decay": -G}, ValueError, r"^decay must lie in \[0, 1\]$"),
    ({"decay": 2.5 * G}, ValueError, r"^decay must lie in \[0, 1\]$"),
    ({"decay": np.nan * G}, ValueError, r"^decay must lie in \[0, 1\]$"),
    ({"mask": [True] * 5}, TypeError, r"^mask must be a NumPy array, got list$"),
    ({"mask": np.ones((5, 5), bool)}, ValueError, r"^mask must be the same for every query"),
    ({"mask": np.ones((2, 1, 1, 4), bool)}, ValueError, r"^mask must broadcast to"),
    ({"state": S.tolist()}, TypeError, r"^state must be a NumPy array, got list$"),
    ({"state": S.astype("f4")}, TypeError, r"^state must have dtype float64, got float32$"),
    (
        {"state": S[0]},
        ValueError,
        r"^state must have shape \[..., D, E\] = \(2, 3, 4, 5\), got \(3, 4, 5\)$",
    ),
    ({"return_state": 1}, TypeError, r"^return_state must be True or False, got int$"),
]


@pytest.mark.parametrize(("changed", "error", "message"), ERRORS)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        decayed_linear_attention(**{**GIVEN, **changed})


@pytest.mark.parametrize("junk", [1e300, np.inf, np.nan])
def test_a_closed_position_has_no_say_whatever_it_holds(junk):
    mask = np.array([True, False, True, True, False])
    before = decayed_linear_attention(Q, K, V, G, mask=mask, return_state=True)
    key, value = K.copy(), V.copy()
    key[..., ~mask, :], value[..., ~mask, :] = junk, junk
    after = decayed_linear_attention(Q, key, value, G, mask=mask, return_state=True)
    assert_array_equal(after[0], before[0])
    assert_array_equal(after[1], before[1])
    shorter = (one[..., mask, :] for one in (Q, K, V))
    assert_allclose(before[0][..., mask, :], decayed_linear_attention(*shorter, G), **EXACT)
    assert before[1].shape == (B, H, D, E)
