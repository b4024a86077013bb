"""Queries and keys turned by their position, so that their product knows the distance only."""

import torch

from ..checks import (
    check_choice,
    check_even,
    check_even_width,
    check_frequencies,
    check_offset,
    check_one_device,
)
from .positions import across, angles, geometric_frequencies
from .precision import check_device, widen

PAIRINGS = ("interleaved", "half")


def rotate(x, *, offset=0, base=10000.0, pairing="interleaved", frequencies=None):
    """Turn each pair of numbers of a vector by an angle in proportion to the position.

    Pair i = 0, ..., D / 2 - 1 at position p turns by p base^(-2i / D), or by p times the frequency
    that is given for it.

    Args:
        x: queries or keys `[..., T, D]`, D even; float16, bfloat16, float32 or float64.
        offset: position of the first row, an integer; or an integer tensor `[B]`, one for each
            entry of the first axis of x, which is then at least `[B, T, D]`. May be negative.
        base: greater than 0; the larger it is, the slower the pairs turn.
        pairing: which numbers make pair i: "interleaved" takes 2i and 2i + 1, "half" takes i and
            i + D / 2. Weights trained with one do not work with the other, unless
            `pairing_permutation` reorders them.
        frequencies: None, or those of the pairs, `[D / 2]`, floating and finite, such as
            `yarn_frequencies` makes; base is then left out.

    Returns:
        `[..., T, D]` in the dtype of x. Angles, sines and cosines are computed in float64 whatever
        that dtype is; float16 and bfloat16 are rotated in float32 and rounded once.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.rotate`.

    Cost, formula and source: `attention_lib.reference.rotate`. Chapter: 04_position.

    >>> rotate(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """
    dtype, x = widen(x=x)
    check_even_width("x", x)
    check_offset("torch", offset, x)
    check_choice("pairing", pairing, PAIRINGS)
    length, width = x.shape[-2:]
    check_frequencies("torch", frequencies, base, width)
    if frequencies is not None and frequencies.device.type != "cpu":  # else they are moved
        check_one_device(x=x, frequencies=frequencies)
    if frequencies is None:
        frequencies = geometric_frequencies(width, base, x.device)
    # [T, D / 2], or [B, 1, ..., T, D / 2] to broadcast over the heads. On a device without float64
    # the angles are computed on the CPU, so cos and sin have to move.
    turns = across(angles(length, offset, frequencies, x.device), x)
    cos, sin = turns.cos().to(x.dtype).to(x.device), turns.sin().to(x.dtype).to(x.device)
    if pairing == "interleaved":
        a, b = x[..., 0::2], x[..., 1::2]  # [..., T, D / 2]
    else:
        a, b = x[..., : width // 2], x[..., width // 2 :]
    turned = [a * cos - b * sin, a * sin + b * cos]
    if pairing == "interleaved":
        return torch.stack(turned, dim=-1).flatten(-2).to(dtype)
    return torch.cat(turned, dim=-1).to(dtype)


def pairing_permutation(d, *, device=None):
    """The order of columns that turns interleaved pairs into pairs of halves: 0, 2, ..., 1, 3, ...

    With `order = pairing_permutation(d)`, rotating `x[..., order]` in halves gives
    `rotate(x)[..., order]`; `order.argsort()` leads back. See the reference for trained weights.

    Args:
        d: the width of one head, even.
        device: None means PyTorch's default.

    Returns:
        int64 `[d]`.

    Raises:
        TypeError, ValueError: d is not an even integer >= 2.

    Cost and source: `attention_lib.reference.pairing_permutation`. Chapter: 04_position.

    >>> pairing_permutation(6)
    tensor([0, 2, 4, 1, 3, 5])
    """
    check_device(device)
    check_even(d=d)
    return torch.arange(d, device=device).reshape(-1, 2).T.flatten()
