"""The masks of PyTorch: what its attention calls blocked or allowed, and in which shape.

Ours are boolean, True = may attend, broadcastable to the scores: `[..., T, S]` for T queries and S
keys, with B batch rows and H heads in front where there are any. In ours a query with
nothing to attend to has weights of zero. Each function says what torch makes of such a query.
"""

import torch

from ..checks import (
    check_count,
    check_dimensions,
    check_divides,
    check_kind,
    check_mask,
    check_only,
    check_sizes,
)
from .masks import combine_named
from .precision import check_floating_dtype


def to_sdpa_mask(mask, *, dtype=None):
    """Write a mask as `torch.nn.functional.scaled_dot_product_attention` reads `attn_mask`.

    Args:
        mask: boolean `[..., T, S]`, True = may attend.
        dtype: None, or a floating dtype, that of the query.

    Returns:
        the mask itself, for True means there what it means here; with a dtype the mask to be added
        to the scores, 0 where the query may attend and -inf elsewhere.

    Raises:
        TypeError: mask not a boolean tensor, dtype not floating.
        ValueError: fewer than two axes, which torch refuses.

    Torch gives zeros to a query with nothing to attend to, as we do. Its `is_causal=True` aligns
    the first query with the first key; `causal_mask` aligns the last ones, so pass that instead.
    Cost: nothing, or the bytes of the new mask.
    Source: PyTorch documentation of scaled_dot_product_attention.
    Chapter: 03_2_masks.

    >>> to_sdpa_mask(torch.tensor([[True, False]]), dtype=torch.float32)
    tensor([[0., -inf]])
    """
    check_kind("torch", mask=mask)
    check_mask(mask, mask.shape)
    check_dimensions(2, mask=mask)
    return mask if dtype is None else _to_added(~mask, dtype)


def from_sdpa_mask(attn_mask):
    """Read the `attn_mask` of torch's scaled_dot_product_attention as one of our masks.

    Args:
        attn_mask: `[..., T, S]`, boolean with True = may attend, or floating, holding 0 and -inf
            only.

    Returns:
        boolean `[..., T, S]`, True = may attend.

    Raises:
        TypeError: neither a boolean nor a floating tensor.
        ValueError: fewer than two axes, or a number other than 0 and -inf: that is a bias, which
            attention takes as such.

    Cost: the bytes of the mask. Source: as `to_sdpa_mask`.

    >>> from_sdpa_mask(torch.tensor([[0.0, -torch.inf]]))
    tensor([[ True, False]])
    """
    check_kind("torch", attn_mask=attn_mask)
    check_dimensions(2, attn_mask=attn_mask)
    if attn_mask.dtype == torch.bool:
        return attn_mask
    return ~_blocked("attn_mask", attn_mask)


def to_multihead_mask(mask, shape=None, *, dtype=None):
    """Write a mask as `torch.nn.MultiheadAttention` reads `attn_mask`: True = blocked.

    Args:
        mask: boolean, True = may attend; `[T, S]`, or whatever broadcasts to `shape`.
        shape: (B, H, T, S), for a mask that differs between rows of the batch or heads.
        dtype: None for a boolean result, or a floating dtype, that of the query.

    Returns:
        `[T, S]`, or `[B * H, T, S]` if a shape is given, where row b * H + h is head h of batch row
        b. With a dtype it holds -inf where blocked and 0 elsewhere.

    Raises:
        TypeError: mask not a boolean tensor, dtype not floating, a size not an integer.
        ValueError: mask not `[T, S]` and no shape given, shape not four sizes, or mask does not
            broadcast to it.

    Torch gives NaN to a query with nothing to attend to when it computes the weights
    (`need_weights=True`, its default), and zeros before the output projection otherwise; but NaN
    again on the faster path, which self-attention takes in evaluation without gradients, batch
    first and with an even number of heads.
    Cost: the bytes of the new mask.
    Source: PyTorch documentation of nn.MultiheadAttention.
    Chapter: 03_2_masks.

    >>> to_multihead_mask(torch.tensor([[True, False]]))
    tensor([[False,  True]])
    """
    check_kind("torch", mask=mask)
    check_mask(mask, mask.shape)
    if shape is None:
        if mask.ndim != 2:
            raise ValueError(
                "shape must be given as (B, H, T, S) for a mask that is not [T, S], "
                f"got a mask of shape {tuple(mask.shape)}"
            )
        blocked = ~mask
    else:
        check_sizes(shape, "BHTS")
        check_mask(mask, shape)
        blocked = ~mask.expand(shape).flatten(0, 1)  # [B * H, T, S]
    return blocked if dtype is None else _to_added(blocked, dtype)


def to_key_padding_mask(mask, *, dtype=None):
    """Write a padding mask as nn.MultiheadAttention reads `key_padding_mask`: True = blocked.

    Args:
        mask: boolean `[B, 1, S]`, as from `padding_mask`, or `[B, 1, 1, S]`; True = may attend.
        dtype: None for a boolean result, or a floating dtype, that of the query.

    Returns:
        `[B, S]`.

    Raises:
        TypeError: mask not a boolean tensor, dtype not floating.
        ValueError: another shape: the mask must be the same for every query and head.

    Cost: B * S bytes. Source: as `to_multihead_mask`.
    Chapter: 03_2_masks.

    >>> to_key_padding_mask(torch.tensor([[[True, True, False]]]))
    tensor([[False, False,  True]])
    """
    check_kind("torch", mask=mask)
    check_mask(mask, mask.shape)
    if mask.ndim not in (3, 4) or set(mask.shape[1:-1]) != {1}:
        raise ValueError(
            "mask must have shape [B, 1, S] or [B, 1, 1, S], the same for every query and head, "
            f"got {tuple(mask.shape)}"
        )
    blocked = ~mask.flatten(0, -2)  # [B, S]
    return blocked if dtype is None else _to_added(blocked, dtype)


def from_multihead_mask(attn_mask=None, key_padding_mask=None, *, n_heads=None):
    """Read the masks of nn.MultiheadAttention, True = blocked, as one of ours.

    Args:
        attn_mask: None, `[T, S]` or `[B * H, T, S]`; boolean, or floating with 0 and -inf only.
        key_padding_mask: None or `[B, S]`; boolean, or floating with 0 and -inf only.
        n_heads: H, needed for an attn_mask of three axes.

    Returns:
        boolean, True = may attend: `[T, S]` from an attn_mask of two axes alone, `[B, 1, 1, S]`
        from a key_padding_mask alone, `[B, H, T, S]` or `[B, 1, T, S]` otherwise.

    Raises:
        TypeError: neither boolean nor floating tensors, n_heads not an integer.
        ValueError: neither mask given, shapes that do not fit, or a number other than 0 and -inf.

    Cost: the bytes of the new mask. Source: as `to_multihead_mask`.

    >>> from_multihead_mask(key_padding_mask=torch.tensor([[False, True]]))
    tensor([[[[ True, False]]]])
    """
    if n_heads is not None:
        check_count(n_heads=n_heads)
    allowed = {}
    if attn_mask is not None:
        blocked = _blocked("attn_mask", attn_mask)
        if attn_mask.ndim == 3:
            if n_heads is None:
                raise ValueError("n_heads must be given for an attn_mask [B * H, T, S], got None")
            check_divides("n_heads", n_heads, "the first axis of attn_mask", len(attn_mask))
            blocked = blocked.unflatten(0, (len(attn_mask) // n_heads, n_heads))  # [B, H, T, S]
        elif attn_mask.ndim != 2:
            raise ValueError(
                f"attn_mask must have shape [T, S] or [B * H, T, S], got {tuple(attn_mask.shape)}"
            )
        allowed["attn_mask"] = ~blocked
    if key_padding_mask is not None:
        blocked = _blocked("key_padding_mask", key_padding_mask)
        if key_padding_mask.ndim != 2:
            raise ValueError(
                f"key_padding_mask must have shape [B, S], got {tuple(key_padding_mask.shape)}"
            )
        allowed["key_padding_mask"] = ~blocked[:, None, None]  # [B, 1, 1, S]
        if attn_mask is not None:
            _check_together(allowed["attn_mask"], key_padding_mask)
    if not allowed:
        raise ValueError("attn_mask or key_padding_mask must be given, got None for both")
    return combine_named(allowed, " and ".join(allowed))


def _check_together(attention, padding):
    """[T, S] or [B, H, T, S] and [B, S] agree in S and B: broadcasting would hide a wrong one."""
    same_batch = attention.ndim == 2 or len(attention) == len(padding)
    if attention.shape[-1] != padding.shape[-1] or not same_batch:
        raise ValueError(
            "attn_mask and key_padding_mask must have the same S, and the same B if attn_mask is "
            f"[B * H, T, S], got {tuple(attention.shape)} after splitting B * H and "
            f"{tuple(padding.shape)}"
        )


def _to_added(blocked, dtype):
    """The mask to be added to the scores: -inf where blocked, 0 elsewhere."""
    zeros = torch.zeros(blocked.shape, dtype=check_floating_dtype(dtype), device=blocked.device)
    return zeros.masked_fill_(blocked, -torch.inf)


def _blocked(name, mask):
    """Where a boolean mask is True, or an added one -inf."""
    check_kind("torch", **{name: mask})
    if mask.dtype == torch.bool:
        return mask
    if not mask.dtype.is_floating_point:
        raise TypeError(f"{name} must be boolean or floating, got dtype {mask.dtype}")
    blocked = mask == -torch.inf
    check_only(
        name,
        mask,
        blocked | (mask == 0),
        "0 and -inf to be a mask, got {}: that is a bias, to be given as bias",
    )
    return blocked
