"""Multi-head latent attention: keys and values of all heads read out of one small vector."""

import numpy as np

from ..checks import (
    check_count,
    check_dimensions,
    check_divides,
    check_even,
    check_flag,
    check_projection,
    check_shape,
)
from .attention import attention
from .heads import merge_heads, split_heads
from .norms import rms_norm
from .positions_rotary import rotate
from .precision import widen


def latent_attention(
    x,
    query_weight,
    latent_weight,
    rotary_key_weight,
    key_weight,
    value_weight,
    output_weight,
    *,
    n_heads,
    latent_gain,
    query_down_weight=None,
    query_gain=None,
    mask=None,
    causal=False,
    base=10000.0,
    return_weights=False,
):
    r"""Self-attention whose keys and values come from one latent vector a position.

    $$c_j = \mathrm{RMSNorm}(W^{DKV} x_j), \quad r_j = \mathrm{RoPE}_j(W^{KR} x_j), \quad
    k_{hj} = [W^{UK}_h c_j ; r_j], \quad v_{hj} = W^{UV}_h c_j$$

    $$q_{hi} = [W^{UQ}_h z_i ; \mathrm{RoPE}_i(W^{QR}_h z_i)], \quad
    \mathrm{head}_h = \mathrm{attention}(q_h, k_h, v_h), \quad O = \sum_h W^O_h \mathrm{head}_h$$

    z is x itself, or RMSNorm(W^{DQ} x). i and j are positions, h is a head, and [a ; b] is a
    followed by b. In the names of the matrices D means down, U up, R rotary, and Q, K, V what comes
    out. RoPE_j is `rotate` at position j. The rotary key r is the same for all heads. What a cache
    has to keep of a position is c and r.

    Args:
        x: T positions of width C: `[..., T, C]`, float16, float32 or float64.
        query_weight: `[H (D + R), C]`, or `[H (D + R), L_q]` after a query latent; in each head D
            rows for the plain part, then R for the rotary one. All weights in x's dtype.
        latent_weight: `[L, C]`, W^{DKV}; L is the width of the latent c.
        rotary_key_weight: `[R, C]`, W^{KR}; R even.
        key_weight, value_weight: `[H D, L]` and `[H E, L]`, W^{UK} and W^{UV}.
        output_weight: `[C, H E]`.
        n_heads: H.
        latent_gain: `[L]`, the gain of the norm of c.
        query_down_weight, query_gain: `[L_q, C]` and `[L_q]`, W^{DQ} and the gain of its norm;
            both or neither.
        mask, causal: as for `attention`, over `[..., H, T, T]`.
        base: of the rotary part, as for `rotate`.
        return_weights: also return the weights `[..., H, T, T]`.

    Returns:
        output `[..., T, C]`, or (output, weights), in the dtype of x.

    Raises:
        TypeError: not floating NumPy arrays of one dtype; else as `attention`.
        ValueError: weights that do not fit x or one another, only one of query_down_weight and
            query_gain.

    Cost: 2 T^2 H (D + R + E) FLOPs and the projections; the cache of a position is L + R numbers,
    that of `multi_head_attention` H (D + E).
    Source: DeepSeek-AI (2024), section 2.1; the norms: section 3.1.2.

    >>> x, square = np.ones((3, 4)), np.eye(4)
    >>> latent_attention(
    ...     x, np.ones((6, 4)), square, square[:2], square, square, square, n_heads=1,
    ...     latent_gain=np.ones(4),
    ... ).round(3)[0]
    array([1., 1., 1., 1.])
    """
    check_count(n_heads=n_heads)
    check_flag(return_weights=return_weights)
    if (query_down_weight is None) != (query_gain is None):
        raise ValueError("query_down_weight and query_gain must both be given, or neither")
    given = {
        "x": x,
        "query_weight": query_weight,
        "latent_weight": latent_weight,
        "rotary_key_weight": rotary_key_weight,
        "key_weight": key_weight,
        "value_weight": value_weight,
        "output_weight": output_weight,
        "latent_gain": latent_gain,
        "query_down_weight": query_down_weight,
        "query_gain": query_gain,
    }
    optional = ("query_down_weight", "query_gain")
    given = {n: array for n, array in given.items() if array is not None or n not in optional}
    dtype, *wide = widen(**given)
    given = dict(zip(given, wide, strict=True))
    x = given["x"]
    _check_fits(given, n_heads)
    latent = rms_norm(_project("latent", x, given), given["latent_gain"])  # [..., T, L]
    rotary_key = rotate(_project("rotary_key", x, given), base=base)  # [..., T, R]
    source = x  # z
    if query_gain is not None:
        source = rms_norm(_project("query_down", x, given), given["query_gain"])
    queries = split_heads(_project("query", source, given), n_heads)  # [..., H, T, D + R]
    keys = split_heads(_project("key", latent, given), n_heads)  # [..., H, T, D]
    width = keys.shape[-1]  # D: what comes before it in a query is plain, the rest is turned
    queries = np.concatenate(
        [queries[..., :width], rotate(queries[..., width:], base=base)], axis=-1
    )
    # One rotary key for all heads: [..., T, R] becomes [..., H, T, R].
    shared = np.broadcast_to(rotary_key[..., None, :, :], (*keys.shape[:-1], rotary_key.shape[-1]))
    values = split_heads(_project("value", latent, given), n_heads)  # [..., H, T, E]
    heads, weights = attention(
        queries,
        np.concatenate([keys, shared], axis=-1),  # [..., H, T, D + R]
        values,
        mask=mask,
        causal=causal,
        return_weights=True,
    )
    output = _project("output", merge_heads(heads), given).astype(dtype)
    return (output, weights.astype(dtype)) if return_weights else output


def _check_fits(given, n_heads):
    """The arrays fit one another, by the names that the caller has for them."""
    check_dimensions(2, **{name: one for name, one in given.items() if not name.endswith("gain")})
    inner, outer = given["latent_weight"].shape[0], given["query_weight"].shape[0]
    check_shape("latent_gain", given["latent_gain"], (inner,), "[L] of latent_weight")
    if "query_gain" in given:
        down = given["query_down_weight"].shape[0]
        meaning = "[Q] of query_down_weight"
        check_shape("query_gain", given["query_gain"], (down,), meaning)
    turned = given["rotary_key_weight"].shape[0]
    check_even(**{"the rows of rotary_key_weight": turned})
    for name in ("key_weight", "value_weight"):
        check_divides("n_heads", n_heads, f"the rows of {name}", len(given[name]))
    plain = len(given["key_weight"]) // int(n_heads)
    check_count(**{"the rows of key_weight": plain})
    if outer != n_heads * (plain + turned):
        raise ValueError(
            f"query_weight must have H (D + R) = {n_heads * (plain + turned)} rows for D = {plain} "
            f"of key_weight and R = {turned} of rotary_key_weight, got {outer}"
        )


def _project(name, x, given):
    check_projection(name, x, given[f"{name}_weight"])
    return x @ given[f"{name}_weight"].T
