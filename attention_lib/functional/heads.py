"""Multi-head attention on the fused kernel."""

import torch  # noqa: F401  (the doctest uses it)
from torch.nn import functional as F

from ..checks import (
    check_bias,
    check_count,
    check_dimensions,
    check_divides,
    check_kind,
    check_multi_head,
    plain_int,
)
from .attention import check_options
from .grouped import grouped_query_attention_core
from .precision import check_tensors, check_torch_mask


def split_heads(x, n_heads):
    """Cut the last axis into heads: `[..., T, H D]` becomes a view `[..., H, T, D]`.

    Args, raises and source: `attention_lib.reference.split_heads`.

    >>> split_heads(torch.arange(12).reshape(2, 6), 3)[1]
    tensor([[2, 3],
            [8, 9]])
    """
    check_kind("torch", x=x)
    check_count(n_heads=n_heads)
    check_dimensions(2, x=x)
    check_divides("n_heads", n_heads, "the width of x", x.shape[-1])
    return split_heads_core(x, plain_int(n_heads))


def split_heads_core(x, n_heads):
    """`split_heads` for arguments that were checked."""
    *leading, n_positions, width = x.shape
    if n_positions == 1:  # a step of decoding: nothing changes places
        return x.view(*leading, n_heads, 1, width // n_heads)
    return x.view(*leading, n_positions, n_heads, width // n_heads).transpose(-3, -2)


def merge_heads(x):
    """Put the heads side by side again: `[..., H, T, D]` becomes `[..., T, H D]`.

    A copy only if the memory does not lie that way already; the fused kernel leaves it so.

    Raises: as `attention_lib.reference.merge_heads`.

    >>> merge_heads(split_heads(torch.arange(12).reshape(2, 6), 3))
    tensor([[ 0,  1,  2,  3,  4,  5],
            [ 6,  7,  8,  9, 10, 11]])
    """
    check_kind("torch", x=x)
    check_dimensions(3, x=x)
    return merge_heads_core(x)


def merge_heads_core(x):
    """`merge_heads` for heads that were checked."""
    *leading, n_heads, n_positions, width = x.shape
    if n_positions == 1:
        return x.reshape(*leading, 1, n_heads * width)
    return x.transpose(-3, -2).flatten(-2)


def multi_head_attention(
    query,
    key,
    value,
    query_weight,
    key_weight,
    value_weight,
    output_weight,
    *,
    n_heads,
    n_kv_heads=None,
    query_bias=None,
    key_bias=None,
    value_bias=None,
    output_bias=None,
    mask=None,
    bias=None,
    causal=False,
    return_weights=False,
    dropout=0.0,
):
    """Attend H times, each time through its own projections, and mix the H results.

    Args:
        query: `[..., T, C_q]`, float16, bfloat16, float32 or float64.
        key: `[..., S, C_k]`, same dtype.
        value: `[..., S, C_v]`, same dtype.
        query_weight, key_weight, value_weight, output_weight: `[H D, C_q]`, `[G D, C_k]`,
            `[G E, C_v]`, `[C, H E]`: the layout of torch.nn.Linear.
        n_heads, n_kv_heads: H, and G that divides H; None means H.
        query_bias, key_bias, value_bias, output_bias: `[H D]`, `[G D]`, `[G E]`, `[C]`, or None.
        mask: boolean tensor, broadcastable to `[..., H, T, S]`; True = may attend. It has all the
            axes or at most two: a `padding_mask` is given as `mask[:, None]`.
        bias: same dtype, broadcastable to `[..., H, T, S]`, added to the scores.
        causal, return_weights, dropout: as for `attention`.

    Returns:
        output `[..., T, C]`, or (output, weights `[..., H, T, S]`). float16 and bfloat16 are
        rounded after each of the three steps: projections, heads, output.

    Raises, cost and source: `attention_lib.reference.multi_head_attention`.

    >>> x, one = torch.eye(2), torch.eye(2)
    >>> multi_head_attention(x, x, x, 0 * one, one, one, one, n_heads=2)
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000]])
    """
    required = {
        "query": query,
        "key": key,
        "value": value,
        "query_weight": query_weight,
        "key_weight": key_weight,
        "value_weight": value_weight,
        "output_weight": output_weight,
    }
    optional = {
        "query_bias": query_bias,
        "key_bias": key_bias,
        "value_bias": value_bias,
        "output_bias": output_bias,
        "bias": bias,
    }
    given = required | {name: one for name, one in optional.items() if one is not None}
    check_tensors(**given)
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    shape = check_multi_head(given, n_heads=n_heads, n_kv_heads=n_kv_heads, mask=mask)
    check_torch_mask(mask, shape, query=query)
    check_bias(bias, shape)
    check_options(causal=causal, scale=None, return_weights=return_weights, dropout=dropout)
    result = grouped_query_attention_core(
        _project(query, query_weight, query_bias, n_heads),  # [..., H, T, D]
        _project(key, key_weight, key_bias, n_kv_heads),  # [..., G, S, D]
        _project(value, value_weight, value_bias, n_kv_heads),  # [..., G, S, E]
        mask=mask,
        bias=bias,
        causal=causal,
        return_weights=return_weights,
        dropout=dropout,
    )
    heads, weights = result if return_weights else (result, None)
    output = F.linear(merge_heads_core(heads), output_weight, output_bias)  # [..., T, C]
    return (output, weights) if return_weights else output


def _project(x, weight, bias, n_heads):
    return split_heads_core(F.linear(x, weight, bias), plain_int(n_heads))
