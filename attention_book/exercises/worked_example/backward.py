"""Back through the softmax and through attention, and the context against the query."""

from __future__ import annotations

import numpy as np

from attention_book.exercises.engine import (
    NARROW_TOLERANCE,
    Behaviour,
    Candidate,
    Exercise,
    Mutant,
    Problem,
    expect_array,
    expect_close,
    expect_tuple,
    number,
)
from attention_book.exercises.worked_example.forward import (
    BATCH_SCORE_AXES,
    SCORE_AXES,
    random_weights,
    swapped,
)
from attention_lib import reference


def _softmax_gradient(weights, grad_weights):
    return weights * (grad_weights - (weights * grad_weights).sum(axis=-1, keepdims=True))


def _gradient_of_the_example(answer: Candidate) -> None:
    weights, grad_weights = reference.softmax(np.array([[1.5, 3.5]])), np.array([[3.0, 7.0]])
    expected = grad_weights @ reference.softmax_jacobian(weights)[0]
    expect_close(
        answer(weights, grad_weights),
        expected,
        what="gradients",
        axes=SCORE_AXES,
        because="every score lowers the weights of the other keys too",
    )


def _gradient_of_matrices(answer: Candidate) -> None:
    rng = np.random.default_rng(61)
    for shape in [(3, 5), (5, 2), (2, 3, 7)]:
        weights, grad_weights = random_weights(rng, *shape), rng.normal(size=shape)
        jacobian = reference.softmax_jacobian(weights)
        expected = np.einsum("...i,...ij->...j", grad_weights, jacobian)
        axes = BATCH_SCORE_AXES[-len(shape) :]
        because = "each row has a Jacobian of its own; the sum runs over its keys alone"
        expect_close(
            answer(weights, grad_weights), expected, what="gradients", axes=axes, because=because
        )


def _gradient_rows_sum_to_zero(answer: Candidate) -> None:
    rng = np.random.default_rng(62)
    weights, grad_weights = random_weights(rng, 3, 7), rng.normal(size=(3, 7))
    gradients = expect_array(answer(weights, grad_weights), (3, 7), what="gradients")
    sums = gradients.sum(axis=-1)
    tolerance = NARROW_TOLERANCE if gradients.dtype == np.float32 else 1e-9
    for index in np.flatnonzero(np.abs(sums) > tolerance):
        raise Problem(
            f"your gradients do not sum to zero over keys: row {index} gives {number(sums[index])}"
        )


def _gradient_of_an_empty_row(answer: Candidate) -> None:
    weights = np.array([[0.0, 0.0, 0.0], [0.25, 0.75, 0.0]])
    grad_weights = np.array([[1.0, -2.0, 5.0], [1.0, -2.0, 5.0]])
    expected = _softmax_gradient(weights, grad_weights)
    because = "a weight of 0 has gradient 0"
    expect_close(
        answer(weights, grad_weights), expected, what="gradients", axes=SCORE_AXES, because=because
    )


SOFTMAX_BACKWARD = Exercise(
    name="worked_example.softmax_backward",
    title="Backward through softmax",
    difficulty=2,
    behaviours=[
        Behaviour("the example's row is right", _gradient_of_the_example),
        Behaviour("rows of matrices and batches are right", _gradient_of_matrices),
        Behaviour("each row of gradients sums to zero", _gradient_rows_sum_to_zero),
        Behaviour("an empty row has no gradient", _gradient_of_an_empty_row),
    ],
    mutants=[
        Mutant(lambda w, g: w * g, "forgets the term that couples the keys", says="other keys too"),
        Mutant(
            lambda w, g: w * (1 - w) * g,
            "uses the diagonal of the Jacobian alone",
            says="other keys too",
        ),
        Mutant(
            lambda w, g: w * (g - (w * g).sum()), "sums over the whole matrix", says="of its own"
        ),
        Mutant(
            lambda w, g: w * (g - (w * g).sum(axis=0)),
            "sums over the wrong axis",
            says="gradients are",
        ),
        Mutant(
            lambda w, g: w * (g - g.mean(axis=-1, keepdims=True)),
            "a plain mean, not the weighted one",
            says="gradients are",
        ),
        Mutant(
            lambda w, g: _softmax_gradient(w, g) / w,
            "divides by the weights, 0 for an empty row",
            says="gradients are",
        ),
        Mutant(lambda w, g: -_softmax_gradient(w, g), "the sign is wrong", says="gradients are"),
    ],
)

GRADIENTS = ("grad_query", "grad_key", "grad_value")
BECAUSE = {
    "grad_value": "weights transposed times grad_output",
    "grad_query": "scale times grad_scores times key",
    "grad_key": "scale times grad_scores transposed times query",
}


def _backward_matches(answer: Candidate, query, key, value, grad_output) -> None:
    expected = dict(
        zip(GRADIENTS, reference.attention_backward(query, key, value, grad_output), strict=True)
    )
    got = dict(
        zip(GRADIENTS, expect_tuple(answer(query, key, value, grad_output), GRADIENTS), strict=True)
    )
    for name in ("grad_value", "grad_query", "grad_key"):
        axes = ("batch", "query" if name == "grad_query" else "key", "feature")[-query.ndim :]
        expect_close(
            got[name], expected[name], what=f"entries of {name}", axes=axes, because=BECAUSE[name]
        )


def _backward_of_the_example(answer: Candidate) -> None:
    states = np.array([[1.0, 2.0], [3.0, 4.0]])
    _backward_matches(answer, np.array([[0.5, 0.5]]), states, states, np.ones((1, 2)))


def _backward_of_matrices(answer: Candidate) -> None:
    rng = np.random.default_rng(71)
    for n_queries, n_keys, width, value_width in [(3, 5, 7, 2), (2, 3, 5, 7), (5, 1, 2, 3)]:
        sizes = [
            (n_queries, width),
            (n_keys, width),
            (n_keys, value_width),
            (n_queries, value_width),
        ]
        _backward_matches(answer, *(rng.normal(size=size) for size in sizes))


def _backward_of_batches(answer: Candidate) -> None:
    rng = np.random.default_rng(72)
    _backward_matches(
        answer, *(rng.normal(size=size) for size in [(2, 3, 7), (2, 5, 7), (2, 5, 3), (2, 3, 3)])
    )


def _backward_variant(scale_power=0.5, jacobian=_softmax_gradient, value_only=False):
    def backward(query, key, value, grad_output):
        scale = key.shape[-1] ** -scale_power
        weights = reference.softmax(reference.scaled_dot_scores(query, key))
        grad_scores = jacobian(weights, grad_output @ swapped(value)) * scale
        if value_only:
            grad_scores = 0 * grad_scores
        return grad_scores @ key, swapped(grad_scores) @ query, swapped(weights) @ grad_output

    return backward


def _backward_order(query, key, value, grad_output):
    return _backward_variant()(query, key, value, grad_output)[::-1]


def _backward_value_from_scores(query, key, value, grad_output):
    grad_query, grad_key, _ = _backward_variant()(query, key, value, grad_output)
    return grad_query, grad_key, swapped(reference.scaled_dot_scores(query, key)) @ grad_output


def _backward_numpy_transpose(query, key, value, grad_output):
    weights = reference.softmax(reference.scaled_dot_scores(query, key))
    grad_scores = _softmax_gradient(weights, grad_output @ swapped(value)) / np.sqrt(key.shape[-1])
    return grad_scores @ key, grad_scores.T @ query, weights.T @ grad_output


ATTENTION_BACKWARD = Exercise(
    name="worked_example.attention_backward",
    title="The whole backward pass",
    difficulty=3,
    behaviours=[
        Behaviour("the three gradients of the example are right", _backward_of_the_example),
        Behaviour("sizes T, S, D and E that all differ are right", _backward_of_matrices),
        Behaviour("a batch is right", _backward_of_batches),
    ],
    mutants=[
        Mutant(_backward_variant(scale_power=0.0), "no scale on the way back", says="scale times"),
        Mutant(_backward_variant(scale_power=1.0), "the scale twice", says="scale times"),
        Mutant(
            _backward_variant(jacobian=lambda w, g: w * g),
            "only half of the softmax Jacobian",
            says="grad_query",
        ),
        Mutant(
            _backward_variant(value_only=True), "treats the weights as constants", says="grad_query"
        ),
        Mutant(_backward_order, "the gradients in the wrong order", says="grad_value"),
        Mutant(_backward_value_from_scores, "scores where the weights belong", says="grad_value"),
        Mutant(_backward_numpy_transpose, ".T reverses the batch axis too", crashes=True),
    ],
)


def _covariance_matches(answer: Candidate, query, key, value, because: str) -> None:
    scale = key.shape[-1] ** -0.5
    weights = reference.softmax(reference.scaled_dot_scores(query[None], key))[0]
    centred = value - weights @ value
    expected = scale * centred.T @ (weights[:, None] * key)
    expect_close(
        answer(query, key, value),
        expected,
        what="derivatives",
        axes=("output", "query entry"),
        because=because,
    )


def _covariance_of_the_example(answer: Candidate) -> None:
    states = np.array([[1.0, 2.0], [3.0, 4.0]])
    _covariance_matches(
        answer, np.array([0.5, 0.5]), states, states, "scale times the covariance under the weights"
    )


def _covariance_of_matrices(answer: Candidate) -> None:
    rng = np.random.default_rng(81)
    for n_keys, width, value_width in [(5, 3, 2), (3, 2, 7), (7, 5, 5)]:
        sizes = [(width,), (n_keys, width), (n_keys, value_width)]
        because = "the rows belong to the values, the columns to the keys; the means are weighted"
        _covariance_matches(answer, *(rng.normal(size=size) for size in sizes), because)


def _covariance_of_one_key(answer: Candidate) -> None:
    rng = np.random.default_rng(82)
    arguments = rng.normal(size=3), rng.normal(size=(1, 3)), rng.normal(size=(1, 2))
    _covariance_matches(answer, *arguments, "with a single key the weight is 1 whatever the query")


def _covariance_variant(centre=True, scaled=True, weighted=True, transposed=False):
    def jacobian(query, key, value):
        scale = key.shape[-1] ** -0.5
        weights = reference.softmax(reference.scaled_dot_scores(query[None], key))[0]
        use = weights if weighted else np.full(len(key), 1 / len(key))
        mean = use @ value if centre else 0.0
        result = (value - mean).T @ (use[:, None] * key) * (scale if scaled else 1.0)
        return result.T if transposed else result

    return jacobian


QUERY_JACOBIAN = Exercise(
    name="worked_example.query_jacobian",
    title="How the context moves with the query",
    difficulty=3,
    behaviours=[
        Behaviour("the example's 2 x 2 matrix is right", _covariance_of_the_example),
        Behaviour("sizes S, D and E that differ are right", _covariance_of_matrices),
        Behaviour("a single key gives zeros", _covariance_of_one_key),
    ],
    mutants=[
        Mutant(_covariance_variant(centre=False), "does not subtract the mean", says="covariance"),
        Mutant(_covariance_variant(scaled=False), "forgets the scale", says="scale"),
        Mutant(
            _covariance_variant(weighted=False),
            "a covariance with equal weights",
            says="covariance",
        ),
        Mutant(_covariance_variant(transposed=True), "rows and columns exchanged", says="shape"),
    ],
)
