"""How often the largest weight lies on a link."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def scorer(rows=slice(None, -1), counted=None, axis=-1):
    """weights `[B, T + 1, S]`, links `[B, T, S]` -> the share of linked words."""

    def agreement(weights, links):
        some = weights[:, rows]  # [B, T, S]
        best = some == some.max(axis=axis, keepdims=True)
        hits = (best & links).any(axis=-1)
        return hits.sum() / (links.any(axis=-1) if counted is None else counted(links)).sum()

    return agreement


right = exercise.returns("shares", because="hits over the words that have a link")(scorer())


def batch(seed, sizes):
    """Sentences of `sizes` (target words, source words), filled up with zeros."""
    rng = np.random.default_rng(seed)
    longest = np.max(sizes, axis=0)
    weights = np.zeros((len(sizes), longest[0] + 1, longest[1]))
    links = np.zeros((len(sizes), *longest), dtype=bool)
    for k, (n_target, n_source) in enumerate(sizes):
        row = rng.random((n_target + 1, n_source)) ** 2
        weights[k, : n_target + 1, :n_source] = row / row.sum(axis=1, keepdims=True)
        linked = rng.permutation(min(n_target, n_source))[: max(1, n_target - 2)]
        for t in linked:
            follow = rng.random() < 0.6
            links[k, t, row[t].argmax() if follow else rng.integers(n_source)] = True
    return weights, links


HAND = (
    np.array(
        [[[0.2, 0.7, 0.1], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.4, 0.5, 0.1], [0.0, 0.1, 0.9]]]
    ),
    np.arange(3) == np.array([[[1], [0], [0], [1]]]),
)
exercise.agrees(
    "one sentence by hand",
    [HAND],
    "words 0, 1 and 3 have their largest weight on their link, word 2 has not: 3 of 4",
)
exercise.agrees(
    "row t is about to write word t",
    [batch(41, [(6, 5)]), batch(42, [(4, 7)])],
    "the rows begin with the one that is about to write word 0, and the last one writes the end",
)
exercise.agrees(
    "several sentences of different lengths",
    [batch(43, [(7, 6), (3, 4), (5, 8)]), batch(44, [(2, 3), (9, 7)])],
    "all linked words count the same, whichever sentence they belong to; words without a link and "
    "padding do not count",
)


def shares_of_sentences(weights, links):
    pairs = zip(weights, links, strict=True)
    return np.mean([right(w[None], mark[None]) for w, mark in pairs if mark.any()])


exercise.mutant(
    "shifted by one: the row that has just read the word",
    scorer(rows=slice(1, None)),
    diagnosis="you read the rows one too late: row t + 1 has just read word t and writes the next",
)
exercise.mutant(
    "every row counts, padding too",
    scorer(counted=lambda links: np.ones(links.shape[:2])),
    diagnosis="you divide by all rows: words without a link, and padding, cannot agree",
)
exercise.mutant("a mean over sentences", shares_of_sentences, "whichever sentence")
exercise.mutant(
    "the target word that each source word is given most by",
    scorer(axis=-2),
    diagnosis="you take the largest weight of a column: a row is what one word looks at",
)


@exercise.mutant("the weight on the link, not where the largest lies", says="3 of 4")
def _(weights, links):
    return (weights[:, :-1] * links).sum() / links.any(axis=-1).sum()


@exercise.mutant("more than half of the weight", says="3 of 4")
def _(weights, links):
    return ((weights[:, :-1] > 0.5) & links).sum() / links.any(axis=-1).sum()
