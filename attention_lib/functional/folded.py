"""What the kinds of attention that compute a part of the scores share: folding, and one kernel."""

import math

import torch
from torch.nn import functional as F

from ..checks import (
    check_flag,
    check_key_mask,
    check_kind,
    check_query_key,
    check_value,
)
from .attention import attention_core
from .precision import check_tensors
from .transforms import beyond_kernels, rewritten


def check_attended(query, key, value, *, mask, causal):
    """Check what attention is called with whose mask, if any, closes keys alone.

    Returns:
        the shapes `[..., T, S]` of the scores and `[..., T, E]` of the output.
    """
    check_tensors(query=query, key=key, value=value)
    shape = check_query_key(query, key)
    output_shape = check_value(value, shape)
    if mask is not None:
        check_kind("torch", query=query, mask=mask)
        check_key_mask(mask, shape)
    check_flag(causal=causal)
    return shape, output_shape


def output_shape_of(query, key, value):
    """`[..., T, E]`."""
    leading = torch.broadcast_shapes(*(one.shape[:-2] for one in (query, key, value)))
    return *leading, query.shape[-2], value.shape[-1]


def fold(query, key, value, mask, scale, leading):
    """Put all leading axes into one, N, and give the three one width.

    A fused kernel wants one width for queries, keys and values: zeros are appended, which change no
    product; the caller cuts them off the output. It also wants a scale above zero.

    Returns:
        query `[N, T, W]`, key and value `[N, S, W]`, mask `[N or 1, S]` or None, scale.
    """
    width = max(query.shape[-1], value.shape[-1])
    scale = query.shape[-1] ** -0.5 if scale is None else float(scale)
    if scale < torch.finfo(torch.float32).tiny:  # zero in a float32 kernel, or negative
        query, scale = query * scale, 1.0
    query, key, value = (_fold_one(one, leading, width) for one in (query, key, value))
    if mask is not None:  # [S] or [..., 1, S]
        mask = mask[None] if mask.ndim < 2 else mask
        shared = math.prod(mask.shape) == mask.shape[-1]
        axes = () if shared else leading
        mask = mask.reshape(1, -1) if shared else mask.expand(*axes, 1, -1).flatten(0, -2)
        mask = mask.expand(-1, key.shape[-2])
    return query, key, value, mask, scale


def _fold_one(one, leading, width):
    one = one.expand(*leading, *one.shape[-2:]).reshape(-1, *one.shape[-2:])
    if one.shape[-1] < width:
        return F.pad(one, (0, width - one.shape[-1]))
    return one if one.stride(-1) == 1 else one.contiguous()


def joined(pieces, n_rows, *, grad):
    """Put pieces `[N, M, T, W]` of M T rows each one after the other, to `[N, n_rows, W]`.

    Where no gradient flows each is written to its place and given back before the next is made.
    """
    if grad:
        parts = [piece.flatten(1, 2) for piece in pieces]
        return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]
    output, start = None, 0
    for piece in pieces:
        n, blocks, rows, width = piece.shape
        if output is None:
            output = piece.new_empty(n, n_rows, width)
        place = output[:, start : start + blocks * rows]
        place.unflatten(1, (blocks, rows)).copy_(piece)
        start += blocks * rows
        del piece
    return output


def flows(*tensors):
    """Whether a gradient flows through any of them, or may for all that can be known here."""
    return rewritten() or (torch.is_grad_enabled() and any(one.requires_grad for one in tensors))


def fused(query, key, value, visible, scale, *, full_rows):
    """Attention of M small problems of N sequences, each by itself, in one call of the kernel.

    Args:
        query: `[N, M, T, W]`; key, value: `[N, M, S, W]`.
        visible: None, or boolean `[T, S]` or `[N or 1, M or 1, T or 1, S]`.
        full_rows: every row of `visible` is known to see something. Else a row that sees nothing
            is opened, so that no kernel meets it, and its output is set to zero.
    """
    if beyond_kernels():
        return attention_core(query, key, value, mask=visible, scale=scale)
    if full_rows:
        return F.scaled_dot_product_attention(query, key, value, attn_mask=visible, scale=scale)
    empty = ~visible.any(dim=-1, keepdim=True)
    visible = visible | empty
    output = F.scaled_dot_product_attention(query, key, value, attn_mask=visible, scale=scale)
    return output.masked_fill(empty, 0)
