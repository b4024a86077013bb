"""Softmax and its Jacobian in NumPy: the definition, the limits and each message."""

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


Q, K, V = normal(3, 5), normal(7, 5, seed=1), normal(7, 11, seed=2)


def test_the_temperature_is_one_unless_given():
    assert_array_equal(reference.softmax(Q), reference.softmax(Q, temperature=1.0))


def test_a_jacobian_needs_a_row_of_weights():
    message = r"^weights must have at least 1 dimension\(s\), got shape \(\)$"
    with pytest.raises(ValueError, match=message):
        reference.softmax_jacobian(np.ones(()))
