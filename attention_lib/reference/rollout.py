"""Rollout: the weights of all layers of a stack, multiplied into one matrix."""

import numpy as np

from ..checks import check_probability, check_stacked_weights
from .precision import widen


def attention_rollout(weights, *, residual=0.5):
    r"""Follow every position back to the inputs, as if weights and residual carried everything.

    $$R = \hat A_L \cdots \hat A_2 \hat A_1, \qquad
    \hat A_l = r I + (1 - r) \frac{1}{H} \sum_h A_{l,h}$$

    Row t says how position t of the last layer divides among the inputs. It is a summary of the
    weights alone: values, projections and feed-forward networks do not enter.

    Args:
        weights: list or tuple of the weights `[..., H, T, T]` of each of L layers, the first layer
            first; float16, float32 or float64.
        residual: r in [0, 1), the share that a position keeps of itself in each layer.

    Returns:
        R `[..., T, T]`, same dtype. Where the rows of the weights sum to one, its rows do.

    Raises:
        TypeError: weights is no list or tuple of floating NumPy arrays of one dtype, residual not a
            number.
        ValueError: no layer, fewer than three axes, layers of different shapes, queries and keys
            not equally many, residual outside [0, 1).

    Cost: 2 (L - 1) T^3 FLOPs.
    Source: Abnar and Zuidema (2020), section 3: their r is one half.
    Chapter: 03_4_explain.

    >>> back = np.array([[[1.0, 0.0], [1.0, 0.0]]])  # one head; both positions read the first
    >>> attention_rollout([back, back])
    array([[1.  , 0.  ],
           [0.75, 0.25]])
    """
    check_stacked_weights("numpy", weights)
    named = {f"weights[{layer}]": one for layer, one in enumerate(weights)}
    dtype, *layers = widen(**named)
    check_probability(residual=residual)
    own = residual * np.eye(layers[0].shape[-1])
    steps = [own + (1 - residual) * layer.mean(axis=-3) for layer in layers]
    reached = steps[0]
    for step in steps[1:]:
        reached = step @ reached
    return reached.astype(dtype)
