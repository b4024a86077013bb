"""The masks of Keras: True = may attend, as ours, but in other shapes and pieces.

Ours are boolean, True = may attend, broadcastable to the scores; a query with nothing to attend to
has weights of zero.
"""

import torch  # noqa: F401  (the doctest uses it)

from ..checks import check_kind, check_mask, check_only, check_sizes
from .masks import combine_named


def to_keras_mask(mask, shape):
    """Write a mask as `keras.layers.MultiHeadAttention` reads `attention_mask`: True = may attend.

    Args:
        mask: boolean, True = may attend, broadcastable to `shape`.
        shape: (B, T, S).

    Returns:
        boolean `[B, T, S]`.

    Raises:
        TypeError: mask not a boolean tensor, a size not an integer.
        ValueError: shape not three sizes, or mask does not broadcast to it.

    Keras makes blocked scores very low, but not minus infinity, so a query with nothing to attend
    to does not get zeros there but weights on the blocked keys. Its `use_causal_mask=True` aligns
    the first query with the first key; `causal_mask` aligns the last ones.
    Cost: none, the result is a view of the mask.
    Source: Keras 3 documentation of layers.MultiHeadAttention.
    Chapter: 03_2_masks.

    >>> to_keras_mask(torch.tensor([[True, False]]), (1, 2, 2))
    tensor([[[ True, False],
             [ True, False]]])
    """
    check_kind("torch", mask=mask)
    check_sizes(shape, "BTS")
    check_mask(mask, shape)
    return mask.expand(shape)


def from_keras_mask(attention_mask=None, *, query_mask=None, value_mask=None, key_mask=None):
    """Read the masks of Keras's attention layers, 1 or True = take part, as one of ours.

    Args:
        attention_mask: None or `[B, T, S]`; boolean, or integers 0 and 1.
        query_mask: None or `[B, T]`; queries that are padding get nothing to attend to.
        value_mask, key_mask: None or `[B, S]`; padding that no query attends to. Keras takes both
            and blocks what either blocks.

    Returns:
        boolean, True = may attend: `[B, T, S]`, or `[B, 1, S]` from value_mask and key_mask alone
        and `[B, T, 1]` from query_mask alone. Add an axis for heads: `mask[:, None]`.

    Raises:
        TypeError: a mask is neither a boolean nor an integer tensor.
        ValueError: no mask given, shapes that do not fit, or a number other than 0 and 1.

    Cost: the bytes of the new mask.
    Source: Keras 3 documentation of layers.MultiHeadAttention and layers.Attention.

    >>> from_keras_mask(value_mask=torch.tensor([[1, 1, 0]]))
    tensor([[[ True,  True, False]]])
    """
    allowed = {}
    if attention_mask is not None:
        allowed["attention_mask"] = _ones("attention_mask", attention_mask, "[B, T, S]")
    if query_mask is not None:
        allowed["query_mask"] = _ones("query_mask", query_mask, "[B, T]")[:, :, None]
    if value_mask is not None:
        allowed["value_mask"] = _ones("value_mask", value_mask, "[B, S]")[:, None]
    if key_mask is not None:
        allowed["key_mask"] = _ones("key_mask", key_mask, "[B, S]")[:, None]
    if not allowed:
        raise ValueError(
            "attention_mask, query_mask, value_mask or key_mask must be given, got none"
        )
    return combine_named(allowed, " and ".join(allowed))


def _ones(name, mask, letters):
    check_kind("torch", **{name: mask})
    if mask.ndim != letters.count(",") + 1:
        raise ValueError(f"{name} must have shape {letters}, got {tuple(mask.shape)}")
    if mask.dtype.is_floating_point or mask.dtype.is_complex:
        raise TypeError(f"{name} must be boolean or integers, got dtype {mask.dtype}")
    check_only(name, mask, (mask == 0) | (mask == 1), "0 and 1, got {}")
    return mask.bool()
