"""Frequencies that depend on the length of the sequence."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=12)


@exercise.returns("frequencies [pair]")
def right(width, length, trained_length, base):
    stretch = max(1.0, length / trained_length)
    return reference.ntk_frequencies(width, stretch=stretch, base=base)


exercise.agrees(
    "a sequence of the trained length turns as in training",
    [(8, 32, 32, 10000.0), (4, 2048, 2048, 500.0)],
    "nothing has to be stretched, so pair i turns by base^(-2i / D) in a step",
)
exercise.agrees(
    "a shorter sequence turns as in training too",
    [(8, 5, 32, 10000.0), (6, 1, 100, 500.0)],
    "there is room for it already: the stretch is never below 1",
)
exercise.agrees(
    "a longer one gets a larger base",
    [(4, 128, 32, 100.0), (16, 256, 32, 10000.0), (64, 5000, 2048, 500.0)],
    "the base is multiplied by s^(D / (D - 2)), with s the length over the trained one",
)


def by_base(width, factor, base):
    return (base * factor) ** (-np.arange(0, width, 2) / width)


exercise.mutant(
    "shrinks the base for short sequences",
    lambda d, n, trained, base: by_base(d, (n / trained) ** (d / (d - 2)), base),
    "the stretch is never below 1",
)
exercise.mutant(
    "interpolates every pair",
    lambda d, n, trained, base: by_base(d, 1, base) / max(1.0, n / trained),
    diagnosis="you slow down every pair by the same factor, which is position interpolation: here "
    "the base grows instead",
)
exercise.mutant(
    "multiplies the base by the stretch itself",
    lambda d, n, trained, base: by_base(d, max(1.0, n / trained), base),
    diagnosis="you multiply the base by s; with s^(D / (D - 2)) the slowest pair is divided by "
    "exactly s",
)
exercise.mutant(
    "keeps the trained base",
    lambda d, n, trained, base: by_base(d, 1, base),
    diagnosis="you ignore the length: a longer sequence needs slower pairs",
)
exercise.mutant(
    "one frequency a number instead of one a pair",
    lambda d, n, trained, base: np.repeat(right(d, n, trained, base), 2),
    "shape",
)
exercise.mutant(
    "divides the lengths the wrong way round",
    lambda d, n, trained, base: by_base(d, max(1.0, trained / n) ** (d / (d - 2)), base),
    "the stretch is never below 1",
)
exercise.mutant(
    "counts the pairs from one",
    lambda d, n, trained, base: right(d, n, trained, base) / base ** (2 / d),
    "turns by base",
)
