"""What attention modules that can use a cache have in common."""

import torch

from .. import functional
from .cache import KVCache


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

    Mask and positions were checked, by `check_torch_mask` and `KVCache.check_next`.

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


def check_growing(cache, name, x, kinds, *layers):
    """The T positions of x `[B, T, C]` may come next, before anything is computed of them.

    kinds: the number of heads and the width of each tensor that the layers make of x.
    """
    if torch.is_grad_enabled():
        check_no_gradient(name, x, *layers)
    cache.check_next(name, x, kinds, projected_dtype(x))


def projected_dtype(x):
    """The dtype in which a linear layer hands on x, which torch.autocast may change."""
    kind = x.device.type
    if kind != "meta" and x.dtype != torch.float64 and torch.is_autocast_enabled(kind):
        return torch.get_autocast_dtype(kind)
    return x.dtype


def check_cross(module, query, key, cache, names):
    """A cache that can serve attention to a key of its own, and a key that fits what it holds.

    module: a `MultiHeadAttention`; query and key as it was called with, under these names.
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
    if not cache.length and (key.ndim != 3 or len(key) != len(query)):
        raise ValueError(
            f"{names.key} must have shape [B, S, key_width] with the batch size of {names.query} "
            f"where a cache is used, got {names.key} {tuple(key.shape)} and {names.query} "
            f"{tuple(query.shape)}"
        )
    if torch.is_grad_enabled():
        check_no_gradient(names.key, key, module.key_projection, module.value_projection)
    if not cache.length:
        return
    if key.shape[-2] != cache.length:
        raise ValueError(
            f"{names.key} must have the {cache.length} rows that the cache holds, "
            f"got shape {tuple(key.shape)}"
        )
    if query.shape[0] != cache.batch:
        raise ValueError(
            f"{names.query} must have the batch size {cache.batch} of what the cache holds, "
            f"got shape {tuple(query.shape)}"
        )


def check_no_gradient(name, x, *layers):
    """Neither x nor what the layers make of it needs a gradient: a cache would keep it."""
    if x.requires_grad or any(one.requires_grad for layer in layers for one in layer.parameters()):
        raise ValueError(
            f"{name} needs a gradient, and none flows through a cache: "
            "call the model under torch.no_grad() or torch.inference_mode()"
        )
