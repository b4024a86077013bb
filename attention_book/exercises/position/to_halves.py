"""Weights of several heads for the other pairing."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise
from attention_lib.reference import pairing_permutation

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def by_head(weight, n_heads, order):
    heads = weight.reshape(n_heads, -1, weight.shape[-1])  # [H, D, C]
    return heads[:, order(heads.shape[1])].reshape(weight.shape)


@exercise.returns(
    "weights [output, input]",
    because="the rows of each head go in the order of pairing_permutation(D), head after head",
)
def right(weight, n_heads):
    return by_head(weight, n_heads, pairing_permutation)


def cases(seed, *sizes):
    shapes = [[(heads * width, inputs)] for heads, width, inputs in sizes]
    weights = normal(seed, *shapes)
    return [(weight, heads) for (weight,), (heads, *_) in zip(weights, sizes, strict=True)]


exercise.agrees("one head is right", cases(101, (1, 6, 5)))
exercise.agrees("several heads are right", cases(102, (3, 6, 5), (2, 8, 16)))
exercise.agrees("a head of one pair stays as it is", cases(103, (4, 2, 3)))

exercise.mutant(
    "reorders all heads as one",
    lambda weight, n_heads: weight[pairing_permutation(len(weight))],
    diagnosis="your order goes across the heads: each head has pairs of its own",
)
exercise.mutant(
    "the way back",
    lambda weight, n_heads: by_head(weight, n_heads, lambda d: np.argsort(pairing_permutation(d))),
    diagnosis="your order leads from halves to interleaved pairs: here it is the other way",
)
exercise.mutant(
    "reorders the inputs",
    lambda weight, n_heads: weight.reshape(n_heads, -1, weight.shape[-1])[
        ..., np.roll(np.arange(weight.shape[-1]), 1)
    ].reshape(weight.shape),
    "rows of each head",
)
exercise.mutant("changes nothing", lambda weight, n_heads: weight, "rows of each head")
exercise.mutant(
    "keeps the heads apart", lambda w, n: right(w, n).reshape(n, -1, w.shape[-1]), "shape"
)
exercise.mutant(
    "takes the axes of the heads the wrong way round",
    lambda w, n: w.reshape(-1, n, w.shape[-1]).swapaxes(0, 1).reshape(w.shape),
    "rows of each head",
)
