"""Arguments on which exercises are tried."""

from __future__ import annotations

import numpy as np

from attention_lib import reference


def normal(seed: int, *cases: list) -> list[tuple]:
    """Each case as a tuple of normal random arrays, one for each shape in it."""
    rng = np.random.default_rng(seed)
    return [tuple(rng.normal(size=shape) for shape in case) for case in cases]


def weighted(seed: int, *cases: list) -> list[tuple]:
    """As `normal`, but the first array of each case holds weights: its rows sum to one."""
    return [(reference.softmax(scores), *rest) for scores, *rest in normal(seed, *cases)]


def swapped(array: np.ndarray) -> np.ndarray:
    """The array with its last two axes exchanged."""
    return np.swapaxes(array, -1, -2)
