"""Softmax with a mask, scores in matrix form, the context vector."""

from __future__ import annotations

import numpy as np

from attention_book.exercises.engine import (
    Behaviour,
    Candidate,
    Exercise,
    Mutant,
    Problem,
    expect_array,
    expect_close,
    expect_rows_sum_to_one,
    number,
    place,
)
from attention_lib import reference

SCORE_AXES = ("query", "key")
BATCH_SCORE_AXES = ("batch", *SCORE_AXES)


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
                f"a masked key keeps some weight: {where} gives "
                f"{number(weights[tuple(index)])} instead of 0"
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


def _scores_match(answer: Candidate, query: np.ndarray, key: np.ndarray, axes) -> None:
    expected = reference.scaled_dot_scores(query, key)
    scores = expect_array(answer(query, key), expected.shape, what="scores", axes=axes)
    root = np.sqrt(query.shape[-1])
    if np.allclose(scores, expected * root):
        raise Problem(
            "your scores are not scaled: divide by the square root of D, the width of a key"
        )
    square = key.shape[-1] == key.shape[-2]
    if square and any(np.allclose(scores, query @ key / scale) for scale in (1, root)):
        raise Problem(
            "your keys were not transposed: on a matrix, NumPy's transpose(-2, -1) leaves both "
            "axes where they are"
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


def swapped(key):
    return np.swapaxes(key, -1, -2)


def _scores_unscaled(query, key):
    return query @ swapped(key)


def _scores_over_width(query, key):
    return query @ swapped(key) / key.shape[-1]


def _scores_scaled_by_keys(query, key):
    return query @ swapped(key) / np.sqrt(key.shape[-2])


def _scores_numpy_transpose(query, key):
    return query @ key.transpose(-2, -1) / np.sqrt(key.shape[-1])


def _scores_full_transpose(query, key):
    return query @ key.T / np.sqrt(key.shape[-1])


def _scores_np_dot(query, key):
    return np.dot(query, swapped(key)) / np.sqrt(key.shape[-1])


def _scores_keys_first(query, key):
    return key @ swapped(query) / np.sqrt(key.shape[-1])


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
            says="not transposed",
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


def random_weights(rng, *shape) -> np.ndarray:
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
        weights, value = random_weights(rng, n_queries, n_keys), rng.normal(size=(n_keys, width))
        because = "the sum over keys of weight times value"
        axes = ("query", "feature")
        expect_close(
            answer(weights, value), weights @ value, what="contexts", axes=axes, because=because
        )


def _context_of_batches(answer: Candidate) -> None:
    rng = np.random.default_rng(43)
    weights, value = random_weights(rng, 2, 3, 5), rng.normal(size=(2, 5, 7))
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
    return swapped(weights) @ value


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
