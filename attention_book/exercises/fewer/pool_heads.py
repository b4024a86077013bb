"""Pool the key heads of a trained projection."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


@exercise.returns(
    "pooled weights [input number, key number]",
    because="each group of neighbouring heads becomes one head, their mean",
)
def right(weight, n_heads, n_groups):
    width = weight.shape[1] // n_heads
    heads = weight.reshape(len(weight), n_groups, n_heads // n_groups, width)
    return heads.mean(axis=2).reshape(len(weight), n_groups * width)


def drawn(seed, shape, *sizes):
    return (*normal(seed, [shape])[0], *sizes)


exercise.agrees(
    "four heads of width one, two groups, by hand", [(np.array([[2.0, 4.0, 10.0, 30.0]]), 4, 2)]
)
exercise.agrees("six heads of width five in two groups are right", [drawn(61, (7, 30), 6, 2)])
exercise.agrees("eight heads of width three in four groups are right", [drawn(62, (5, 24), 8, 4)])
exercise.agrees("one group is the mean of all heads", [drawn(63, (3, 20), 4, 1)])
exercise.agrees("as many groups as heads change nothing", [drawn(64, (3, 20), 4, 4)])


def by_stride(weight, n_heads, n_groups):
    heads = weight.reshape(len(weight), n_heads // n_groups, n_groups, -1)
    return heads.mean(axis=1).reshape(len(weight), -1)


def within_heads(weight, n_heads, n_groups):
    """Means of neighbouring numbers, of which a head has several."""
    return weight.reshape(len(weight), -1, n_heads // n_groups).mean(axis=2)


def picked(weight, n_heads, n_groups):
    return weight.reshape(len(weight), n_groups, n_heads // n_groups, -1)


def as_rows(picks):
    return picks.reshape(len(picks), -1)


exercise.mutant(
    "pools heads that stand apart",
    by_stride,
    diagnosis="you pool heads that stand apart: heads 1 to H / G share, not every G-th head",
)
exercise.mutant(
    "pools neighbouring numbers",
    within_heads,
    diagnosis="you take the mean of neighbouring numbers: the mean goes over heads, and number i "
    "of a head meets number i of the others",
)
exercise.mutant(
    "adds instead of averaging",
    lambda w, h, g: as_rows(picked(w, h, g).sum(axis=2)),
    diagnosis="your heads are sums: divide by how many heads a group has",
)
exercise.mutant(
    "keeps the first head",
    lambda w, h, g: as_rows(picked(w, h, g)[:, :, 0]),
    diagnosis="you keep the first head of each group: the mean is asked for",
)
exercise.mutant("one head for all", lambda w, h, g: right(w, h, 1), says="shape")
exercise.mutant(
    "repeats the mean for each head",
    lambda w, h, g: np.repeat(right(w, h, g), h // g, axis=1),
    says="shape",
)
