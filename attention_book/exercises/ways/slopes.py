"""ALiBi's slopes for any number of heads."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)
right = exercise.returns("slopes [heads]", lambda n_heads: reference.alibi_slopes(n_heads))
exercise.agrees(
    "a power of two gives one geometric sequence",
    [(1,), (2,), (8,), (16,)],
    "2 to the power of -8h / H, for h = 1 to H",
)
exercise.agrees(
    "one head more than a power of two takes one slope of the doubled number",
    [(3,), (5,), (9,)],
    "the slopes of the power of two below come first, then the first slope for twice as many heads",
)
exercise.agrees(
    "any other number takes every second slope of the doubled number",
    [(6,), (7,), (12,)],
    "after the slopes of the power of two below come the first, third, fifth, ... for twice as "
    "many heads",
)


def one_sequence(n_heads, first=1):
    return 2.0 ** (-8 * np.arange(first, n_heads + first) / n_heads)


def mixed(n_heads, start=0, step=2, order=1, power=None):
    power = power or 2 ** (n_heads.bit_length() - 1)
    between = one_sequence(2 * power)[start::step]
    return np.concatenate([one_sequence(power), between[: n_heads - power]][::order])


exercise.mutant(
    "the formula of a power of two for every number",
    one_sequence,
    diagnosis="you use one sequence for every number of heads: if H is no power of two, begin with "
    "the slopes of the power of two below it",
)
exercise.mutant(
    "counts the heads from zero",
    lambda n_heads: one_sequence(n_heads, first=0),
    diagnosis="your first head has the slope 1: heads are counted from 1",
)
exercise.mutant(
    "takes the next slopes, not every second",
    lambda n_heads: mixed(n_heads, step=1),
    "first, third",
)
exercise.mutant(
    "begins with the second slope", lambda n_heads: mixed(n_heads, start=1), "slopes are"
)
exercise.mutant(
    "puts the slopes between first", lambda n_heads: mixed(n_heads, order=-1), "come first"
)
exercise.mutant(
    "sorts them",
    lambda n_heads: np.sort(right(n_heads))[::-1],
    diagnosis="you sort the slopes: those of the power of two come first, then those between",
)
exercise.mutant(
    "cuts the slopes of the power of two above",
    lambda n_heads: one_sequence(2 ** (n_heads - 1).bit_length())[:n_heads],
    "come first",
)
exercise.mutant("negative slopes", lambda n_heads: -right(n_heads), "slopes are")
exercise.mutant(
    "forgets the slopes between",
    lambda n_heads: one_sequence(2 ** (n_heads.bit_length() - 1)),
    "shape",
)
