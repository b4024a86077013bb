"""Scaled dot-product attention, forward and backward, and the step that all kinds share."""

import numpy as np

from ..checks import (
    check_bias,
    check_dimensions,
    check_flag,
    check_kind,
    check_mask,
    check_positive,
    check_query_key,
    check_scale,
    check_value,
)
from .masks import causal_mask, combine_masks
from .precision import widen
from .softmax import softmax, softmax_in_place


def attend(scores, value, *, mask=None, temperature=1.0):
    r"""Turn scores into weights and average the values with them.

    $$o_i = \sum_j w_{ij} v_j, \qquad w = \mathrm{softmax}(s / \tau)$$

    Every kind of soft attention ends in this step; only the scores differ.

    Args:
        scores: `[..., T, S]`, float16, float32 or float64.
        value: `[..., S, E]`, same dtype.
        mask: boolean, broadcastable to `[..., T, S]`; True = may attend.
        temperature: tau > 0.

    Returns:
        output `[..., T, E]` and weights `[..., T, S]`, same dtype. A row with nothing to attend to
        gives zeros.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, mask not boolean, temperature not a
            number.
        ValueError: value or mask does not fit the scores, temperature not positive.

    Cost: 2 T S E FLOPs and the softmax.
    Chapter: 01_seq2seq.

    >>> output, weights = attend(np.array([[0.0, 0.0]]), np.array([[1.0], [3.0]]))
    >>> output
    array([[2.]])
    """
    dtype, scores, value = widen(scores=scores, value=value)
    check_dimensions(2, scores=scores)
    check_value(value, scores.shape)
    weights = softmax(scores, mask=mask, temperature=temperature)
    return (weights @ value).astype(dtype, copy=False), weights.astype(dtype, copy=False)


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
):
    r"""Average the values, weighted by how well each key matches the query.

    $$O = \mathrm{softmax}\Big(\frac{c \, Q K^\top + B}{\tau}\Big) V, \qquad c = 1/\sqrt{D}$$

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        mask: boolean, broadcastable to `[..., T, S]`; True = may attend.
        bias: B, same dtype, broadcastable to `[..., T, S]`, added to the scores: what a position
            scheme has to say about query i and key j. None means zero; minus infinity closes an
            entry as the mask does.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key.
        scale: c; None means 1 / sqrt(D).
        temperature: tau > 0. Small values sharpen the weights, large values flatten them.
        return_weights: also return the weights `[..., T, S]`.

    Returns:
        output `[..., T, E]` in the dtype of the input (float16 is computed in float32), or (output,
        weights). A query with nothing to attend to has zero weights and a zero output. NaN
        propagates: a NaN in a value reaches every output of its column, masked or not, for zero
        times NaN is NaN.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, mask not boolean, causal not a bool,
            scale or temperature not a number.
        ValueError: widths, numbers of keys and values, leading axes, mask or bias do not fit, scale
            not finite, temperature not positive.

    Cost: 2 T S (D + E) FLOPs and about 5 T S for the softmax; T S numbers for the weights.
    Source: Vaswani et al. (2017), equation 1; their d_k is our D.
    Chapter: 02_worked_example.

    >>> query, key = np.array([[0.5, 0.5]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> output, weights = attention(query, key, key, scale=1.0, return_weights=True)
    >>> weights.round(3), output.round(3)
    (array([[0.119, 0.881]]), array([[2.762, 3.762]]))
    """
    bias = _checked_bias(bias, query, key)
    dtype, query, key, value = widen(query=query, key=key, value=value)
    weights = _weights(query, key, value, mask, bias, causal, scale, temperature)
    output = (weights @ value).astype(dtype, copy=False)
    check_flag(return_weights=return_weights)
    return (output, weights.astype(dtype, copy=False)) if return_weights else output


def attention_backward(
    query,
    key,
    value,
    grad_output,
    *,
    mask=None,
    bias=None,
    causal=False,
    scale=None,
    temperature=1.0,
):
    r"""Carry the gradient of a loss from the output of `attention` back to query, key and value.

    With $G = \partial L / \partial O$ and the weights $W$:

    $$\partial V = W^\top G, \quad \partial W = G V^\top, \quad
    \partial S_{ij} = \frac{W_{ij}}{\tau} \Big(\partial W_{ij} - \sum_k W_{ik} \partial W_{ik}\Big),
    \quad \partial Q = c \, \partial S \, K, \quad \partial K = c \, \partial S^\top Q$$

    Args:
        query, key, value, mask, causal, scale, temperature: as for `attention`.
        bias: as for `attention`, a constant: its own gradient would be the sum of dS over the axes
            along which it was repeated.
        grad_output: `[..., T, E]`, same dtype.

    Returns:
        (grad_query, grad_key, grad_value), each in the shape of its input; summed over axes that
        were broadcast. Zero from queries with nothing to attend to.

    Raises:
        TypeError, ValueError: as `attention`; also when grad_output has not the shape of the
            output.

    Cost: twice the matrix products of the forward pass, plus the forward pass again.
    Source: the chain rule; Dao et al. (2022), appendix B.2, states the same five lines.
    Chapter: 02_2_way_back.

    >>> one = np.array([[1.0]])
    >>> attention_backward(one, one, one, one)  # a single key always has weight 1
    (array([[0.]]), array([[0.]]), array([[1.]]))
    """
    bias = _checked_bias(bias, query, key)
    dtype, query, key, value, grad_output = widen(
        query=query, key=key, value=value, grad_output=grad_output
    )
    weights = _weights(query, key, value, mask, bias, causal, scale, temperature)
    expected = check_value(value, weights.shape)
    if grad_output.shape != expected:
        raise ValueError(
            f"grad_output must have the shape {expected} of the output, got {grad_output.shape}"
        )
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    grad_weights = grad_output @ np.swapaxes(value, -1, -2)  # [..., T, S]
    mean = np.sum(weights * grad_weights, axis=-1, keepdims=True)
    grad_scores = weights * (grad_weights - mean) * (scale / temperature)
    grad_query = grad_scores @ key  # [..., T, D]
    grad_key = np.swapaxes(grad_scores, -1, -2) @ query  # [..., S, D]
    grad_value = np.swapaxes(weights, -1, -2) @ grad_output  # [..., S, E]
    pairs = ((grad_query, query), (grad_key, key), (grad_value, value))
    return tuple(_sum_to(gradient, array.shape).astype(dtype) for gradient, array in pairs)


def _checked_bias(bias, query, key):
    """The bias, checked against the query before both are widened, in the dtype of the work."""
    if bias is None:
        return None
    check_kind("numpy", query=query, key=key, bias=bias)
    check_bias(bias, check_query_key(query, key), query=query)
    return widen(bias=bias)[1]


def _weights(query, key, value, mask, bias, causal, scale, temperature):
    shape = check_query_key(query, key)
    check_value(value, shape)
    check_mask(mask, shape)
    check_flag(causal=causal)
    check_scale(scale)
    check_positive(temperature=temperature)
    scale = query.shape[-1] ** -0.5 if scale is None else float(scale)
    if causal:
        future = causal_mask(shape[-2], shape[-1])
        mask = future if mask is None else combine_masks(mask, future)
    scores = (query * scale) @ np.swapaxes(key, -1, -2)
    scores = scores if bias is None else scores + bias
    return softmax_in_place(scores, mask, temperature)


def _sum_to(gradient, shape):
    """Undo broadcasting: sum over the axes along which an input was repeated."""
    extra = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(extra)))
    repeated = tuple(
        axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis] != 1
    )
    return gradient.sum(axis=repeated, keepdims=True)
