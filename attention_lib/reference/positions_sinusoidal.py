"""A fixed vector for each position, made of sines and cosines, to be added to the embedding."""

import numpy as np

from ..checks import check_even, check_offset, check_size
from .positions import angles, geometric_frequencies


def sinusoidal_positions(n, d_model, *, offset=0):
    r"""Give each position a vector: pairs of sine and cosine, from fast to slow waves.

    $$P_{p, 2i} = \sin(p \, \omega_i), \quad P_{p, 2i + 1} = \cos(p \, \omega_i), \qquad
    \omega_i = 10000^{-2i / d}$$

    A step of k positions turns each pair by the angle $k \omega_i$, whatever the position: the dot
    product of two such vectors depends on their distance only.

    Args:
        n: number of positions, an integer >= 0.
        d_model: d, even. For an odd width the last sine would have no cosine, and a step would no
            longer be a turn; it is an error.
        offset: position p of the first row, an integer; or integers `[B]`, one for each row of a
            batch. Negative positions are allowed (rows padded on the left).

    Returns:
        float64 `[n, d_model]`, or `[B, n, d_model]` for offsets `[B]`.

    Raises:
        TypeError: n or d_model not an integer; offset neither an integer nor an integer array.
        ValueError: n < 0, d_model odd or below 2, offset not one-dimensional.

    Cost: n d sines or cosines.
    Source: Vaswani et al. (2017), section 3.5.
    Chapter: 04_position.

    >>> sinusoidal_positions(2, 4).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [0.841, 0.54 , 0.01 , 1.   ]])
    """
    check_size(minimum=0, n=n)
    check_size(minimum=2, d_model=d_model)
    check_even(d_model=d_model)
    check_offset("numpy", offset)
    turns = angles(n, offset, geometric_frequencies(d_model, 10000.0))  # [..., n, d / 2]
    pairs = np.stack([np.sin(turns), np.cos(turns)], axis=-1)  # [..., n, d / 2, 2]
    return pairs.reshape(*turns.shape[:-1], d_model)
