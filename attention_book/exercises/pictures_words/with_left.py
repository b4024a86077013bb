"""Regions that know their left neighbour."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


@exercise.returns("descriptions [picture, region, number]")
def right(shown, rows, columns):
    grid = shown.reshape(*shown.shape[:-2], rows, columns, shown.shape[-1])
    left = np.zeros_like(grid)
    left[..., 1:, :] = grid[..., :-1, :]
    return np.concatenate([shown, left.reshape(shown.shape)], axis=-1)


def sized(seed, *cases):
    """Regions of normal numbers: (leading axes, rows, columns, width)."""
    shapes = [[(*leading, rows * columns, width)] for leading, rows, columns, width in cases]
    drawn = normal(seed, *shapes)
    return [(one, *case[1:3]) for (one,), case in zip(drawn, cases, strict=True)]


exercise.agrees(
    "in one row each region gets the one before it, the first zeros",
    sized(71, ((2,), 1, 4, 3)),
    "the left neighbour's numbers follow a region's own",
)
exercise.agrees(
    "the first region of every row has no left neighbour",
    sized(72, ((2,), 3, 3, 5), ((1,), 2, 5, 3)),
    "zeros stand where there is no left neighbour, at the start of every row",
)
exercise.agrees("one picture without a batch axis", sized(73, ((), 5, 2, 3)))


@exercise.mutant(
    "takes the region before in reading order",
    diagnosis="the first region of a row gets the last one of the row above: nothing stands to its "
    "left, so it gets zeros",
)
def _(shown, rows, columns):
    before = np.zeros_like(shown)
    before[..., 1:, :] = shown[..., :-1, :]
    return np.concatenate([shown, before], axis=-1)


@exercise.mutant(
    "goes round at the edge",
    diagnosis="the first region of a row gets the last one of its row: np.roll goes round, and "
    "nothing stands to the left of the edge",
)
def _(shown, rows, columns):
    grid = shown.reshape(*shown.shape[:-2], rows, columns, shown.shape[-1])
    left = np.roll(grid, 1, axis=-2).reshape(shown.shape)
    return np.concatenate([shown, left], axis=-1)


@exercise.mutant(
    "takes the right neighbour",
    diagnosis="each region gets its right neighbour: the left one of column c stands in c - 1",
)
def _(shown, rows, columns):
    grid = shown.reshape(*shown.shape[:-2], rows, columns, shown.shape[-1])
    side = np.zeros_like(grid)
    side[..., :-1, :] = grid[..., 1:, :]
    return np.concatenate([shown, side.reshape(shown.shape)], axis=-1)


@exercise.mutant("adds the neighbour instead of appending it", says="shape")
def _(shown, rows, columns):
    return right(shown, rows, columns)[..., : shown.shape[-1]] * 2
