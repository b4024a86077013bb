"""From which number of heads do the scores outweigh the matrices?"""

from numbers import Integral

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe, safely

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


def first(fits, candidates=None):
    """The smallest number of heads that divides the width and fits(heads, length, width)."""

    def heads_that_outweigh(length, d_model):
        for heads in range(1, d_model + 1) if candidates is None else candidates(d_model):
            if d_model % heads == 0 and fits(heads, length, d_model):
                return heads
        return 0

    return heads_that_outweigh


def outweigh(heads, length, width):
    return heads * length**2 > 4 * width**2


exercise.right = first(outweigh)


def behaviour(statement, cases, why):
    @exercise.behaviour(statement)
    def _(answer):
        for length, width in cases:
            given, wanted = answer(length, width), exercise.right(length, width)
            where = f"for length {length} and d_model {width}"
            if isinstance(given, bool) or not isinstance(given, Integral):
                raise Problem(f"your answer {where} should be a whole number: {describe(given)}")
            if 0 < given <= width and width % given:
                raise Problem(
                    f"you return {int(given)} heads, which do not divide d_model {width}: every "
                    "head has the width d_model / n_heads, a whole number"
                )
            if given != wanted:
                count = safely(lambda one: str(int(one)), given, "another number")
                raise Problem(f"you return {count} {where}: {wanted} is right, for {why}")


behaviour(
    "a number of heads is found",
    [(400, 512), (100, 64), (90, 64)],
    "n_heads * length ** 2 has to be more than 4 * d_model ** 2",
)
behaviour(
    "one head can be enough",
    [(200, 64), (9, 4)],
    "a long text outweighs the layer with a single head",
)
behaviour(
    "only numbers that divide the width count",
    [(40, 36), (50, 60), (22, 30)],
    "every head has the width d_model / n_heads, a whole number",
)
behaviour(
    "0 where no number is enough",
    [(3, 64), (1, 2), (1, 1)],
    "even d_model heads have fewer scores than the matrices have numbers",
)
behaviour(
    "as many is not more",
    [(64, 32), (32, 32), (16, 16)],
    "as many scores as numbers do not outweigh them",
)


def any_number(length, width):
    heads = 4 * width**2 // length**2 + 1
    return heads if heads <= width else 0


exercise.mutant("does not ask what divides", any_number, "do not divide")

exercise.mutant(
    "scores of one head alone",
    first(lambda heads, length, width: length**2 > 4 * width**2),
    "has to be more than",
)
exercise.mutant(
    "forgets that there are four matrices",
    first(lambda heads, length, width: heads * length**2 > width**2),
    "4 * d_model ** 2",
)
exercise.mutant(
    "at least instead of more",
    first(lambda heads, length, width: heads * length**2 >= 4 * width**2),
    "do not outweigh",
)
exercise.mutant(
    "the largest number instead of the smallest",
    first(outweigh, lambda width: range(width, 0, -1)),
    "has to be more than",
)
exercise.mutant(
    "matrices that grow with the heads",
    first(lambda heads, length, width: length**2 > 4 * width**2 * heads),
    "has to be more than",
)
exercise.mutant(
    "powers of two alone",
    first(outweigh, lambda width: [2**k for k in range(width.bit_length())]),
    "a whole number",
)
