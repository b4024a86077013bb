"""The exercises of chapter 02: softmax, scores, context, LSTM step, both backward passes, decoder loop."""

from __future__ import annotations

import numpy as np

from attention_lib import reference
from attention_lib.exercises.engine import (
    Behaviour,
    Candidate,
    Exercise,
    Mutant,
    Problem,
    expect_array,
    expect_close,
    expect_rows_sum_to_one,
    expect_tuple,
    number,
    place,
)

SCORE_AXES = ("query", "key")
BATCH_SCORE_AXES = ("batch", "query", "key")


# --- softmax with a mask -------------------------------------------------------------------


def _weights_are_distributions(answer: Candidate) -> None:
    rng = np.random.default_rng(21)
    for shape in [(3, 5), (5, 2), (2, 3, 7)]:
        scores = rng.normal(size=shape)
        weights = expect_array(answer(scores, np.ones(shape, dtype=bool)), shape, what="weights")
        expect_rows_sum_to_one(weights)


def _weights_are_softmax(answer: Candidate) -> None:
    scores = np.random.default_rng(22).normal(size=(5, 3))
    weights = answer(scores, np.ones((5, 3), dtype=bool))
    expected = reference.softmax(scores)
    expect_close(
        weights,
        expected,
        what="weights",
        axes=SCORE_AXES,
        because="each is exp(score) over the sum of its row",
    )


def _masked_keys_get_nothing(answer: Candidate) -> None:
    rng = np.random.default_rng(23)
    scores = rng.normal(size=(3, 7))
    mask = rng.random((3, 7)) < 0.6
    mask[:, 0] = True
    weights = expect_array(answer(scores, mask), (3, 7), what="weights", axes=SCORE_AXES)
    for index in np.argwhere(~mask):
        if weights[tuple(index)] != 0.0:
            where = place(tuple(int(i) for i in index), SCORE_AXES)
            raise Problem(
                f"a masked key keeps some weight: {where} gives {number(weights[tuple(index)])} instead of 0"
            )
    expect_rows_sum_to_one(weights)
    expected = reference.softmax(scores, mask=mask)
    expect_close(
        weights,
        expected,
        what="weights",
        axes=SCORE_AXES,
        because="the allowed keys share the whole weight",
    )


def _masked_score_may_be_anything(answer: Candidate) -> None:
    scores = np.array([[1.5, 800.0, 3.5]])
    mask = np.array([[True, False, True]])
    expected = reference.softmax(scores, mask=mask)
    because = "the masked score of 800 must have no influence"
    expect_close(answer(scores, mask), expected, what="weights", axes=SCORE_AXES, because=because)


def _large_scores_do_not_overflow(answer: Candidate) -> None:
    scores = np.array([[1000.0, 1002.0], [-1000.0, -1002.0]])
    weights = answer(scores, np.ones((2, 2), dtype=bool))
    expected = reference.softmax(scores)
    because = "subtract the row's largest score before exp"
    try:
        expect_close(weights, expected, what="weights", axes=SCORE_AXES, because=because)
    except Problem as problem:
        raise Problem(f"with scores around 1000, {problem}; {because}") from problem


def _empty_row_is_zero(answer: Candidate) -> None:
    scores = np.array([[1.5, 3.5, 0.5], [1.0, 2.0, 3.0]])
    mask = np.array([[True, True, False], [False, False, False]])
    weights = expect_array(answer(scores, mask), (2, 3), what="weights", axes=SCORE_AXES)
    if weights[1].any():
        values = ", ".join(number(weight) for weight in weights[1])
        raise Problem(
            f"row 1 has no key to attend to, so its weights are 0, but you give ({values})"
        )


def _softmax_without_mask(scores, mask):
    return reference.softmax(scores)


def _softmax_over_queries(scores, mask):
    exponentials = np.where(mask, np.exp(scores), 0.0)
    return exponentials / exponentials.sum(axis=-2, keepdims=True)


def _softmax_over_everything(scores, mask):
    exponentials = np.where(mask, np.exp(scores - scores.max()), 0.0)
    return exponentials / exponentials.sum()


def _softmax_mask_afterwards(scores, mask):
    return reference.softmax(scores) * mask


def _softmax_mask_by_product(scores, mask):
    return reference.softmax(scores * mask)


def _softmax_big_negative(scores, mask):
    return reference.softmax(np.where(mask, scores, -1e9))


def _softmax_no_shift(scores, mask):
    exponentials = np.where(mask, np.exp(scores), 0.0)
    total = exponentials.sum(axis=-1, keepdims=True)
    return np.divide(exponentials, total, out=np.zeros_like(exponentials), where=total != 0)


def _softmax_minus_infinity(scores, mask):
    shifted = np.where(mask, scores, -np.inf)
    exponentials = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _softmax_in_place(scores, mask):
    scores -= scores.max(axis=-1, keepdims=True)
    return reference.softmax(scores, mask=mask)


SOFTMAX = Exercise(
    name="worked_example.softmax",
    title="Softmax with a mask",
    difficulty=1,
    behaviours=[
        Behaviour("every row of weights sums to one over the keys", _weights_are_distributions),
        Behaviour("a weight is exp(score) divided by the sum of its row", _weights_are_softmax),
        Behaviour(
            "masked keys get exactly 0 and the others share the rest", _masked_keys_get_nothing
        ),
        Behaviour("a masked score has no influence, however large", _masked_score_may_be_anything),
        Behaviour("scores around 1000 do not overflow", _large_scores_do_not_overflow),
        Behaviour("a row with no allowed key has weights of 0", _empty_row_is_zero),
    ],
    mutants=[
        Mutant(_softmax_without_mask, "ignores the mask", says="masked key"),
        Mutant(
            _softmax_over_queries, "normalises over the queries", says="sum to one over keys: row 0"
        ),
        Mutant(
            _softmax_over_everything,
            "normalises over the whole matrix",
            says="sum to one over keys: row 0",
        ),
        Mutant(
            _softmax_mask_afterwards,
            "zeroes the masked weights without sharing them out",
            says="sum to one",
        ),
        Mutant(
            _softmax_mask_by_product,
            "multiplies scores by the mask: a score of 0 is not minus infinity",
            says="masked",
        ),
        Mutant(
            _softmax_big_negative,
            "fills with -1e9: an empty row becomes uniform",
            says="no key to attend to",
        ),
        Mutant(_softmax_no_shift, "does not subtract the maximum", says="1000"),
        Mutant(_softmax_minus_infinity, "fills with -inf: an empty row becomes nan", says="nan"),
        Mutant(_softmax_in_place, "changes the scores of the caller", says="in place"),
    ],
)


# --- scores in matrix form -----------------------------------------------------------------


def _scores_match(answer: Candidate, query: np.ndarray, key: np.ndarray, axes) -> None:
    expected = reference.scaled_dot_scores(query, key)
    scores = expect_array(answer(query, key), expected.shape, what="scores", axes=axes)
    if np.allclose(scores, expected * np.sqrt(query.shape[-1])):
        raise Problem(
            "your scores are not scaled: divide by the square root of D, the width of a key"
        )
    if key.shape[-1] == key.shape[-2] and np.allclose(
        scores, query @ key / np.sqrt(query.shape[-1])
    ):
        raise Problem(
            "your keys were not transposed: in NumPy use np.swapaxes(key, -1, -2), not key.transpose(-2, -1)"
        )
    expect_close(
        scores, expected, what="scores", axes=axes, because="query . key over the square root of D"
    )


def _scores_of_the_example(answer: Candidate) -> None:
    _scores_match(answer, np.array([[0.5, 0.5]]), np.array([[1.0, 2.0], [3.0, 4.0]]), SCORE_AXES)


def _scores_of_matrices(answer: Candidate) -> None:
    rng = np.random.default_rng(31)
    for n_queries, n_keys, width in [(3, 5, 7), (5, 2, 3), (1, 3, 2)]:
        _scores_match(
            answer,
            rng.normal(size=(n_queries, width)),
            rng.normal(size=(n_keys, width)),
            SCORE_AXES,
        )


def _scores_of_batches(answer: Candidate) -> None:
    rng = np.random.default_rng(32)
    _scores_match(answer, rng.normal(size=(2, 3, 7)), rng.normal(size=(2, 5, 7)), BATCH_SCORE_AXES)


def _scores_of_heads(answer: Candidate) -> None:
    rng = np.random.default_rng(33)
    query, key = rng.normal(size=(2, 3, 5, 7)), rng.normal(size=(2, 3, 11, 7))
    _scores_match(answer, query, key, ("batch", "head", "query", "key"))


def _swapped(key):
    return np.swapaxes(key, -1, -2)


def _scores_unscaled(query, key):
    return query @ _swapped(key)


def _scores_over_width(query, key):
    return query @ _swapped(key) / key.shape[-1]


def _scores_scaled_by_keys(query, key):
    return query @ _swapped(key) / np.sqrt(key.shape[-2])


def _scores_numpy_transpose(query, key):
    return query @ key.transpose(-2, -1) / np.sqrt(key.shape[-1])


def _scores_full_transpose(query, key):
    return query @ key.T / np.sqrt(key.shape[-1])


def _scores_np_dot(query, key):
    return np.dot(query, _swapped(key)) / np.sqrt(key.shape[-1])


def _scores_keys_first(query, key):
    return key @ _swapped(query) / np.sqrt(key.shape[-1])


SCORES = Exercise(
    name="worked_example.scores",
    title="Scaled scores in matrix form",
    difficulty=1,
    behaviours=[
        Behaviour("the example's query gives its two scaled scores", _scores_of_the_example),
        Behaviour("[T, D] and [S, D] give [T, S]", _scores_of_matrices),
        Behaviour("a batch [B, T, D] and [B, S, D] gives [B, T, S]", _scores_of_batches),
        Behaviour("more leading axes (batch and heads) work too", _scores_of_heads),
    ],
    mutants=[
        Mutant(_scores_unscaled, "forgets the scale", says="not scaled"),
        Mutant(_scores_over_width, "divides by D, not by its square root", says="square root"),
        Mutant(_scores_scaled_by_keys, "scales by the number of keys", says="square root"),
        Mutant(
            _scores_numpy_transpose,
            "torch's transpose(-2, -1) in NumPy leaves a matrix as it is",
            says="np.swapaxes",
        ),
        Mutant(
            _scores_full_transpose,
            ".T reverses all the axes, also the batch",
            says="ValueError",
            crashes=True,
        ),
        Mutant(_scores_np_dot, "np.dot pairs every batch entry with every other", says="shape"),
        Mutant(_scores_keys_first, "queries and keys exchanged", says="shape"),
    ],
)


# --- context -------------------------------------------------------------------------------


def _random_weights(rng, *shape) -> np.ndarray:
    return reference.softmax(rng.normal(size=shape))


def _context_of_one_key(answer: Candidate) -> None:
    rng = np.random.default_rng(41)
    value = rng.normal(size=(5, 3))
    because = "all the weight lies on one key, so the context is the value of that key"
    expect_close(
        answer(np.eye(5), value), value, what="contexts", axes=("query", "feature"), because=because
    )


def _context_is_a_weighted_sum(answer: Candidate) -> None:
    rng = np.random.default_rng(42)
    for n_queries, n_keys, width in [(3, 5, 7), (2, 3, 5), (1, 2, 2)]:
        weights, value = _random_weights(rng, n_queries, n_keys), rng.normal(size=(n_keys, width))
        because = "the sum over keys of weight times value"
        axes = ("query", "feature")
        expect_close(
            answer(weights, value), weights @ value, what="contexts", axes=axes, because=because
        )


def _context_of_batches(answer: Candidate) -> None:
    rng = np.random.default_rng(43)
    weights, value = _random_weights(rng, 2, 3, 5), rng.normal(size=(2, 5, 7))
    axes = ("batch", "query", "feature")
    expect_close(
        answer(weights, value),
        weights @ value,
        what="contexts",
        axes=axes,
        because="each batch entry has its own values",
    )


def _context_of_an_empty_row(answer: Candidate) -> None:
    weights = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    value = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    because = "a row of zero weights gives a zero context"
    expect_close(
        answer(weights, value),
        weights @ value,
        what="contexts",
        axes=("query", "feature"),
        because=because,
    )


def _context_hard(weights, value):
    best = weights.argmax(axis=-1)
    return np.take_along_axis(value, best[..., None], axis=-2)


def _context_mean(weights, value):
    return np.broadcast_to(
        value.mean(axis=-2, keepdims=True), (*weights.shape[:-1], value.shape[-1])
    )


def _context_transposed(weights, value):
    return _swapped(weights) @ value


def _context_dot(weights, value):
    return np.dot(weights, value)


def _context_divided(weights, value):
    return weights @ value / weights.shape[-1]


def _context_renormalised(weights, value):
    return weights @ value / weights.sum(axis=-1, keepdims=True)


CONTEXT = Exercise(
    name="worked_example.context",
    title="The context vector",
    difficulty=1,
    behaviours=[
        Behaviour("all the weight on one key returns that key's value", _context_of_one_key),
        Behaviour("otherwise it is the sum of weight times value", _context_is_a_weighted_sum),
        Behaviour("each entry of a batch has its own values", _context_of_batches),
        Behaviour("a row of zero weights gives zeros", _context_of_an_empty_row),
    ],
    mutants=[
        Mutant(_context_hard, "takes the value of the best key alone", says="sum over keys"),
        Mutant(_context_mean, "averages the values and ignores the weights", says="contexts are"),
        Mutant(_context_transposed, "sums over queries", crashes=True),
        Mutant(_context_dot, "np.dot pairs every batch entry with every other", says="shape"),
        Mutant(
            _context_divided,
            "divides the weighted sum by the number of keys again",
            says="contexts are",
        ),
        Mutant(
            _context_renormalised,
            "divides by the sum of the weights, 0 for an empty row",
            says="nan",
        ),
    ],
)


# --- one step of an LSTM cell ---------------------------------------------------------------


def _lstm_arguments(
    seed: int, batch: tuple[int, ...], width: int, hidden: int
) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(*batch, width)),
        rng.normal(size=(*batch, hidden)),
        rng.normal(size=(*batch, hidden)),
        rng.normal(size=(4 * hidden, width)),
        rng.normal(size=(4 * hidden, hidden)),
        rng.normal(size=4 * hidden),
    )


def _lstm_matches(answer: Candidate, arguments, because: str) -> None:
    inputs, hidden, cell, input_weight, hidden_weight, bias = arguments
    weights = {"input_weight": input_weight, "hidden_weight": hidden_weight, "input_bias": bias}
    expected = reference.lstm_cell(inputs, hidden, cell, **weights)
    new_hidden, new_cell = expect_tuple(answer(*arguments), ("hidden", "cell"))
    axes = ("batch", "unit")[-hidden.ndim :]
    expect_close(new_cell, expected[1], what="cell states", axes=axes, because=because)
    expect_close(
        new_hidden,
        expected[0],
        what="hidden states",
        axes=axes,
        because="output gate times tanh of the new cell state",
    )


def _lstm_of_one_sequence(answer: Candidate) -> None:
    for seed, width, hidden in [(51, 5, 3), (52, 2, 7)]:
        because = "forget gate times old cell state plus input gate times candidate, gates in the order i, f, g, o"
        _lstm_matches(answer, _lstm_arguments(seed, (), width, hidden), because)


def _lstm_of_a_batch(answer: Candidate) -> None:
    _lstm_matches(
        answer, _lstm_arguments(53, (5,), 3, 2), "every row of the batch is a sequence of its own"
    )


def _lstm_keeps_its_cell(answer: Candidate) -> None:
    inputs, hidden, cell, input_weight, hidden_weight, bias = _lstm_arguments(54, (), 3, 2)
    bias = np.concatenate([np.full(2, -60.0), np.full(2, 60.0), np.zeros(2), np.zeros(2)])
    arguments = (inputs, hidden, cell, 0 * input_weight, 0 * hidden_weight, bias)
    _lstm_matches(
        answer, arguments, "with the input gate shut and the forget gate open the cell state stays"
    )


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _lstm_variant(order="ifgo", squash=np.tanh, forget=True, output=np.tanh, use_bias=True):
    def step(inputs, hidden, cell, input_weight, hidden_weight, bias):
        total = inputs @ input_weight.T + hidden @ hidden_weight.T + (bias if use_bias else 0)
        parts = dict(zip(order, np.split(total, 4, axis=-1), strict=True))
        kept = _sigmoid(parts["f"]) * cell if forget else cell
        new_cell = kept + _sigmoid(parts["i"]) * squash(parts["g"])
        return _sigmoid(parts["o"]) * output(new_cell), new_cell

    return step


def _lstm_exchanged_returns(*arguments):
    return _lstm_variant()(*arguments)[::-1]


def _lstm_hidden_alone(*arguments):
    return np.asarray(_lstm_variant()(*arguments)[0])


LSTM_STEP = Exercise(
    name="worked_example.lstm_step",
    title="One step of an LSTM cell",
    difficulty=2,
    behaviours=[
        Behaviour("hidden and cell state of one sequence are right", _lstm_of_one_sequence),
        Behaviour("a batch of sequences works", _lstm_of_a_batch),
        Behaviour(
            "with the input gate shut and the forget gate open nothing is lost",
            _lstm_keeps_its_cell,
        ),
    ],
    mutants=[
        Mutant(
            _lstm_variant(order="ifog"), "gates read in the order i, f, o, g", says="i, f, g, o"
        ),
        Mutant(_lstm_variant(squash=_sigmoid), "sigmoid for the candidate", says="cell states"),
        Mutant(_lstm_variant(forget=False), "never forgets", says="cell states"),
        Mutant(_lstm_variant(output=lambda x: x), "no tanh on the way out", says="hidden states"),
        Mutant(_lstm_variant(use_bias=False), "forgets the bias", says="cell states"),
        Mutant(_lstm_exchanged_returns, "returns cell and hidden exchanged", says="cell states"),
        Mutant(_lstm_hidden_alone, "returns the hidden state alone", says="2 things"),
    ],
)


# --- backward through softmax ---------------------------------------------------------------


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
        because="use J = diag(w) - w w^T",
    )


def _gradient_of_matrices(answer: Candidate) -> None:
    rng = np.random.default_rng(61)
    for shape in [(3, 5), (5, 2), (2, 3, 7)]:
        weights, grad_weights = _random_weights(rng, *shape), rng.normal(size=shape)
        jacobian = reference.softmax_jacobian(weights)
        expected = np.einsum("...i,...ij->...j", grad_weights, jacobian)
        axes = BATCH_SCORE_AXES[-len(shape) :]
        because = "each row has the Jacobian diag(w) - w w^T of its own"
        expect_close(
            answer(weights, grad_weights), expected, what="gradients", axes=axes, because=because
        )


def _gradient_rows_sum_to_zero(answer: Candidate) -> None:
    rng = np.random.default_rng(62)
    weights, grad_weights = _random_weights(rng, 3, 7), rng.normal(size=(3, 7))
    sums = expect_array(answer(weights, grad_weights), (3, 7), what="gradients").sum(axis=-1)
    for index in np.flatnonzero(np.abs(sums) > 1e-9):
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
        Mutant(lambda w, g: w * g, "forgets the term that couples the keys", says="diag(w)"),
        Mutant(
            lambda w, g: w * (1 - w) * g, "uses the diagonal of the Jacobian alone", says="diag(w)"
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


# --- the backward pass of attention ---------------------------------------------------------

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
        grad_scores = jacobian(weights, grad_output @ _swapped(value)) * scale
        if value_only:
            grad_scores = 0 * grad_scores
        return grad_scores @ key, _swapped(grad_scores) @ query, _swapped(weights) @ grad_output

    return backward


def _backward_order(query, key, value, grad_output):
    return _backward_variant()(query, key, value, grad_output)[::-1]


def _backward_value_from_scores(query, key, value, grad_output):
    grad_query, grad_key, _ = _backward_variant()(query, key, value, grad_output)
    return grad_query, grad_key, _swapped(reference.scaled_dot_scores(query, key)) @ grad_output


def _backward_numpy_transpose(query, key, value, grad_output):
    weights = reference.softmax(reference.scaled_dot_scores(query, key))
    grad_scores = _softmax_gradient(weights, grad_output @ _swapped(value)) / np.sqrt(key.shape[-1])
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


# --- the greedy decoder loop ----------------------------------------------------------------


def _scripted_step(script: list[int], vocabulary: int, seen: list):
    def step(token, state):
        seen.append((int(token), state))
        scores = np.zeros(vocabulary)
        scores[script[state]] = 2.0
        return scores, state + 1

    return step


def _expect_tokens(tokens, expected: list[int]) -> None:
    if not isinstance(tokens, (list, tuple, np.ndarray)):
        raise Problem(
            f"your function should return a list of tokens, but returns a {type(tokens).__name__}"
        )
    try:
        tokens = [int(token) for token in tokens]
    except (TypeError, ValueError) as error:
        raise Problem("your list should hold tokens, which are whole numbers") from error
    if tokens != expected:
        raise Problem(f"your loop writes {tokens}, where {expected} is right")


def _guarded(step, limit: int):
    calls = []

    def guarded(token, state):
        calls.append(token)
        if len(calls) > limit:
            raise Problem(
                f"your loop does not stop: it has called step {limit + 1} times, where {limit} are enough"
            )
        return step(token, state)

    return guarded


def _loop_writes_until_end(answer: Candidate) -> None:
    script, seen = [3, 4, 2, 1, 3], []
    tokens = answer(_guarded(_scripted_step(script, 5, seen), 4), 0, 0, 1, 11)
    _expect_tokens(tokens, [3, 4, 2])


def _loop_feeds_back(answer: Candidate) -> None:
    seen: list = []
    answer(_guarded(_scripted_step([3, 4, 2, 1], 5, seen), 4), 0, 0, 1, 11)
    fed = [token for token, _ in seen]
    if fed != [0, 3, 4, 2]:
        raise Problem(
            f"your loop feeds the tokens {fed} to step: it should feed the start token, then what it has written"
        )
    states = [state for _, state in seen]
    if states != [0, 1, 2, 3]:
        raise Problem(
            f"your loop hands the states {states} to step: each call gets the state that the last one returned"
        )


def _loop_respects_the_limit(answer: Candidate) -> None:
    for max_steps in (3, 1):
        step = _guarded(_scripted_step([2, 3, 4, 2, 3, 4, 1], 5, []), max_steps)
        _expect_tokens(answer(step, 0, 0, 1, max_steps), [2, 3, 4][:max_steps])


def _loop_may_be_empty(answer: Candidate) -> None:
    _expect_tokens(answer(_guarded(_scripted_step([1, 3], 5, []), 1), 0, 0, 1, 7), [])


def _loop_variant(
    stop=True, feed=True, carry=True, keep_end=False, pick=np.argmax, extra=0, first=False
):
    def decode(step, state, start, end, max_steps):
        token, written = start, [start] if first else []
        for _ in range(max_steps + extra):
            scores, new_state = step(token, state)
            state = new_state if carry else state
            chosen = int(pick(scores))
            if stop and chosen == end:
                return [*written, end] if keep_end else written
            written.append(chosen)
            token = chosen if feed else start
        return written

    return decode


DECODE = Exercise(
    name="worked_example.decode",
    title="The greedy decoder loop",
    difficulty=2,
    behaviours=[
        Behaviour(
            "it writes the best token of each step and stops before the end token",
            _loop_writes_until_end,
        ),
        Behaviour("it feeds back the token and the state", _loop_feeds_back),
        Behaviour("it never takes more than max_steps steps", _loop_respects_the_limit),
        Behaviour("it writes nothing if the end token comes first", _loop_may_be_empty),
    ],
    mutants=[
        Mutant(_loop_variant(stop=False), "does not look for the end token", says="does not stop"),
        Mutant(
            _loop_variant(feed=False), "feeds the start token each time", says="what it has written"
        ),
        Mutant(_loop_variant(carry=False), "keeps the first state", says="does not stop"),
        Mutant(_loop_variant(keep_end=True), "writes the end token too", says="your loop writes"),
        Mutant(_loop_variant(pick=np.argmin), "takes the worst token", says="does not stop"),
        Mutant(_loop_variant(extra=1), "takes one step too many", says="does not stop"),
        Mutant(_loop_variant(first=True), "writes the start token too", says="your loop writes"),
    ],
)


# --- the gradient of the context with respect to the query ----------------------------------


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

EXERCISES = (
    SOFTMAX,
    SCORES,
    CONTEXT,
    LSTM_STEP,
    DECODE,
    SOFTMAX_BACKWARD,
    ATTENTION_BACKWARD,
    QUERY_JACOBIAN,
)
