"""Grouped-query attention without repeating the shared keys and values."""

import torch  # noqa: F401  (the doctest uses it)

from ..checks import check_grouped
from .attention import attention_core, check_options, check_torch_bias, closed_future
from .precision import check_tensors, check_torch_mask


def grouped_query_attention(
    query,
    key,
    value,
    *,
    mask=None,
    bias=None,
    causal=False,
    scale=None,
    return_weights=False,
    dropout=0.0,
):
    """Let H query heads share G key and value heads, H / G of them each.

    The queries of the heads that share a group are put below one another, `[..., G, (H / G) T, D]`:
    one product reads each key once, where repeated keys would be read H / G times. That is what
    makes a step of generation cheaper. One case repeats the keys all the same: causal attention
    with T = S and no other mask or bias. A fused kernel then skips the half of the scores that lies
    in the future, which it could not do with the queries put together, and that saves far more than
    the copy costs.

    Args:
        query: T queries of width D for each head: `[..., H, T, D]`, float16, bfloat16, float32 or
            float64.
        key: S keys for each group: `[..., G, S, D]`, same dtype; G divides H.
        value: `[..., G, S, E]`, same dtype.
        mask: boolean tensor, broadcastable to `[..., H, T, S]`; True = may attend.
        bias: same dtype, broadcastable to `[..., H, T, S]`, added to the scores after scaling.
        causal, scale, return_weights, dropout: as for `attention`.

    Returns:
        output `[..., H, T, E]`, or (output, weights `[..., H, T, S]`).

    Raises, cost and source: `attention_lib.reference.grouped_query_attention`.

    >>> query, key = torch.ones(4, 3, 2), torch.ones(2, 5, 2)
    >>> grouped_query_attention(query, key, torch.ones(2, 5, 7)).shape
    torch.Size([4, 3, 7])
    """
    check_tensors(query=query, key=key, value=value)
    shape = check_grouped(query, key, value)
    check_torch_mask(mask, shape, query=query)
    check_options(causal=causal, scale=scale, return_weights=return_weights, dropout=dropout)
    check_torch_bias(bias, shape, query=query)
    return grouped_query_attention_core(
        query,
        key,
        value,
        mask=mask,
        bias=bias,
        causal=causal,
        scale=scale,
        return_weights=return_weights,
        dropout=dropout,
    )


def grouped_query_attention_core(
    query,
    key,
    value,
    *,
    mask=None,
    bias=None,
    causal=False,
    scale=None,
    return_weights=False,
    dropout=0.0,
):
    """`grouped_query_attention` for arguments that were checked."""
    share = query.shape[-3] // key.shape[-3]
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    square = causal and mask is None and bias is None and n_queries == n_keys > 1
    options = {"scale": scale, "return_weights": return_weights, "dropout": dropout}
    if share <= 1 or square:  # 0 where there are no heads at all
        if share != 1:
            key, value = (one.repeat_interleave(share, -3) for one in (key, value))
        return attention_core(query, key, value, mask=mask, bias=bias, causal=causal, **options)
    if causal and n_queries > 1:  # a single query stands at the last key and sees them all
        mask = closed_future(mask, query, key)
    fold = (share, n_queries)
    result = attention_core(
        query.unflatten(-3, (-1, share)).flatten(-3, -2),  # [..., G, (H / G) T, D]
        key,
        value,
        mask=_fold(mask, *fold),
        bias=_fold(bias, *fold),
        **options,
    )
    if return_weights:
        return tuple(one.unflatten(-2, fold).flatten(-4, -3) for one in result)
    return result.unflatten(-2, fold).flatten(-4, -3)  # [..., H, T, E]


def _fold(pattern, share, n_queries):
    """Mask or bias `[..., H, T, S]` for the folded queries: `[..., G, (H / G) T, S]`.

    What is the same for all heads and all queries stays as small as it is.
    """
    if pattern is None or pattern.ndim < 2:  # [S] broadcasts to any number of queries
        return pattern
    pattern = pattern[None] if pattern.ndim == 2 else pattern
    if pattern.shape[-3] == pattern.shape[-2] == 1:
        return pattern
    parts = pattern.unflatten(-3, (-1, min(share, pattern.shape[-3])))  # [..., G or 1, share, T, S]
    return parts.expand(*parts.shape[:-3], share, n_queries, -1).flatten(-3, -2)
