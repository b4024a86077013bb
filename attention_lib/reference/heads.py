"""Multi-head attention: several small attentions side by side, mixed by one matrix."""

import numpy as np

from ..checks import (
    check_count,
    check_dimensions,
    check_divides,
    check_flag,
    check_kind,
    check_multi_head,
    check_projection,
)
from .grouped import grouped_query_attention
from .precision import widen


def split_heads(x, n_heads):
    r"""Cut the last axis into heads and move them before the positions.

    Head h gets the h-th stretch of D = width / H numbers.

    Args:
        x: `[..., T, H D]`.
        n_heads: H, divides the width.

    Returns:
        `[..., H, T, D]`, a view.

    Raises:
        TypeError: x not a NumPy array, n_heads not an integer.
        ValueError: fewer than two axes, or H does not divide the width.

    Cost: none, nothing moves.
    Source: Vaswani et al. (2017), section 3.2.2, write it as H separate projections.
    Chapter: 05_many_heads.

    >>> split_heads(np.arange(12).reshape(2, 6), 3)[1]
    array([[2, 3],
           [8, 9]])
    """
    check_kind("numpy", x=x)
    check_count(n_heads=n_heads)
    check_dimensions(2, x=x)
    check_divides("n_heads", n_heads, "the width of x", x.shape[-1])
    parts = x.reshape(*x.shape[:-1], n_heads, x.shape[-1] // int(n_heads))  # [..., T, H, D]
    return np.swapaxes(parts, -3, -2)


def merge_heads(x):
    """Put the heads side by side again: the inverse of `split_heads`.

    Args:
        x: `[..., H, T, D]`.

    Returns:
        `[..., T, H D]`.

    Raises:
        TypeError: x not a NumPy array.
        ValueError: fewer than three axes.

    Cost: one copy.
    Chapter: 05_many_heads.

    >>> merge_heads(split_heads(np.arange(12).reshape(2, 6), 3))
    array([[ 0,  1,  2,  3,  4,  5],
           [ 6,  7,  8,  9, 10, 11]])
    """
    check_kind("numpy", x=x)
    check_dimensions(3, x=x)
    parts = np.swapaxes(x, -3, -2)  # [..., T, H, D]
    return parts.reshape(*parts.shape[:-2], parts.shape[-2] * parts.shape[-1])


def multi_head_attention(
    query,
    key,
    value,
    query_weight,
    key_weight,
    value_weight,
    output_weight,
    *,
    n_heads,
    n_kv_heads=None,
    query_bias=None,
    key_bias=None,
    value_bias=None,
    output_bias=None,
    mask=None,
    bias=None,
    causal=False,
    return_weights=False,
):
    r"""Attend H times, each time through its own projections, and mix the H results.

    $$\mathrm{head}_h = \mathrm{attention}(x_q W^Q_h, x_k W^K_h, x_v W^V_h), \qquad
    O = \sum_h \mathrm{head}_h W^O_h + b_O$$

    The sum is how `[head_1, ..., head_H] W^O`, the usual form, splits when W^O is cut into H
    stripes of rows. A weight matrix lies here as `[out, in]`, as in torch.nn.Linear: a projection
    is `x @ weight.T + bias`, and head h owns the h-th stretch of its rows (in output_weight: of its
    columns).

    Args:
        query: x_q, one row for each of T queries: `[..., T, C_q]`, float16, float32 or float64.
        key: x_k, one row for each of S keys: `[..., S, C_k]`, same dtype. Self-attention: the same
            array three times.
        value: x_v, `[..., S, C_v]`, same dtype.
        query_weight: `[H D, C_q]`, same dtype; D is the width of a query or key of one head.
        key_weight: `[G D, C_k]`.
        value_weight: `[G E, C_v]`; E is the width of a value of one head.
        output_weight: `[C, H E]`.
        n_heads: H.
        n_kv_heads: G, number of key and value heads, divides H; None means H. With fewer, several
            heads read the same keys and values: grouped-query attention.
        query_bias, key_bias, value_bias, output_bias: `[H D]`, `[G D]`, `[G E]`, `[C]`, or None.
        mask: boolean, broadcastable to `[..., H, T, S]`; True = may attend. It has all the axes or
            at most two: a `padding_mask` is given as `mask[:, None]`.
        bias: same dtype, broadcastable to `[..., H, T, S]`, added to the scores of the heads
            (positions, for instance).
        causal: no query sees a key after its own position; the last query stands at the last key.
        return_weights: also return the weights `[..., H, T, S]`.

    Returns:
        output `[..., T, C]`, or (output, weights). A query with nothing to attend to has zero
        weights, so its output is `output_bias`.

    Raises:
        TypeError: not floating NumPy arrays of one dtype; else as `attention`.
        ValueError: G does not divide H, the rows of a weight do not divide into its H or G heads, a
            weight or bias does not fit; else as `attention`.

    Cost: 2 T C_q H D + 2 S C_k G D + 2 S C_v G E + 2 T H E C FLOPs for the projections and
    2 T S H (D + E) for the heads. With D = E = C / H neither depends on H.
    Source: Vaswani et al. (2017), section 3.2.2; their d_k is D, d_v is E, d_model is C.
    Chapter: 05_many_heads.

    >>> x, one = np.array([[1.0, 0.0], [0.0, 1.0]]), np.eye(2)
    >>> multi_head_attention(x, x, x, 0 * one, one, one, one, n_heads=2)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    given = {
        "query": query,
        "key": key,
        "value": value,
        "query_weight": query_weight,
        "key_weight": key_weight,
        "value_weight": value_weight,
        "output_weight": output_weight,
        "query_bias": query_bias,
        "key_bias": key_bias,
        "value_bias": value_bias,
        "output_bias": output_bias,
        "bias": bias,
    }
    needed = [name for name in given if not name.endswith("bias")]
    names = [name for name, array in given.items() if array is not None or name in needed]
    # float16 is computed in float32; dtype is what goes back to the caller.
    dtype, *wide = widen(**{name: given[name] for name in names})
    given.update(zip(names, wide, strict=True))
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    present = {name: given[name] for name in names}
    check_multi_head(present, n_heads=n_heads, n_kv_heads=n_kv_heads, mask=mask)
    check_flag(return_weights=return_weights)
    heads, weights = grouped_query_attention(
        split_heads(_project("query", given["query"], given), n_heads),  # [..., H, T, D]
        split_heads(_project("key", given["key"], given), n_kv_heads),  # [..., G, S, D]
        split_heads(_project("value", given["value"], given), n_kv_heads),  # [..., G, S, E]
        mask=mask,
        bias=given["bias"],
        causal=causal,
        return_weights=True,
    )
    output = _project("output", merge_heads(heads), given).astype(dtype)  # [..., T, C]
    return (output, weights.astype(dtype)) if return_weights else output


def _project(name, x, given):
    weight, bias = given[f"{name}_weight"], given[f"{name}_bias"]
    check_projection(name, x, weight, bias)
    return x @ weight.T if bias is None else x @ weight.T + bias
