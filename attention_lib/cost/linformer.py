"""Linformer: keys and values projected along the length, in the function and in the module."""

from dataclasses import replace
from typing import NamedTuple

from ..checks import check_choice, check_count, check_flag
from .attention import attention
from .heads import head_widths
from .kernels import Heads
from .ledger import Cost, combine

SHARING = ("none", "heads", "key_value")


def linformer_attention(n, *, n_projected, max_length=None, sharing="heads", **heads):
    r"""`functional.linformer_attention`: two projections along the length, attention to R keys.

    $$\mathrm{FLOPs} = 4 \, B H n R (D + E)$$

    Args:
        n: tokens; each is a query and a key.
        n_projected: R.
        max_length: columns of the projections, at least n; None means n.
        sharing: "heads": one projection of the keys and one of the values; "key_value": one for
            both; "none": a pair for each head. It changes the parameters and no FLOPs.
        heads: as for `sliding_window_attention`.

    Parts: key_length and value_length (the projections, which count as parameters) and attention
    (fused).

    Source: Wang et al. (2020), section 4.

    >>> linformer_attention(8192, n_projected=256, d_key=64).matmul_flops
    1073741824
    """
    heads = Heads(n=n, **heads)
    lengths = _check_lengths(heads, n_projected, max_length, sharing)
    short = heads.sequences * n_projected
    results = (short * heads.d_key, short * heads.d_value)
    parts = _shorten(heads, lengths, (heads.query, heads.value), results)
    parts["attention"] = attention(n, n_projected, fused=True, **heads.sizes)
    alive = {"key_length": heads.query + heads.value, "attention": heads.query + heads.value}
    alive["value_length"] = 2 * heads.query + results[0]
    return _beside(heads, parts, alive)


def multi_head_linformer(
    n, *, d_model, n_heads, n_projected, max_length=None, sharing="heads", bias=True, **run
):
    r"""`modules.LinformerAttention` as self-attention, with its four projections of the width.

    Shared by the heads, E x comes before its product with W, which then has R rows instead of n:

    $$\mathrm{FLOPs} = B \big(4 n C^2 + 2 n R C\,(1 + [E \ne F]) + 4 R C^2 + 4 n R C\big)$$

    With sharing="none" the projections of the width keep n rows.

    Args:
        n: tokens.
        d_model, n_heads, n_projected, max_length, sharing, bias: as in the module; max_length None
            means n.
        run: as for `attention`.

    Parts: query_projection, key_length, value_length, key_projection, value_projection, attention,
    output_projection.

    Source: Wang et al. (2020), section 4.

    >>> multi_head_linformer(16, d_model=12, n_heads=4, n_projected=5).parameters
    784
    """
    d_head, _ = head_widths(d_model, n_heads, None, None)
    heads = Heads(n=n, d_key=d_head, n_heads=n_heads, **run)
    check_flag(bias=bias)
    lengths = _check_lengths(heads, n_projected, max_length, sharing)
    rows, short = heads.batch * n, heads.batch * n_projected
    x, mixed = rows * d_model, short * d_model
    square = {"d_in": d_model, "d_out": d_model, "bias": bias}
    query = heads.kept(x) + heads.linear(rows, held=x, **square)
    parts, own = {"query_projection": query}, sharing == "none"
    held = x if heads.training and not own else 0
    if own:
        for name in ("key", "value"):
            parts[f"{name}_projection"] = heads.linear(rows, held=x, **square)
    parts |= _shorten(heads, lengths, (x, x), (mixed, mixed), held=held)
    if not own:
        if sharing == "key_value":
            del parts["value_length"]
        # The sums of the rows of E, which multiply the bias.
        sums = Cost(elementwise_flops=n_projected * n * (3 if heads.training else 1))
        for name in ("key", "value"):
            twice = name == "value" and sharing == "key_value" and heads.training
            made = heads.linear(short, held=mixed * twice, **square)
            parts[f"{name}_projection"] = made + sums
    parts["attention"] = attention(n, n_projected, fused=True, **heads.sizes)
    parts["output_projection"] = heads.linear(rows, held=x * heads.training, **square)
    # The input, queries, what is short; and keys and values, if they are copied head by head.
    alive = dict.fromkeys(parts, (4 if own else 2) * x + 2 * mixed)
    alive["query_projection"] = x
    alive["attention"] -= x + 2 * mixed
    return _beside(heads, parts, alive)


class _Lengths(NamedTuple):
    """R, numbers of one projection that are read, numbers that keys and values own."""

    n_projected: int
    used: int
    owned: tuple


def _shorten(heads, lengths, numbers, short, *, held=0):
    """The two projections along the length, each with its parameters.

    Their gradients are one array for each row of the batch, then summed.
    """
    parts = {}
    for place, name in enumerate(("key_length", "value_length")):
        made = heads.kernel(
            reads=numbers[place],
            writes=short[place],
            parameters=lengths.used,
            matmul=2 * numbers[place] * lengths.n_projected,
            saves=numbers[place] - held,
            live=heads.batch * lengths.used * heads.training,
        )
        owned = lengths.owned[place]
        parts[name] = replace(made, parameters=owned, weight_bytes=heads.bytes(owned))
    return parts


def _beside(heads, parts, alive):
    """The sum of the parts; at inference these numbers are alive beside each."""
    if heads.training:
        return combine(parts)
    return combine({name: part.beside(heads.bytes(alive[name])) for name, part in parts.items()})


def _check_lengths(heads, n_projected, max_length, sharing):
    check_count(n_projected=n_projected)
    check_choice("sharing", sharing, SHARING)
    max_length = heads.n if max_length is None else max_length
    check_count(minimum=0, max_length=max_length)
    if heads.n > max_length:
        raise ValueError(f"max_length must be at least {heads.n}, the tokens, got {max_length}")
    copies = heads.n_heads if sharing == "none" else 1
    table = copies * n_projected * max_length
    owned = (table, 0 if sharing == "key_value" else table)
    return _Lengths(n_projected, copies * n_projected * heads.n, owned)
