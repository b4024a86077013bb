"""The exercises of chapter 01: decoder inputs, dot and additive scores, lengths, alignment, kernel, REINFORCE."""

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
    number,
)

SCORE_AXES = ("query", "key")
BATCH_SCORE_AXES = ("batch", "query", "key")


# --- what the decoder is fed under teacher forcing -----------------------------------------------


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


# --- dot scores ----------------------------------------------------------------------------------


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


# --- additive scores -----------------------------------------------------------------------------


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


# --- softmax over the real tokens only -----------------------------------------------------------


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
                f"sentence {sentence} has {length} tokens, but your weights give {number(leaked[row])} "
                f"to the padding behind them (query {row})"
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
        raise Problem(
            f"sentence 1 is empty, so its weights are 0, but yours begin with {number(weights[1, 0, 0])}"
        )


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


# --- alignment accuracy --------------------------------------------------------------------------


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


# --- kernel regression ---------------------------------------------------------------------------


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
    because = "half way between two points the estimate is the mean of their values, and on a point it leans to that point"
    _kernel_matches(answer, query, key, value, 1.0, because)


def _kernel_of_many_points(answer: Candidate) -> None:
    rng = np.random.default_rng(61)
    for bandwidth in (0.3, 1.0, 2.5):
        because = f"weights are the softmax of -(distance)^2 / (2 bandwidth^2), here with a bandwidth of {bandwidth}"
        _kernel_matches(
            answer, rng.normal(size=3), rng.normal(size=5), rng.normal(size=5), bandwidth, because
        )


def _kernel_far_away(answer: Candidate) -> None:
    because = "far from all data every exp underflows to 0: take the softmax of the exponents instead of dividing two zeros"
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


# --- REINFORCE -----------------------------------------------------------------------------------


def _estimates(answer: Candidate, weights, rewards, baseline) -> np.ndarray:
    rows = [answer(weights, index, rewards[index], baseline) for index in range(len(weights))]
    return np.stack(
        [expect_array(row, weights.shape, what="gradients", axes=("score",)) for row in rows]
    )


def _gradient_of_one_draw(answer: Candidate) -> None:
    weights = np.array([0.2, 0.5, 0.3])
    because = "(reward - baseline) times (one at the drawn item, minus the weights)"
    expected = 2.0 * np.array([-0.2, 0.5, -0.3])
    expect_close(
        answer(weights, 1, 3.0, 1.0), expected, what="gradients", axes=("score",), because=because
    )


def _gradient_is_right_on_average(answer: Candidate) -> None:
    rng = np.random.default_rng(71)
    weights, rewards = reference.softmax(rng.normal(size=5)), rng.normal(size=5)
    mean = weights @ _estimates(answer, weights, rewards, 0.0)
    because = "averaged over all draws it must be the gradient of the expected reward, weight times (reward - mean reward)"
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
    without = weights @ _estimates(answer, weights, rewards, 0.0)
    with_baseline = weights @ _estimates(answer, weights, rewards, 4.0)
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
            "one draw gives (reward - baseline) times (one-hot - weights)", _gradient_of_one_draw
        ),
        Behaviour(
            "on average it is the gradient of the expected reward", _gradient_is_right_on_average
        ),
        Behaviour("a baseline does not change the average", _baseline_does_not_bias),
    ],
    mutants=[
        Mutant(
            _reinforce_one_hot_only, "forgets that the other scores lose", says="minus the weights"
        ),
        Mutant(_reinforce_without_baseline, "ignores the baseline", says="baseline"),
        Mutant(_reinforce_sign, "goes downhill", says="minus the weights"),
        Mutant(
            _reinforce_of_the_weights,
            "is the gradient for the weights, not for the scores",
            says="minus the weights",
        ),
        Mutant(
            _reinforce_weighted_twice,
            "counts the chance of the draw twice",
            says="minus the weights",
        ),
    ],
)


EXERCISES = (
    DECODER_INPUTS,
    DOT_SCORES,
    ADDITIVE_SCORES,
    LENGTH_SOFTMAX,
    ALIGNMENT,
    KERNEL,
    REINFORCE,
)
