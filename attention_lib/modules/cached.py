"""What attention modules that can use a `KVCache` have in common."""

from .. import functional
from ..functional.precision import check_torch_mask
from .cache import KVCache


def check_cache(cache, **queries):
    """cache is a KVCache or None, and with one the queries are `[B, T, C]`."""
    if cache is None:
        return
    if not isinstance(cache, KVCache):
        raise TypeError(f"cache must be a KVCache, got {type(cache).__name__}")
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
        what `KVCache.append` returns, and None or the mask for it, the cache's window included.
    """
    n_queries = queries.shape[-2]
    check_torch_mask(mask, (*queries.shape[:-1], cache.length + n_queries))
    held = cache.append(*new)
    n_keys = held[0].shape[-2]
    if mask is not None and mask.ndim:
        mask = mask[..., mask.shape[-1] - n_keys :]  # a last axis of 1 stays
    if cache.window is None or n_queries == 1:
        return held, mask
    near = functional.window_mask(
        n_queries, n_keys, window=cache.window, causal=True, device=queries.device
    )
    return held, near if mask is None else near & mask
