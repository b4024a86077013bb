"""Multi-head latent attention: what a small cache costs in arithmetic."""

from ..checks import check_count, check_even, check_flag
from .attention import attention
from .feed_forward import rms_norm
from .heads import attended, cached_numbers, head_width
from .kernels import elementwise, kernel, linear, with_inputs
from .positions import rotary_positions


def multi_head_latent_attention(
    n_queries,
    *,
    d_model,
    n_heads,
    d_latent,
    d_rotary,
    d_key=None,
    d_value=None,
    d_query_latent=None,
    absorbed=None,
    pairs=None,
    masked=False,
    fused=False,
    cache=False,
    n_cached=0,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`modules.MultiHeadLatentAttention`: the cache keeps L + R numbers a position.

    Naive, keys and values of all heads are made from the S latents; absorbed, the query goes to
    the latents instead:

    $$\mathrm{naive} = 2 S L H (D + E) + 2 T S H (D + R + E), \qquad
    \mathrm{absorbed} = 2 T L H (D + E) + 2 T S H (2 L + R)$$

    FLOPs, projections apart: for one step (T = 1) with a long cache the second is far less, for a
    prompt (T = S) the first. The absorbed form is that of the module where its cache held something
    before.

    Args:
        n_queries: T, the tokens of this call.
        d_model, n_heads, d_latent, d_rotary, d_key, d_value, d_query_latent: as in the module; L is
            d_latent and R is d_rotary.
        absorbed: None means n_cached > 0.
        pairs, masked, fused, batch, itemsize, training: as for `attention`.
        cache, n_cached: as for `multi_head_attention`.

    Returns:
        `Cost` with the parts query_down, query_projection, latent_projection,
        rotary_key_projection, rotary, cache, key_projection, attention, value_projection,
        output_projection.

    Raises:
        TypeError, ValueError: as `multi_head_attention`; d_rotary odd.

    Source: DeepSeek-AI (2024), section 2.1.

    >>> sizes = {"d_model": 512, "n_heads": 8, "d_latent": 128, "d_rotary": 32}
    >>> multi_head_latent_attention(1, cache=True, n_cached=999, **sizes).cache_bytes
    640000
    """
    check_count(minimum=0, n_queries=n_queries, batch=batch)
    check_count(d_model=d_model, n_heads=n_heads, d_latent=d_latent)
    check_even(d_rotary=d_rotary)
    d_key, d_value = (head_width(d_model, n_heads, width) for width in (d_key, d_value))
    check_count(d_key=d_key, d_value=d_value)
    n_keys, _ = attended(n_queries, None, cache, n_cached, training)
    absorbed = n_cached > 0 if absorbed is None else absorbed
    check_flag(absorbed=absorbed)
    shared = {"itemsize": itemsize, "training": training}
    free = {"bias": False, **shared}
    rows = batch * n_queries
    x, query = rows * d_model, rows * n_heads * (d_key + d_rotary)
    parts, width = {}, d_model
    if d_query_latent is not None:
        check_count(d_query_latent=d_query_latent)
        width = d_query_latent
        parts["query_down"] = linear(rows, d_model, width, held=x, **free) + rms_norm(
            rows, width, **shared
        )
    parts["query_projection"] = linear(
        rows,
        width,
        n_heads * (d_key + d_rotary),
        held=x if d_query_latent is None else 0,
        **free,
    )
    parts["latent_projection"] = linear(
        rows, d_model, d_latent, held=x, live=query, **free
    ) + rms_norm(rows, d_latent, **shared).beside(query * itemsize)
    waiting = query + rows * d_latent
    parts["rotary_key_projection"] = linear(rows, d_model, d_rotary, held=x, live=waiting, **free)
    new = rows * (d_latent + d_rotary)
    parts["rotary"] = (
        rotary_positions(rows * (n_heads + 1) * d_rotary, live=waiting, **shared)
        + _joined(query, live=new, **shared)
        + _joined(new, live=query, **shared)
    )
    if cache:
        held = latent_cache_bytes(
            n_keys, d_latent=d_latent, d_rotary=d_rotary, batch=batch, itemsize=itemsize
        )
        parts["cache"] = cached_numbers(new, held, live=query, itemsize=itemsize)
    options = {"n_heads": n_heads, "batch": batch, **shared}
    widths = {"d_key": d_key, "d_value": d_value, "d_latent": d_latent, "d_rotary": d_rotary}
    scored = {"pairs": pairs, "masked": masked, "fused": fused}
    form = _absorbed if absorbed else _naive
    parts |= form(n_queries, n_keys, widths, scored, cached=cache, **options)
    parts["output_projection"] = linear(
        rows,
        n_heads * d_value,
        d_model,
        held=rows * n_heads * d_value if fused and training and not absorbed else 0,
        **free,
    )
    return with_inputs(parts, x, **shared)


def latent_cache_bytes(n_tokens, *, d_latent, d_rotary, n_layers=1, batch=1, itemsize=4):
    """Bytes of the latents and rotary keys of `n_tokens` positions: n_layers B S (L + R) numbers.

    >>> latent_cache_bytes(4096, d_latent=512, d_rotary=64, n_layers=32, itemsize=2)
    150994944
    """
    check_count(minimum=0, n_tokens=n_tokens, batch=batch)
    check_count(d_latent=d_latent, d_rotary=d_rotary, n_layers=n_layers, itemsize=itemsize)
    return n_layers * batch * n_tokens * (d_latent + d_rotary) * itemsize


def _naive(n_queries, n_keys, widths, scored, *, n_heads, batch, itemsize, training, cached):
    d_key, d_value, d_latent, d_rotary = widths.values()
    shared = {"itemsize": itemsize, "training": training}
    keys, query = batch * n_keys, batch * n_queries * n_heads * (d_key + d_rotary)
    latents, made = keys * (d_latent + d_rotary), keys * n_heads * d_key
    project = kernel(
        reads=keys * d_latent,
        writes=made,
        parameters=d_latent * n_heads * d_key,
        matmul=2 * made * d_latent,
        saves=latents * training,  # joined, latents and rotary keys are one array
        held=keys * d_latent * cached,
        live=query,
        **shared,
    )
    return {
        "key_projection": project + _joined(made + keys * n_heads * d_rotary, live=query, **shared),
        "value_projection": linear(
            keys,
            d_latent,
            n_heads * d_value,
            bias=False,
            held=keys * d_latent if training or cached else 0,
            live=query + keys * n_heads * (d_key + d_rotary),
            **shared,
        ),
        "attention": attention(
            n_queries,
            n_keys,
            d_key=d_key + d_rotary,
            d_value=d_value,
            n_heads=n_heads,
            batch=batch,
            **scored,
            **shared,
        ),
    }


def _absorbed(n_queries, n_keys, widths, scored, *, n_heads, batch, itemsize, training, cached):
    d_key, d_value, d_latent, d_rotary = widths.values()
    shared = {"itemsize": itemsize, "training": training}
    heads = batch * n_queries * n_heads
    return {
        "key_projection": _stripes(heads, d_key, d_latent, n_heads, **shared)
        + _joined(heads * (d_latent + d_rotary), live=0, **shared),
        "attention": attention(
            n_queries,
            n_keys,
            d_key=d_latent + d_rotary,
            d_value=d_latent,
            n_heads=n_heads,
            n_kv_heads=1,
            cached=cached,
            batch=batch,
            **scored,
            **shared,
        ),
        "value_projection": _stripes(heads, d_latent, d_value, n_heads, **shared),
    }


def _stripes(rows, d_in, d_out, n_heads, *, itemsize, training):
    """A matrix of its own for each head, `rows` vectors of all heads together."""
    return kernel(
        reads=rows * d_in,
        writes=rows * d_out,
        parameters=n_heads * d_in * d_out,
        matmul=2 * rows * d_in * d_out,
        saves=rows * d_in,
        itemsize=itemsize,
        training=training,
    )


def _joined(numbers, *, live, itemsize, training):
    """Two arrays written side by side into one of `numbers` numbers."""
    return elementwise(numbers, 0, live=live, itemsize=itemsize, training=training)
