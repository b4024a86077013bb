"""Sliding-window attention: the band, and what its blocks compute beside it."""

from ..checks import check_count, check_flag
from .attention import attention, causal_pairs
from .fused_blocks import PIECE, Blocks, check_sizes, fused_blocks


def sliding_window_attention(
    n,
    *,
    window,
    causal=False,
    n_sinks=0,
    d_key,
    d_value=None,
    n_heads=1,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`functional.sliding_window_attention`, as it runs: blocks of queries in the fused kernel.

    A block of b queries reads the b + 2 w keys around it (b + w if causal) and the s sinks; b is
    32, but in training or with sinks half a window, at least 32 and at most 512. For long
    sequences, with the greater W of the two widths:

    $$\mathrm{FLOPs} \approx 4 \, B H n \, (b + 2w + s) \, W, \qquad
    4 \, B H n \, (b + w + s) \, W \text{ causal}$$

    of which (2 w + 1 + s) / (b + 2 w + s) are useful, causal (w + 1 + s) / (b + w + s):
    `window_pairs` counts them. The rows at both ends are counted as they are computed, by
    themselves.

    Args:
        n: tokens; each is a query and a key.
        window, causal, n_sinks: as in the function; w and s.
        d_key, d_value: D and E; None means D.
        n_heads, batch: H and B; each head has keys of its own.
        itemsize, training: as for `attention`; the kernel computes its scores anew backward.

    Returns:
        `Cost` with the parts padding (of the narrower width, if D is not E), gathering (of the keys
        beside sinks), blocks and joining. Where the window covers everything, that of `attention`.

    Raises:
        TypeError, ValueError: a size is not an integer, or too small.

    Source: Beltagy, Peters and Cohan (2020), section 3.1; Xiao et al. (2024) for sinks.

    >>> cost = sliding_window_attention(16384, window=256, d_key=64, n_heads=8)
    >>> dense = attention(16384, 16384, d_key=64, n_heads=8, fused=True)
    >>> round(dense.matmul_flops / cost.matmul_flops, 1)
    30.2
    """
    d_value = check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training)
    check_count(minimum=0, window=window, n_sinks=n_sinks)
    check_flag(causal=causal)
    sizes = {"d_key": d_key, "d_value": d_value, "n_heads": n_heads, "batch": batch}
    sizes |= {"itemsize": itemsize, "training": training}
    if window >= n - 1:
        return attention(n, n, fused=True, **sizes)
    row = batch * n_heads * max(d_key, d_value)  # numbers of one position
    blocks = _blocks(n, window, causal, min(n_sinks, n), row, training)
    return fused_blocks(n, blocks, **sizes)


def window_pairs(n, *, window, causal=False, n_sinks=0):
    """How many (query, key) pairs a window and sinks let through: the useful ones.

    >>> window_pairs(5, window=1), window_pairs(5, window=1, causal=True)
    (13, 9)
    >>> window_pairs(5, window=1, causal=True, n_sinks=1)
    12
    """
    check_count(minimum=0, n=n, window=window, n_sinks=n_sinks)
    check_flag(causal=causal)
    window, n_sinks = min(window, n), min(n_sinks, n)
    half = causal_pairs(n, n) - causal_pairs(max(0, n - window - 1), max(0, n - window - 1))
    # Sink j is too far back for the queries behind j + w, and, if they see it, too far ahead for
    # those before j - w.
    far = sum(max(0, n - 1 - sink - window) for sink in range(n_sinks))
    if causal:
        return half + far
    return 2 * half - n + far + sum(max(0, sink - window) for sink in range(n_sinks))


def _blocks(n, window, causal, n_sinks, row, training):
    """The calls that `functional.sliding_window_attention` makes, for a window below n - 1."""
    ahead = 0 if causal else window
    block = min(max(window // 2, 32), 512) if training or n_sinks else 32
    first = window + n_sinks
    count = max(0, (n - ahead - first) // block)
    first = first if count else n
    last = first + count * block
    edges = [*_edge(0, first, n, window, causal, n_sinks)]
    edges += _edge(last, n, n, window, causal, n_sinks)
    masks = [rows * keys for rows, keys in edges]
    length = block + window + ahead + n_sinks
    # Blocks of one call: what is copied for it, or made by it without gradients, is limited.
    limit = max(2 * row * length * (n_sinks > 0), 0 if training else row * block)
    group = min(count, max(1, PIECE // limit)) if limit else count
    inner = count * length
    if count:
        masks.append(block * length)
    return Blocks(
        pairs=sum(rows * keys for rows, keys in edges) + inner * block,
        seen=sum(keys for _, keys in edges) + inner,
        mask=sum(masks),
        mask_bytes=11 * max(masks),  # from distances, 8 bytes each
        seen_at_once=max(group * length, *(keys for _, keys in edges)),
        piece=max(group * block, *(rows for rows, _ in edges)),
        calls=len(edges) + (-(-count // group) if count else 0),
        gathered=inner if n_sinks else 0,
        gathered_at_once=group * length if n_sinks else 0,
    )


def _edge(start, stop, n, window, causal, n_sinks):
    """(rows, keys) of each call for the rows from start to stop."""
    ahead = 0 if causal else window
    reach = min(n, stop - start + window + ahead) + n_sinks
    step = max(1, PIECE // max(1, reach))
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        lowest, highest = max(0, begin - window), min(n, end + ahead)
        highest = highest if causal else max(highest, n_sinks)
        if lowest > n_sinks:
            yield end - begin, highest - lowest + n_sinks
        else:
            yield end - begin, highest - (0 if n_sinks else lowest)
