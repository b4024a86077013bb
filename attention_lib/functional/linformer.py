"""Linformer: the keys and values of a long sequence, projected onto a few along the length."""

import torch

from ..checks import (
    check_count,
    check_floating,
    check_kind,
    check_length_projections,
    check_probability,
    check_scale,
    plain_int,
)
from .attention import attention_core
from .folded import check_attended
from .precision import check_device, check_floating_dtype


def linformer_attention(
    query,
    key,
    value,
    *,
    key_projection,
    value_projection,
    mask=None,
    causal=False,
    scale=None,
    dropout=0.0,
):
    """Attend to R mixtures of the S keys instead of to the keys themselves.

    softmax(scale Q (E K)^T) (F V) with projections E and F along the length. An approximation:
    exact where both are the identity and nothing is masked. They fix S. Not causal.

    Args:
        query: `[..., T, D]`, float16, bfloat16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        key_projection: E, `[R, S]`, or `[H, R, S]` for keys `[..., H, S, D]`; same dtype.
        value_projection: F, likewise, with the same R.
        mask: boolean tensor, broadcastable to `[..., T, S]` and the same for every query (of size 1
            on the second last axis); True = may attend. A masked key and its value count as zero
            vectors before the projection.
        causal: must be False.
        scale: None means 1 / sqrt(D).
        dropout: probability in [0, 1), applied to the weights whenever it is greater than 0.

    Returns:
        output `[..., T, E]`. float16 and bfloat16 are rounded after the projection too.

    Raises, cost and source: `attention_lib.reference.linformer_attention`.

    >>> x, mean = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.5, 0.5]])
    >>> linformer_attention(x, x, x, key_projection=mean, value_projection=mean)
    tensor([[2.],
            [2.]])
    """
    check_attended(query, key, value, mask=mask, causal=causal)
    given = {"key_projection": key_projection, "value_projection": value_projection}
    check_kind("torch", **given)
    check_floating(query=query, **given)
    check_length_projections(*given.values(), key, value)
    check_not_causal(causal)
    check_scale(scale)
    check_probability(dropout=dropout)
    return linformer_attention_core(
        query, key, value, **given, mask=mask, scale=scale, dropout=dropout
    )


def check_not_causal(causal):
    if causal:
        raise ValueError(
            "causal must be False: each projected key mixes all positions, the future among them"
        )


def linformer_attention_core(
    query, key, value, *, key_projection, value_projection, mask=None, scale=None, dropout=0.0
):
    """`linformer_attention` for arguments that were checked."""
    if mask is not None:
        closed = ~torch.atleast_2d(mask).mT  # [..., S, 1]
        key, value = key.masked_fill(closed, 0), value.masked_fill(closed, 0)
    # [..., R, D] and [..., R, E]; under torch.autocast a product has a dtype of its own
    projected = (along_length(key_projection, key), along_length(value_projection, value))
    projected = (one.to(query.dtype) for one in projected)
    return attention_core(query, *projected, scale=scale, dropout=dropout)


def along_length(projection, x):
    """projection `[R, S]` or `[H, R, S]` times x `[..., S, D]`.

    With as many axes as x: a matrix times a batch of them would copy the batch, transposed.
    """
    return projection[(None,) * (x.ndim - projection.ndim)] @ x


def pooling_projection(n_projected, n_keys, *, dtype=None, device=None):
    """The projection `[R, S]` that averages R consecutive stretches of the keys.

    Args:
        n_projected, n_keys: R and S, R at most S.
        dtype, device: of the result; None means PyTorch's defaults.

    Raises and source: `attention_lib.reference.pooling_projection`.

    >>> pooling_projection(2, 3)
    tensor([[1.0000, 0.0000, 0.0000],
            [0.0000, 0.5000, 0.5000]])
    """
    check_device(device)
    check_count(n_projected=n_projected, n_keys=n_keys)
    if n_projected > n_keys:
        raise ValueError(f"n_projected must be at most n_keys {n_keys}, got {n_projected}")
    border = torch.arange(n_projected + 1, device=device) * plain_int(n_keys) // int(n_projected)
    position = torch.arange(n_keys, device=device)
    inside = (position >= border[:-1, None]) & (position < border[1:, None])  # [R, S]
    return inside.to(check_floating_dtype(dtype)) / inside.sum(dim=1, keepdim=True)
