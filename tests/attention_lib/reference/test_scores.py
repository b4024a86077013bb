"""Scores in NumPy against loops, in half precision, and what they refuse."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attention_lib import reference
from tests.helpers import loop_oracles


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


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
            assert_allclose(additive[i, j], expected, rtol=1e-12, atol=1e-13)
            expected = loop_oracles.general_score(query[i], key[j], normal(5, 2, seed=6))
            assert_allclose(general[i, j], expected, rtol=1e-12, atol=1e-13)


def test_concat_is_additive_with_the_weight_split():
    query, key, weight = normal(2, 3, 5), normal(2, 7, 2, seed=1), normal(11, 7, seed=2)
    vector = normal(11, seed=3)
    concat = reference.concat_scores(query, key, weight, vector)
    additive = reference.additive_scores(query, key, weight[:, :5], weight[:, 5:], vector)
    assert_allclose(concat, additive, rtol=1e-12, atol=1e-13)


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


@pytest.mark.parametrize(
    ("score", "weights"),
    [
        (reference.dot_scores, ()),
        (reference.scaled_dot_scores, ()),
        (reference.general_scores, (normal(5, 5),)),
        (reference.additive_scores, (normal(11, 5), normal(11, 5, seed=1), normal(11))),
        (reference.concat_scores, (normal(11, 10), normal(11))),
    ],
)
def test_leading_axes_are_rows_of_their_own(score, weights):
    query, key = normal(2, 3, 5), normal(2, 7, 5, seed=1)
    one_by_one = [score(query[row], key[row], *weights) for row in range(2)]
    assert_allclose(score(query, key, *weights), one_by_one, rtol=1e-12, atol=1e-13)
