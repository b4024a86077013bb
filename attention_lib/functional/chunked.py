"""Positions in chunks, and back."""

import torch
from torch.nn import functional as F

from ..checks import is_symbolic


def in_chunks(x, count, chunk, *, filling=0.0):
    """`[..., N, W]` to `[..., K, C, W]`, K chunks of C positions; what is missing is filled up."""
    length = x.shape[-2]
    if is_symbolic(length):  # a view would have to know whether it divides
        place = torch.arange(count, device=x.device)[:, None] * chunk
        place = place + torch.arange(chunk, device=x.device)  # [K, C]
        there = (place < length).unsqueeze(-1)
        return x[..., place.clamp(max=length - 1), :].masked_fill(~there, filling)
    missing = count * chunk - length
    x = F.pad(x, (0, 0, 0, missing), value=filling) if missing else x
    return x.unflatten(-2, (count, chunk))


def out_of_chunks(x, length):
    """`[..., K, C, W]` to `[..., N, W]`, without what was filled up."""
    if is_symbolic(length):
        place = torch.arange(length, device=x.device)
        return x[..., place // x.shape[-2], place % x.shape[-2], :]
    return x.flatten(-3, -2)[..., :length, :]
