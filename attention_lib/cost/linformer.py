"""Linformer: keys and values projected along the length, in the function and in the module."""

from dataclasses import replace
from typing import NamedTuple

from ..checks import check_choice, check_count, check_divides, check_flag
from .attention import attention
from .fused_blocks import check_sizes
from .kernels import kernel, linear
from .ledger import Cost, combine

SHARING = ("none", "heads", "key_value")


class _Lengths(NamedTuple):
    """R, numbers of one projection that are read, numbers that keys and values own."""

    n_projected: int
    used: int
    owned: tuple


def linformer_attention(
    n,
    *,
    n_projected,
    max_length=None,
    sharing="heads",
    d_key,
    d_value=None,
    n_heads=1,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`functional.linformer_attention`: two projections along the length, attention to R keys.

    $$\mathrm{FLOPs} = 4 \, B H n R (D + E)$$

    Args:
        n: tokens; each is a query and a key.
        n_projected: R.
        max_length: columns of the projections, at least n; None means n.
        sharing: "heads": one projection of the keys and one of the values; "key_value": one for
            both; "none": a pair for each head. It changes the parameters and no FLOPs.
        d_key, d_value, n_heads, batch, itemsize, training: as for `sliding_window_attention`.

    Returns:
        `Cost` with the parts key_length and value_length (the projections, which count as
        parameters) and attention (fused).

    Raises:
        TypeError, ValueError: a size is not an integer or too small, an unknown sharing, n above
            max_length.

    Source: Wang et al. (2020), section 4.

    >>> linformer_attention(8192, n_projected=256, d_key=64).matmul_flops
    1073741824
    """
    d_value = check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training)
    lengths = _check_lengths(n, n_projected, max_length, sharing, n_heads)
    sequences, shared = batch * n_heads, {"itemsize": itemsize, "training": training}
    query, key, value = (sequences * n * width for width in (d_key, d_key, d_value))
    short = sequences * n_projected
    results = (short * d_key, short * d_value)
    parts = _shorten(lengths, (key, value), results, copies=batch * lengths.used, **shared)
    parts["attention"] = attention(
        n,
        n_projected,
        d_key=d_key,
        d_value=d_value,
        n_heads=n_heads,
        batch=batch,
        fused=True,
        **shared,
    )
    if training:
        return combine(parts)
    alive = {"key_length": query + value, "value_length": query + key + short * d_key}
    alive["attention"] = key + value
    return combine({name: part.beside(alive[name] * itemsize) for name, part in parts.items()})


def multi_head_linformer(
    n,
    *,
    d_model,
    n_heads,
    n_projected,
    max_length=None,
    sharing="heads",
    bias=True,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`modules.LinformerAttention` as self-attention, with its four projections of the width.

    Shared by the heads, E x comes before its product with W, which then has R rows instead of n:

    $$\mathrm{FLOPs} = B \big(4 n C^2 + 2 n R C\,(1 + [E \ne F]) + 4 R C^2 + 4 n R C\big)$$

    With sharing="none" the projections of the width keep n rows.

    Args:
        n: tokens.
        d_model, n_heads, n_projected, max_length, sharing, bias: as in the module; max_length None
            means n.
        batch, itemsize, training: as for `attention`.

    Returns:
        `Cost` with the parts query_projection, key_length, value_length, key_projection,
        value_projection, attention, output_projection.

    Raises:
        TypeError, ValueError: as `linformer_attention`; n_heads does not divide d_model.

    Source: Wang et al. (2020), section 4.

    >>> multi_head_linformer(16, d_model=12, n_heads=4, n_projected=5).parameters
    784
    """
    check_count(d_model=d_model)
    check_sizes(n, 1, None, n_heads, batch, itemsize, training)
    check_divides("n_heads", n_heads, "d_model", d_model)
    check_flag(bias=bias)
    lengths = _check_lengths(n, n_projected, max_length, sharing, n_heads)
    shared = {"itemsize": itemsize, "training": training}
    rows, x, mixed = batch * n, batch * n * d_model, batch * n_projected * d_model
    copies = batch * lengths.used
    square = {"bias": bias, **shared}
    saved = Cost(held_bytes=x * itemsize * training, peak_bytes=x * itemsize * training)
    parts = {"query_projection": saved + linear(rows, d_model, d_model, held=x, **square)}
    if sharing == "none":
        for name in ("key", "value"):
            parts[f"{name}_projection"] = linear(rows, d_model, d_model, held=x, **square)
        parts |= _shorten(lengths, (x, x), (mixed, mixed), copies=copies, **shared)
    else:
        held = (x, x) if training else (0, 0)
        parts |= _shorten(lengths, (x, x), (mixed, mixed), held=held, copies=copies, **shared)
        if sharing == "key_value":
            parts["value_length"] = Cost()
        for name in ("key", "value"):
            both = name == "value" and sharing == "key_value" and training
            made = linear(batch * n_projected, d_model, d_model, held=mixed * both, **square)
            # The sums of the rows of E, which multiply the bias.
            sums = n_projected * n * (3 if training else 1)
            made = made + Cost(elementwise_flops=sums)
            parts[f"{name}_projection"] = made
    parts["attention"] = attention(
        n,
        n_projected,
        d_key=d_model // n_heads,
        n_heads=n_heads,
        batch=batch,
        fused=True,
        **shared,
    )
    parts["output_projection"] = linear(rows, d_model, d_model, held=x * training, **square)
    parts = {name: part for name, part in parts.items() if part != Cost()}
    if training:
        return combine(parts)
    alive = dict.fromkeys(parts, 2 * x + 2 * mixed)  # the input, queries, what is short
    if sharing == "none":  # and keys and values, which are copied head by head
        alive = dict.fromkeys(parts, 4 * x + 2 * mixed)
    alive["query_projection"] = x
    alive["attention"] -= x + 2 * mixed
    return combine({name: part.beside(alive[name] * itemsize) for name, part in parts.items()})


def _shorten(lengths, numbers, short, *, copies, held=(0, 0), itemsize, training):
    """The two projections along the length, each with its parameters.

    Their gradients have `copies` numbers, one array for each row of the batch, then summed.
    """
    parts = {}
    for place, name in enumerate(("key_length", "value_length")):
        made = kernel(
            reads=numbers[place],
            writes=short[place],
            parameters=lengths.used,
            matmul=2 * numbers[place] * lengths.n_projected,
            saves=numbers[place] - held[place],
            live=copies * training,
            itemsize=itemsize,
            training=training,
        )
        owned = lengths.owned[place]
        parts[name] = replace(made, parameters=owned, weight_bytes=owned * itemsize)
    return parts


def _check_lengths(n, n_projected, max_length, sharing, n_heads):
    check_count(n_projected=n_projected)
    check_choice("sharing", sharing, SHARING)
    max_length = n if max_length is None else max_length
    check_count(minimum=0, max_length=max_length)
    if n > max_length:
        raise ValueError(f"max_length must be at least {n}, the tokens, got {max_length}")
    heads = n_heads if sharing == "none" else 1
    table = heads * n_projected * max_length
    owned = (table, 0 if sharing == "key_value" else table)
    return _Lengths(n_projected, heads * n_projected * n, owned)
