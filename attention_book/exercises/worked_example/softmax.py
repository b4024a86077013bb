"""Softmax with a mask."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem, expect_rows_sum_to_one
from attention_book.exercises.words import number, place
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=15)


@exercise.returns("weights [batch, query, key]")
def right(scores, mask):
    return reference.softmax(scores, mask=mask)


def unmasked(*cases):
    return [(scores, np.ones(scores.shape, dtype=bool)) for (scores,) in cases]


def partly_masked():
    rng = np.random.default_rng(23)
    scores, mask = rng.normal(size=(3, 7)), rng.random((3, 7)) < 0.6
    mask[:, 0] = True
    return scores, mask


exercise.rows_sum_to_one(
    "every row of weights sums to one over the keys",
    unmasked(*normal(21, [(3, 5)], [(5, 2)], [(2, 3, 7)])),
)
exercise.agrees(
    "a weight is exp(score) divided by the sum of its row",
    unmasked(*normal(22, [(5, 3)])),
    "each is exp(score) over the sum of its row",
)


@exercise.law("masked keys get exactly 0 and the others share the rest", [partly_masked()])
def _(weights, scores, mask):
    for index in np.argwhere(~mask & (weights != 0)):
        where, given = place(tuple(map(int, index)), exercise.axes), number(weights[tuple(index)])
        raise Problem(f"a masked key keeps some weight: {where} gives {given} instead of 0")
    expect_rows_sum_to_one(weights)
    exercise.judge(weights, (scores, mask), "the allowed keys share the whole weight")


exercise.agrees(
    "a masked score has no influence, however large",
    [(np.array([[1.5, 800.0, 3.5]]), np.array([[True, False, True]]))],
    "the masked score of 800 must have no influence",
)


@exercise.behaviour("scores around 1000 do not overflow")
def _(answer):
    (case,) = unmasked([np.array([[1000.0, 1002.0], [-1000.0, -1002.0]])])
    try:
        exercise.judge(answer(*case), case)
    except Problem as problem:
        hint = "subtract the row's largest score before exp"
        raise Problem(f"with scores around 1000, {problem}; {hint}") from problem


EMPTY_ROW = (
    np.array([[1.5, 3.5, 0.5], [1.0, 2.0, 3.0]]),
    np.array([[True, True, False], [False] * 3]),
)


@exercise.law("a row with no allowed key has weights of 0", [EMPTY_ROW])
def _(weights, scores, mask):
    if weights[1].any():
        given = ", ".join(map(number, weights[1]))
        raise Problem(
            f"row 1 has no key to attend to, so its weights are 0, but you give ({given})"
        )


def powers(scores, mask):
    return np.where(mask, np.exp(scores), 0.0)


exercise.mutant("ignores the mask", lambda s, m: reference.softmax(s), "masked key")
exercise.mutant(
    "normalises over the queries",
    lambda s, m: powers(s, m) / powers(s, m).sum(axis=-2, keepdims=True),
    "sum to one over keys: row 0",
)
exercise.mutant(
    "normalises over the whole matrix",
    lambda s, m: powers(s - s.max(), m) / powers(s - s.max(), m).sum(),
    "sum to one over keys: row 0",
)
exercise.mutant(
    "zeroes the masked weights without sharing them out",
    lambda s, m: reference.softmax(s) * m,
    "sum to one",
)
exercise.mutant(
    "multiplies scores by the mask: a score of 0 is not minus infinity",
    lambda s, m: reference.softmax(s * m),
    "masked",
)
exercise.mutant(
    "fills with -1e9: an empty row becomes uniform",
    lambda s, m: reference.softmax(np.where(m, s, -1e9)),
    "no key to attend to",
)


@exercise.mutant("does not subtract the maximum", says="1000")
def _(scores, mask):
    total = powers(scores, mask).sum(axis=-1, keepdims=True)
    return powers(scores, mask) / np.where(total == 0, 1, total)


@exercise.mutant("fills with -inf: an empty row becomes nan", says="nan")
def _(scores, mask):
    shifted = np.where(mask, scores, -np.inf)
    exponentials = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@exercise.mutant("changes the scores of the caller", says="in place")
def _(scores, mask):
    scores -= scores.max(axis=-1, keepdims=True)
    return right(scores, mask)
