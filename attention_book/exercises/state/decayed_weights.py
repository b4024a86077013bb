"""The weights of a state that decays."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def products(decay, first=1, last=0):
    """[t, j]: the product of the decays from j + first to t + last, 1 if there is none."""
    steps = range(len(decay))
    return np.array([[np.prod(decay[j + first : t + 1 + last]) for j in steps] for t in steps])


@exercise.returns(
    "weights [query, key]",
    because="q_t . k_j times all decays after j up to t, and no later key",
)
def right(query, key, decay):
    return np.tril(query @ key.T * products(decay))


def cases(seed, *sizes):
    """Queries, keys and a decay of each step, for (N, D)."""
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.uniform(0.3, 0.9, size=n))
        for n, d in sizes
    ]


ONES = np.ones((3, 1))
exercise.agrees(
    "three steps that halve the state",
    [(ONES, ONES, np.full(3, 0.5))],
    "the rows are (1, 0, 0), (1/2, 1, 0) and (1/4, 1/2, 1)",
)
exercise.agrees("a decay of its own for each step", cases(93, (5, 3), (7, 2)))
exercise.agrees(
    "a step that forgets everything",
    [(ONES, ONES, np.array([0.5, 0.0, 0.5]))],
    "the decay of step 2 is 0: nothing before it is left, and no number is divided by 0",
)
exercise.agrees("a single step", cases(94, (1, 4)))

exercise.mutant(
    "the future is open",
    lambda query, key, decay: query @ key.T * products(decay),
    diagnosis="your queries see later keys: cut off what lies above the diagonal",
)
exercise.mutant(
    "the own write decays too",
    lambda query, key, decay: np.tril(query @ key.T * products(decay, first=0)),
    diagnosis="your write decays in its own step: the state shrinks first, then the key is "
    "written, so the diagonal has no decay",
)
exercise.mutant(
    "reads before it shrinks",
    lambda query, key, decay: np.tril(query @ key.T * products(decay, last=-1)),
    diagnosis="the decay of the step that reads is missing: the state shrinks, then it is read",
)
exercise.mutant(
    "all decays up to the query",
    lambda query, key, decay: np.tril(query @ key.T * np.cumprod(decay)[:, None]),
    diagnosis="you take the decays since the beginning: a key shrinks only after it was written",
)
exercise.mutant(
    "no decay",
    lambda query, key, decay: np.tril(query @ key.T),
    diagnosis="your weights are those of a state that keeps everything",
)
exercise.mutant(
    "the decay of the key",
    lambda query, key, decay: np.tril(query @ key.T * decay),
    says="weights are",
)
