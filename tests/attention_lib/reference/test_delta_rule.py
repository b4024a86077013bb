"""The reference of the delta rule against products of matrices, and what a write must do."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import decayed_linear_attention, delta_rule_attention
from tests.helpers.recurrence_laws import (
    LENGTHS,
    STRENGTHS,
    H,
    beginning,
    delta_products,
    example,
    normal,
    open_positions,
    uniform,
    unit,
)

EXACT = {"rtol": 1e-12, "atol": 1e-12}
FULL = 1.0


@pytest.mark.parametrize("shape", STRENGTHS.values(), ids=STRENGTHS)
@pytest.mark.parametrize("n", LENGTHS[:4])
def test_equals_the_products_of_all_later_steps(n, shape):
    query, key, value = example(n)
    strength = 2 * uniform(*shape(n), seed=4)
    for mask in (None, open_positions(n)):
        for state in (None, beginning()):
            options = {"mask": mask, "state": state}
            expected = delta_products(query, unit(key), value, strength, **options)
            for one, more in ((unit(key), {}), (3 * key, {"unit_keys": True})):
                given = (query, one, value, strength)
                output, last = delta_rule_attention(*given, return_state=True, **options, **more)
                assert_allclose(output, expected[0], **EXACT)
                assert_allclose(last, expected[1], **EXACT)
                again = delta_rule_attention(*given, **options, **more)
                assert_array_equal(again, output)


def test_orthonormal_keys_give_back_exactly_what_was_stored():
    key = np.eye(7)
    value = normal(7, 5)
    output, state = delta_rule_attention(key, key, value, FULL, return_state=True)
    assert_array_equal(output, value)
    assert_array_equal(key @ state, value)  # the later writes left the earlier ones alone
    assert_array_equal(delta_rule_attention(-key, key, value, FULL), -value)


def test_a_second_write_to_a_key_replaces_the_first_where_linear_attention_adds():
    key = unit(normal(1, 4)).repeat(3, axis=0)
    value = normal(3, 5)
    output = delta_rule_attention(key, key, value, FULL)
    assert_allclose(output, value, **EXACT)
    assert_allclose(decayed_linear_attention(key, key, value, FULL), value.cumsum(axis=0), **EXACT)


def test_half_the_strength_moves_half_the_way():
    one, value = np.ones((3, 1)), np.full((3, 1), 8.0)
    output = delta_rule_attention(one, one, value, 0.5)
    assert_array_equal(output[:, 0], [4, 6, 7])


def test_a_step_is_one_of_gradient_descent_on_the_squared_error():
    query, key, value = (one[0, 0] for one in example(1))
    state, step = beginning()[0, 0], 1e-6
    _, after = delta_rule_attention(query, key, value, 0.3, state=state, return_state=True)
    slope = np.zeros_like(state)
    for place in np.ndindex(*state.shape):
        ahead, behind = state.copy(), state.copy()
        ahead[place] += step
        behind[place] -= step
        errors = [((key @ one - value) ** 2).sum() / 2 for one in (ahead, behind)]
        slope[place] = (errors[0] - errors[1]) / (2 * step)
    assert_allclose(after, state - 0.3 * slope, rtol=1e-7, atol=1e-8)


def test_no_strength_leaves_the_state_as_it_was():
    query, key, value = example(5)
    options = {"state": beginning(), "return_state": True}
    output, state = delta_rule_attention(query, key, value, 0.0, **options)
    assert_array_equal(state, beginning())
    assert_allclose(output, query @ state, **EXACT)


@pytest.mark.parametrize("strength", [0.1, 1.0, 1.9, 2.0])
def test_keys_of_length_one_never_make_the_state_longer(strength):
    query, key, _ = example(200)
    value, state = np.zeros((200, 5)), beginning()
    options = {"unit_keys": True, "state": state, "return_state": True}
    _, after = delta_rule_attention(query, key, value, strength, **options)
    norms = [np.linalg.norm(one, ord=2, axis=(-2, -1)) for one in (state, after)]
    assert (norms[1] <= norms[0] * (1 + 1e-12)).all()


def test_a_key_of_zeros_stays_zero():
    query, key, value = example(3)
    output = delta_rule_attention(query, 0 * key, value, FULL, unit_keys=True)
    assert_array_equal(output, np.zeros_like(value))


def test_half_precision_is_computed_in_single():
    arrays = [one.astype(np.float16) for one in example(9)]
    strength = np.array(0.3, dtype=np.float32)
    options = {"unit_keys": True}
    output, state = delta_rule_attention(*arrays, strength, return_state=True, **options)
    assert (output.dtype, state.dtype) == (np.float16, np.float32)
    wide = [one.astype(np.float32) for one in arrays]
    expected = delta_rule_attention(*wide, strength, **options)
    assert_array_equal(output, expected.astype(np.float16))


Q, K, V = example(5)
GIVEN = {"query": Q, "key": K, "value": V, "strength": np.full((H, 5, 1), 0.5)}
ERRORS = [
    ({"strength": [0.5]}, TypeError, r"^strength must be a NumPy array, got list$"),
    (
        {"strength": np.ones((H, 5, 4))},
        ValueError,
        r"^strength must have no axes, or shape \[..., 1 or N, 1\] for query \(2, 3, 5, 4\), "
        r"got \(3, 5, 4\)$",
    ),
    ({"strength": np.array(2.01)}, ValueError, r"^strength must lie in \[0, 2\]$"),
    ({"strength": np.array(-0.01)}, ValueError, r"^strength must lie in \[0, 2\]$"),
    ({"unit_keys": "yes"}, TypeError, r"^unit_keys must be True or False, got str$"),
    ({"state": beginning()[..., :2]}, ValueError, r"^state must have shape \[..., D, E\]"),
]


@pytest.mark.parametrize(("changed", "error", "message"), ERRORS)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        delta_rule_attention(**{**GIVEN, **changed})


@pytest.mark.parametrize("junk", [1e300, np.inf, np.nan])
def test_a_closed_position_has_no_say_whatever_it_holds(junk):
    mask = np.array([True, False, True, True, False])
    options = {"mask": mask, "return_state": True, "unit_keys": True}
    before = delta_rule_attention(**GIVEN, **options)
    key, value = K.copy(), V.copy()
    key[..., ~mask, :], value[..., ~mask, :] = junk, junk
    after = delta_rule_attention(**{**GIVEN, "key": key, "value": value}, **options)
    for one, other in zip(before, after, strict=True):
        assert_array_equal(one, other)
