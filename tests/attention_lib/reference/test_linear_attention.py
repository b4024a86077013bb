"""The reference of linear attention against n x n weights by loops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import LinearAttentionState, attention, linear_attention
from tests.helpers.linear_laws import EMPTY, LENGTHS, B, D, E, example, key_mask, linear_loops

EXACT = {"rtol": 1e-12, "atol": 1e-12}


@pytest.mark.parametrize("feature_map", ["elu", "relu", "exp"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lengths", [*LENGTHS[:6], *EMPTY], ids=str)
def test_equals_the_weights_written_out(lengths, causal, feature_map):
    arrays = example(0, *lengths)
    for mask in (None, key_mask(lengths[1])):
        options = {"causal": causal, "feature_map": feature_map, "mask": mask}
        output = linear_attention(*arrays, **options)
        assert output.shape == (B, lengths[0], E)
        assert_allclose(output, linear_loops(*arrays, **options), **EXACT)


@pytest.mark.parametrize("feature_map", ["elu", "relu", "exp"])
def test_the_weights_have_the_rank_of_the_features_and_are_not_those_of_softmax(feature_map):
    query, key = np.random.default_rng(0).normal(size=(2, 40, 6))
    weights = linear_attention(query, key, np.eye(40), feature_map=feature_map)
    assert np.linalg.matrix_rank(weights) == 6
    assert np.linalg.matrix_rank(attention(query, key, np.eye(40))) == 40
    # Softmax sharpens with the length of the queries: no feature map of this kind follows it.
    value = np.random.default_rng(1).normal(size=(40, 5))
    for length in (1, 4, 16):
        exact = attention(length * query, key, value)
        output = linear_attention(length * query, key, value, feature_map=feature_map)
        assert np.linalg.norm(output - exact) > 0.3 * np.linalg.norm(exact)


@pytest.mark.parametrize("length", [0.01, 1.0, 50.0])
def test_relu_forgets_the_length_of_a_query_and_exp_of_one_feature_all_of_it(length):
    query, key, value = example(7)
    output = linear_attention(length * query, key, value, feature_map="relu")
    assert_allclose(output, linear_attention(query, key, value, feature_map="relu"), **EXACT)
    single = linear_attention(length * query[..., :1], key[..., :1], value, feature_map="exp")
    weights = np.exp(key[..., 0])
    mean = (weights / weights.sum(-1, keepdims=True))[:, None] @ value
    assert_allclose(single, np.broadcast_to(mean, single.shape), **EXACT)


def test_defaults_are_elu_and_not_causal():
    arrays = example(1, 5, 7)
    assert_allclose(linear_attention(*arrays), linear_loops(*arrays, feature_map="elu"), **EXACT)


def test_elu_keeps_its_digits_far_below_zero():
    one = np.array([[-60.0]])
    key = np.array([[-60.0], [-61.0]])
    output = linear_attention(one, key, np.array([[1.0], [0.0]]))
    assert_allclose(output, [[1 / (1 + np.exp(-1))]], rtol=1e-13, atol=1e-13)


def test_a_function_as_feature_map():
    arrays = example(2)
    both = linear_attention(*arrays, feature_map=lambda x: np.exp(np.concatenate([x, -x], -1)))
    doubled = [np.concatenate([one, -one], -1) for one in arrays[:2]]
    assert_allclose(both, linear_loops(*doubled, arrays[2], feature_map="exp"), **EXACT)


@pytest.mark.parametrize("sizes", [[11], [1] * 11, [4, 0, 7], [0, 11]])
def test_the_state_gives_the_causal_form(sizes):
    arrays = example(3, 11, 11)
    mask = key_mask(11)
    state = LinearAttentionState(feature_map="relu")
    outputs, start = [], 0
    for size in sizes:
        part = slice(start, start + size)
        pieces = (one[:, part] for one in arrays)
        outputs.append(state.append(*pieces, mask=mask[..., part]))
        start += size
        assert state.length == start
    expected = linear_loops(*arrays, feature_map="relu", causal=True, mask=mask)
    assert_allclose(np.concatenate(outputs, axis=1), expected, **EXACT)
    features = np.where(mask.swapaxes(1, 2), np.maximum(arrays[1], 0), 0)
    assert_allclose(state.numerator, features.swapaxes(1, 2) @ arrays[2], **EXACT)
    assert_allclose(state.normaliser, features.sum(1), **EXACT)
    state.reset()
    assert (state.length, state.numerator, state.normaliser) == (0, None, None)
    other = [one[0, :2] for one in arrays]  # another shape may follow a reset
    expected = linear_attention(*other, causal=True, feature_map="relu")
    assert_allclose(state.append(*other), expected, **EXACT)


def test_empty_rows_are_zero():
    query, key, value = example(4, 5, 5)
    nothing = linear_attention(query, key, value, mask=np.zeros((1, 1), dtype=bool))
    assert_array_equal(nothing, np.zeros((B, 5, E)))
    unlike = linear_attention(-abs(query), key, value, feature_map="relu")
    assert_array_equal(unlike, np.zeros((B, 5, E)))


@pytest.mark.parametrize("junk", [1e4, -1e4, np.inf, np.nan])
@pytest.mark.parametrize("feature_map", ["elu", "relu", "exp", np.square])
def test_a_closed_key_has_no_say_whatever_it_is(feature_map, junk):
    query, key, value = example(4, 5, 5)
    mask = np.array([True, False, True, True, False])
    options = {"feature_map": feature_map, "mask": mask, "causal": True}
    before = linear_attention(query, key, value, **options)
    key[:, ~mask] = junk
    assert_array_equal(linear_attention(query, key, value, **options), before)
    state = LinearAttentionState(feature_map=feature_map)
    assert_array_equal(state.append(query, key, value, mask=mask), before)


def test_leading_axes_broadcast_and_half_precision_is_computed_in_single():
    query, key, value = (one.astype(np.float16) for one in example(5))
    both = linear_attention(query[:, None], key[None], value[None])  # [B, B, T, E]
    assert both.dtype == np.float16
    causal = linear_attention(query, key[:, :5], value[:, :5], causal=True)
    state = LinearAttentionState()
    assert_array_equal(state.append(query, key[:, :5], value[:, :5]), causal)
    assert (causal.dtype, state.numerator.dtype) == (np.float16, np.float32)
    wide = [one.astype(np.float32) for one in (query, key, value)]
    for i in range(B):
        for j in range(B):
            one = linear_attention(wide[0][i], wide[1][j], wide[2][j])
            assert_array_equal(both[i, j], one.astype(np.float16))


Q, K, V = example(6, 5, 5)
ERRORS = [
    ((Q.tolist(), K, V), {}, TypeError, r"^query must be a NumPy array, got list$"),
    ((Q, K.tolist(), V), {}, TypeError, r"^key must be a NumPy array, got list$"),
    ((Q, K, V.tolist()), {}, TypeError, r"^value must be a NumPy array, got list$"),
    ((Q, K.astype(np.float32), V), {}, TypeError, r"share one dtype"),
    ((Q[..., :2], K, V), {}, ValueError, r"same width D"),
    ((Q, K, V[:, :4]), {}, ValueError, r"value must have one row for each of the 5 keys"),
    ((Q, K, V), {"causal": 1}, TypeError, r"^causal must be True or False, got int$"),
    ((Q, K, V), {"mask": [True] * 5}, TypeError, r"^mask must be a NumPy array, got list$"),
    ((Q, K, V), {"mask": np.ones((5, 5), bool)}, ValueError, r"mask must be the same for every"),
    (
        (Q, K, V),
        {"feature_map": "tanh"},
        ValueError,
        r"^feature_map must be one of 'elu', 'relu', 'exp', got 'tanh'$",
    ),
    (
        (Q, K, V),
        {"feature_map": 3},
        TypeError,
        r"^feature_map must be a name or a function, got int$",
    ),
    (
        (Q, K, V),
        {"feature_map": lambda x: x.sum(-1)},
        ValueError,
        r"^feature_map must give features of shape \(2, 5\) and a width of at least 1, got \(2, 5",
    ),
    (
        (Q, K, V),
        {"feature_map": lambda x: x[..., :0]},
        ValueError,
        r"a width of at least 1, got \(2, 5, 0\)$",
    ),
    (
        (Q, K, V),
        {"feature_map": lambda x: x.astype(np.float32)},
        TypeError,
        r"^feature_map must keep the dtype float64, got float32$",
    ),
    (
        (Q, K, V),
        {"feature_map": lambda x: x.tolist()},
        TypeError,
        r"^the features of feature_map must be a NumPy array, got list$",
    ),
]


@pytest.mark.parametrize(("arrays", "options", "error", "message"), ERRORS)
def test_bad_input_is_named(arrays, options, error, message):
    with pytest.raises(error, match=message):
        linear_attention(*arrays, **options)


def test_the_state_names_what_does_not_fit():
    with pytest.raises(ValueError, match=r"feature_map must be one of"):
        LinearAttentionState(feature_map="tanh")
    state = LinearAttentionState()
    with pytest.raises(ValueError, match=r"^the second last axes must have one length, got query"):
        state.append(Q, K[:, :4], V[:, :4])
    with pytest.raises(TypeError, match=r"^mask must be a NumPy array"):
        state.append(Q, K, V, mask=True)
    state.append(Q, K, V)
    first = r"^query, key and value must have .* dtype of the first call, .*float64.*, got "
    for arrays in ((Q[0], K[0], V[0]), (Q, K, V[..., :2]), [x.astype("f4") for x in (Q, K, V)]):
        with pytest.raises(ValueError, match=first):
            state.append(*arrays)
    assert state.length == 5
    assert state.numerator.shape[-2] == D
