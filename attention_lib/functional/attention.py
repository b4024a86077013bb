"""Scaled dot-product attention, fused where the weights are not asked for."""

import math

import torch
from torch.nn import functional as F

from ..checks import (
    check_bias,
    check_dimensions,
    check_flag,
    check_kind,
    check_positive,
    check_probability,
    check_query_key,
    check_scale,
    check_value,
)
from .masks import causal_mask_core
from .precision import check_tensors, check_torch_mask, widen_core
from .softmax import softmax_core
from .transforms import beyond_kernels


def attend(scores, value, *, mask=None, temperature=1.0, dropout=0.0):
    """Turn scores into weights and average the values with them.

    Args:
        scores: `[..., T, S]`, float16, bfloat16, float32 or float64.
        value: `[..., S, E]`, same dtype.
        mask: boolean tensor, broadcastable to `[..., T, S]`; True = may attend.
        temperature: tau > 0; the weights are softmax(scores / tau).
        dropout: probability p in [0, 1) with which a weight is set to zero; the others grow by
            1 / (1 - p). Applied whenever it is greater than 0: a function does not know whether it
            is training.

    Returns:
        output `[..., T, E]` and weights `[..., T, S]` as they were used, after dropout.

    Raises:
        TypeError: not floating tensors of one dtype, mask not boolean, temperature or dropout not a
            number.
        ValueError: value or mask does not fit the scores, temperature not positive, dropout outside
            [0, 1).

    Cost and source: `attention_lib.reference.attend`. Chapter: 01_seq2seq.

    >>> attend(torch.zeros(1, 2), torch.tensor([[1.0], [3.0]]))
    (tensor([[2.]]), tensor([[0.5000, 0.5000]]))
    """
    check_tensors(scores=scores, value=value)
    check_dimensions(2, scores=scores)
    check_value(value, scores.shape)
    check_torch_mask(mask, scores.shape, scores=scores)
    check_positive(temperature=temperature)
    check_probability(dropout=dropout)
    return attend_core(scores, value, mask=mask, temperature=temperature, dropout=dropout)


def attend_core(scores, value, *, mask=None, temperature=1.0, dropout=0.0):
    """`attend` for arguments that were checked."""
    dtype, scores, value = widen_core(scores, value)
    weights = softmax_core(scores, mask, temperature)
    if dropout > 0:
        weights = F.dropout(weights, p=dropout)
    return (weights @ value).to(dtype), weights.to(dtype)


def attention(
    query,
    key,
    value,
    *,
    mask=None,
    bias=None,
    causal=False,
    scale=None,
    temperature=1.0,
    return_weights=False,
    dropout=0.0,
):
    """Average the values, weighted by how well each key matches the query.

    softmax((scale Q K^T + bias) / temperature) V. Without `return_weights` and at temperature 1 the
    fused `torch.nn.functional.scaled_dot_product_attention` does the work and no `[..., T, S]`
    weights are stored where a fused kernel exists; else they are computed step by step. Kernels
    may know the first derivative only, backwards: ask for the weights to differentiate twice.

    Args:
        query: `[..., T, D]`, float16, bfloat16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        mask: boolean tensor, broadcastable to `[..., T, S]`; True = may attend.
        bias: same dtype, broadcastable to `[..., T, S]`, added to the scores; minus infinity closes
            an entry as the mask does. Gradients reach it.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key (PyTorch's own `is_causal` aligns the first ones).
        scale: a finite number; None means 1 / sqrt(D).
        temperature: tau > 0.
        return_weights: also return the weights `[..., T, S]`, after dropout.
        dropout: probability in [0, 1), applied to the weights whenever it is greater than 0.

    Returns:
        output `[..., T, E]`, or (output, weights). A query with nothing to attend to has zero
        weights, a zero output and passes zero gradient. NaN in the input propagates: on the fused
        path also from a key that the mask closes, and a score of plus infinity is NaN there, where
        the single steps follow the limit as in the reference.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.attention`, and for a dropout outside
            [0, 1).

    Cost and source: `attention_lib.reference.attention`. Chapter: 02_worked_example.

    >>> query, key = torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> attention(query, key, key, scale=1.0)
    tensor([[2.7616, 3.7616]])
    """
    check_tensors(query=query, key=key, value=value)
    shape = check_query_key(query, key)
    check_value(value, shape)
    check_torch_mask(mask, shape, query=query)
    check_options(causal=causal, scale=scale, return_weights=return_weights, dropout=dropout)
    check_positive(temperature=temperature)
    check_torch_bias(bias, shape, query=query)
    return attention_core(
        query,
        key,
        value,
        mask=mask,
        bias=bias,
        causal=causal,
        scale=scale,
        temperature=temperature,
        return_weights=return_weights,
        dropout=dropout,
    )


def check_options(*, causal, scale, return_weights, dropout):
    """The options that all forms of dense attention share."""
    check_flag(causal=causal, return_weights=return_weights)
    check_scale(scale)
    check_probability(dropout=dropout)


def check_torch_bias(bias, shape, **like):
    """bias is None, or a tensor of the dtype of another that broadcasts to the scores' shape."""
    if bias is not None:
        check_kind("torch", bias=bias)
        check_bias(bias, shape, **like)


def attention_core(
    query,
    key,
    value,
    *,
    mask=None,
    bias=None,
    causal=False,
    scale=None,
    temperature=1.0,
    return_weights=False,
    dropout=0.0,
):
    """`attention` for arguments that were checked."""
    empty = not (query.numel() and key.numel() and value.numel())
    if not (return_weights or empty or temperature != 1 or beyond_kernels()):
        return _fused_attention(query, key, value, mask, bias, causal, scale, dropout)
    if causal:
        mask = closed_future(mask, query, key)
    dtype, wide_query, wide_key, wide_value = widen_core(query, key, value)
    scale = query.shape[-1] ** -0.5 if scale is None else float(scale)
    scores = (wide_query @ wide_key.transpose(-1, -2)) * scale
    scores = scores if bias is None else scores + bias
    options = {"mask": mask, "temperature": temperature, "dropout": dropout}
    output, weights = attend_core(scores, wide_value, **options)
    return (output.to(dtype), weights.to(dtype)) if return_weights else output.to(dtype)


def closed_future(mask, query, key):
    """The mask, or None, with the keys after each query closed too."""
    future = causal_mask_core(query.shape[-2], key.shape[-2], device=query.device)
    return future if mask is None else mask & future


def _fused_attention(query, key, value, mask, bias, causal, scale, dropout):
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    leading = query.shape[:-2]
    if key.shape[:-2] != leading or value.shape[:-2] != leading:
        leading = torch.broadcast_shapes(leading, key.shape[:-2], value.shape[:-2])
        query, key, value = (one.expand(*leading, *one.shape[-2:]) for one in (query, key, value))
    if scale is not None:
        query, scale = _positive_scale(query, float(scale))
    fused_causal = bool(causal and mask is None and bias is None and n_queries == n_keys)
    if causal and not fused_causal and n_queries > 1:
        mask = closed_future(mask, query, key)
    if bias is not None:
        closed = bias == -math.inf
        mask = ~closed if mask is None else mask & ~closed
    if mask is None:
        return F.scaled_dot_product_attention(
            query, key, value, dropout_p=dropout, is_causal=fused_causal, scale=scale
        )
    empty = ~mask.any(dim=-1, keepdim=True)
    # An empty row sees every key, so that no kernel meets it, and its output is replaced: the
    # gradient is zero, never NaN.
    mask = mask | empty
    if bias is not None:
        mask = bias.masked_fill(empty, 0).masked_fill(~mask, -math.inf)
    mask = mask.expand(*leading, n_queries, n_keys)
    output = F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, dropout_p=dropout, is_causal=False, scale=scale
    )
    return output.masked_fill(empty, 0)


def _positive_scale(query, scale):
    """The same products with a scale above zero.

    Kernels may close the future with minus infinity before they scale: times zero that is NaN,
    times a negative number it opens what was closed.
    """
    if scale < 0:
        query, scale = -query, -scale
    if scale < torch.finfo(torch.float32).tiny:  # zero in a float32 kernel
        query, scale = query * scale, 1.0
    return query, scale
