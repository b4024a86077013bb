"""Parts of `MultiHeadAttention`: what positions do to the heads, and what each head adds."""

import torch

from ..checks import check_bias, check_kind
from ..functional.heads import split_heads_core
from .cached import columns_held
from .calling import is_plain_linear, run
from .dtypes import check_like


def turn(rotary, queries, keys, to_itself, cache):
    """The heads of queries and keys, turned by their positions."""
    if to_itself:  # the new positions follow those that the cache has seen
        first = second = cache.length if cache is not None else 0
    else:
        behind = keys.shape[-2] - queries.shape[-2]  # the last query stands at the last key
        first, second = max(behind, 0), max(-behind, 0)
    return run(rotary, queries, offset=first), run(rotary, keys, offset=second)


def bias_for(module, queries, keys, cache):
    """What position_bias adds to the scores; judged here, for it may come from anywhere.

    cache: one to which the keys have yet to be appended, or None.
    """
    n_queries = queries.shape[-2]
    n_keys = n_seen = keys.shape[-2]
    if cache is not None:
        n_keys = cache.length_for(n_queries)
        # Between sinks and window there are keys that the cache has dropped.
        n_seen = cache.length + n_queries if cache.n_sinks else n_keys
    bias = module.position_bias(n_queries, n_seen)  # [H, T, S]
    check_kind("torch", bias=bias)
    check_like(getattr(module.query_projection, "weight", None), place=False, bias=bias)
    check_bias(bias, (*queries.shape[:-1], n_seen))
    bias = bias if cache is None else columns_held(bias, cache, n_keys)
    return bias.to(queries)  # under torch.autocast not of the dtype of the weight


def head_contributions(output_projection, heads):
    """What each of the heads `[..., H, T, E]` adds to the output: `[..., H, T, C]`."""
    n_heads, d_value = heads.shape[-3], heads.shape[-1]
    if is_plain_linear(output_projection):
        stripes = split_heads_core(output_projection.weight, n_heads)  # [H, C, E]
        return heads @ stripes.mT.to(heads.dtype)  # [..., H, T, E] @ [H, E, C]
    # Any other layer is asked what it gives for one head alone, above what it gives for none.
    alone = heads.unsqueeze(-2) * torch.eye(n_heads, **_like(heads))[:, None, :, None]
    alone = alone.flatten(-2)  # [..., H, T, H E], zeros but for the stripe of the head
    return output_projection(alone) - output_projection(heads.new_zeros(n_heads * d_value))


def _like(x):
    return {"dtype": x.dtype, "device": x.device}
