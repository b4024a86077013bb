"""Grouped-query attention: heads that share their keys and values."""

import numpy as np

from ..checks import check_grouped, check_kind
from .attention import attention


def grouped_query_attention(
    query, key, value, *, mask=None, bias=None, causal=False, scale=None, return_weights=False
):
    r"""Let H query heads share G key and value heads, H / G of them each.

    $$O_h = \mathrm{softmax}(c \, Q_h K_{g(h)}^\top + b_h) \, V_{g(h)},
    \qquad g(h) = \lfloor h \, G / H \rfloor$$

    Head h reads the keys and values of group g(h). c is the scale, 1 / sqrt(D) unless given, and
    b_h the bias. G = H is multi-head attention, G = 1 is multi-query attention. Neighbouring heads
    share: heads 0 to H / G - 1 read group 0.

    Args:
        query: T queries of width D for each head: `[..., H, T, D]`, float16, float32 or float64.
        key: S keys for each group: `[..., G, S, D]`, same dtype; G divides H.
        value: `[..., G, S, E]`, same dtype.
        mask: boolean, broadcastable to `[..., H, T, S]`; True = may attend.
        bias: same dtype, broadcastable to `[..., H, T, S]`, added to the scores after scaling.
        causal, scale, return_weights: as for `attention`.

    Returns:
        output `[..., H, T, E]`, or (output, weights `[..., H, T, S]`), dtype and empty rows as for
        `attention`.

    Raises:
        TypeError, ValueError: as `attention`; also when fewer than three axes are given, key and
            value differ in G, or G does not divide H.

    Cost: the FLOPs of `attention` with H heads; the keys and values are S G (D + E) numbers
    instead of S H (D + E). This definition repeats them.
    Source: Ainslie et al. (2023); Shazeer (2019) for G = 1.

    >>> query, key = np.ones((4, 3, 2)), np.ones((2, 5, 2))
    >>> grouped_query_attention(query, key, np.ones((2, 5, 7))).shape
    (4, 3, 7)
    """
    check_kind("numpy", query=query, key=key, value=value)
    check_grouped(query, key, value)
    share = query.shape[-3] // key.shape[-3]  # heads a group
    return attention(
        query,
        np.repeat(key, share, axis=-3),  # [..., H, S, D]
        np.repeat(value, share, axis=-3),  # [..., H, S, E]
        mask=mask,
        bias=bias,
        causal=causal,
        scale=scale,
        return_weights=return_weights,
    )
