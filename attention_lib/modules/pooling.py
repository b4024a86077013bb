"""One vector for a whole sequence: the mean of its vectors, the first, or what a query draws."""

import torch

from ..functional.precision import widen_core
from ..functional.softmax import softmax_core

POOLINGS = ("mean", "first", "attention")


def pooled(x, mask, pooling, query):
    """`[B, C]` of x `[B, T, C]` and a mask `[B, 1, T]` or None; zero where nothing is real.

    query: for "attention" a module that gives the scores `[B, T, 1]`; else None.
    """
    if pooling == "attention":
        weights = shares(x, mask, pooling, query)[:, None]  # [B, 1, T]
        real = x if mask is None else x.masked_fill(~mask.mT, 0)
        dtype, real, weights = widen_core(real, weights)
        return (weights @ real)[:, 0].to(dtype)
    if pooling == "first":
        x, mask = x[:, :1], None if mask is None else mask[..., :1]
    return _mean(x, mask)


def shares(x, mask, pooling, query):
    """The weights `[B, T]` with which `pooled` adds up the vectors; zero at padding."""
    if pooling == "attention":
        _, scores = widen_core(query(x).mT)  # [B, 1, T]
        return softmax_core(scores, mask)[:, 0]
    real = x.new_ones(x.shape[:2], dtype=torch.bool) if mask is None else mask[:, 0]
    if pooling == "first":
        real = real & (torch.arange(x.shape[1], device=x.device) == 0)
    return real.to(x.dtype) / real.sum(dim=-1, keepdim=True).clamp(min=1)


def _mean(x, mask):
    if mask is None:
        return x.sum(dim=1) / max(1, x.shape[1])
    count = mask.sum(dim=-1).clamp(min=1)  # [B, 1]
    return x.masked_fill(~mask.mT, 0).sum(dim=1) / count
