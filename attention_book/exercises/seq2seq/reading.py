"""Weights over the real tokens, and whether they look at the right place: chapter 01."""

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
)
from attention_lib import reference

BATCH_SCORE_AXES = ("batch", "query", "key")


# --- softmax over the real tokens only ----------------------------------------------------


def _weights_stay_inside_the_lengths(answer: Candidate) -> None:
    rng = np.random.default_rng(41)
    scores, lengths = rng.normal(size=(3, 2, 7)), np.array([7, 4, 1])
    weights = expect_array(
        answer(scores, lengths), scores.shape, what="weights", axes=BATCH_SCORE_AXES
    )
    for sentence, length in enumerate(lengths):
        leaked = weights[sentence, :, length:].sum(-1)
        if leaked.any():
            row = int(np.flatnonzero(leaked)[0])
            raise Problem(
                f"sentence {sentence} has {length} tokens, but your weights give "
                f"{number(leaked[row])} to the padding behind them (query {row})"
            )
    expect_rows_sum_to_one(weights)


def _weights_are_the_masked_softmax(answer: Candidate) -> None:
    rng = np.random.default_rng(42)
    scores, lengths = rng.normal(size=(5, 3, 5)), np.array([2, 5, 3, 1, 4])
    expected = reference.softmax(scores, mask=reference.padding_mask(lengths, 5))
    because = "the softmax of the scores of this sentence's own tokens"
    expect_close(
        answer(scores, lengths), expected, what="weights", axes=BATCH_SCORE_AXES, because=because
    )


def _an_empty_sentence_gets_zeros(answer: Candidate) -> None:
    scores, lengths = np.array([[[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]]]), np.array([2, 0])
    weights = expect_array(
        answer(scores, lengths), scores.shape, what="weights", axes=BATCH_SCORE_AXES
    )
    if weights[1].any():
        given = ", ".join(number(weight) for weight in weights[1, 0])
        raise Problem(f"sentence 1 is empty, so its weights are 0, but you give ({given})")


def _lengths_ignored(scores, lengths):
    return reference.softmax(scores)


def _lengths_afterwards(scores, lengths):
    return reference.softmax(scores) * (np.arange(scores.shape[-1]) < lengths[:, None, None])


def _lengths_off_by_one(scores, lengths):
    return reference.softmax(scores, mask=np.arange(scores.shape[-1]) <= lengths[:, None, None])


def _lengths_polarity(scores, lengths):
    return reference.softmax(scores, mask=np.arange(scores.shape[-1]) >= lengths[:, None, None])


def _lengths_filled(scores, lengths):
    return reference.softmax(
        np.where(np.arange(scores.shape[-1]) < lengths[:, None, None], scores, -1e9)
    )


def _lengths_zeroed(scores, lengths):
    return reference.softmax(scores * (np.arange(scores.shape[-1]) < lengths[:, None, None]))


LENGTH_SOFTMAX = Exercise(
    name="seq2seq.length_softmax",
    title="Softmax over the tokens of each sentence",
    difficulty=2,
    behaviours=[
        Behaviour(
            "padding gets exactly 0 and each row sums to one", _weights_stay_inside_the_lengths
        ),
        Behaviour(
            "the weights are the softmax over the real tokens", _weights_are_the_masked_softmax
        ),
        Behaviour("an empty sentence gets weights of 0", _an_empty_sentence_gets_zeros),
    ],
    mutants=[
        Mutant(_lengths_ignored, "ignores the lengths", says="padding"),
        Mutant(_lengths_afterwards, "masks after the softmax", says="sum to one"),
        Mutant(_lengths_off_by_one, "lets one padding position in", says="padding"),
        Mutant(_lengths_polarity, "attends to the padding alone", says="padding"),
        Mutant(
            _lengths_filled,
            "fills with -1e9: an empty sentence becomes uniform",
            says="sentence 1 is empty",
        ),
        Mutant(_lengths_zeroed, "a score of 0 is not minus infinity", says="padding"),
    ],
)


# --- alignment accuracy -------------------------------------------------------------------


def _alignment_of_one_sentence(answer: Candidate) -> None:
    weights = np.array([[[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.6, 0.3, 0.1]]])
    because = "steps 0 and 2 have their largest weight at the true position, step 1 has not"
    expect_close(answer(weights, np.array([[2, 1, 0]])), 2 / 3, what="accuracies", because=because)


def _alignment_skips_steps_without_truth(answer: Candidate) -> None:
    weights = reference.softmax(np.random.default_rng(51).normal(size=(3, 5, 4)))
    alignment = weights.argmax(-1)
    alignment[0, 3:] = -1
    because = "steps whose alignment is -1 have no true position and do not count"
    expect_close(answer(weights, alignment), 1.0, what="accuracies", because=because)


def _alignment_counts_tokens(answer: Candidate) -> None:
    weights = np.broadcast_to(np.array([0.8, 0.2]), (2, 4, 2)).copy()
    alignment = np.array([[1, -1, -1, -1], [0, 0, 0, 0]])
    because = "every step counts the same, whichever sentence it belongs to"
    expect_close(answer(weights, alignment), 0.8, what="accuracies", because=because)


def _alignment_counts_everything(weights, alignment):
    return (weights.argmax(-1) == alignment).mean()


def _alignment_of_sentences(weights, alignment):
    hit, real = weights.argmax(-1) == alignment, alignment >= 0
    return np.mean([row[keep].mean() for row, keep in zip(hit, real, strict=True)])


def _alignment_over_queries(weights, alignment):
    real = alignment >= 0
    return (weights.argmax(-2)[:, : alignment.shape[1]] == alignment[:, : weights.shape[2]])[
        real[:, : weights.shape[2]]
    ].mean()


def _alignment_weight_instead_of_hit(weights, alignment):
    real = alignment >= 0
    mass = np.take_along_axis(weights, np.maximum(alignment, 0)[..., None], axis=-1)[..., 0]
    return mass[real].mean()


ALIGNMENT = Exercise(
    name="seq2seq.alignment_accuracy",
    title="Alignment accuracy",
    difficulty=2,
    behaviours=[
        Behaviour(
            "the share of steps whose largest weight is at the true position",
            _alignment_of_one_sentence,
        ),
        Behaviour(
            "steps without a true position (-1) are left out", _alignment_skips_steps_without_truth
        ),
        Behaviour("every step counts the same", _alignment_counts_tokens),
    ],
    mutants=[
        Mutant(
            _alignment_counts_everything, "counts EOS and padding as misses", says="do not count"
        ),
        Mutant(
            _alignment_of_sentences, "averages over sentences, not over steps", says="every step"
        ),
        Mutant(
            _alignment_over_queries,
            "takes the largest weight over the queries",
            says="largest weight",
        ),
        Mutant(
            _alignment_weight_instead_of_hit,
            "averages the weight at the true position",
            says="largest weight",
        ),
    ],
)
