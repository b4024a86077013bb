"""Bahdanau's additive scores."""

import numpy as np

from attention_book.exercises.cases import normal, swapped
from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)
exercise.returns(
    "scores [batch, query, key]",
    reference.additive_scores,
    because="score_vector . tanh(query_weight query + key_weight key)",
)


def case(seed, *batch, queries, keys):
    return normal(seed, [(*batch, queries, 3), (*batch, keys, 5), (7, 3), (7, 5), 7])[0]


MATRICES = case(32, queries=2, keys=11), case(33, queries=4, keys=4)
exercise.agrees("one query and one key give one score", [case(31, queries=1, keys=1)])
exercise.agrees("each query meets each key: [T, S] scores", MATRICES)
exercise.agrees("a batch gives [B, T, S]", [case(34, 2, queries=3, keys=11)])


def variant(inner=np.asarray, outer=np.asarray):
    def scores(query, key, query_weight, key_weight, score_vector):
        from_query, from_key = inner(query @ query_weight.T), inner(key @ key_weight.T)
        pairs = from_query[..., :, None, :] + from_key[..., None, :, :]
        return outer(pairs @ score_vector)

    return scores


exercise.mutant("leaves out the tanh", variant(), "tanh")
exercise.mutant("takes the tanh of the score", variant(outer=np.tanh), "tanh")
exercise.mutant("takes the tanh before the sum", variant(inner=np.tanh), "tanh")
exercise.mutant("returns [S, T]", lambda *case: swapped(reference.additive_scores(*case)), "shape")
exercise.mutant(
    "adds matrices of T and S rows",
    lambda query, key, w_q, w_k, v: np.tanh(query @ w_q.T + key @ w_k.T) @ v,
    "shape",
)
