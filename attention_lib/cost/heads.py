"""Multi-head attention: projections, heads that may share keys and values, and the cache."""

from dataclasses import replace

from ..checks import check_count, check_divides, check_flag
from .attention import attention, check_inference
from .kernels import elementwise, linear, with_inputs
from .ledger import Cost
from .positions import rotary_positions


def multi_head_attention(
    n_queries,
    n_keys=None,
    *,
    d_model,
    n_heads,
    n_kv_heads=None,
    d_key=None,
    d_value=None,
    key_width=None,
    value_width=None,
    bias=True,
    rotary=False,
    pairs=None,
    masked=False,
    biased=False,
    fused=False,
    cache=False,
    n_cached=0,
    batch=1,
    itemsize=4,
    training=False,
    memory_held=False,
    mechanism=None,
):
    r"""`modules.MultiHeadAttention`: self-attention, or cross-attention if n_keys is given.

    With C = d_model, projected keys S' and attended keys S:

    $$\mathrm{FLOPs} = 2 B \big(T C H (D + E) + S' C G (D + E) + T S H (D + E)\big)$$

    Neither the projections nor the scores depend on H alone if D = E = C / H. Fewer key and value
    heads, G < H, shrink their projections and the cache by H / G and leave the scores as they are.

    Args:
        n_queries: T, the tokens of this call.
        n_keys: S of cross-attention; None means self-attention.
        d_model, n_heads, n_kv_heads, d_key, d_value, key_width, value_width, bias: as in the
            module. If key_width and value_width are equal, keys and values are made from one array.
        rotary: queries and new keys are rotated.
        pairs, masked, biased, fused: as for `attention`.
        cache: keys and values are kept. Inference only.
        n_cached: positions that the cache holds before this call. Self-attention projects T and
            attends to n_cached + T: a prompt has n_cached=0, a decode step T = 1. Cross-attention
            projects all n_keys at the first call (0) and none later (n_keys).
        batch, itemsize, training: as for `attention`.
        memory_held: the input of the keys is counted elsewhere, because several layers share it.
        mechanism: None for dense attention; or the cost of what takes its place on the heads, a
            function of (n_queries, d_key=, d_value=, n_heads=, batch=, itemsize=, training=):
            `partial(sliding_window_attention, window=256)`, with causal=True if it is so called.
            Self-attention without pairs, masked, biased, fused and cache: it has kernels of its
            own. A step with a cache of a window's k positions is a dense step with n_cached = k.

    Returns:
        `Cost` with the parts query_projection, key_projection, value_projection, rotary, cache,
        sharing (copies of shared heads for a mechanism), attention, output_projection.

    Raises:
        TypeError, ValueError: sizes that do not fit, a cache in training, n_cached without a cache
            or, in cross-attention, neither 0 nor n_keys; a mechanism with what it does not take, or
            that is not a function or does not return a `Cost`.

    Source: Vaswani et al. (2017), section 3.2.2; Shazeer (2019) for G = 1 and the step with a
        cache, Ainslie et al. (2023) for G < H.

    >>> cost = multi_head_attention(1, d_model=512, n_heads=8, cache=True, n_cached=999)
    >>> cost.parameters, cost.cache_bytes, cost.parts["attention"].matmul_flops
    (1050624, 4096000, 2048000)
    """
    check_count(minimum=0, n_queries=n_queries, batch=batch)
    check_count(d_model=d_model, n_heads=n_heads)
    check_flag(rotary=rotary, memory_held=memory_held)
    d_key, d_value = (head_width(d_model, n_heads, width) for width in (d_key, d_value))
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    check_count(n_kv_heads=n_kv_heads, d_key=d_key, d_value=d_value)
    check_divides("n_kv_heads", n_kv_heads, "n_heads", n_heads)
    cross = n_keys is not None
    if not cross and (key_width, value_width) != (None, None):
        raise ValueError("key_width and value_width need n_keys: self-attention has one input")
    if mechanism is not None:
        _check_mechanism(mechanism, cross, pairs, masked, biased, fused, cache)
    key_width = d_model if key_width is None else key_width
    value_width = d_model if value_width is None else value_width
    check_count(key_width=key_width, value_width=value_width)
    n_keys, new = attended(n_queries, n_keys, cache, n_cached, training)
    shared = {"itemsize": itemsize, "training": training}
    rows, new_rows = batch * n_queries, batch * new
    x = rows * d_model
    memory = new_rows * (key_width + value_width * (key_width != value_width)) if cross else 0
    query = rows * n_heads * d_key
    key, value = (new_rows * n_kv_heads * width for width in (d_key, d_value))
    parts = {
        "query_projection": linear(rows, d_model, n_heads * d_key, bias=bias, held=x, **shared)
    }
    for name, width, d_head in (("key", key_width, d_key), ("value", value_width, d_value)):
        parts[f"{name}_projection"] = linear(
            new_rows,
            width,
            n_kv_heads * d_head,
            bias=bias,
            held=new_rows * width,
            live=query + (name == "value") * key,
            **shared,
        )
    if rotary:
        parts["rotary"] = rotary_positions(query, live=key + value, **shared) + rotary_positions(
            key, live=query + value, **shared
        )
    if cache:
        held = kv_cache_bytes(
            n_keys,
            n_kv_heads=n_kv_heads,
            d_key=d_key,
            d_value=d_value,
            batch=batch,
            itemsize=itemsize,
        )
        parts["cache"] = cached_numbers(key + value, held, live=query, itemsize=itemsize)
    heads = {"d_key": d_key, "d_value": d_value, "n_heads": n_heads, "batch": batch, **shared}
    if mechanism is not None:
        copies = (key + value) * (n_heads // n_kv_heads) if n_kv_heads < n_heads else 0
        if copies:  # without gradients they live as long as the inputs of the mechanism
            parts["sharing"] = elementwise(copies, 0, held=copies, live=query, **shared)
        parts["attention"] = _check_cost(mechanism(n_queries, **heads))
    else:
        parts["attention"] = attention(
            n_queries,
            n_keys,
            n_kv_heads=n_kv_heads,
            pairs=pairs,
            masked=masked,
            biased=biased,
            fused=fused,
            cached=cache,
            **heads,
        )
    merged = rows * n_heads * d_value
    parts["output_projection"] = linear(
        rows,
        n_heads * d_value,
        d_model,
        bias=bias,
        held=merged if fused and training else 0,
        **shared,
    )
    return with_inputs(parts, x + (0 if memory_held else memory), **shared)


def kv_cache_bytes(n_tokens, *, n_kv_heads, d_key, d_value=None, n_layers=1, batch=1, itemsize=4):
    """Bytes of the keys and values of `n_tokens` positions: L B G S (D + E) numbers.

    Memory that a cache takes in advance comes on top.

    >>> kv_cache_bytes(4096, n_kv_heads=8, d_key=128, n_layers=32, itemsize=2)
    536870912
    """
    d_value = d_key if d_value is None else d_value
    check_count(minimum=0, n_tokens=n_tokens, batch=batch)
    check_count(n_kv_heads=n_kv_heads, d_key=d_key, d_value=d_value)
    check_count(n_layers=n_layers, itemsize=itemsize)
    return n_layers * batch * n_kv_heads * n_tokens * (d_key + d_value) * itemsize


def cached_numbers(new, cache_bytes, *, live, itemsize):
    """Copying `new` numbers into a cache that holds `cache_bytes` after it."""
    copy = elementwise(new, 0, held=new, live=live, itemsize=itemsize)
    return replace(copy, cache_bytes=cache_bytes)


def _check_mechanism(mechanism, cross, pairs, masked, biased, fused, cache):
    if not callable(mechanism):
        raise TypeError(
            "mechanism must be None or a function such as partial(sliding_window_attention, "
            f"window=256), got {type(mechanism).__name__}"
        )
    if cross:
        raise ValueError("n_keys must be None with a mechanism, which is self-attention")
    given = {"masked": masked, "biased": biased, "fused": fused, "cache": cache}
    check_flag(**given)
    refused = [name for name, flag in given.items() if flag]
    refused += ["pairs"] if pairs is not None else []
    if refused:
        raise ValueError(f"{', '.join(refused)} must be left out with a mechanism")


def _check_cost(cost):
    if not isinstance(cost, Cost):
        raise TypeError(f"mechanism must return a Cost, got {type(cost).__name__}")
    return cost


def head_width(d_model, n_heads, width):
    """`width`, or an even share of d_model where it is None."""
    if width is None:
        check_divides("n_heads", n_heads, "d_model", d_model)
        return d_model // n_heads
    return width


def attended(n_queries, n_keys, cache, n_cached, training):
    """How many keys are attended to, and how many of them are projected in this call."""
    check_count(minimum=0, n_cached=n_cached)
    check_flag(cache=cache, training=training)
    check_inference("cache", cache, training)
    if n_cached and not cache:
        raise ValueError(f"n_cached must be 0 without a cache, got {n_cached}")
    if n_keys is None:
        return n_cached + n_queries, n_queries
    check_count(minimum=0, n_keys=n_keys)
    if n_cached not in (0, n_keys):
        raise ValueError(
            f"n_cached must be 0 or n_keys = {n_keys} in cross-attention, got {n_cached}"
        )
    return n_keys, n_keys - n_cached
