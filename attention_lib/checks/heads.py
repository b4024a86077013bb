"""Heads: how they are counted, shared, projected and masked."""

from .arrays import broadcast, check_dimensions, check_leading, check_shape
from .attention import check_some_width, check_value_rows
from .numbers import check_count, check_divides


def check_grouped(query, key, value):
    """query [..., H, T, D], key [..., G, S, D] and value [..., G, S, E] fit; G divides H.

    Returns the scores' shape [..., H, T, S].
    """
    given = {"query": query, "key": key, "value": value}
    check_dimensions(3, **given)
    n_heads, n_groups = query.shape[-3], key.shape[-3]
    if value.shape[-3] != n_groups:
        raise ValueError(
            "key and value must have the same number of heads on their third last axis, "
            f"got key {tuple(key.shape)} and value {tuple(value.shape)}"
        )
    if n_groups == 0 or n_heads % n_groups:
        raise ValueError(
            "the heads of key must divide those of query on the third last axis, "
            f"got query {tuple(query.shape)} and key {tuple(key.shape)}"
        )
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            "query and key must have the same width D on their last axis, "
            f"got query {tuple(query.shape)} and key {tuple(key.shape)}"
        )
    for name in ("query", "key"):
        check_some_width(name, given[name])
    check_value_rows(value, key.shape[-2])
    try:
        leading = broadcast(*[tuple(array.shape[:-3]) for array in given.values()])
    except ValueError:
        listing = ", ".join(f"{name} {tuple(array.shape)}" for name, array in given.items())
        raise ValueError(
            f"the axes before the last three must broadcast together, got {listing}"
        ) from None
    return (*leading, n_heads, query.shape[-2], key.shape[-2])


def check_head_counts(n_heads, n_kv_heads, query_weight, key_weight, value_weight):
    """G divides H, and each of them the rows of the weights that it cuts into heads."""
    check_count(n_heads=n_heads, n_kv_heads=n_kv_heads)
    check_divides("n_kv_heads", n_kv_heads, "n_heads", n_heads)
    for name, number, weight_name, weight in (
        ("n_heads", n_heads, "query_weight", query_weight),
        ("n_kv_heads", n_kv_heads, "key_weight", key_weight),
        ("n_kv_heads", n_kv_heads, "value_weight", value_weight),
    ):
        if weight.ndim == 2:  # else `check_projection` says what is wrong
            check_divides(name, number, f"the rows of {weight_name}", len(weight))


def check_projection(name, x, weight, bias=None):
    """weight [out, in] and bias [out] can project x [..., in]."""
    check_dimensions(2, **{name: x})
    if weight.ndim != 2 or weight.shape[1] != x.shape[-1]:
        raise ValueError(
            f"{name}_weight must have shape [out, {x.shape[-1]}] for {name} of shape "
            f"{tuple(x.shape)}, got {tuple(weight.shape)}"
        )
    if bias is not None:
        check_shape(f"{name}_bias", bias, weight.shape[:1], "[out]")


def check_heads_mask(mask, query, key=None, *, name="mask"):
    """mask says clearly which of its axes are batch and heads; query `[..., T, C]`, key likewise.

    A mask `[B, 1, S]` would be read as one a head, and if B happens to be H nobody would notice.
    """
    axes = max(query.ndim, getattr(key, "ndim", 0)) + 1  # [..., H, T, S]
    if mask is not None and hasattr(mask, "ndim") and 2 < mask.ndim < axes:
        raise ValueError(
            f"{name} must have the {axes} axes [..., H, T, S], or at most 2, got shape "
            f"{tuple(mask.shape)}; give one mask for each row of the batch as {name}[:, None]"
        )


def check_multi_head(given, *, n_heads, n_kv_heads, mask):
    """The arrays of `multi_head_attention` fit; `given` holds by name those that are not None.

    Returns the scores' shape [..., H, T, S], to which mask and bias have yet to broadcast.
    """
    query, key, value = (given[name] for name in ("query", "key", "value"))
    weights = [given[f"{name}_weight"] for name in ("query", "key", "value", "output")]
    check_head_counts(n_heads, n_kv_heads, *weights[:3])
    check_heads_mask(mask, query, key)
    for name in ("query", "key", "value"):
        check_projection(name, given[name], given[f"{name}_weight"], given.get(f"{name}_bias"))
    widths = [len(one) // n for one, n in zip(weights, (n_heads, n_kv_heads), strict=False)]
    if widths[0] != widths[1] or not widths[0]:
        raise ValueError(
            "query_weight and key_weight must give heads of one width of at least 1, "
            f"got {widths[0]} and {widths[1]}"
        )
    check_value_rows(value, key.shape[-2])
    leading = check_leading(query=query, key=key, value=value)
    merged = len(weights[2]) // n_kv_heads * n_heads
    if weights[3].ndim != 2 or weights[3].shape[1] != merged:
        raise ValueError(
            f"output_weight must have shape [C, {merged}] for {n_heads} heads of width "
            f"{merged // n_heads}, got {tuple(weights[3].shape)}"
        )
    if "output_bias" in given:
        check_shape("output_bias", given["output_bias"], weights[3].shape[:1], "[C]")
    return (*leading, n_heads, query.shape[-2], key.shape[-2])
