"""What is written after a proposal."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def written(accept, other):
    """The rule with an acceptance and another distribution to draw from after a refusal."""

    def after_proposal(p, q, proposed):
        stays = accept(p[proposed], q[proposed])
        result = (1 - stays) * other(p, q)
        result[proposed] += stays
        return result

    return after_proposal


def by_ratio(p, q):
    return min(1.0, p / q)


def residual(p, q):
    beyond = np.maximum(p - q, 0)
    return beyond / beyond.sum() if beyond.sum() else p.copy()


right = written(by_ratio, residual)
exercise.returns(
    "probabilities [token]",
    right,
    because="the proposal stays with probability min(1, p / q), else the residual is drawn from",
)


def cases(seed, *sizes):
    """All proposals for two random distributions over so many tokens."""
    rng = np.random.default_rng(seed)
    found = []
    for size in sizes:
        p, q = rng.dirichlet(np.ones(size)), rng.dirichlet(np.ones(size))
        found += [(p, q, token) for token in range(size)]
    return found


SPREAD = np.array([0.4, 0.4, 0.2]), np.array([0.2, 0.2, 0.6])
exercise.agrees(
    "two tokens that the draft proposes too seldom",
    [(*SPREAD, 0), (*SPREAD, 1), (*SPREAD, 2)],
    "p is (0.4, 0.4, 0.2) and q is (0.2, 0.2, 0.6)",
)
EVEN = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.5, 0.25])
exercise.agrees(
    "the example of the page",
    [(*EVEN, 0), (*EVEN, 1), (*EVEN, 2)],
    "p is (1/2, 1/4, 1/4) and q is (1/4, 1/2, 1/4)",
)
exercise.agrees("random distributions", cases(75, 3, 5))
exercise.agrees(
    "equal distributions refuse nothing",
    [(EVEN[0], EVEN[0].copy(), 1)],
    "where p and q are equal, every proposal stays",
)

exercise.mutant(
    "draws again from p after a refusal",
    written(by_ratio, lambda p, q: p.copy()),
    diagnosis="after a refusal you draw from p itself: then what the draft likes comes too often. "
    "Draw from what p has beyond q",
)
exercise.mutant(
    "keeps every proposal",
    written(lambda p, q: 1.0, residual),
    diagnosis="you keep every proposal: that writes what the draft writes",
)
exercise.mutant(
    "the ratio the other way round",
    written(lambda p, q: min(1.0, q / p), residual),
    diagnosis="your ratio is the other way round: a token that the draft overrates has to go",
)
exercise.mutant(
    "keeps what p likes at least as well, nothing else",
    written(lambda p, q: float(p >= q), residual),
    diagnosis="you refuse every token that the draft overrates: it stays with probability p / q",
)


@exercise.mutant("the residual is not divided by its sum", says="probabilities are")
def _(p, q, proposed):
    stays = by_ratio(p[proposed], q[proposed])
    result = (1 - stays) * np.maximum(p - q, 0)
    result[proposed] += stays
    return result


exercise.mutant("draws from p alone", lambda p, q, proposed: p.copy(), says="probabilities are")
