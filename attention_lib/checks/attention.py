"""Queries, keys, values, and what is added to their scores."""

from .arrays import (
    broadcast,
    check_dimensions,
    check_floating,
    check_leading,
    check_plain,
    dtype_name,
)
from .numbers import check_count


def check_query_key(query, key, *, same_width=True, names=("query", "key")):
    """query [..., T, D_q] and key [..., S, D_k] fit; returns the scores' shape [..., T, S].

    names: what the caller calls them.
    """
    first, second = names
    check_dimensions(2, **{first: query, second: key})
    if same_width and query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"{first} and {second} must have the same width D on their last axis, "
            f"got {first} {tuple(query.shape)} and {second} {tuple(key.shape)}"
        )
    check_some_width(first, query)
    check_some_width(second, key)
    leading = check_leading(**{first: query, second: key})
    return (*leading, query.shape[-2], key.shape[-2])


def check_some_width(name, array):
    if array.shape[-1] == 0:
        raise ValueError(f"{name} must have a width of at least 1, got shape {tuple(array.shape)}")


def check_value_rows(value, n_keys):
    """value [..., S, E] has one row a key."""
    if value.shape[-2] != n_keys:
        raise ValueError(
            f"value must have one row for each of the {n_keys} keys, got shape {tuple(value.shape)}"
        )


def check_value(value, scores_shape):
    """value [..., S, E] has one row a key; returns the shape [..., T, E] of the output."""
    check_dimensions(2, value=value)
    check_value_rows(value, scores_shape[-1])
    try:
        leading = broadcast(tuple(value.shape[:-2]), tuple(scores_shape[:-2]))
    except ValueError:
        raise ValueError(
            "the axes of value before the last two must broadcast with "
            f"{tuple(scores_shape[:-2])}, got shape {tuple(value.shape)}"
        ) from None
    return (*leading, scores_shape[-2], value.shape[-1])


def check_mask(mask, scores_shape, *, name="mask"):
    """mask is boolean and broadcasts to the shape of the scores."""
    if mask is None:
        return
    if not hasattr(mask, "dtype"):
        raise TypeError(
            f"{name} must be a boolean array (True = may attend), got {type(mask).__name__}"
        )
    check_plain(**{name: mask})
    if dtype_name(mask) != "bool":
        raise TypeError(f"{name} must be boolean (True = may attend), got dtype {dtype_name(mask)}")
    _check_fits_scores(name, mask, scores_shape)


def check_key_mask(mask, scores_shape, *, name="mask"):
    """mask, if given, closes keys alone: it is the same for every query of `[..., T, S]`."""
    check_mask(mask, scores_shape, name=name)
    if mask is not None and mask.ndim > 1 and mask.shape[-2] != 1:
        raise ValueError(
            f"{name} must be the same for every query, of size 1 on its second last axis, "
            f"got shape {tuple(mask.shape)}"
        )


def check_bias(bias, scores_shape, **like):
    """bias has the dtype of the other arrays and broadcasts to the shape of the scores."""
    if bias is not None:
        check_floating(**like, bias=bias)
        _check_fits_scores("bias", bias, scores_shape)


def _check_fits_scores(name, array, scores_shape):
    expected, given = tuple(scores_shape), tuple(array.shape)
    pairs = zip(reversed(given), reversed(expected), strict=False)
    fits = len(given) <= len(expected) and all(size in (1, whole) for size, whole in pairs)
    if not fits:
        raise ValueError(f"{name} must broadcast to the scores' shape {expected}, got {given}")


def check_shared_query_key(query_key, value):
    """query_key [..., N, D] and value [..., N, E] fit; returns the shape [..., N, N] of scores."""
    check_dimensions(2, query_key=query_key)
    check_count(**{"the width of query_key": query_key.shape[-1]})
    shape = (*query_key.shape[:-1], query_key.shape[-2])
    check_value(value, shape)
    return shape
