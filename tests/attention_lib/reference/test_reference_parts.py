"""Softmax, masks, scores, LSTM, kernel regression and hard attention in NumPy."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional as F

from attention_lib import reference
from tests.helpers import loop_oracles


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_softmax_equals_torch_and_the_loop():
    scores = normal(3, 5)
    expected = F.softmax(torch.from_numpy(scores) / 0.7, dim=-1)
    assert_allclose(reference.softmax(scores, temperature=0.7), expected, rtol=1e-13)
    row = loop_oracles.softmax_row(scores[0].tolist(), [True, False, True, True, False])
    mask = np.array([True, False, True, True, False])
    assert_allclose(reference.softmax(scores, mask=mask)[0], row, rtol=1e-13)


def test_softmax_of_infinite_scores_follows_the_limit():
    inf = np.inf
    scores = np.array([[inf, 1, inf, -inf], [-inf, 2, 2, -inf], [-inf] * 4, [1, 1, np.nan, 1]])
    weights = reference.softmax(scores)
    assert_array_equal(weights[:3], [[0.5, 0, 0.5, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 0]])
    assert np.isnan(weights[3]).all()
    assert_array_equal(reference.softmax(np.array([[-1e308, 1e308]])), [[0, 1]])
    assert_array_equal(reference.softmax(np.zeros((2, 0))), np.zeros((2, 0)))


def test_softmax_jacobian_equals_autograd():
    scores = normal(5)
    jacobian = torch.autograd.functional.jacobian(lambda s: s.softmax(-1), torch.from_numpy(scores))
    ours = reference.softmax_jacobian(reference.softmax(scores))
    assert_allclose(ours, jacobian, rtol=1e-12, atol=1e-15)
    assert reference.softmax_jacobian(normal(2, 3)).shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([1.0],), {}, TypeError, "scores must be a NumPy array, got list"),
        ((np.arange(3),), {}, TypeError, "scores must have a floating dtype"),
        ((np.array(1.0),), {}, ValueError, "scores must have at least 1 dimension"),
        ((normal(3),), {"temperature": 0}, ValueError, "temperature must be greater than 0, got 0"),
        ((normal(3),), {"temperature": -1.0}, ValueError, "temperature must be greater than 0"),
        ((normal(3),), {"temperature": np.nan}, ValueError, "temperature must be finite"),
        ((normal(3),), {"mask": np.ones(2, bool)}, ValueError, r"\(3,\), got \(2,\)"),
    ],
)
def test_softmax_names_bad_input(arguments, options, error, message):
    with pytest.raises(error, match=message):
        reference.softmax(*arguments, **options)


@pytest.mark.parametrize(("n_queries", "n_keys"), [(5, 5), (3, 7), (7, 3), (1, 5), (0, 3)])
def test_masks_equal_their_definition(n_queries, n_keys):
    causal = reference.causal_mask(n_queries, n_keys)
    window = reference.window_mask(n_queries, n_keys, window=2)
    both = reference.window_mask(n_queries, n_keys, window=2, causal=True)
    assert causal.shape == window.shape == both.shape == (n_queries, n_keys)
    for i in range(n_queries):
        for j in range(n_keys):
            distance = i + n_keys - n_queries - j
            assert causal[i, j] == (distance >= 0)
            assert window[i, j] == (abs(distance) <= 2)
            assert both[i, j] == (0 <= distance <= 2)


def test_padding_and_combination():
    padding = reference.padding_mask(np.array([0, 2, 3]), 3)
    assert padding.shape == (3, 1, 3)
    assert_array_equal(padding[:, 0].sum(axis=-1), [0, 2, 3])
    combined = reference.combine_masks(reference.causal_mask(2, 3), padding)
    assert_array_equal(combined[1], [[True, True, False], [True, True, False]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: reference.causal_mask(-1, 2), ValueError, "n_queries must be at least 0, got -1"),
        (lambda: reference.causal_mask(2, 2.0), TypeError, "n_keys must be an integer, got float"),
        (lambda: reference.window_mask(2, 2, window=-1), ValueError, "window must be at least 0"),
        (lambda: reference.padding_mask(np.array([4]), 3), ValueError, r"lie in 0..3.*got 4..4"),
        (lambda: reference.padding_mask(np.array([1.0]), 3), TypeError, "lengths must be integers"),
        (lambda: reference.padding_mask(np.array([[1]]), 3), ValueError, r"shape \[B\]"),
        (lambda: reference.combine_masks(), ValueError, "at least one mask"),
        (lambda: reference.combine_masks(np.ones(2)), TypeError, "mask must be boolean"),
        (
            lambda: reference.combine_masks(np.ones(2, bool), np.ones(3, bool)),
            ValueError,
            "masks must broadcast together",
        ),
    ],
)
def test_masks_name_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_scores_equal_the_loops():
    query, key = normal(3, 5), normal(7, 2, seed=1)
    query_weight, key_weight = normal(11, 5, seed=2), normal(11, 2, seed=3)
    vector, bias = normal(11, seed=4), normal(11, seed=5)
    additive = reference.additive_scores(query, key, query_weight, key_weight, vector, bias=bias)
    general = reference.general_scores(query, key, normal(5, 2, seed=6))
    for i in range(3):
        for j in range(7):
            expected = loop_oracles.additive_score(
                query[i], key[j], query_weight, key_weight, vector, bias
            )
            assert_allclose(additive[i, j], expected, rtol=1e-12)
            expected = loop_oracles.general_score(query[i], key[j], normal(5, 2, seed=6))
            assert_allclose(general[i, j], expected, rtol=1e-12)


def test_concat_is_additive_with_the_weight_split():
    query, key, weight = normal(2, 3, 5), normal(2, 7, 2, seed=1), normal(11, 7, seed=2)
    vector = normal(11, seed=3)
    concat = reference.concat_scores(query, key, weight, vector)
    additive = reference.additive_scores(query, key, weight[:, :5], weight[:, 5:], vector)
    assert_allclose(concat, additive, rtol=1e-12)


def test_dot_scores_in_float16_accumulate_in_float32():
    query, key = np.full((1, 4096), 0.1, np.float16), np.full((1, 4096), 0.1, np.float16)
    exact = float(query[0, 0]) ** 2 * 4096
    assert_allclose(reference.dot_scores(query, key), exact, rtol=1e-3)
    assert_allclose(reference.scaled_dot_scores(query, key), exact / 64, rtol=1e-3)
    assert reference.dot_scores(query, key).dtype == np.float16


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda q, k: reference.dot_scores(q, k), "same width D"),
        (lambda q, k: reference.general_scores(q, k, normal(2, 5)), r"\[D_q, D_k\] = \(5, 2\)"),
        (
            lambda q, k: reference.additive_scores(q, k, normal(3, 4), normal(3, 2), normal(3)),
            r"query_weight must have shape \[A, D_q\] = \(3, 5\), got \(3, 4\)",
        ),
        (
            lambda q, k: reference.concat_scores(q, k, normal(3, 6), normal(3)),
            r"weight must have shape \[A, D_q \+ D_k\] = \(3, 7\), got \(3, 6\)",
        ),
    ],
)
def test_scores_name_weights_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call(normal(3, 5), normal(7, 2))


def lstm_example():
    names = ("input_weight", "hidden_weight", "input_bias", "hidden_bias")
    shapes = ((12, 5), (12, 3), (12,), (12,))
    weights = {n: normal(*s, seed=i) for i, (n, s) in enumerate(zip(names, shapes, strict=True))}
    return normal(2, 5, seed=7), normal(2, 3, seed=8), normal(2, 3, seed=9), weights


def test_lstm_equals_the_loop_and_torch():
    inputs, hidden, cell, weights = lstm_example()
    new_hidden, new_cell = reference.lstm_cell(inputs, hidden, cell, **weights)
    loop = loop_oracles.lstm_step(inputs[0], hidden[0], cell[0], *weights.values())
    assert_allclose((new_hidden[0], new_cell[0]), loop, rtol=1e-12)
    torch_cell = torch.nn.LSTMCell(5, 3, dtype=torch.float64)
    state = {"weight_ih": "input_weight", "weight_hh": "hidden_weight"}
    state |= {"bias_ih": "input_bias", "bias_hh": "hidden_bias"}
    torch_cell.load_state_dict({n: torch.from_numpy(weights[o]) for n, o in state.items()})
    before = (torch.from_numpy(hidden), torch.from_numpy(cell))
    expected = torch_cell(torch.from_numpy(inputs), before)
    assert_allclose(new_hidden, expected[0].detach(), rtol=1e-12)
    assert_allclose(new_cell, expected[1].detach(), rtol=1e-12)


def test_lstm_without_bias_is_lstm_with_zero_bias_and_large_sums_do_not_overflow():
    inputs, hidden, cell, weights = lstm_example()
    bare = {name: weights[name] for name in ("input_weight", "hidden_weight")}
    zeros = {"input_bias": np.zeros(12), "hidden_bias": np.zeros(12)}
    without = reference.lstm_gates(inputs, hidden, **bare)
    assert_allclose(without, reference.lstm_gates(inputs, hidden, **bare, **zeros), rtol=1e-14)
    assert np.isfinite(reference.lstm_cell(inputs * 1e4, hidden, cell, **weights)).all()
    with pytest.raises(ValueError, match=r"input_weight must have shape \[4H, X\] = \(12, 5\)"):
        reference.lstm_cell(inputs, hidden, cell, **{**weights, "input_weight": normal(12, 4)})
    with pytest.raises(ValueError, match="cell must have shape the shape of hidden"):
        reference.lstm_cell(inputs, hidden, cell[:1], **weights)


def test_kernel_regression_is_the_weighted_mean():
    query, key, value = normal(3, 2), normal(5, 2, seed=1), normal(5, 7, seed=2)
    for i, output in enumerate(reference.kernel_regression(query, key, value, bandwidth=0.8)):
        kernel = np.array([np.exp(-((query[i] - k) ** 2).sum() / (2 * 0.8**2)) for k in key])
        assert_allclose(output, (kernel[:, None] * value).sum(0) / kernel.sum(), rtol=1e-12)
    with pytest.raises(ValueError, match="bandwidth must be greater than 0"):
        reference.kernel_regression(query, key, value, bandwidth=0)


def test_hard_attention_averages_to_soft_attention():
    query, key, value = normal(1, 3), normal(5, 3, seed=1), normal(5, 2, seed=2)
    mask = np.array([True, True, False, True, True])
    many = np.broadcast_to(query, (40_000, 1, 3))
    rng = np.random.default_rng(0)
    output, index = reference.hard_attention(many, key, value, rng=rng, mask=mask)
    assert output.shape == (40_000, 1, 2)
    assert not (index == 2).any()
    assert_array_equal(output, value[index])
    soft = reference.attention(query, key, value, mask=mask)
    assert_allclose(output.mean(axis=0), soft, atol=0.03)


def test_hard_attention_of_nothing_and_bad_generators():
    query, key, value = normal(2, 3), normal(5, 3), normal(5, 2)
    nothing = np.zeros(5, dtype=bool)
    rng = np.random.default_rng(0)
    output, index = reference.hard_attention(query, key, value, rng=rng, mask=nothing)
    assert_array_equal(output, np.zeros((2, 2)))
    assert_array_equal(index, [-1, -1])
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, got int"):
        reference.hard_attention(query, key, value, rng=0)


@pytest.mark.parametrize("baseline", [0.0, 5.0])
def test_reinforce_is_unbiased_with_any_baseline(baseline):
    weights, rewards = np.array([0.2, 0.5, 0.3]), np.array([1.0, -2.0, 4.0])
    expected = reference.softmax_jacobian(weights) @ rewards
    estimates = [
        reference.reinforce_gradient(weights, np.array(j), np.array(rewards[j]), baseline=baseline)
        for j in range(3)
    ]
    assert_allclose(weights @ np.array(estimates), expected, rtol=1e-12)
    with pytest.raises(ValueError, match=r"index must lie in -1..2, got 3..3"):
        reference.reinforce_gradient(weights, np.array(3), np.array(1.0))
    with pytest.raises(TypeError, match="index must be integers"):
        reference.reinforce_gradient(weights, np.array(1.0), np.array(1.0))


def test_scores_without_a_query_axis_are_refused():
    with pytest.raises(ValueError, match="scores must have at least 2"):
        reference.attend(np.ones(3), np.ones((3, 2)))


@pytest.mark.parametrize("shape", [(3, 1), (2, 3), (2,)])
def test_a_baseline_that_does_not_fit_the_rewards_is_refused(shape):
    weights, index, reward = np.full((3, 2), 0.5), np.array([0, 1, 1]), np.ones(3)
    with pytest.raises(ValueError, match=r"baseline must broadcast to the rewards' shape \(3,\)"):
        reference.reinforce_gradient(weights, index, reward, baseline=np.ones(shape))


def test_hard_attention_without_keys_gives_zeros():
    query, key, value = np.ones((3, 2)), np.ones((0, 2)), np.ones((0, 5))
    output, index = reference.hard_attention(query, key, value, rng=np.random.default_rng(0))
    assert_array_equal(output, np.zeros((3, 5)))
    assert_array_equal(index, np.full(3, -1))


def test_rows_of_an_lstm_step_that_do_not_fit_are_named():
    weights = {"input_weight": np.ones((16, 3)), "hidden_weight": np.ones((16, 4))}
    with pytest.raises(ValueError, match=r"inputs \(2, 3\), hidden \(5, 4\)"):
        reference.lstm_gates(np.ones((2, 3)), np.ones((5, 4)), **weights)


@pytest.mark.parametrize(
    ("scale", "error", "says"),
    [(Fraction(1, 2), TypeError, "Fraction"), (10**400, ValueError, "must fit a float")],
)
def test_a_scale_that_arrays_cannot_use_is_named(scale, error, says):
    with pytest.raises(error, match=f"scale must.*{says}|scale {says}"):
        reference.scaled_dot_scores(np.ones((1, 2)), np.ones((3, 2)), scale=scale)


def test_scores_of_a_weight_without_axes_are_refused():
    one, none = np.ones((1, 2)), np.ones(())
    with pytest.raises(ValueError, match="score_vector must have"):
        reference.additive_scores(one, one, none, np.ones((3, 2)), np.ones((3, 1)))
    with pytest.raises(ValueError, match="weight must have shape"):
        reference.concat_scores(one, one, none, np.ones(3))
