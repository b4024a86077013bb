"""Attention with the other scores: dot, general, additive, concat."""

from ..checks import check_count, check_flag
from .attention import dot_scores, weigh
from .kernels import kernel, linear, with_inputs


def dot_attention(
    n_queries,
    n_keys,
    *,
    d_key,
    d_value=None,
    keys_held=False,
    batch=1,
    itemsize=4,
    training=False,
):
    """Luong's dot attention, `modules.DotAttention`: q k, without a scale.

    Sizes as for `attention`, keys_held as for `additive_attention`.

    >>> dot_attention(3, 5, d_key=7).matmul_flops
    420
    """
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys, batch=batch)
    d_value = d_key if d_value is None else d_value
    check_count(d_key=d_key, d_value=d_value)
    check_flag(keys_held=keys_held)
    shared = {"itemsize": itemsize, "training": training}
    query, key, scores = (
        n * batch for n in (n_queries * d_key, n_keys * d_key, n_queries * n_keys)
    )
    value, output = batch * n_keys * d_value, batch * n_queries * d_value
    parts = {
        "scores": dot_scores(query + key, scores, d_key, scaled=False, **shared),
        **weigh(scores, value, output, d_value, **shared),
    }
    return with_inputs(parts, query if keys_held else query + key + value, **shared)


def general_attention(
    n_queries,
    n_keys,
    *,
    query_width,
    key_width,
    d_value,
    keys_held=False,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""Luong's general attention, `modules.GeneralAttention`: q W k, with W applied to the keys.

    $$\mathrm{FLOPs} = 2 B (S D_k D_q + T S D_q + T S E)$$

    Args:
        n_queries, n_keys: T and S.
        query_width, key_width: D_q and D_k.
        d_value: E.
        keys_held, batch, itemsize, training: as for `additive_attention`.

    Returns:
        `Cost` with the parts key_projection, scores, softmax, output.

    Raises:
        TypeError, ValueError: a size is not a positive integer (lengths and batch may be 0).

    Source: Luong, Pham and Manning (2015).

    >>> general_attention(3, 5, query_width=2, key_width=7, d_value=11).parameters
    14
    """
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys, batch=batch)
    check_count(query_width=query_width, key_width=key_width, d_value=d_value)
    check_flag(keys_held=keys_held)
    queries, keys, scores = batch * n_queries, batch * n_keys, batch * n_queries * n_keys
    query, value, output = queries * query_width, keys * d_value, queries * d_value
    key, projected = keys * key_width, keys * query_width
    shared = {"itemsize": itemsize, "training": training}
    project = linear(keys, key_width, query_width, bias=False, held=key, **shared)
    score = kernel(
        reads=query + projected,
        writes=scores,
        matmul=2 * scores * query_width,
        saves=0 if keys_held else projected,
        held=query + projected * keys_held,
        **shared,
    )
    parts = {} if keys_held else {"key_projection": project}
    parts |= {"scores": score, **weigh(scores, value, output, d_value, **shared)}
    return with_inputs(parts, query if keys_held else query + key + value, **shared)


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
    batch=1,
    itemsize=4,
    training=False,
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
        batch, itemsize, training: as for `attention`.

    Returns:
        `Cost` with the parts query_projection, key_projection, hidden, scores, softmax, output.

    Raises:
        TypeError, ValueError: a size is not a positive integer (lengths and batch may be 0).

    Source: Bahdanau, Cho and Bengio (2015), appendix A.1.2.

    >>> cost = additive_attention(3, 5, query_width=2, key_width=7, hidden_width=11, d_value=13)
    >>> cost.parameters, cost.parts["hidden"].elementwise_flops
    (121, 330)
    """
    sizes = {"query_width": query_width, "key_width": key_width, "hidden_width": hidden_width}
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys, batch=batch)
    check_count(**sizes, d_value=d_value)
    check_flag(keys_held=keys_held)
    queries, keys, scores = batch * n_queries, batch * n_keys, batch * n_queries * n_keys
    query, key = queries * query_width, keys * key_width
    asked, offered, hidden = (rows * hidden_width for rows in (queries, keys, scores))
    value, output = keys * d_value, queries * d_value
    shared = {"itemsize": itemsize, "training": training}
    parts = {
        "query_projection": linear(
            queries, query_width, hidden_width, bias=bias, held=query, **shared
        )
    }
    if not keys_held:
        parts["key_projection"] = linear(
            keys, key_width, hidden_width, bias=False, held=key, live=asked, **shared
        )
    summed = kernel(
        reads=asked + offered,
        writes=hidden,
        elementwise=hidden,
        held=offered * keys_held,
        **shared,
    )
    parts["hidden"] = summed + kernel(
        reads=hidden, writes=hidden, elementwise=hidden, saves=hidden, **shared
    )
    parts["scores"] = kernel(
        reads=hidden,
        writes=scores,
        parameters=hidden_width,
        matmul=2 * hidden,
        **shared,
    )
    parts |= weigh(scores, value, output, d_value, **shared)
    return with_inputs(parts, query if keys_held else query + key + value, **shared)


def concat_attention(n_queries, n_keys, **sizes):
    """Luong's concat attention, `modules.ConcatAttention`: `additive_attention` without a bias.

    Source: Luong, Pham and Manning (2015).

    >>> concat_attention(3, 5, query_width=2, key_width=7, hidden_width=11, d_value=13).parameters
    110
    """
    return additive_attention(n_queries, n_keys, bias=False, **sizes)
