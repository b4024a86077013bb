"""Keep the nucleus."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10, page="07_1_choosing")


def nucleus(probabilities, p, sign=-1, late=0, before=True):
    """The probabilities of the nucleus, zero elsewhere, not yet renormalised."""
    order = np.argsort(sign * probabilities, kind="stable")
    falling = probabilities[order]
    reached = np.cumsum(falling) - (falling if before else 0)
    kept = np.zeros(len(probabilities), dtype=bool)
    kept[order] = reached < p
    kept[order[: int(kept.sum()) + late]] = True
    return probabilities * kept


@exercise.returns(
    "probabilities [word]",
    because="the likeliest words stay until their sum reaches p, and then the rest is rescaled",
)
def right(probabilities, p):
    kept = nucleus(probabilities, p)
    return kept / kept.sum()


def drawn(seed, size, p):
    return np.random.default_rng(seed).dirichlet(np.full(size, 0.4)), p


HAND = np.array([0.0625, 0.5, 0.125, 0.25, 0.0625])
exercise.agrees(
    "five words by hand",
    [(HAND, 0.7), (HAND, 0.8)],
    "in falling order 0.5, 0.25, 0.125: the word that takes the sum to p or above stays",
)
exercise.agrees(
    "the likeliest word always stays",
    [(HAND, 0.1), (np.array([0.9, 0.1]), 0.5)],
    "it alone reaches p",
)
exercise.agrees(
    "a word more only where it is needed",
    [(HAND, 0.75), (HAND, 0.5)],
    "where the sum is p exactly, the nucleus is complete",
)
exercise.agrees("words in any order", [drawn(101, 13, 0.6), drawn(102, 29, 0.95)])
exercise.agrees("p = 1 keeps every word", [(HAND, 1.0)])


def scaled(**options):
    def top_p(probabilities, p):
        kept = nucleus(probabilities, p, **options)
        return kept / max(kept.sum(), 1e-12)

    return top_p


def in_the_given_order(probabilities, p):
    kept = probabilities * (np.cumsum(probabilities) - probabilities < p)
    return kept / kept.sum()


exercise.mutant(
    "cuts the word that crosses the threshold",
    scaled(before=False),
    diagnosis="you drop the word that takes the sum to p: it is the last one that stays",
)
exercise.mutant(
    "forgets to renormalise",
    nucleus,
    diagnosis="what you keep does not sum to one: divide it by its sum",
)
exercise.mutant(
    "sorts in rising order",
    scaled(sign=1),
    diagnosis="you begin with the unlikeliest words: sort in falling order",
)
exercise.mutant("keeps one word too many", scaled(late=1), "probabilities are")
exercise.mutant("does not sort", in_the_given_order, "probabilities are")
