"""The mask of the decoder's self-attention, from the ids that it is fed."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


@exercise.returns("masks [batch, query, key]")
def right(fed, padding):
    return (fed != padding)[:, None, :] * np.tri(fed.shape[1])


@exercise.compare
def _(given, case, because):
    truth = isinstance(given, np.ndarray) and given.dtype == bool  # as good as 0 and 1
    exercise._compare_array(given.astype(float) if truth else given, case, because)


exercise.agrees(
    "a row without padding gets the causal mask",
    [(np.array([[1, 7, 5, 9]]), 0)],
    "with nothing filled in only the causal rule is left",
)
exercise.agrees(
    "padding is closed to every query, its own too",
    [(np.array([[1, 7, 5, 9, 4], [1, 8, 6, 0, 0], [1, 0, 0, 0, 0]]), 0)],
    "a key that is padding is open to no query",
)
exercise.agrees(
    "the padding id is the one handed in",
    [(np.array([[1, 0, 9, 9], [0, 2, 3, 9]]), 9)],
    "what is padding is decided by the id that is handed in",
)

exercise.mutant(
    "forgets the causal rule",
    lambda fed, padding: (fed != padding)[:, None, :] * np.ones((fed.shape[1], 1)),
    diagnosis="your mask lets queries look at later keys",
)
exercise.mutant(
    "forgets the padding",
    lambda fed, padding: np.stack([np.tri(fed.shape[1]) for _ in fed]),
    diagnosis="your mask leaves the padding open",
)
exercise.mutant(
    "a query does not see itself",
    lambda fed, padding: (fed != padding)[:, None, :] * np.tri(fed.shape[1], k=-1),
    diagnosis="your mask closes each key to its own query: the token that is fed last is known",
)
exercise.mutant(
    "either rule is enough",
    lambda fed, padding: np.maximum((fed != padding)[:, None, :], np.tri(fed.shape[1])),
    "later keys",
)
exercise.mutant(
    "true means blocked",
    lambda fed, padding: 1 - right(fed, padding),
    diagnosis="your mask is 1 where a look is closed: here 1 means that a query may look",
)
exercise.mutant(
    "closes the queries instead of the keys",
    lambda fed, padding: (fed != padding)[:, :, None] * np.tri(fed.shape[1]),
    "masks are",
)
exercise.mutant(
    "writes the padding id by hand", lambda fed, padding: right(fed, 0), "the id that is handed in"
)
exercise.mutant("one mask for all rows", lambda fed, padding: right(fed, padding)[0], "shape")
