"""Which cache serves which attention, judged before anything is computed or stored."""

import torch

from .cache import KVCache
from .cache_checks import check_no_gradient, check_projected
from .dtypes import projected_dtype
from .memory_cache import MemoryCache


def check_cache(cache, **queries):
    """cache is a KVCache or None, and with one the queries are `[B, T, C]`."""
    if cache is None:
        return
    if isinstance(cache, MemoryCache):
        raise TypeError(
            "cache must be a KVCache for self-attention, which adds its positions to it, got a "
            "MemoryCache: that holds the keys and values of a memory"
        )
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


def check_growing(cache, name, x, kinds, *layers):
    """The T positions of x `[B, T, C]` may come next, before anything is computed of them.

    kinds: the number of heads and the width of each tensor that the layers make of x.
    """
    check_no_gradient(name, x, *layers)
    cache.check_next(name, x, kinds, projected_dtype(x))


def check_role(query, key, value, cache, names):
    """Whether the cache is of the kind that the call needs; key is not None.

    Returns True where the key is the query itself, and the call self-attention.
    """
    itself = _is(key, query)
    if isinstance(cache, MemoryCache):
        if key is query and not names.memory:
            raise TypeError(
                f"cache must be a KVCache where {names.key} is {names.query}, which is "
                "self-attention, got a MemoryCache: that holds the keys and values of a memory"
            )
        return False
    if itself and (value is None or _is(value, query)):
        return True
    grows = ", which grows by self-attention" if hasattr(cache, "append") else ""
    raise TypeError(
        f"cache must be a MemoryCache where {names.key} or value is not {names.query} itself, "
        f"got {type(cache).__name__}{grows}"
    )


def _is(tensor, other):
    """Whether the two are one tensor, or the same part of one."""
    if tensor is other:
        return True
    return (
        isinstance(tensor, torch.Tensor)
        and (tensor.dtype, tensor.device) == (other.dtype, other.device)
        and not tensor.is_meta  # there is no memory to compare
        and tensor.is_set_to(other)
    )


def check_memory(module, query, key, cache, names):
    """A `MemoryCache` can serve this call, and the key fits what it holds.

    module: a `MultiHeadAttention`; query and key as it was called with, under these names.
    """
    check_batched(**{names.query: query})
    if module.rotary is not None or module.position_bias is not None:
        raise ValueError(
            "a cached key has no position relative to the queries of later steps: "
            "cross-attention with a cache takes neither rotary nor position_bias"
        )
    if not cache.filled and (key.ndim != 3 or len(key) != len(query)):
        raise ValueError(
            f"{names.key} must have shape [B, S, key_width] with the batch size of {names.query} "
            f"where a cache is used, got {names.key} {tuple(key.shape)} and {names.query} "
            f"{tuple(query.shape)}"
        )
    check_no_gradient(names.key, key, module.key_projection, module.value_projection)
    if not cache.filled:
        return
    if key.shape[-2] != cache.length:
        raise ValueError(
            f"{names.key} must have the {cache.length} rows that the cache holds, "
            f"got shape {tuple(key.shape)}"
        )
    groups = module.n_kv_heads
    kinds = ((groups, module.d_key), (groups, module.d_value))
    check_projected(names.query, query, kinds, projected_dtype(query), cache.held())
