"""Weights on the picture."""

import numpy as np

from attention_book.exercises.cases import normal, swapped
from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


@exercise.returns("weights [word, row, column]", because="one softmax over all regions of a word")
def right(query, key, rows, columns):
    weights = reference.softmax(reference.scaled_dot_scores(query, key))
    return weights.reshape(*weights.shape[:-1], rows, columns)


def sized(seed, *cases):
    """Words and regions of normal numbers: (leading axes, words, width, rows, columns)."""
    shapes = [
        [(*leading, words, width), (*leading, rows * columns, width)]
        for leading, words, width, rows, columns in cases
    ]
    drawn = normal(seed, *shapes)
    return [(*pair, *case[-2:]) for pair, case in zip(drawn, cases, strict=True)]


exercise.agrees("[T, D] and [S, D] give [T, rows, columns]", sized(61, ((), 3, 5, 2, 7)))
exercise.agrees("a square picture", sized(62, ((), 2, 5, 3, 3)))
exercise.agrees("[B, T, D] and [B, S, D] give [B, T, rows, columns]", sized(63, ((2,), 3, 5, 2, 3)))


@exercise.law("the weights of a word sum to one over its picture", sized(64, ((), 4, 3, 3, 2)))
def _(array, *case):
    np.testing.assert_allclose(array.sum(axis=(-2, -1)), 1, rtol=1e-9)


@exercise.mutant(
    "softmax over the words",
    diagnosis="your weights of a region sum to one over the words: the words ask, so the weights "
    "of a word must sum to one over the regions",
)
def _(query, key, rows, columns):
    scores = reference.scaled_dot_scores(query, key)
    weights = swapped(reference.softmax(swapped(scores)))
    return weights.reshape(*weights.shape[:-1], rows, columns)


@exercise.mutant(
    "a softmax for each row of the picture",
    diagnosis="your weights sum to one in each row of the picture: one softmax goes over all "
    "regions of a word",
)
def _(query, key, rows, columns):
    scores = reference.scaled_dot_scores(query, key)
    return reference.softmax(scores.reshape(*scores.shape[:-1], rows, columns))


@exercise.mutant(
    "counts the regions down the columns",
    diagnosis="your picture is filled column after column: the regions are counted row after row",
)
def _(query, key, rows, columns):
    weights = reference.softmax(reference.scaled_dot_scores(query, key))
    return swapped(weights.reshape(*weights.shape[:-1], columns, rows))


@exercise.mutant(
    "no scale",
    diagnosis="your scores are not divided by the square root of D",
)
def _(query, key, rows, columns):
    weights = reference.softmax(reference.dot_scores(query, key))
    return weights.reshape(*weights.shape[:-1], rows, columns)


exercise.mutant(
    "leaves the regions in a row",
    lambda query, key, rows, columns: reference.softmax(reference.scaled_dot_scores(query, key)),
    "shape",
)
