"""The prefix-matching score of every head."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def twins(letters):
    """(place, the place after an earlier copy of its letter), all of them."""
    return [
        (t, i + 1)
        for t in range(len(letters))
        for i in range(t)
        if int(letters[i]) == int(letters[t])
    ]


def asking(letters):
    return sorted({t for t, _ in twins(letters)})


@exercise.returns("scores [head]")
def right(weights, letters):
    found = sum(weights[:, t, j] for t, j in twins(letters))
    return found / len(asking(letters))


def causal_weights(seed, n_heads, letters):
    rng = np.random.default_rng(seed)
    weights = rng.random((n_heads, len(letters), len(letters))) * np.tri(len(letters))
    return weights / weights.sum(axis=-1, keepdims=True), np.array(letters)


HAND = (
    np.array([[[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.2, 0.3, 0.5, 0], [0.1, 0.6, 0.2, 0.1]]]),
    np.array([7, 3, 5, 7]),
)
exercise.agrees(
    "one head by hand",
    [HAND],
    "the letters are A B C A: only the last has an earlier copy, at place 0, and gives 0.6 to the "
    "place after it",
)
exercise.agrees(
    "several heads, several twins",
    [
        causal_weights(81, 3, [4, 1, 6, 2, 4, 1, 6]),
        causal_weights(82, 5, [9, 0, 3, 8, 0, 3, 5, 8]),
    ],
    "the mean over the places whose letter stood before",
)
exercise.agrees(
    "a letter that follows itself",
    [causal_weights(83, 2, [5, 5, 2])],
    "the letter after the first 5 is the second 5 itself",
)
exercise.agrees(
    "a letter that stood twice before",
    [causal_weights(84, 2, [1, 4, 1, 6, 1]), causal_weights(85, 3, [0, 2, 0, 3, 0, 2])],
    "the weights on the places after every earlier copy are added; each asking place counts once",
)


def scorer(offset=1, over=asking, earlier=twins):
    def prefix_matching(weights, letters):
        found = sum(weights[:, t, j - 1 + offset] for t, j in earlier(letters))
        return found / len(over(letters))

    return prefix_matching


def latest(letters):
    return list({t: (t, j) for t, j in twins(letters)}.values())


def of_transposed(weights, letters):
    return right(weights.swapaxes(-1, -2), letters)


exercise.mutant(
    "looks at the earlier copy itself",
    scorer(offset=0),
    diagnosis="you score the weight on the earlier copy of the letter: an induction head looks one "
    "place further, at what came after it",
)
exercise.mutant(
    "the mean over all places",
    scorer(over=lambda letters: range(len(letters))),
    diagnosis="you divide by the number of all places; those whose letter never stood before have "
    "nothing to match and are left out",
)
exercise.mutant(
    "keys ask queries",
    of_transposed,
    diagnosis="you read the weights from key to query: row t of the weights belongs to query t",
)
exercise.mutant("the latest copy alone", scorer(earlier=latest), "after every earlier copy")
exercise.mutant("divides by the pairs", scorer(over=twins), "after every earlier copy")
exercise.mutant("adds without a mean", scorer(over=lambda letters: [0]), "scores are")
exercise.mutant("one score for all heads", lambda w, y: right(w, y).mean(), "shape")
