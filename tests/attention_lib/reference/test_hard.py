"""Hard attention and REINFORCE in NumPy: shapes, options, the drawn index and each message."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def draw(query, key, value, **options):
    return reference.hard_attention(query, key, value, rng=np.random.default_rng(0), **options)


def test_a_large_scale_takes_the_best_key_of_every_query():
    query, key, value = normal(2, 3, 5), normal(7, 5, seed=1), normal(2, 7, 11, seed=2)
    output, index = draw(query, key, value, scale=1e6)
    best = (query @ key.T).argmax(axis=-1)
    assert_array_equal(index, best)
    assert_array_equal(output, np.take_along_axis(value, best[..., None], axis=1))


def test_the_scale_is_one_over_the_root_of_the_width_unless_given():
    query, key, value = normal(101, 5), normal(7, 5, seed=1), normal(7, 11, seed=2)
    assert_array_equal(draw(query, key, value)[1], draw(query, key, value, scale=1 / np.sqrt(5))[1])
    assert (draw(query, key, value)[1] != draw(query, key, value, scale=-3.0)[1]).any()


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_each_query_of_any_batch_has_its_own_value(leading):
    query, key, value = normal(*leading, 4, 5), normal(7, 5, seed=1), normal(*leading, 7, 2)
    output, index = draw(query, key, value)
    assert index.shape == (*leading, 4)
    for row in np.ndindex(leading):
        assert_array_equal(output[row], value[row][index[row]])


def test_an_empty_row_among_others():
    mask = np.array([[True, False, True], [False] * 3, [False, True, False]])
    output, index = draw(normal(3, 2), normal(3, 2, seed=1), normal(3, 5, seed=2), mask=mask)
    assert_array_equal(index[1:], [-1, 1])
    assert index[0] in (0, 2)
    assert_array_equal(output[1], np.zeros(5))
    assert (output[[0, 2]] != 0).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_without_keys_the_dtype_and_the_axes_stay(dtype):
    query, key, value = np.ones((2, 3, 5), dtype), np.ones((0, 5), dtype), np.ones((0, 11), dtype)
    output, index = draw(query, key, value)
    assert_array_equal(output, np.zeros((2, 3, 11)))
    assert output.dtype == dtype
    assert_array_equal(index, np.full((2, 3), -1))


def test_scores_that_are_not_numbers_are_refused():
    message = r"^query and key must give scores without NaN, got NaN$"
    with pytest.raises(ValueError, match=message):
        draw(np.array([[np.nan]]), np.ones((2, 1)), np.ones((2, 1)))


WEIGHTS, INDEX, REWARD = np.full((3, 5), 0.2), np.array([0, -1, 4]), np.array([2.0, 3.0, -1.0])


def test_the_estimate_is_the_advantage_times_the_chosen_minus_the_weights():
    estimate = reference.reinforce_gradient(WEIGHTS, INDEX, REWARD, baseline=0.5)
    expected = np.zeros((3, 5))
    for row, advantage in ((0, 1.5), (2, -1.5)):
        for j in range(5):
            expected[row, j] = advantage * ((j == INDEX[row]) - 0.2)
    assert_allclose(estimate, expected, rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize("baseline", [np.array(0.5), np.full(1, 0.5), np.full(3, 0.5), 0.5])
def test_a_baseline_may_be_one_number_or_one_a_draw(baseline):
    expected = reference.reinforce_gradient(WEIGHTS, INDEX, REWARD - 0.5)
    estimate = reference.reinforce_gradient(WEIGHTS, INDEX, REWARD, baseline=baseline)
    assert_allclose(estimate, expected, rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"index": [0, 1, 2]}, TypeError, r"index must be a NumPy array, got list"),
        ({"index": REWARD}, TypeError, r"index must be integers, got dtype float64"),
        (
            {"index": INDEX[:2]},
            ValueError,
            r"index must have shape that of weights without its last axis = \(3,\), got \(2,\)",
        ),
        (
            {"reward": REWARD[:, None]},
            ValueError,
            r"reward must have shape that of weights without its last axis = \(3,\), got \(3, 1\)",
        ),
        ({"index": INDEX - 1}, ValueError, r"index must lie in -1\.\.4, got -2\.\.3"),
        ({"index": INDEX + 1}, ValueError, r"index must lie in -1\.\.4, got 0\.\.5"),
        (
            {"baseline": np.ones(2)},
            ValueError,
            r"baseline must broadcast to the rewards' shape \(3,\), got \(2,\)",
        ),
        (
            {"baseline": np.ones((2, 3))},
            ValueError,
            r"baseline must broadcast to the rewards' shape \(3,\), got \(2, 3\)",
        ),
        ({"baseline": "0"}, TypeError, r"baseline must be a real number, got str"),
        (
            {"reward": REWARD.astype(np.float32)},
            TypeError,
            r"arguments must share one dtype, got weights float64, reward float32",
        ),
    ],
)
def test_bad_input_is_named(changed, error, message):
    given = {"weights": WEIGHTS, "index": INDEX, "reward": REWARD, **changed}
    with pytest.raises(error, match=f"^{message}$"):
        reference.reinforce_gradient(**given)


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
    assert_allclose(weights @ np.array(estimates), expected, rtol=1e-12, atol=1e-13)
    with pytest.raises(ValueError, match=r"index must lie in -1..2, got 3..3"):
        reference.reinforce_gradient(weights, np.array(3), np.array(1.0))
    with pytest.raises(TypeError, match="index must be integers"):
        reference.reinforce_gradient(weights, np.array(1.0), np.array(1.0))


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


def test_the_baseline_is_zero_unless_given():
    weights, index, reward = np.array([[0.25, 0.75]]), np.array([1]), np.array([2.0])
    assert_array_equal(reference.reinforce_gradient(weights, index, reward), [[-0.5, 0.5]])
