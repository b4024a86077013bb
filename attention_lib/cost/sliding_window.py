"""Sliding-window attention: the band, and what its blocks compute beside it."""

import math

from ..checks import check_count, check_flag
from ..plans.pieces import PIECE
from ..plans.sliding_window import Band
from .attention import attention, causal_pairs
from .fused_blocks import Blocks, fused_blocks
from .kernels import Heads

PARTS = 2**20  # in which the rows at an end are computed; each is counted by itself


def sliding_window_attention(n, *, window, causal=False, n_sinks=0, **heads):
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
        heads: d_key, d_value (None means d_key), n_heads, batch, itemsize, training: D, E, H, B,
            bytes of a number, forward and backward. The kernel computes its scores anew backward.

    Parts: padding (of the narrower width, if D is not E), gathering (of the keys beside sinks),
    blocks and joining. Where the window covers everything, that of `attention`.

    Source: Beltagy, Peters and Cohan (2020), section 3.1; Xiao et al. (2024) for sinks.

    >>> cost = sliding_window_attention(16384, window=256, d_key=64, n_heads=8)
    >>> dense = attention(16384, 16384, d_key=64, n_heads=8, fused=True)
    >>> round(dense.matmul_flops / cost.matmul_flops, 1)
    30.2
    """
    heads = Heads(n=n, **heads)
    check_count(minimum=0, window=window, n_sinks=n_sinks)
    check_flag(causal=causal)
    if window >= n - 1:
        return attention(n, n, fused=True, **heads.sizes)
    if window**2 > PARTS * PIECE:
        raise ValueError(f"window must be at most {math.isqrt(PARTS * PIECE)}, got {window}")
    band = Band(n, n, window, causal, min(n_sinks, n))
    width = max(heads.d_key, heads.d_value)
    sizes = {"n_rows": heads.sequences, "width": width, "n_masks": 0, "grad": heads.training}
    return fused_blocks(heads, _blocks(band.plan(**sizes), band.n_sinks))


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
    late, ahead = max(0, n - 1 - window), max(0, n_sinks - 1 - window)
    behind = min(n_sinks, late)
    far = behind * late - behind * (behind - 1) // 2
    if causal:
        return half + far
    return 2 * half - n + far + ahead * (ahead + 1) // 2


def _blocks(plan, n_sinks):
    """The calls of a plan in which no query is blind."""
    edges = [(one.n_rows, one.n_keys) for one in (*plan.before, *plan.after)]
    masks = [rows * keys for rows, keys in edges]
    count = block = seen = group = 0
    if plan.inner:
        _, count, block, _, length, group = plan.inner
        seen = length + n_sinks  # keys of a block
    inner = count * seen
    return Blocks(
        pairs=sum(masks) + inner * block,
        seen=sum(keys for _, keys in edges) + inner,
        mask=sum(masks) + block * seen,
        mask_bytes=11 * max([block * seen, *masks]),  # from distances, 8 bytes each
        seen_at_once=max([group * seen, *(keys for _, keys in edges)]),
        piece=max([group * block, *(rows for rows, _ in edges)]),
        calls=len(edges) + (-(-count // group) if count else 0),
        gathered=inner if n_sinks else 0,
        gathered_at_once=group * seen if n_sinks else 0,
    )
