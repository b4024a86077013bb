"""How attention uses a cache that grows, and which part of a mask belongs to what it holds."""

import torch

from .. import functional


def append(cache, new, mask, queries):
    """Give the cache what belongs to new positions, and fit the mask to what it returns.

    Mask and positions were checked.

    Args:
        cache: a `KVCache`.
        new: tuple of tensors `[B, G, T, D]` for `KVCache.append`.
        mask: None, or boolean, broadcastable to `[B, H, T, S]` with S = all positions seen.
        queries: `[B, H, T, D]`, the queries of the same positions.

    Returns:
        what `KVCache.append` returns, and None or the mask for it, the cache's window and sinks
        included.
    """
    held = cache.append_core(*new)
    mask = columns_held(mask, cache, held[0].shape[-2])
    n_queries, n_keys = queries.shape[-2], held[0].shape[-2]
    if cache.window is None or n_queries == 1:
        return held, mask
    # What the cache has dropped lies between the sinks and the keys that are near: without it the
    # sinks still come first, and the last query still stands at the last key.
    options = {"window": cache.window, "n_sinks": cache.n_sinks, "device": queries.device}
    near = functional.sink_window_mask(n_queries, n_keys, causal=True, **options)
    return held, near if mask is None else near & mask


def columns_held(pattern, cache, n_keys):
    """The columns of a mask or bias `[..., S]` that belong to the n_keys last returned by a cache.

    S counts all positions seen, or is 1. None and a pattern without axes stay as they are.
    """
    if pattern is None or not pattern.ndim or pattern.shape[-1] == 1:
        return pattern
    dropped = pattern.shape[-1] - n_keys
    if cache.n_sinks and dropped:
        sinks = pattern[..., : cache.n_sinks]
        return torch.cat([sinks, pattern[..., cache.n_sinks + dropped :]], dim=-1)
    return pattern[..., dropped:]
