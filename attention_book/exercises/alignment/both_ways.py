"""The links that hold in both directions."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def picks(posteriors):
    """`[words, words of the other side]`: whom each word picks, the empty word left out."""
    best = posteriors.argmax(axis=1)
    return best[:, None] == np.arange(1, posteriors.shape[1])


def partners(links):
    """For each row the place of its mark, -1 without one."""
    return np.where(links.any(axis=1), links.argmax(axis=1), -1)


@exercise.returns("partners [target]")
def right(forward, backward):
    return partners(picks(forward) & picks(backward).T)


def tables(seed, n_target, n_source, empty=1.0):
    rng = np.random.default_rng(seed)
    made = []
    for n, m in ((n_target, n_source), (n_source, n_target)):
        table = rng.random((n, m + 1)) ** 3
        table[:, 0] *= empty
        made.append(table / table.sum(axis=1, keepdims=True))
    return tuple(made)


HAND = (
    np.array([[0.1, 0.7, 0.2], [0.2, 0.45, 0.35], [0.5, 0.1, 0.4]]),
    np.array([[0.1, 0.6, 0.2, 0.1], [0.0, 0.1, 0.4, 0.5]]),
)
exercise.agrees(
    "three target words and two source words by hand",
    [HAND],
    "target words 0 and 1 both pick source word 0, which picks target word 0; source word 1 picks "
    "target word 2, which picks the empty word",
)
exercise.agrees(
    "sides of different length",
    [tables(31, 5, 7, empty=0.3), tables(32, 7, 3, empty=0.3), tables(33, 2, 9, empty=0.3)],
    "a link is where the target word picks the source word and the source word picks it back",
)
exercise.agrees(
    "words that pick the empty word have no link",
    [tables(34, 6, 5, empty=3.0), tables(35, 4, 8, empty=3.0)],
    "column 0 is the empty word: whoever gives it most has no link",
)


@exercise.law("no source word has two partners", [tables(36, 6, 6), tables(37, 3, 8)])
def _(given, forward, backward):
    found = given[given >= 0].tolist()
    if len(set(found)) < len(found):
        raise Problem("two of your target words have the same partner: a link is one to one")


exercise.mutant(
    "the union",
    lambda forward, backward: partners(picks(forward) | picks(backward).T),
    diagnosis="you mark what either side picks: a link needs both",
)
exercise.mutant(
    "the forward direction alone",
    lambda forward, backward: partners(picks(forward)),
    diagnosis="you ask the target words alone: the source word has to pick back",
)
exercise.mutant(
    "the empty word is no choice",
    lambda forward, backward: right(
        *(np.pad(one[:, 1:], ((0, 0), (1, 0))) for one in (forward, backward))
    ),
    "picks the empty word",
)
exercise.mutant(
    "one column too far",
    lambda forward, backward: right(forward, backward) + (right(forward, backward) >= 0),
    diagnosis="your partners are one too large: column 0 of a table is the empty word, so that "
    "column j + 1 is source word j",
)
exercise.mutant(
    "a mean of both tables",
    lambda forward, backward: (forward[:, 1:] + backward[:, 1:].T).argmax(axis=1),
    "picks target word 0",
)
exercise.mutant(
    "the table the wrong way round",
    lambda forward, backward: right(backward, forward),
    "shape",
)
