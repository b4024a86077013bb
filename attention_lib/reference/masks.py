"""Masks as boolean arrays: True = may attend. The last query stands at the last key."""

import numpy as np

from ..checks import check_count, check_flag, check_kind, check_lengths


def causal_mask(n_queries, n_keys):
    """Let each query see the keys up to its own position: `j <= i + (S - T)`.

    Args:
        n_queries, n_keys: T and S, integers >= 0. Where they differ the last query is aligned with
            the last key; with T > S the first T - S rows are empty.

    Returns:
        boolean `[T, S]`.

    Raises:
        TypeError, ValueError: a size is not an integer >= 0.

    Cost: T * S bytes.
    Chapter: 02_worked_example.

    >>> causal_mask(2, 3).astype(int)
    array([[1, 1, 0],
           [1, 1, 1]])
    """
    return _distance(n_queries, n_keys) >= 0


def window_mask(n_queries, n_keys, *, window, causal=False):
    """Let each query see the keys at most `window` positions away, itself included.

    `|i - j| <= window`, or `0 <= i - j <= window` if causal, where i is the query's position
    counted from the end as in `causal_mask`.

    Args:
        n_queries, n_keys: T and S.
        window: integer >= 0; 0 leaves the token itself.
        causal: no key after the query.

    Returns:
        boolean `[T, S]`.

    Raises:
        TypeError, ValueError: a size or the window is not an integer >= 0, causal is not a bool.

    Cost: T * S bytes. Used as a mask on dense attention it saves no work at all.
    Source: Beltagy, Peters and Cohan (2020), where w is the total width; ours is the reach to each
    side.

    >>> window_mask(3, 3, window=1).astype(int)
    array([[1, 1, 0],
           [1, 1, 1],
           [0, 1, 1]])
    """
    check_count(minimum=0, window=window)
    check_flag(causal=causal)
    distance = _distance(n_queries, n_keys)
    reach = distance if causal else np.abs(distance)
    return (reach >= 0) & (reach <= window)


def block_mask(n_queries, n_keys, *, block_size, neighbours=0, causal=False):
    """Let each query see the keys of its own block, and of `neighbours` blocks to each side.

    `|i // b - j // b| <= neighbours` with the block size b, and `j <= i` if causal, where i is the
    query's position counted from the end as in `causal_mask`. The first block begins at the first
    key; the last may be shorter. A query before the first key stands in a block of its own side,
    with nothing in it.

    Args:
        n_queries, n_keys: T and S.
        block_size: b, integer >= 1.
        neighbours: integer >= 0; 0 leaves the blocks apart, block-diagonal.
        causal: no key after the query.

    Returns:
        boolean `[T, S]`.

    Raises:
        TypeError, ValueError: a size, block_size or neighbours is not an integer of at least its
            minimum, causal is not a bool.

    Cost: T * S bytes. Used as a mask on dense attention it saves no work at all.
    Source: Liu et al. (2018), "local attention", for blocks that stand alone; Zaheer et al. (2020)
    for blocks with their neighbours.

    >>> block_mask(4, 4, block_size=2).astype(int)
    array([[1, 1, 0, 0],
           [1, 1, 0, 0],
           [0, 0, 1, 1],
           [0, 0, 1, 1]])
    """
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys, neighbours=neighbours)
    check_count(block_size=block_size)
    check_flag(causal=causal)
    query_block = (np.arange(n_queries) + (int(n_keys) - int(n_queries))) // block_size
    key_block = np.arange(n_keys) // block_size
    near = np.abs(query_block[:, None] - key_block) <= neighbours  # [T, S]
    return near & causal_mask(n_queries, n_keys) if causal else near


def padding_mask(lengths, n_keys):
    """Let queries see only the keys that are not padding: `j < length`.

    Args:
        lengths: `[B]` integers from 0 to n_keys, the number of real keys in each row of the batch.
        n_keys: S.

    Returns:
        boolean `[B, 1, S]`, ready to broadcast over queries. Add an axis for heads: `mask[:,
        None]`.

    Raises:
        TypeError: lengths not an integer NumPy array, n_keys not an integer.
        ValueError: lengths not one-dimensional or outside 0..n_keys.

    Cost: B * S bytes.
    Chapter: 01_1_scores.

    >>> padding_mask(np.array([1, 3]), 3).astype(int)
    array([[[1, 0, 0]],
    <BLANKLINE>
           [[1, 1, 1]]])
    """
    check_kind("numpy", lengths=lengths)
    check_count(minimum=0, n_keys=n_keys)
    check_lengths(lengths, n_keys)
    return np.arange(n_keys) < lengths[:, None, None]


def combine_masks(*masks):
    """Allow what every mask allows (logical and, with broadcasting).

    Args:
        masks: at least one boolean array.

    Returns:
        boolean, of the broadcast shape.

    Raises:
        TypeError: a mask is not a boolean NumPy array.
        ValueError: no mask given, or the shapes do not broadcast.

    >>> combine_masks(causal_mask(2, 2), padding_mask(np.array([1]), 2)).astype(int)
    array([[[1, 0],
            [1, 0]]])
    """
    if not masks:
        raise ValueError("masks must hold at least one mask, got none")
    for place, mask in enumerate(masks):
        name = f"masks[{place}]"
        check_kind("numpy", **{name: mask})
        if mask.dtype != bool:
            raise TypeError(f"{name} must be boolean (True = may attend), got dtype {mask.dtype}")
    try:
        shape = np.broadcast_shapes(*(mask.shape for mask in masks))
    except ValueError:
        raise ValueError(
            f"masks must broadcast together, got shapes {[mask.shape for mask in masks]}"
        ) from None
    combined = np.ones(shape, dtype=bool)
    for mask in masks:
        combined &= mask
    return combined


def _distance(n_queries, n_keys):
    """Position of the query minus position of the key, `[T, S]`."""
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys)
    last = int(n_keys) - int(n_queries)  # NumPy's unsigned integers know nothing below zero
    return np.arange(int(n_queries))[:, None] + last - np.arange(int(n_keys))
