"""Queries and keys turned by their position, so that their product knows the distance only."""

import numpy as np

from ..checks import check_choice, check_even, check_even_width, check_frequencies, check_offset
from .positions import angles, geometric_frequencies
from .precision import widen

PAIRINGS = ("interleaved", "half")


def rotate(x, *, offset=0, base=10000.0, pairing="interleaved", frequencies=None):
    r"""Turn each pair of numbers of a vector by an angle in proportion to the position.

    $$\begin{pmatrix} a' \\ b' \end{pmatrix} =
    \begin{pmatrix} \cos p \omega_i & -\sin p \omega_i \\ \sin p \omega_i & \cos p \omega_i
    \end{pmatrix} \begin{pmatrix} a \\ b \end{pmatrix}, \qquad \omega_i = \text{base}^{-2i / D}$$

    (a, b) is pair i of the vector at position p; the D / 2 pairs are numbered from 0, and each
    turns at a speed of its own. Queries and keys are rotated, values are not. A query at position p
    and a key at position q end up turned against each other by (p - q) omega_i, so their dot
    product depends on p - q only. No vector changes its length.

    Args:
        x: queries or keys `[..., T, D]`, D even; float16, float32 or float64.
        offset: position p of the first row, an integer; or integers `[B]`, one for each entry of
            the first axis of x, which is then at least `[B, T, D]`. May be negative.
        base: greater than 0; 10000 in the paper. The larger it is, the slower the pairs turn.
        pairing: which numbers make pair i: "interleaved" takes 2i and 2i + 1 (the paper), "half"
            takes i and i + D / 2 (many published models). Weights trained with one do not work with
            the other, unless `pairing_permutation` reorders them.
        frequencies: None for those of the formula, or the omega_i `[D / 2]`, floating and finite,
            such as `yarn_frequencies` makes; base is then left out.

    Returns:
        `[..., T, D]` in the dtype of x. Angles are float64 in every case.

    Raises:
        TypeError: x not a floating NumPy array; offset neither an integer nor an integer array;
            base not a number; frequencies not a floating array.
        ValueError: D odd or zero, offset `[B]` without a batch of B rows, base not positive,
            pairing unknown; frequencies of another shape, not finite, or given together with a
            base.

    Cost: 3 T D FLOPs, two products and a sum for each number, and T D sines and cosines.
    Source: Su et al. (2021), section 3.2; their theta_i is our omega_i, their m our p.
    Chapter: 04_position.

    >>> rotate(np.array([[1.0, 0.0], [1.0, 0.0]])).round(3)
    array([[1.   , 0.   ],
           [0.54 , 0.841]])
    """
    dtype, x = widen(x=x)
    check_even_width("x", x)
    check_offset("numpy", offset, x)
    check_choice("pairing", pairing, PAIRINGS)
    length, width = x.shape[-2:]
    check_frequencies("numpy", frequencies, base, width)
    if frequencies is None:
        frequencies = geometric_frequencies(width, base)
    # [T, D / 2] or [B, T, D / 2]
    turns = angles(length, offset, frequencies.astype(np.float64))
    if turns.ndim == 3:  # axes of size 1 between batch and positions, such as the heads
        turns = turns.reshape(len(x), *(1,) * (x.ndim - 3), length, width // 2)
    cos, sin = np.cos(turns), np.sin(turns)
    if pairing == "interleaved":
        a, b = x[..., 0::2], x[..., 1::2]  # [..., T, D / 2]
    else:
        a, b = x[..., : width // 2], x[..., width // 2 :]
    turned = [a * cos - b * sin, a * sin + b * cos]
    if pairing == "interleaved":
        return np.stack(turned, axis=-1).reshape(x.shape).astype(dtype)
    return np.concatenate(turned, axis=-1).astype(dtype)


def pairing_permutation(d):
    """The order of columns that turns interleaved pairs into pairs of halves: 0, 2, ..., 1, 3, ...

    With `order = pairing_permutation(d)`, rotating `x[..., order]` in halves gives
    `rotate(x)[..., order]`. Reordering the output rows of the query and the key projection of every
    head in this way carries trained weights from the one pairing to the other; `np.argsort(order)`
    carries them back.

    Args:
        d: D, the width of one head, even.

    Returns:
        int64 `[d]`.

    Raises:
        TypeError, ValueError: d is not an even integer >= 2.

    Cost: d integers.
    Source: Su et al. (2021), section 3.2, for the interleaved pairs.
    Chapter: 04_position.

    >>> pairing_permutation(6)
    array([0, 2, 4, 1, 3, 5])
    """
    check_even(d=d)
    return np.concatenate([np.arange(0, int(d), 2), np.arange(1, int(d), 2)])
