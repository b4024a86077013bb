"""Merge the heads."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=6)


@exercise.returns(
    "merged numbers [batch, token, number]",
    because="the heads of a token stand side by side, head 1 first",
)
def right(heads):
    n_batch, n_heads, n_tokens, width = heads.shape
    return np.swapaxes(heads, 1, 2).reshape(n_batch, n_tokens, n_heads * width)


exercise.agrees("two heads of two tokens by hand", [(np.arange(1.0, 9.0).reshape(1, 2, 2, 2),)])
exercise.agrees("sizes B, H, T and E that all differ are right", normal(51, [(2, 3, 5, 7)]))
exercise.agrees("a single head stays as it is", normal(52, [(3, 1, 5, 2)]))
exercise.agrees("heads of width one are right", normal(53, [(2, 5, 3, 1)]))

exercise.mutant(
    "a reshape alone",
    lambda heads: heads.reshape(len(heads), heads.shape[2], -1),
    diagnosis="your rows hold numbers of several tokens: put the tokens before the heads first",
)
exercise.mutant(
    "the numbers before the heads",
    lambda heads: np.moveaxis(heads, 1, 3).reshape(len(heads), heads.shape[2], -1),
    diagnosis="you place number 1 of all heads first, then number 2: the numbers of a head stay "
    "together",
)
exercise.mutant("the last head first", lambda heads: right(heads[:, ::-1]), "head 1 first")
exercise.mutant("the sum over the heads", lambda heads: heads.sum(1), says="shape")
exercise.mutant("forgets to merge", lambda heads: np.swapaxes(heads, 1, 2), says="shape")
exercise.mutant("merges batch and tokens", lambda h: np.concatenate(right(h)), says="shape")
