"""Linformer: the keys and values of a long sequence, projected onto a few along the length."""

import numpy as np

from ..checks import (
    check_count,
    check_flag,
    check_key_mask,
    check_length_projections,
    check_query_key,
    check_scale,
    check_value,
)
from .attention import attention
from .precision import widen


def linformer_attention(
    query,
    key,
    value,
    *,
    key_projection,
    value_projection,
    mask=None,
    causal=False,
    scale=None,
):
    r"""Attend to R mixtures of the S keys instead of to the keys themselves.

    $$O = \mathrm{softmax}\big(c \, Q (E K)^\top\big) (F V), \qquad
    E, F \in \mathbb{R}^{R \times S}$$

    An approximation: exact where both projections are the identity and nothing is masked. How good
    it is depends on the sequence and on the projections, which are meant to be learned. They fix S.
    Not causal: each of the R rows mixes keys of all positions, so a mask on weights cannot hide the
    future.

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        key_projection: E, `[R, S]`, or `[H, R, S]` for keys `[..., H, S, D]`; same dtype.
        value_projection: F, likewise, with the same R.
        mask: boolean, broadcastable to `[..., T, S]` and the same for every query (of size 1 on the
            second last axis); True = may attend. A masked key and its value count as zero vectors
            before the projection; the R slots always share all of the weight.
        causal: must be False; here so that the refusal can be explained.
        scale: c; None means 1 / sqrt(D).

    Returns:
        output `[..., T, E]`. Zero where all keys are masked.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, mask not boolean.
        ValueError: causal, or sizes that do not fit, or a mask that differs from query to query.

    Cost: 2 S R (D + E) + 2 T R (D + E) FLOPs, linear in the length for a fixed R; T R numbers for
    the weights.
    Source: Wang et al. (2020), equation 7; our R is their k.

    >>> x, mean = np.array([[1.0], [3.0]]), np.array([[0.5, 0.5]])
    >>> linformer_attention(x, x, x, key_projection=mean, value_projection=mean)
    array([[2.],
           [2.]])
    """
    dtype, query, key, value, key_projection, value_projection = widen(
        query=query,
        key=key,
        value=value,
        key_projection=key_projection,
        value_projection=value_projection,
    )
    shape = check_query_key(query, key)
    check_value(value, shape)
    check_length_projections(key_projection, value_projection, key, value)
    check_key_mask(mask, shape)
    check_flag(causal=causal)
    check_scale(scale)
    if causal:
        raise ValueError(
            "causal must be False: each projected key mixes all positions, the future among them"
        )
    if mask is not None:
        real = np.swapaxes(np.atleast_2d(mask), -1, -2)  # [..., S, 1]
        key, value = np.where(real, key, 0), np.where(real, value, 0)
    return attention(query, key_projection @ key, value_projection @ value, scale=scale).astype(
        dtype
    )


def pooling_projection(n_projected, n_keys):
    r"""The projection that averages R consecutive stretches of the keys, all of nearly one length.

    Row r averages positions floor(r S / R) to floor((r + 1) S / R) - 1. With R = S it is the
    identity. Not learned: what `linformer_attention` does with it can be compared with exact
    attention, and is good where neighbours are alike.

    Args:
        n_projected: R, an integer from 1 to S.
        n_keys: S.

    Returns:
        float64 `[R, S]`; each row sums to one.

    Raises:
        TypeError, ValueError: a size is not an integer >= 1, or R is greater than S.

    Source: Wang et al. (2020), section 4, "general projections", name mean pooling.

    >>> pooling_projection(2, 3)
    array([[1. , 0. , 0. ],
           [0. , 0.5, 0.5]])
    """
    check_count(n_projected=n_projected, n_keys=n_keys)
    if n_projected > n_keys:
        raise ValueError(f"n_projected must be at most n_keys {n_keys}, got {n_projected}")
    border = np.arange(n_projected + 1) * int(n_keys) // int(n_projected)
    position = np.arange(n_keys)
    inside = (position >= border[:-1, None]) & (position < border[1:, None])  # [R, S]
    return inside / inside.sum(axis=1, keepdims=True)
