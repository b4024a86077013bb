"""Add the places to a batch."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=5)


def waves(n, width):
    return reference.sinusoidal_positions(n, width)


@exercise.returns(
    "vectors [sentence, word, width]",
    because="word t of every sentence gets the row t of the table",
)
def right(x):
    return x + waves(x.shape[1], x.shape[2])


exercise.agrees("one sentence is right", normal(81, [(1, 5, 4)]))
exercise.agrees("several sentences are right", normal(82, [(3, 5, 4)], [(2, 7, 6)]))
exercise.agrees("as many sentences as words are right", normal(83, [(4, 4, 2)]))

ROW_OF_BATCH = (
    "every word of a sentence gets the same vector, that of the sentence's number in the batch: "
    "position is the axis of the words"
)
exercise.mutant(
    "the place is the row of the batch",
    lambda x: x + waves(len(x), x.shape[-1])[:, None],
    diagnosis=ROW_OF_BATCH,
)
exercise.mutant(
    "counts on from one sentence to the next",
    lambda x: x + waves(x.shape[0] * x.shape[1], x.shape[2]).reshape(x.shape),
    diagnosis="your places go on from one sentence to the next: each sentence begins at place 0",
)
exercise.mutant(
    "counts from one",
    lambda x: x + reference.sinusoidal_positions(x.shape[1], x.shape[2], offset=1),
    diagnosis="your first word stands at place 1: counting begins at 0 here",
)
exercise.mutant("adds nothing", lambda x: x, "row t of the table")
exercise.mutant("gives the table alone", lambda x: waves(*x.shape[1:]), "shape")
exercise.mutant(
    "multiplies instead of adding", lambda x: x * waves(*x.shape[1:]), "row t of the table"
)
exercise.mutant(
    "one place for each number of a vector",
    lambda x: x + np.swapaxes(waves(x.shape[2], 2 * x.shape[1])[:, : x.shape[1]], 0, 1),
    "row t of the table",
)
