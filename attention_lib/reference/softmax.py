"""Softmax over the last axis, with a mask and a temperature, and its Jacobian."""

import numpy as np

from ..checks import check_dimensions, check_positive
from .precision import check_array_mask, widen


def softmax(scores, *, mask=None, temperature=1.0):
    r"""Turn scores into weights that are not negative and sum to one.

    $$w_j = \frac{\exp(s_j / \tau)}{\sum_{k \in M} \exp(s_k / \tau)} \text{ for } j \in M,
    \qquad w_j = 0 \text{ otherwise}$$

    Args:
        scores: `[..., S]`, float16, float32 or float64.
        mask: boolean, broadcastable to the shape of `scores`; True = may attend (the set M).
        temperature: tau > 0. Small values sharpen, large values flatten.

    Returns:
        weights `[..., S]` in the dtype of `scores`. A row with nothing to attend to is all zeros.
        Infinite scores follow the limit: `-inf` has weight 0; where there are `+inf`, they share
        the weight equally. NaN that is not masked makes its row NaN.

    Raises:
        TypeError: scores not a floating NumPy array, mask not boolean, temperature not a number.
        ValueError: mask does not broadcast to the scores, temperature not positive.

    Cost: about 5 S operations a row; the weights take as many bytes as the scores.
    Source: the maximum is subtracted first, which changes nothing (shift invariance) and keeps exp
    from overflowing.
    Chapter: 02_worked_example.

    >>> softmax(np.array([1.5, 3.5])).round(3)
    array([0.119, 0.881])
    >>> softmax(np.array([1.5, 3.5]), mask=np.array([False, False]))
    array([0., 0.])
    """
    dtype, scores = widen(scores=scores)
    check_dimensions(1, scores=scores)
    check_array_mask(mask, scores.shape)
    check_positive(temperature=temperature)
    return softmax_in_place(scores.copy(), mask, temperature).astype(dtype, copy=False)


def softmax_in_place(scores, mask, temperature):
    """The softmax in the memory of the scores: on large arrays new memory costs as much as exp."""
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = np.max(scores, axis=-1, keepdims=True, initial=-np.inf)
    if np.any(top == np.inf):  # +inf share the weight: 0 for each of them, -inf for the others
        scores = np.where(top == np.inf, np.where(scores == np.inf, 0, -np.inf), scores)
    with np.errstate(over="ignore"):  # what is too small for the dtype is -inf, and its weight 0
        scores -= np.where(np.isinf(top), 0, top)
        if temperature != 1:
            scores /= temperature
    np.exp(scores, out=scores)
    total = np.sum(scores, axis=-1, keepdims=True)
    scores /= np.where(total == 0, 1, total)
    return scores


def softmax_jacobian(weights):
    r"""How each weight answers to each score.

    $$\frac{\partial w_i}{\partial s_j} = w_i (\delta_{ij} - w_j)$$

    Args:
        weights: `[..., S]`, the output of `softmax` at temperature 1 (divide the result by any
            other temperature).

    Returns:
        `[..., S, S]`, symmetric; each row and each column sums to zero. Zeros for an empty row.

    Raises:
        TypeError: weights not a floating NumPy array.

    Cost: S^2 products and S^2 numbers a row; `attention_backward` never builds it.
    Chapter: 02_2_way_back.

    >>> softmax_jacobian(np.array([0.25, 0.75]))
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])
    """
    dtype, weights = widen(weights=weights)
    check_dimensions(1, weights=weights)
    identity = np.eye(weights.shape[-1], dtype=weights.dtype)
    jacobian = weights[..., :, None] * (identity - weights[..., None, :])  # [..., S, S]
    return jacobian.astype(dtype)
