"""Attention with the other scores: dot, general, additive, concat."""

from ..checks import check_count, check_flag
from .attention import dot_scores, weigh
from .kernels import Run


def dot_attention(n_queries, n_keys, *, d_key, d_value=None, keys_held=False, **run):
    """Luong's dot attention, `modules.DotAttention`: q k, without a scale.

    Sizes as for `attention`, keys_held as for `additive_attention`.

    >>> dot_attention(3, 5, d_key=7).matmul_flops
    420
    """
    widths = {"d_key": d_key, "d_value": d_key if d_value is None else d_value}
    run, queries, keys, scores = _sizes(n_queries, n_keys, widths, keys_held, run)
    query, key = queries * d_key, keys * d_key
    parts = {"scores": dot_scores(run, query + key, scores, d_key, scaled=False)}
    return _weighed(run, parts, query, key, queries, keys, scores, widths["d_value"], keys_held)


def general_attention(
    n_queries, n_keys, *, query_width, key_width, d_value, keys_held=False, **run
):
    r"""Luong's general attention, `modules.GeneralAttention`: q W k, with W applied to the keys.

    $$\mathrm{FLOPs} = 2 B (S D_k D_q + T S D_q + T S E)$$

    Args:
        n_queries, n_keys: T and S.
        query_width, key_width: D_q and D_k.
        d_value: E.
        keys_held, run: as for `additive_attention`.

    Parts: key_projection, scores, softmax, output.

    Source: Luong, Pham and Manning (2015).

    >>> general_attention(3, 5, query_width=2, key_width=7, d_value=11).parameters
    14
    """
    widths = {"query_width": query_width, "key_width": key_width, "d_value": d_value}
    run, queries, keys, scores = _sizes(n_queries, n_keys, widths, keys_held, run)
    query, key, projected = queries * query_width, keys * key_width, keys * query_width
    parts = {}
    if not keys_held:
        parts["key_projection"] = run.linear(keys, key_width, query_width, bias=False, held=key)
    parts["scores"] = run.kernel(
        reads=query + projected,
        writes=scores,
        matmul=2 * scores * query_width,
        saves=0 if keys_held else projected,
        held=query + projected * keys_held,
    )
    return _weighed(run, parts, query, key, queries, keys, scores, d_value, keys_held)


def additive_attention(
    n_queries,
    n_keys,
    *,
    query_width,
    key_width,
    hidden_width,
    d_value,
    bias=True,
    keys_held=False,
    **run,
):
    r"""Bahdanau's attention, `modules.AdditiveAttention`: v tanh(W_q q + W_k k + b).

    $$\mathrm{FLOPs} = 2 B (T D_q A + S D_k A + T S A + T S E)$$

    The hidden layer, B T S A numbers, is written and in training saved: this more than its FLOPs
    makes it dearer than the dot product.

    Args:
        n_queries, n_keys: T and S.
        query_width, key_width, hidden_width: D_q, D_k and A.
        d_value: E.
        bias: b is there.
        keys_held: keys have been projected before and, like the values, are counted elsewhere: for
            a decoder that meets the same ones at every step. Leaves W_k k and W_k out.
        run: as for `attention`.

    Parts: query_projection, key_projection, hidden, scores, softmax, output.

    Source: Bahdanau, Cho and Bengio (2015), appendix A.1.2.

    >>> cost = additive_attention(3, 5, query_width=2, key_width=7, hidden_width=11, d_value=13)
    >>> cost.parameters, cost.parts["hidden"].elementwise_flops
    (121, 330)
    """
    widths = {"query_width": query_width, "key_width": key_width, "d_value": d_value}
    widths["hidden_width"] = hidden_width
    run, queries, keys, scores = _sizes(n_queries, n_keys, widths, keys_held, run)
    query, key = queries * query_width, keys * key_width
    asked, offered, hidden = (rows * hidden_width for rows in (queries, keys, scores))
    given = {"bias": bias, "held": query}
    parts = {"query_projection": run.linear(queries, query_width, hidden_width, **given)}
    if not keys_held:
        given = {"bias": False, "held": key, "live": asked}
        parts["key_projection"] = run.linear(keys, key_width, hidden_width, **given)
    work = {"reads": asked + offered, "writes": hidden, "elementwise": hidden}
    summed = run.kernel(**work, held=offered * keys_held)
    parts["hidden"] = summed + run.elementwise(hidden, saves=hidden)
    work = {"parameters": hidden_width, "matmul": 2 * hidden}
    parts["scores"] = run.kernel(reads=hidden, writes=scores, **work)
    return _weighed(run, parts, query, key, queries, keys, scores, d_value, keys_held)


def concat_attention(n_queries, n_keys, **sizes):
    """Luong's concat attention, `modules.ConcatAttention`: `additive_attention` without a bias.

    Source: Luong, Pham and Manning (2015).

    >>> concat_attention(3, 5, query_width=2, key_width=7, hidden_width=11, d_value=13).parameters
    110
    """
    return additive_attention(n_queries, n_keys, bias=False, **sizes)


def _sizes(n_queries, n_keys, widths, keys_held, run):
    """Check them; the run, and how many queries, keys and scores there are."""
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys)
    check_count(**widths)
    check_flag(keys_held=keys_held)
    run = Run(**run)
    queries, keys = run.batch * n_queries, run.batch * n_keys
    return run, queries, keys, queries * n_keys


def _weighed(run, parts, query, key, queries, keys, scores, d_value, keys_held):
    """With the average of the values; query and key are numbers, queries and keys rows."""
    value = keys * d_value
    parts |= weigh(run, scores, value, queries * d_value, d_value)
    return run.with_inputs(parts, query if keys_held else query + key + value)
