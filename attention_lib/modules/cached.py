"""What attention modules that can use a cache have in common."""

import torch

from .. import functional
from ..functional.precision import check_torch_mask
from .cache import KVCache
from .scored import check_input


def check_cache(cache, **queries):
    """cache is a KVCache or None, and with one the queries are `[B, T, C]`."""
    if cache is None:
        return
    if not isinstance(cache, KVCache):
        raise TypeError(f"cache must be a KVCache, got {type(cache).__name__}")
    check_batched(**queries)


def check_batched(**queries):
    """What is called with a cache is `[B, T, C]`."""
    for name, array in queries.items():
        if array.ndim != 3:
            raise ValueError(
                f"{name} must have shape [B, T, C] where a cache is used, got {tuple(array.shape)}"
            )


def append(cache, new, mask, queries):
    """Give the cache what belongs to new positions, and fit the mask to what it returns.

    Args:
        cache: a `KVCache`.
        new: tuple of tensors `[B, G, T, D]` for `KVCache.append`.
        mask: None, or boolean, broadcastable to `[B, H, T, S]` with S = all positions seen.
        queries: `[B, H, T, D]`, the queries of the same positions.

    Returns:
        what `KVCache.append` returns, and None or the mask for it, the cache's window and sinks
        included.
    """
    held, mask = hold(cache, new, mask, queries)
    n_queries, n_keys = queries.shape[-2], held[0].shape[-2]
    if cache.window is None or n_queries == 1:
        return held, mask
    # What the cache has dropped lies between the sinks and the keys that are near: without it the
    # sinks still come first, and the last query still stands at the last key.
    options = {"window": cache.window, "n_sinks": cache.n_sinks, "device": queries.device}
    near = functional.sink_window_mask(n_queries, n_keys, causal=True, **options)
    return held, near if mask is None else near & mask


def hold(cache, new, mask, queries):
    """As `append`, with the mask cut to what the cache returns and not closed by its window."""
    check_torch_mask(mask, (*queries.shape[:-1], cache.length + queries.shape[-2]))
    held = cache.append(*new)
    return held, columns_held(mask, cache, held[0].shape[-2])


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


def check_cross(module, query, key, cache):
    """A cache that can serve attention to a key of its own, and a key that fits what it holds.

    module: a `MultiHeadAttention`; query and key as it was called with.
    """
    if not isinstance(cache, KVCache):
        raise ValueError(
            f"a {type(cache).__name__} serves self-attention, not a key of its own: give a KVCache"
        )
    if cache.window is not None:
        raise ValueError("a cache with a window serves self-attention, not a key of its own")
    if module.rotary is not None or module.position_bias is not None:
        raise ValueError(
            "a cached key has no position relative to the queries of later steps: "
            "cross-attention with a cache takes neither rotary nor position_bias"
        )
    check_input("key", key, module.key_projection.weight)
    if not cache.length:
        if key.ndim != 3 or len(key) != len(query):
            raise ValueError(
                "key must have shape [B, S, key_width] with the batch size of query where a "
                f"cache is used, got key {tuple(key.shape)} and query {tuple(query.shape)}"
            )
        return
    layers = (module.key_projection, module.value_projection)
    made_of = [key, *(one for layer in layers for one in layer.parameters())]
    if torch.is_grad_enabled() and any(one.requires_grad for one in made_of):
        raise ValueError(
            "key needs a gradient, and none flows through a cache: "
            "call the model under torch.no_grad() or torch.inference_mode()"
        )
    if key.shape[-2] != cache.length:
        raise ValueError(
            f"key must have the {cache.length} rows that the cache holds, "
            f"got shape {tuple(key.shape)}"
        )
    if query.shape[0] != cache.batch:
        raise ValueError(
            f"query must have the batch size {cache.batch} of what the cache holds, "
            f"got shape {tuple(query.shape)}"
        )
