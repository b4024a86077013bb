"""A causal mask where the filling stands in front."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


@exercise.returns("masks [batch, query, key]")
def right(lengths, n):
    return (np.arange(n) >= n - lengths[:, None, None]) * np.tri(n)


@exercise.compare
def _(given, case, because):
    truth = isinstance(given, np.ndarray) and given.dtype == bool  # as good as 0 and 1
    exercise._compare_array(given.astype(float) if truth else given, case, because)


exercise.agrees(
    "a full sentence gets the causal mask",
    [(np.array([5]), 5)],
    "with nothing filled in only the causal rule is left",
)
exercise.agrees(
    "filling in front is closed to every query",
    [(np.array([2]), 5), (np.array([3, 1, 7]), 7)],
    "the real tokens stand at the end, and no query looks at a later key",
)
exercise.agrees(
    "a sentence without a token has an empty mask",
    [(np.array([0, 2]), 3)],
    "nothing is real, so nothing is open",
)

exercise.mutant(
    "filling behind",
    lambda lengths, n: (np.arange(n) < lengths[:, None, None]) * np.tri(n),
    diagnosis="your mask closes the last keys: here the filling stands in front",
)
exercise.mutant(
    "forgets the causal rule",
    lambda lengths, n: np.ones((n, 1)) * (np.arange(n) >= n - lengths[:, None, None]),
    diagnosis="your mask lets queries look at later keys",
)
exercise.mutant(
    "forgets the filling",
    lambda lengths, n: np.stack([np.tri(n) for _ in lengths]),
    diagnosis="your mask leaves the filling open",
)
exercise.mutant(
    "either rule is enough",
    lambda lengths, n: np.maximum(np.arange(n) >= n - lengths[:, None, None], np.tri(n)),
    "later keys",
)
exercise.mutant(
    "true means blocked",
    lambda lengths, n: 1 - right(lengths, n),
    diagnosis="your mask is 1 where a look is closed: here 1 means that a query may look",
)
exercise.mutant(
    "off by one",
    lambda lengths, n: (np.arange(n) > n - lengths[:, None, None]) * np.tri(n),
    "masks are",
)
exercise.mutant(
    "closes the queries instead of the keys",
    lambda lengths, n: (np.arange(n)[:, None] >= n - lengths[:, None, None]) * np.tri(n),
    "masks are",
)
exercise.mutant("one mask for all sentences", lambda lengths, n: right(lengths, n)[0], "shape")
