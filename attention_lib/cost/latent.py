"""Multi-head latent attention: what a small cache costs in arithmetic."""

from ..checks import check_count, check_even, check_flag
from .attention import attention
from .feed_forward import rms_norm
from .heads import attended, cache_bytes, cached, head_widths
from .kernels import Run
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
    **run,
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
        pairs, masked, fused, run: as for `attention`.
        cache, n_cached: as for `multi_head_attention`.

    Parts: query_down, query_projection, latent_projection, rotary_key_projection, rotary, cache,
    key_projection, attention, value_projection, output_projection.

    Source: DeepSeek-AI (2024), section 2.1.

    >>> sizes = {"d_model": 512, "n_heads": 8, "d_latent": 128, "d_rotary": 32}
    >>> multi_head_latent_attention(1, cache=True, n_cached=999, **sizes).cache_bytes
    640000
    """
    run = Run(**run)
    check_count(minimum=0, n_queries=n_queries)
    check_count(d_latent=d_latent)
    check_even(d_rotary=d_rotary)
    d_key, d_value = head_widths(d_model, n_heads, d_key, d_value)
    n_keys, _ = attended(n_queries, None, cache, n_cached, run.training)
    absorbed = n_cached > 0 if absorbed is None else absorbed
    check_flag(absorbed=absorbed)
    rows, width, parts = run.batch * n_queries, d_model, {}
    x, query = rows * d_model, rows * n_heads * (d_key + d_rotary)
    new, latent = rows * (d_latent + d_rotary), rows * d_latent
    if d_query_latent is not None:
        check_count(d_query_latent=d_query_latent)
        width = d_query_latent
        parts["query_down"] = _free(run, rows, d_model, width, held=x) + _normed(run, rows, width)
    held = x if d_query_latent is None else 0
    widths = n_heads * (d_key + d_rotary)
    parts["query_projection"] = _free(run, rows, width, widths, held=held)
    down = _free(run, rows, d_model, d_latent, held=x, live=query)
    waiting = _normed(run, rows, d_latent).beside(run.bytes(query))
    parts["latent_projection"] = down + waiting
    waiting = query + latent
    rotary_key = _free(run, rows, d_model, d_rotary, held=x, live=waiting)
    parts["rotary_key_projection"] = rotary_key
    turned = rotary_positions(rows * (n_heads + 1) * d_rotary, live=waiting, **run.each)
    turned = turned + run.elementwise(query, 0, live=new)  # two arrays, joined to one
    parts["rotary"] = turned + run.elementwise(new, 0, live=query)
    if cache:
        held = cache_bytes(n_keys, d_latent + d_rotary, 1, run.batch, run.itemsize)
        parts["cache"] = cached(run, new, held, live=query)
    widths = {"d_key": d_key, "d_value": d_value, "d_latent": d_latent, "d_rotary": d_rotary}
    scored = {"pairs": pairs, "masked": masked, "fused": fused, "n_heads": n_heads, **run.options}
    form = _absorbed if absorbed else _naive
    parts |= form(run, n_queries, n_keys, widths, scored, cache)
    merged = rows * n_heads * d_value
    held = merged if fused and run.training and not absorbed else 0
    parts["output_projection"] = _free(run, rows, n_heads * d_value, d_model, held=held)
    return run.with_inputs(parts, x)


def latent_cache_bytes(n_tokens, *, d_latent, d_rotary, n_layers=1, batch=1, itemsize=4):
    """Bytes of the latents and rotary keys of `n_tokens` positions: n_layers B S (L + R) numbers.

    >>> latent_cache_bytes(4096, d_latent=512, d_rotary=64, n_layers=32, itemsize=2)
    150994944
    """
    check_count(d_latent=d_latent, d_rotary=d_rotary)
    return cache_bytes(n_tokens, d_latent + d_rotary, n_layers, batch, itemsize)


def _naive(run, n_queries, n_keys, widths, scored, cached):
    """Keys and values of all heads, made from the latents."""
    d_key, d_value, d_latent, d_rotary = widths.values()
    n_heads, keys = scored["n_heads"], run.batch * n_keys
    query = run.batch * n_queries * n_heads * (d_key + d_rotary)
    latent, made, turned = keys * d_latent, keys * n_heads * d_key, keys * n_heads * d_rotary
    project = run.kernel(
        reads=latent,
        writes=made,
        parameters=d_latent * n_heads * d_key,
        matmul=2 * made * d_latent,
        saves=(latent + keys * d_rotary) * run.training,  # joined they are one array
        held=latent * cached,
        live=query,
    )
    held, live = latent if run.training or cached else 0, query + made + turned
    value = _free(run, keys, d_latent, n_heads * d_value, held=held, live=live)
    heads = {"d_key": d_key + d_rotary, "d_value": d_value}
    return {
        "key_projection": project + run.elementwise(made + turned, 0, live=query),
        "value_projection": value,
        "attention": attention(n_queries, n_keys, **heads, **scored),
    }


def _absorbed(run, n_queries, n_keys, widths, scored, cached):
    """Queries brought to the latents, and means of latents to the values."""
    d_key, d_value, d_latent, d_rotary = widths.values()
    n_heads, rows = scored["n_heads"], run.batch * n_queries * scored["n_heads"]
    key = _stripes(run, rows, d_key, d_latent, n_heads)
    heads = {"d_key": d_latent + d_rotary, "d_value": d_latent, "n_kv_heads": 1, "cached": cached}
    return {
        "key_projection": key + run.elementwise(rows * (d_latent + d_rotary), 0),
        "attention": attention(n_queries, n_keys, **heads, **scored),
        "value_projection": _stripes(run, rows, d_latent, d_value, n_heads),
    }


def _free(run, *sizes, **numbers):
    return run.linear(*sizes, bias=False, **numbers)


def _normed(run, rows, width):
    return rms_norm(rows, width, **run.each)


def _stripes(run, rows, d_in, d_out, n_heads):
    """A matrix of its own for each head, `rows` vectors of all heads together."""
    x, work = rows * d_in, {"parameters": n_heads * d_in * d_out, "matmul": 2 * rows * d_in * d_out}
    return run.kernel(reads=x, writes=rows * d_out, saves=x, **work)
