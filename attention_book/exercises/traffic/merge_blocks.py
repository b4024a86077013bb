"""The output from what two blocks of keys have left."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def merged(m1, l1, u1, m2, l2, u2):
    m = np.maximum(m1, m2)
    f1, f2 = np.exp(m1 - m), np.exp(m2 - m)
    return (f1[:, None] * u1 + f2[:, None] * u2) / (f1 * l1 + f2 * l2)[:, None]


exercise.returns(
    "outputs [query, feature]",
    merged,
    because="each block's l and u are brought to the larger maximum before they are added",
)


def cases(seed, *sizes, shift=0.0, closed=False):
    """What two blocks leave: T queries, S1 and S2 keys, values of E numbers."""
    rng = np.random.default_rng(seed)
    found = []
    for t, s1, s2, e in sizes:
        scores = [rng.normal(size=(t, s1)), rng.normal(size=(t, s2)) + shift]
        if closed:
            scores[0][: (t + 1) // 2] = -np.inf  # these queries see no key of block 1
        states = [reference.online_softmax(s, rng.normal(size=(s.shape[1], e))) for s in scores]
        found.append(tuple(part for state in states for part in state))
    return found


exercise.agrees("blocks of one size", cases(81, (3, 4, 4, 2), (5, 3, 3, 4)))
exercise.agrees("blocks of different sizes", cases(82, (4, 2, 7, 3), (2, 6, 1, 5)))
exercise.agrees("large scores in the second block", cases(83, (3, 4, 5, 2), shift=800.0))
exercise.agrees("large scores in the first block", cases(84, (3, 4, 5, 2), shift=-800.0))
exercise.agrees("queries that see nothing of a block", cases(85, (4, 3, 2, 3), closed=True))


def divided(u, total):
    return u / np.where(total == 0, 1, total)[:, None]


exercise.mutant(
    "the mean of the two outputs",
    lambda m1, l1, u1, m2, l2, u2: (divided(u1, l1) + divided(u2, l2)) / 2,
    diagnosis="your output is the mean of the two blocks' outputs: a block with larger scores "
    "counts for more",
)
exercise.mutant(
    "no change of the maximum",
    lambda m1, l1, u1, m2, l2, u2: (u1 + u2) / (l1 + l2)[:, None],
    diagnosis="you add sums that were taken under different maxima: bring both to one first",
)
exercise.mutant(
    "the first block alone is rescaled",
    lambda m1, l1, u1, m2, l2, u2: merged(m1, l1, u1, np.maximum(m1, m2), l2, u2),
    diagnosis="you rescale the first block alone; where its maximum is the larger one, the second "
    "has to shrink",
)
exercise.mutant(
    "u is rescaled and l is not",
    lambda m1, l1, u1, m2, l2, u2: (
        merged(m1, l1, u1, m2, l2, u2)
        * divided(
            (np.exp(m1 - np.maximum(m1, m2)) * l1 + np.exp(m2 - np.maximum(m1, m2)) * l2)[:, None],
            l1 + l2,
        )
    ),
    diagnosis="you rescale u and not l: both were summed under the old maximum",
)
exercise.mutant(
    "not divided by the sum",
    lambda m1, l1, u1, m2, l2, u2: (
        np.exp(m1 - np.maximum(m1, m2))[:, None] * u1
        + np.exp(m2 - np.maximum(m1, m2))[:, None] * u2
    ),
    diagnosis="your result is u, not u / l: divide by the sum of the powers",
)
