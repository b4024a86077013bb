"""A fixed vector for each position, made of sines and cosines, to be added to the embedding."""

import torch

from ..checks import check_even, check_offset, check_size
from .positions import angles, geometric_frequencies
from .precision import check_device, check_floating_dtype


def sinusoidal_positions(n, d_model, *, offset=0, dtype=None, device=None):
    """Give each position a vector: pairs of sine and cosine, from fast to slow waves.

    Args:
        n: number of positions, an integer >= 0.
        d_model: width, even.
        offset: position of the first row, an integer; or an integer tensor `[B]`, one for each row
            of a batch. May be negative.
        dtype: floating; None means PyTorch's default. The waves are computed in float64 and rounded
            once.
        device: None means that of an offset tensor, else PyTorch's default.

    Returns:
        `[n, d_model]`, or `[B, n, d_model]` for offsets `[B]`.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.sinusoidal_positions`; also TypeError for
            a dtype that is not floating.

    Cost, formula and source: `attention_lib.reference.sinusoidal_positions`. Chapter: 04_position.

    >>> sinusoidal_positions(2, 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    check_device(device)
    check_size(minimum=0, n=n)
    check_size(minimum=2, d_model=d_model)
    check_even(d_model=d_model)
    check_offset("torch", offset)
    dtype = check_floating_dtype(dtype)
    if device is None:
        device = offset.device if torch.is_tensor(offset) else torch.empty(0).device
    device = torch.device(device)
    frequencies = geometric_frequencies(d_model, 10000.0, device)
    turns = angles(n, offset, frequencies, device)  # [..., n, d / 2]
    pairs = torch.stack([turns.sin(), turns.cos()], dim=-1)  # [..., n, d / 2, 2]
    return pairs.flatten(-2).to(dtype=dtype).to(device)
