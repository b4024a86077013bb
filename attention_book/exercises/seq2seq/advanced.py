"""Kernel regression and REINFORCE: the advanced exercises of chapter 01."""

from __future__ import annotations

import numpy as np

from attention_book.exercises.engine import (
    Behaviour,
    Candidate,
    Exercise,
    Mutant,
    expect_array,
    expect_close,
)
from attention_lib import reference

# --- kernel regression --------------------------------------------------------------------


def _kernel_matches(answer: Candidate, query, key, value, bandwidth, because) -> None:
    expected = reference.kernel_regression(
        query[:, None], key[:, None], value[:, None], bandwidth=bandwidth
    )[:, 0]
    expect_close(
        answer(query, key, value, bandwidth),
        expected,
        what="estimates",
        axes=("query",),
        because=because,
    )


def _kernel_of_two_points(answer: Candidate) -> None:
    query, key, value = np.array([0.5, 0.0]), np.array([0.0, 1.0]), np.array([2.0, 6.0])
    because = (
        "half way between two points the estimate is the mean of their values, and on a "
        "point it leans to that point"
    )
    _kernel_matches(answer, query, key, value, 1.0, because)


def _kernel_of_many_points(answer: Candidate) -> None:
    rng = np.random.default_rng(61)
    for bandwidth in (0.3, 1.0, 2.5):
        because = (
            f"weights are the softmax of -(distance)^2 / (2 bandwidth^2), here with a "
            f"bandwidth of {bandwidth}"
        )
        _kernel_matches(
            answer, rng.normal(size=3), rng.normal(size=5), rng.normal(size=5), bandwidth, because
        )


def _kernel_far_away(answer: Candidate) -> None:
    because = (
        "far from all data every exp underflows to 0: take the softmax of the exponents "
        "instead of dividing two zeros"
    )
    _kernel_matches(
        answer, np.array([100.0]), np.array([0.0, 1.0]), np.array([2.0, 6.0]), 1.0, because
    )


def _kernel_exponents(query, key, bandwidth):
    return -((query[:, None] - key) ** 2) / (2 * bandwidth**2)


def _kernel_unnormalised(query, key, value, bandwidth):
    return np.exp(_kernel_exponents(query, key, bandwidth)) @ value


def _kernel_without_bandwidth(query, key, value, bandwidth):
    return reference.softmax(_kernel_exponents(query, key, 1.0)) @ value


def _kernel_bandwidth_unsquared(query, key, value, bandwidth):
    return reference.softmax(_kernel_exponents(query, key, np.sqrt(bandwidth))) @ value


def _kernel_growing(query, key, value, bandwidth):
    return reference.softmax(-_kernel_exponents(query, key, bandwidth)) @ value


def _kernel_underflow(query, key, value, bandwidth):
    weights = np.exp(_kernel_exponents(query, key, bandwidth))
    return weights @ value / weights.sum(-1)


KERNEL = Exercise(
    name="seq2seq.kernel_regression",
    title="Kernel regression",
    difficulty=2,
    behaviours=[
        Behaviour("two points: the estimate is their weighted mean", _kernel_of_two_points),
        Behaviour("the bandwidth divides the distance", _kernel_of_many_points),
        Behaviour("far away from the data the estimate stays finite", _kernel_far_away),
    ],
    mutants=[
        Mutant(_kernel_unnormalised, "does not divide by the sum of the weights", says="mean"),
        Mutant(_kernel_without_bandwidth, "ignores the bandwidth", says="bandwidth"),
        Mutant(
            _kernel_bandwidth_unsquared,
            "divides by the bandwidth, not its square",
            says="bandwidth",
        ),
        Mutant(_kernel_growing, "gives far points the larger weight", says="leans"),
        Mutant(_kernel_underflow, "divides zero by zero far from the data", says="nan"),
    ],
)


# --- REINFORCE ----------------------------------------------------------------------------


def _estimates(answer: Candidate, weights, rewards, baseline) -> np.ndarray:
    rows = [answer(weights, index, rewards[index], baseline) for index in range(len(weights))]
    return np.stack(
        [expect_array(row, weights.shape, what="gradients", axes=("score",)) for row in rows]
    )


def _mean_over_draws(weights, estimates) -> np.ndarray:
    return weights.astype(estimates.dtype) @ estimates


def _gradient_of_one_draw(answer: Candidate) -> None:
    weights = np.array([0.2, 0.5, 0.3])
    because = (
        "raising a score raises the log-probability of its own item and lowers all others; a "
        "reward of 2 above the baseline follows that slope"
    )
    expected = 2.0 * np.array([-0.2, 0.5, -0.3])
    expect_close(
        answer(weights, 1, 3.0, 1.0), expected, what="gradients", axes=("score",), because=because
    )


def _gradient_is_right_on_average(answer: Candidate) -> None:
    rng = np.random.default_rng(71)
    weights, rewards = reference.softmax(rng.normal(size=5)), rng.normal(size=5)
    mean = _mean_over_draws(weights, _estimates(answer, weights, rewards, 0.0))
    because = (
        "averaged over all draws it must be the gradient of the expected reward, weight "
        "times (reward - mean reward)"
    )
    expect_close(
        mean,
        weights * (rewards - weights @ rewards),
        what="mean gradients",
        axes=("score",),
        because=because,
    )


def _baseline_does_not_bias(answer: Candidate) -> None:
    rng = np.random.default_rng(72)
    weights, rewards = reference.softmax(rng.normal(size=7)), rng.normal(size=7)
    without = _mean_over_draws(weights, _estimates(answer, weights, rewards, 0.0))
    with_baseline = _mean_over_draws(weights, _estimates(answer, weights, rewards, 4.0))
    because = "a baseline must leave the mean over all draws as it is"
    expect_close(
        with_baseline,
        without,
        what="mean gradients with a baseline of 4",
        axes=("score",),
        because=because,
    )


def _one_hot(weights, index):
    return np.eye(len(weights))[index]


def _reinforce_one_hot_only(weights, index, reward, baseline):
    return (reward - baseline) * _one_hot(weights, index)


def _reinforce_without_baseline(weights, index, reward, baseline):
    return reward * (_one_hot(weights, index) - weights)


def _reinforce_sign(weights, index, reward, baseline):
    return (reward - baseline) * (weights - _one_hot(weights, index))


def _reinforce_of_the_weights(weights, index, reward, baseline):
    return (reward - baseline) * _one_hot(weights, index) / weights[index]


def _reinforce_weighted_twice(weights, index, reward, baseline):
    return weights[index] * (reward - baseline) * (_one_hot(weights, index) - weights)


REINFORCE = Exercise(
    name="seq2seq.reinforce_gradient",
    title="REINFORCE for one draw",
    difficulty=3,
    behaviours=[
        Behaviour(
            "one draw follows the slope of the log-probability of its item", _gradient_of_one_draw
        ),
        Behaviour(
            "on average it is the gradient of the expected reward", _gradient_is_right_on_average
        ),
        Behaviour("a baseline does not change the average", _baseline_does_not_bias),
    ],
    mutants=[
        Mutant(_reinforce_one_hot_only, "forgets that the other scores lose", says="slope"),
        Mutant(_reinforce_without_baseline, "ignores the baseline", says="baseline"),
        Mutant(_reinforce_sign, "goes downhill", says="slope"),
        Mutant(
            _reinforce_of_the_weights,
            "is the gradient for the weights, not for the scores",
            says="slope",
        ),
        Mutant(
            _reinforce_weighted_twice,
            "counts the chance of the draw twice",
            says="slope",
        ),
    ],
)
