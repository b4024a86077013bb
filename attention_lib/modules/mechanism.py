"""What can take the place of dense attention on the heads of `MultiHeadAttention`."""

from torch import nn

from ..checks import check_key_mask, check_kind, check_leading
from ..functional.folded import check_attended
from .cache import KVCache
from .cached import columns_held
from .cached_checks import check_batched, check_cache
from .calling import run


class Mechanism(nn.Module):
    """Attention on heads that never forms the matrix of weights `[..., H, T, S]`.

    H heads, T queries, S keys, the width D of a query and key, the width E of a value. A subclass
    has no parameters of its own and defines `forward_core(query [..., H, T, D], key [..., H, S, D],
    value [..., H, S, E], *, mask, causal)`, with the output `[..., H, T, E]`, for arguments that
    were checked. The mask is boolean, broadcastable to `[..., H, 1, S]`, the same for every query;
    True = may be attended to.
    """

    def forward(self, query, key, value, *, mask=None, causal=False):
        check_attended(query, key, value, mask=mask, causal=causal)
        self.check_lengths(query.shape[-2], key.shape[-2], causal)
        return self.forward_core(query, key, value, mask=mask, causal=causal)

    def check_lengths(self, n_queries, n_keys, causal):
        """Whether so many queries can attend to so many keys; here any can."""

    def new_cache(self, max_length=None):
        """An empty cache that serves the causal form, for up to max_length positions (None: any).

        A subclass that needs less than all keys and values returns one that keeps less.
        """
        return KVCache(max_length=max_length)

    def check_cache(self, cache):
        """cache is of a kind that this mechanism can use, and keeps all positions that it reads.

        Here it is a `KVCache` without a window: all positions. Subclasses may do with fewer.
        """
        check_cache(cache)
        if cache.window is not None:
            raise ValueError(
                f"{type(self).__name__} may read every position: it needs a cache without a "
                f"window, got one with window={cache.window}"
            )

    def check_call(self, query, cache, return_weights):
        """What `MultiHeadAttention` is called with fits this mechanism; query `[..., T, C]`."""
        if return_weights:
            raise ValueError(
                f"return_weights must be False with {type(self).__name__}: it forms no matrix of "
                "weights"
            )
        if cache is not None:
            self.check_cache(cache)
            check_batched(query=query)

    def attend(self, query, key, value, *, mask, causal, cache):
        """The output `[..., H, T, E]`; each of G heads of keys and values serves H / G of queries.

        query `[..., H, T, D]`, key `[..., G, S, D]`, value `[..., G, S, E]` and the mask were
        checked. cache: None, or one to which key and value have yet to be appended; the last axis
        of the mask then counts all positions seen.
        """
        if cache is None:
            self.check_lengths(query.shape[-2], key.shape[-2], causal)
        else:
            causal = causal or cache.window is not None
            self.check_lengths(query.shape[-2], cache.length + key.shape[-2], causal)
            key, value = cache.append(key, value)
            mask = columns_held(mask, cache, key.shape[-2])
        return run(self, query, *share_heads(query, key, value), mask=mask, causal=causal)


def check_mechanism(mechanism, *, dropout, position_bias):
    """mechanism is a `Mechanism` or None, and with one nothing is asked for that needs weights."""
    if mechanism is None:
        return
    name = type(mechanism).__name__
    if not isinstance(mechanism, Mechanism):
        raise TypeError(
            "mechanism must be None or a module for the heads such as SlidingWindowAttention, "
            f"got {name}"
        )
    if dropout > 0:
        raise ValueError(
            f"dropout must be 0 with {name}: it forms no matrix of weights to drop from, "
            f"got {dropout}"
        )
    if position_bias is not None:
        raise ValueError(
            f"position_bias must be None with {name}: it forms no matrix of scores to add a bias "
            f"to, got {type(position_bias).__name__}"
        )


def reset_projections(*layers):
    """Draw Xavier's uniform weights and zero biases anew."""
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def check_mask_of_keys(mask, query, key, n_heads, *, name="query"):
    """mask, if given, closes keys alone; query `[..., T, C]`, called so, key `[..., S, C]`."""
    if mask is not None:
        check_kind("torch", **{name: query}, mask=mask)
        leading = check_leading(query=query, key=key)
        check_key_mask(mask, (*leading, n_heads, query.shape[-2], key.shape[-2]))


def share_heads(query, key, value):
    """key and value `[..., G, S, *]`, each head repeated for H / G heads of queries."""
    share = query.shape[-3] // key.shape[-3]
    if share == 1:
        return key, value
    return tuple(one.repeat_interleave(share, -3) for one in (key, value))
