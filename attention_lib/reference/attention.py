"""Scaled dot-product attention, forward and backward, and the step that all kinds share."""

import math

import numpy as np

from ..checks import (
    check_bias,
    check_dimensions,
    check_flag,
    check_kind,
    check_positive,
    check_query_key,
    check_scale,
    check_value,
)
from .masks import causal_mask
from .precision import check_array_mask, widen
from .softmax import softmax, softmax_in_place

_PIECE = 2**18  # scores that are computed at a time where their weights are not asked for


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

    Cost: 2 T S (D + E) FLOPs and about 5 T S for the softmax; T S numbers for the weights if they
    are returned, else a few megabytes.
    Source: Vaswani et al. (2017), equation 1; their d_k is our D.
    Chapter: 02_worked_example.

    >>> query, key = np.array([[0.5, 0.5]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> output, weights = attention(query, key, key, scale=1.0, return_weights=True)
    >>> weights.round(3), output.round(3)
    (array([[0.119, 0.881]]), array([[2.762, 3.762]]))
    """
    bias = _checked_bias(bias, query, key)
    dtype, query, key, value = widen(query=query, key=key, value=value)
    check_flag(return_weights=return_weights)
    shape, mask, scale = _checked(query, key, value, mask, causal, scale, temperature)
    given = (query, key, mask, bias, scale, temperature)
    if return_weights:
        weights = _weights(*given)
        return (weights @ value).astype(dtype, copy=False), weights.astype(dtype, copy=False)
    many = math.prod(shape) > _PIECE and check_value(value, shape)[:-1] == shape[:-1]
    output = _by_parts(value, shape, *given) if many else _weights(*given) @ value
    return output.astype(dtype, copy=False)


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
    shape, mask, scale = _checked(query, key, value, mask, causal, scale, temperature)
    weights = _weights(query, key, mask, bias, scale, temperature)
    expected = check_value(value, shape)
    if grad_output.shape != expected:
        raise ValueError(
            f"grad_output must have the shape {expected} of the output, got {grad_output.shape}"
        )
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


def _checked(query, key, value, mask, causal, scale, temperature):
    """Shape of the scores, the mask with the future closed, and the scale."""
    shape = check_query_key(query, key)
    check_value(value, shape)
    check_array_mask(mask, shape)
    check_flag(causal=causal)
    check_scale(scale)
    check_positive(temperature=temperature)
    if causal:
        future = causal_mask(shape[-2], shape[-1])
        mask = future if mask is None else mask & future
    return tuple(shape), mask, query.shape[-1] ** -0.5 if scale is None else float(scale)


def _weights(query, key, mask, bias, scale, temperature):
    scores = (query * scale) @ np.swapaxes(key, -1, -2)
    scores = scores if bias is None else scores + bias
    return softmax_in_place(scores, mask, temperature)


def _by_parts(value, shape, query, key, mask, bias, scale, temperature):
    """The output, of as many scores at a time as stay near the processor."""
    n_leading = len(shape) - 2
    query, key, value = (
        np.broadcast_to(one, (*shape[:-2], *one.shape[-2:])) for one in (query, key, value)
    )
    mask, bias = (None if one is None else np.broadcast_to(one, shape) for one in (mask, bias))
    output = np.empty((*shape[:-1], value.shape[-1]), query.dtype)
    for rows in _parts(shape):
        matrices = rows[:n_leading]
        some = (None if one is None else one[rows] for one in (mask, bias))
        weights = _weights(query[rows], key[matrices], *some, scale, temperature)
        output[rows] = weights @ value[matrices]
    return output


def _parts(shape):
    """Indices that cut scores of this shape, by its leading axes or rows, into parts of a size."""
    axis = next(
        (axis for axis in range(len(shape) - 2) if math.prod(shape[axis + 1 :]) <= _PIECE),
        len(shape) - 2,
    )
    step = max(1, _PIECE // math.prod(shape[axis + 1 :]))
    for index in np.ndindex(*shape[:axis]):
        for start in range(0, shape[axis], step):
            yield (*index, slice(start, start + step))


def _sum_to(gradient, shape):
    """Undo broadcasting: sum over the axes along which an input was repeated."""
    extra = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(extra)))
    repeated = tuple(
        axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis] != 1
    )
    return gradient.sum(axis=repeated, keepdims=True)
