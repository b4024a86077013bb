"""A cached step that goes on counting positions."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=12)


@exercise.returns("vectors [batch, new, width]")
def right(new, table, seen):
    return new + table[seen[:, None] + np.arange(new.shape[1])]


def case(seed, seen, n_new, n_table=13, width=5):
    rng = np.random.default_rng(seed)
    new = rng.normal(size=(len(seen), n_new, width))
    return new, rng.normal(size=(n_table, width)), np.array(seen)


exercise.agrees(
    "the first call begins at position 0", [case(41, [0, 0], 3)], "nothing has been seen yet"
)
exercise.agrees(
    "a step of one token follows what was seen",
    [case(42, [4], 1), case(43, [7, 7, 7], 1)],
    "after 4 tokens, at positions 0 to 3, the next one stands at position 4",
)
exercise.agrees(
    "several new tokens count on", [case(44, [5, 5], 3)], "they stand at seen, seen + 1, ..."
)
exercise.agrees(
    "each sentence has its own count",
    [case(45, [2, 9, 0], 1), case(46, [3, 6], 2)],
    "seen [batch] has an entry for each sentence",
)

exercise.mutant(
    "restarts at zero",
    lambda new, table, seen: new + table[: new.shape[1]],
    diagnosis="your positions begin at 0 in every call: the new tokens stand behind those that "
    "were seen",
)
exercise.mutant(
    "counts the token before it twice",
    lambda new, table, seen: right(new, table, np.maximum(seen - 1, 0)),
    diagnosis="your first new token stands at the position of the last old one: after n tokens, at "
    "0 to n - 1, comes position n",
)
exercise.mutant(
    "one place too far", lambda new, table, seen: right(new, table, seen + 1), "nothing has been"
)
exercise.mutant(
    "all sentences count like the first",
    lambda new, table, seen: new + table[seen[0] + np.arange(new.shape[1])],
    diagnosis="you use the count of the first sentence for all: each has its own",
)
exercise.mutant(
    "all new tokens at one place",
    lambda new, table, seen: new + table[seen][:, None],
    diagnosis="your new tokens all stand at the same position: they count on",
)
exercise.mutant(
    "the row of the batch instead of the position",
    lambda new, table, seen: new + table[np.arange(len(new))][:, None],
    "vectors are",
)
exercise.mutant(
    "returns the positions alone",
    lambda new, table, seen: right(np.zeros_like(new), table, seen),
    diagnosis="you return the positions alone: add them to the vectors",
)
exercise.mutant("forgets the positions", lambda new, table, seen: new, "nothing has been seen")
