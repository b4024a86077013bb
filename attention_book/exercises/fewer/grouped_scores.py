"""Scores of heads that share keys."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


@exercise.returns(
    "scores [head, query, key]",
    because="neighbouring query heads share a key head, and the scale is 1 / sqrt(D)",
)
def right(query, key):
    shared = np.repeat(key, len(query) // len(key), axis=0)
    return query @ np.swapaxes(shared, -1, -2) / np.sqrt(query.shape[-1])


exercise.agrees("six heads share two keys", normal(65, [(6, 3, 5), (2, 7, 5)]))
exercise.agrees("four heads share one key", normal(66, [(4, 2, 3), (1, 5, 3)]))
exercise.agrees("as many keys as heads is ordinary attention", normal(67, [(3, 2, 5), (3, 7, 5)]))

exercise.mutant(
    "np.tile instead of np.repeat",
    lambda q, k: (
        q @ np.swapaxes(np.tile(k, (len(q) // len(k), 1, 1)), -1, -2) / np.sqrt(q.shape[-1])
    ),
    diagnosis="your heads take turns: neighbours have to share, so each key head is repeated in "
    "its place",
)
exercise.mutant(
    "the first key head for all",
    lambda q, k: q @ k[0].T / np.sqrt(q.shape[-1]),
    diagnosis="all your heads read the first key head",
)
exercise.mutant(
    "no scale",
    lambda q, k: right(q, k) * np.sqrt(q.shape[-1]),
    diagnosis="your scores are not scaled: divide by the square root of D",
)
exercise.mutant(
    "scales by the number of heads",
    lambda q, k: right(q, k) * np.sqrt(q.shape[-1] / len(q)),
    says="scores are",
)
exercise.mutant(
    "adds the scores of a group",
    lambda q, k: right(q, k).reshape(len(k), -1, *right(q, k).shape[1:]).sum(axis=1),
    says="shape",
)
