"""Decoder inputs under teacher forcing."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=1, minutes=5)


def column(target, token):
    return np.full(len(target), token)


@exercise.returns("decoder inputs [batch, step]")
def right(target, start):
    return np.column_stack([column(target, start), target[:, :-1]])


exercise.agrees(
    "the target is moved by one step and starts with SOS",
    [(np.array([[7, 5, 9, 2]]), 1)],
    "SOS first, then the target without its last token",
)
exercise.agrees(
    "it works for a batch and any start token",
    [(np.random.default_rng(11).integers(3, 20, (3, 5)), 17)],
    "each row is moved by one step, and the start token is the one handed in",
)

exercise.mutant("feeds the answer that the step has to give", lambda t, s: t.copy(), "SOS first")
exercise.mutant(
    "keeps the last token, for which there is no target",
    lambda t, s: np.column_stack([column(t, s), t]),
    "shape",
)
exercise.mutant(
    "rolls EOS to the front instead of SOS", lambda t, s: np.roll(t, 1, axis=1), "SOS first"
)
exercise.mutant(
    "moves the target the wrong way",
    lambda t, s: np.column_stack([t[:, 1:], column(t, s)]),
    "SOS first",
)
exercise.mutant(
    "writes the start token's id by hand", lambda t, s: right(t, 1), "the one handed in"
)
