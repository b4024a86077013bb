"""Softmax over the tokens of each sentence."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem, expect_rows_sum_to_one
from attention_book.exercises.words import number
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def real(scores, lengths):
    return reference.padding_mask(lengths, scores.shape[-1])


@exercise.returns("weights [batch, query, key]")
def right(scores, lengths):
    return reference.softmax(scores, mask=real(scores, lengths))


PADDED = *normal(41, [(3, 2, 7)])[0], np.array([7, 4, 1])
EMPTY = np.array([[[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]]]), np.array([2, 0])


@exercise.law("padding gets exactly 0 and each row sums to one", [PADDED])
def _(weights, scores, lengths):
    for sentence, length in enumerate(lengths):
        leaked = weights[sentence, :, length:].sum(-1)
        for row in np.flatnonzero(leaked):
            raise Problem(
                f"sentence {sentence} has {length} tokens, but your weights give "
                f"{number(leaked[row])} to the padding behind them (query {row})"
            )
    expect_rows_sum_to_one(weights)


exercise.agrees(
    "the weights are the softmax over the real tokens",
    [(*normal(42, [(5, 3, 5)])[0], np.array([2, 5, 3, 1, 4]))],
    "the softmax of the scores of this sentence's own tokens",
)


@exercise.law("an empty sentence gets weights of 0", [EMPTY])
def _(weights, scores, lengths):
    if weights[1].any():
        given = ", ".join(map(number, weights[1, 0]))
        raise Problem(f"sentence 1 is empty, so its weights are 0, but you give ({given})")


softmax = reference.softmax
exercise.mutant("ignores the lengths", lambda s, n: softmax(s), "padding")
exercise.mutant("masks after the softmax", lambda s, n: softmax(s) * real(s, n), "sum to one")
exercise.mutant(
    "lets one padding position in", lambda s, n: right(s, np.minimum(n + 1, s.shape[-1])), "padding"
)
exercise.mutant(
    "attends to the padding alone", lambda s, n: softmax(s, mask=~real(s, n)), "padding"
)
exercise.mutant(
    "fills with -1e9: an empty sentence becomes uniform",
    lambda s, n: softmax(np.where(real(s, n), s, -1e9)),
    "sentence 1 is empty",
)
exercise.mutant(
    "a score of 0 is not minus infinity", lambda s, n: softmax(s * real(s, n)), "padding"
)
