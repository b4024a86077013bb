"""Sliding-window attention: the band of the scores, block by block, with sinks for streaming."""

import numpy as np

from ..checks import (
    check_count,
    check_flag,
    check_floating,
    check_key_mask,
    check_kind,
    check_query_key,
    check_scale,
    check_value,
)
from .attention import attention
from .masks import window_mask


def sink_window_mask(n_queries, n_keys, *, window, n_sinks=0, causal=False):
    """Let each query see the keys at most `window` away, and the first `n_sinks` keys.

    `|i - j| <= window or j < n_sinks`, and `j <= i` if causal, where i is the query's position
    counted from the end as in `causal_mask`.

    Args:
        n_queries, n_keys: T and S.
        window: w, integer >= 0; 0 leaves the token itself.
        n_sinks: s, integer >= 0: keys at the start that every query sees, unless causality
            forbids it.
        causal: no key after the query.

    Returns:
        boolean `[T, S]`.

    Raises:
        TypeError, ValueError: a size, window or n_sinks is not an integer >= 0, causal is not a
            bool.

    Cost: T * S bytes. Used as a mask on dense attention it saves no work; it says what
    `sliding_window_attention` computes.
    Source: Beltagy, Peters and Cohan (2020) for the window; Xiao et al. (2024) for the sinks.

    >>> sink_window_mask(5, 5, window=1, n_sinks=1, causal=True).astype(int)
    array([[1, 0, 0, 0, 0],
           [1, 1, 0, 0, 0],
           [1, 1, 1, 0, 0],
           [1, 0, 1, 1, 0],
           [1, 0, 0, 1, 1]])
    """
    check_count(minimum=0, n_sinks=n_sinks)
    near = window_mask(n_queries, n_keys, window=window, causal=causal)
    sinks = np.arange(n_keys) < n_sinks
    if causal:
        query = np.arange(n_queries)[:, None] + (int(n_keys) - int(n_queries))
        sinks = sinks & (np.arange(n_keys) <= query)
    return near | sinks


def streaming_positions(length, *, window, n_sinks=0):
    """The positions whose keys and values a streaming cache keeps after `length` positions.

    The sinks and the last `window`: with the next token that is all that its query sees in a
    causal window. `sliding_window_attention(..., causal=True, n_sinks=n_sinks)` over the keys that
    were kept and the new ones gives the same output as over the whole sequence, for the last query
    stands at the last key and the sinks come first; keys carry the positions that they had when
    they were projected. (StreamingLLM counts rotary positions within the cache instead: it keeps
    keys before rotation. That is another function of the sequence.)

    Args:
        length: positions seen so far, integer >= 0.
        window: w, integer >= 0.
        n_sinks: s, integer >= 0.

    Returns:
        int64 `[min(length, s + w)]`, ascending.

    Raises:
        TypeError, ValueError: an argument is not an integer >= 0.

    Source: Xiao et al. (2024), section 3.2.

    >>> streaming_positions(10, window=3, n_sinks=2)
    array([0, 1, 7, 8, 9])
    """
    check_count(minimum=0, length=length, window=window, n_sinks=n_sinks)
    position = np.arange(int(length))
    return position[(position < n_sinks) | (position >= int(length) - int(window))]


def sliding_window_attention(
    query, key, value, *, window, causal=False, mask=None, n_sinks=0, scale=None
):
    r"""Attend to the keys at most `window` positions away, at a cost linear in their number.

    $$o_i = \sum_{j \in N(i)} w_{ij} v_j, \qquad
    w_{ij} = \frac{\exp(c \, q_i \cdot k_j)}{\sum_{l \in N(i)} \exp(c \, q_i \cdot k_l)}, \qquad
    N(i) = \{j : |i - j| \le w \text{ or } j < s\}$$

    A block of neighbouring queries needs only the keys from w before its first to w after its last
    (to its last if causal), and the s sinks. Exact: `attention` under `sink_window_mask`.

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        window: w, integer >= 0: how far a query sees to each side, itself included.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key, causal or not, so that T < S is a step of generation.
        mask: boolean, broadcastable to `[..., 1, S]`: keys that may be attended to (padding is
            False), the same for every query. It closes sinks too.
        n_sinks: s, integer >= 0: the first s keys are visible too, however far away.
        scale: c; None means 1 / sqrt(D).

    Returns:
        output `[..., T, E]` in the dtype of the input. A query with nothing to attend to has a zero
        output.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, mask not boolean, causal not a bool,
            window or n_sinks not an integer, scale not a number.
        ValueError: widths, numbers of keys and values or leading axes do not fit, mask differs
            between queries or does not fit, window or n_sinks below 0, scale not finite.

    Cost: 2 T (2 w + 1 + s) (D + E) FLOPs for what the formula needs, 2 T (w + 1 + s) (D + E) if
    causal; this definition computes 2 T (3 w + s) (D + E). Memory beside the output: one block of
    scores, w (3 w + s) numbers.
    Source: Beltagy, Peters and Cohan (2020), section 3.1, whose w counts both sides together and
    is twice ours; Xiao et al. (2024) for the sinks.

    >>> value = np.array([[1.0], [3.0], [8.0]])
    >>> sliding_window_attention(np.zeros((3, 2)), np.zeros((3, 2)), value, window=1)
    array([[2. ],
           [4. ],
           [5.5]])
    """
    given = {"query": query, "key": key, "value": value}
    check_kind("numpy", **given)
    check_floating(**given)
    shape = check_query_key(query, key)
    output = np.zeros(check_value(value, shape), dtype=query.dtype)
    check_count(minimum=0, window=window, n_sinks=n_sinks)
    check_flag(causal=causal)
    check_scale(scale)
    mask = np.ones(1, dtype=bool) if mask is None else mask
    check_kind("numpy", mask=mask)
    check_key_mask(mask, shape)
    n_queries, n_keys = shape[-2:]
    window, n_sinks = int(window), int(n_sinks)
    mask = np.broadcast_to(mask, (*mask.shape[:-1], n_keys))
    block = max(window, 32)
    for start in range(0, n_queries, block):
        rows = slice(start, start + block)
        position = np.arange(n_queries)[rows, None] + (n_keys - n_queries)
        first = min(max(0, int(position[0, 0]) - window), n_keys)
        last = int(position[-1, 0]) + (0 if causal else window)
        columns = np.arange(n_keys)
        columns = columns[(columns < n_sinks) | ((columns >= first) & (columns <= last))]
        near = np.abs(position - columns) <= window
        visible = near | (columns < n_sinks)
        visible = visible & (columns <= position) if causal else visible
        output[..., rows, :] = attention(
            query[..., rows, :],
            key[..., columns, :],
            value[..., columns, :],
            mask=visible & mask[..., columns],
            scale=scale,
        )
    return output
