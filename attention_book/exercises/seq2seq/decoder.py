"""What the decoder is fed, and how it scores: the first exercises of chapter 01."""

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
)
from attention_lib import reference

SCORE_AXES = ("query", "key")
BATCH_SCORE_AXES = ("batch", "query", "key")


# --- what the decoder is fed under teacher forcing ----------------------------------------


def _inputs_of_one_sentence(answer: Candidate) -> None:
    target = np.array([[7, 5, 9, 2]])
    because = "SOS first, then the target without its last token"
    expect_close(
        answer(target, 1),
        [[1, 7, 5, 9]],
        what="decoder inputs",
        axes=("batch", "step"),
        because=because,
    )


def _inputs_of_a_batch(answer: Candidate) -> None:
    target = np.random.default_rng(11).integers(3, 20, (3, 5))
    expected = np.column_stack([np.full(3, 17), target[:, :-1]])
    because = "each row is moved by one step, and the start token is the one handed in"
    expect_close(
        answer(target, 17), expected, what="decoder inputs", axes=("batch", "step"), because=because
    )


def _inputs_unshifted(target, start):
    return target.copy()


def _inputs_too_long(target, start):
    return np.column_stack([np.full(len(target), start), target])


def _inputs_rolled(target, start):
    return np.roll(target, 1, axis=1)


def _inputs_of_the_future(target, start):
    return np.column_stack([target[:, 1:], np.full(len(target), start)])


def _inputs_fixed_start(target, start):
    return np.column_stack([np.ones(len(target), dtype=int), target[:, :-1]])


DECODER_INPUTS = Exercise(
    name="seq2seq.decoder_inputs",
    title="Decoder inputs under teacher forcing",
    difficulty=1,
    behaviours=[
        Behaviour("the target is moved by one step and starts with SOS", _inputs_of_one_sentence),
        Behaviour("it works for a batch and any start token", _inputs_of_a_batch),
    ],
    mutants=[
        Mutant(_inputs_unshifted, "feeds the answer that the step has to give", says="SOS first"),
        Mutant(
            _inputs_too_long, "keeps the last token, for which there is no target", says="shape"
        ),
        Mutant(_inputs_rolled, "rolls EOS to the front instead of SOS", says="SOS first"),
        Mutant(_inputs_of_the_future, "moves the target the wrong way", says="SOS first"),
        Mutant(
            _inputs_fixed_start, "writes the start token's id by hand", says="the one handed in"
        ),
    ],
)


# --- dot scores ---------------------------------------------------------------------------


def _dot_scores_match(answer: Candidate, query, key, axes) -> None:
    expected = reference.dot_scores(query, key)
    scores = expect_array(answer(query, key), expected.shape, what="scores", axes=axes)
    if np.allclose(scores, expected / np.sqrt(query.shape[-1])):
        raise Problem(
            "your scores are divided by the square root of D: Luong's dot score has no scale"
        )
    expect_close(
        scores,
        expected,
        what="scores",
        axes=axes,
        because="the sum over features of query times key",
    )


def _dot_scores_of_matrices(answer: Candidate) -> None:
    rng = np.random.default_rng(21)
    for n_queries, n_keys, width in [(3, 5, 7), (1, 2, 3), (2, 2, 2)]:
        _dot_scores_match(
            answer,
            rng.normal(size=(n_queries, width)),
            rng.normal(size=(n_keys, width)),
            SCORE_AXES,
        )


def _dot_scores_of_batches(answer: Candidate) -> None:
    rng = np.random.default_rng(22)
    _dot_scores_match(
        answer, rng.normal(size=(2, 3, 7)), rng.normal(size=(2, 5, 7)), BATCH_SCORE_AXES
    )


def _dot_scaled(query, key):
    return reference.scaled_dot_scores(query, key)


def _dot_keys_first(query, key):
    return key @ np.swapaxes(query, -1, -2)


def _dot_all_axes_reversed(query, key):
    return query @ key.T


def _dot_cosine(query, key):
    lengths = (
        np.linalg.norm(query, axis=-1)[..., :, None] * np.linalg.norm(key, axis=-1)[..., None, :]
    )
    return reference.dot_scores(query, key) / lengths


DOT_SCORES = Exercise(
    name="seq2seq.dot_scores",
    title="Luong's dot scores",
    difficulty=1,
    behaviours=[
        Behaviour("[T, D] and [S, D] give [T, S], unscaled", _dot_scores_of_matrices),
        Behaviour("[B, T, D] and [B, S, D] give [B, T, S]", _dot_scores_of_batches),
    ],
    mutants=[
        Mutant(_dot_scaled, "divides by the square root of D", says="no scale"),
        Mutant(_dot_keys_first, "exchanges queries and keys", says="shape"),
        Mutant(
            _dot_all_axes_reversed,
            ".T reverses all axes, the batch too",
            says="ValueError",
            crashes=True,
        ),
        Mutant(_dot_cosine, "divides by the lengths of the vectors", says="sum over features"),
    ],
)


# --- additive scores ----------------------------------------------------------------------


def _additive_case(seed, leading, n_queries, n_keys):
    rng = np.random.default_rng(seed)
    query, key = rng.normal(size=(*leading, n_queries, 3)), rng.normal(size=(*leading, n_keys, 5))
    return query, key, rng.normal(size=(7, 3)), rng.normal(size=(7, 5)), rng.normal(size=7)


def _additive_scores_match(answer: Candidate, case, axes) -> None:
    expected = reference.additive_scores(*case)
    because = "v . tanh(W_q query + W_k key)"
    expect_close(answer(*case), expected, what="scores", axes=axes, because=because)


def _additive_scores_of_one_pair(answer: Candidate) -> None:
    _additive_scores_match(answer, _additive_case(31, (), 1, 1), SCORE_AXES)


def _additive_scores_of_matrices(answer: Candidate) -> None:
    _additive_scores_match(answer, _additive_case(32, (), 2, 11), SCORE_AXES)
    _additive_scores_match(answer, _additive_case(33, (), 4, 4), SCORE_AXES)


def _additive_scores_of_batches(answer: Candidate) -> None:
    _additive_scores_match(answer, _additive_case(34, (2,), 3, 11), BATCH_SCORE_AXES)


def _additive_hidden(query, key, query_weight, key_weight):
    return (query @ query_weight.T)[..., :, None, :] + (key @ key_weight.T)[..., None, :, :]


def _additive_without_tanh(query, key, query_weight, key_weight, score_vector):
    return _additive_hidden(query, key, query_weight, key_weight) @ score_vector


def _additive_tanh_outside(query, key, query_weight, key_weight, score_vector):
    return np.tanh(_additive_hidden(query, key, query_weight, key_weight) @ score_vector)


def _additive_two_tanhs(query, key, query_weight, key_weight, score_vector):
    from_query, from_key = np.tanh(query @ query_weight.T), np.tanh(key @ key_weight.T)
    return (from_query[..., :, None, :] + from_key[..., None, :, :]) @ score_vector


def _additive_keys_first(query, key, query_weight, key_weight, score_vector):
    return np.swapaxes(
        reference.additive_scores(query, key, query_weight, key_weight, score_vector), -1, -2
    )


def _additive_one_query(query, key, query_weight, key_weight, score_vector):
    return np.tanh(query @ query_weight.T + key @ key_weight.T) @ score_vector


ADDITIVE_SCORES = Exercise(
    name="seq2seq.additive_scores",
    title="Bahdanau's additive scores",
    difficulty=2,
    behaviours=[
        Behaviour("one query and one key give one score", _additive_scores_of_one_pair),
        Behaviour("each query meets each key: [T, S] scores", _additive_scores_of_matrices),
        Behaviour("a batch gives [B, T, S]", _additive_scores_of_batches),
    ],
    mutants=[
        Mutant(_additive_without_tanh, "leaves out the tanh", says="tanh"),
        Mutant(_additive_tanh_outside, "takes the tanh of the score", says="tanh"),
        Mutant(_additive_two_tanhs, "takes the tanh before the sum", says="tanh"),
        Mutant(_additive_keys_first, "returns [S, T]", says="shape"),
        Mutant(_additive_one_query, "adds matrices of T and S rows", says="shape"),
    ],
)
