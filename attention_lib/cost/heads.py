"""Multi-head attention: projections, heads that may share keys and values, and the cache."""

from dataclasses import replace

from ..checks import check_count, check_divides, check_flag
from .attention import attention, check_inference
from .kernels import Run
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
    memory_held=False,
    mechanism=None,
    **run,
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
        run: as for `attention`.
        memory_held: the input of the keys is counted elsewhere, because several layers share it.
        mechanism: None for dense attention; or the cost of what takes its place on the heads, a
            function of (n_queries, d_key=, d_value=, n_heads=, batch=, itemsize=, training=):
            `partial(sliding_window_attention, window=256)`, with causal=True if it is so called.
            Self-attention without pairs, masked, biased, fused and cache: it has kernels of its
            own. A step with a cache of a window's k positions is a dense step with n_cached = k.

    Parts: query_projection, key_projection, value_projection, rotary, cache, sharing (copies of
    shared heads for a mechanism), attention, output_projection.

    Source: Vaswani et al. (2017), section 3.2.2; Shazeer (2019) for G = 1 and the step with a
        cache, Ainslie et al. (2023) for G < H.

    >>> cost = multi_head_attention(1, d_model=512, n_heads=8, cache=True, n_cached=999)
    >>> cost.parameters, cost.cache_bytes, cost.parts["attention"].matmul_flops
    (1050624, 4096000, 2048000)
    """
    run = Run(**run)
    check_count(minimum=0, n_queries=n_queries)
    check_flag(rotary=rotary, memory_held=memory_held)
    d_key, d_value = head_widths(d_model, n_heads, d_key, d_value)
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    check_count(n_kv_heads=n_kv_heads)
    check_divides("n_kv_heads", n_kv_heads, "n_heads", n_heads)
    cross, scored = n_keys is not None, {"pairs": pairs, "masked": masked, "biased": biased}
    scored["fused"] = fused
    if not cross and not (key_width is None and value_width is None):
        raise ValueError("key_width and value_width need n_keys: self-attention has one input")
    if mechanism is not None:
        _check_mechanism(mechanism, cross, cache=cache, **scored)
    key_width, value_width = (d_model if one is None else one for one in (key_width, value_width))
    check_count(key_width=key_width, value_width=value_width)
    n_keys, new = attended(n_queries, n_keys, cache, n_cached, run.training)
    rows, new_rows = run.batch * n_queries, run.batch * new
    x, query = rows * d_model, rows * n_heads * d_key
    memory = new_rows * (key_width + value_width * (key_width != value_width)) if cross else 0
    key, value = (new_rows * n_kv_heads * width for width in (d_key, d_value))
    parts = {"query_projection": run.linear(rows, d_model, n_heads * d_key, bias=bias, held=x)}
    wide = (("key", key_width, d_key, query), ("value", value_width, d_value, query + key))
    for name, width, d_head, live in wide:
        options = {"bias": bias, "held": new_rows * width, "live": live}
        made = run.linear(new_rows, width, n_kv_heads * d_head, **options)
        parts[f"{name}_projection"] = made
    if rotary:
        turned = ((query, key + value), (key, query + value))
        turned = [rotary_positions(one, live=live, **run.each) for one, live in turned]
        parts["rotary"] = turned[0] + turned[1]
    if cache:
        sizes = {"n_kv_heads": n_kv_heads, "d_key": d_key, "d_value": d_value}
        sizes |= {"batch": run.batch, "itemsize": run.itemsize}
        parts["cache"] = cached(run, key + value, kv_cache_bytes(n_keys, **sizes), live=query)
    heads = {"d_key": d_key, "d_value": d_value, "n_heads": n_heads, **run.options}
    if mechanism is None:
        shared = {"n_kv_heads": n_kv_heads, "cached": cache}
        parts["attention"] = attention(n_queries, n_keys, **shared, **scored, **heads)
    else:
        copies = (key + value) * (n_heads // n_kv_heads) if n_kv_heads < n_heads else 0
        if copies:  # without gradients they live as long as the inputs of the mechanism
            parts["sharing"] = run.elementwise(copies, 0, held=copies, live=query)
        parts["attention"] = _check_cost(mechanism(n_queries, **heads))
    merged = rows * n_heads * d_value if fused and run.training else 0
    project = run.linear(rows, n_heads * d_value, d_model, bias=bias, held=merged)
    parts["output_projection"] = project
    return run.with_inputs(parts, x + (0 if memory_held else memory))


def kv_cache_bytes(n_tokens, *, n_kv_heads, d_key, d_value=None, n_layers=1, batch=1, itemsize=4):
    """Bytes of the keys and values of `n_tokens` positions: L B G S (D + E) numbers.

    Memory that a cache takes in advance comes on top.

    >>> kv_cache_bytes(4096, n_kv_heads=8, d_key=128, n_layers=32, itemsize=2)
    536870912
    """
    d_value = d_key if d_value is None else d_value
    check_count(n_kv_heads=n_kv_heads, d_key=d_key, d_value=d_value)
    return cache_bytes(n_tokens, n_kv_heads * (d_key + d_value), n_layers, batch, itemsize)


def cache_bytes(n_tokens, each, n_layers, batch, itemsize):
    """Bytes of `each` numbers for every token of every row, in every layer."""
    check_count(minimum=0, n_tokens=n_tokens, batch=batch)
    check_count(n_layers=n_layers, itemsize=itemsize)
    return n_layers * batch * n_tokens * each * itemsize


def cached(run, new, held, *, live):
    """Copying `new` numbers into a cache that holds `held` bytes after it; inference only."""
    return replace(run.elementwise(new, 0, held=new, live=live), cache_bytes=held)


def _check_mechanism(mechanism, cross, *, pairs, **given):
    if not callable(mechanism):
        raise TypeError(
            "mechanism must be None or a function such as partial(sliding_window_attention, "
            f"window=256), got {type(mechanism).__name__}"
        )
    if cross:
        raise ValueError("n_keys must be None with a mechanism, which is self-attention")
    check_flag(**given)
    refused = [name for name, flag in given.items() if flag]
    refused += ["pairs"] if pairs is not None else []
    if refused:
        raise ValueError(f"{', '.join(refused)} must be left out with a mechanism")


def _check_cost(cost):
    if not isinstance(cost, Cost):
        raise TypeError(f"mechanism must return a Cost, got {type(cost).__name__}")
    return cost


def head_widths(d_model, n_heads, *widths):
    """The widths of a head, an even share of d_model where they are None."""
    check_count(d_model=d_model, n_heads=n_heads)
    if any(one is None for one in widths):
        check_divides("n_heads", n_heads, "d_model", d_model)
    d_key, d_value = (d_model // n_heads if one is None else one for one in widths)
    check_count(d_key=d_key, d_value=d_value)
    return d_key, d_value


def attended(n_queries, n_keys, cache, n_cached, training):
    """How many keys are attended to, and how many of them are projected in this call."""
    check_count(minimum=0, n_cached=n_cached)
    check_flag(cache=cache)
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
