"""Tiled attention: exact attention in plain steps, one tile of scores at a time."""

from ..checks import check_count, check_flag
from ..plans.tiled import tile_counts
from .kernels import Heads, in_pieces, recomputed


def tiled_attention(n, *, causal=False, block_size=128, **heads):
    r"""`functional.tiled_attention`: as many FLOPs as `attention`, without an array of n n scores.

    Causal, the tiles that lie in the future are skipped. With P pairs in the tiles that are left

    $$\mathrm{FLOPs} = 2 \, B H P (D + E), \qquad 2 \, B H P (4 D + 3 E) \text{ in training,}$$

    for the backward pass computes the scores anew. The bytes moved count the keys and values once
    for each block of queries, and each tile of scores as written by one plain step and read by the
    next.

    Args:
        n: tokens; each is a query and a key.
        causal, block_size: as in the function.
        heads: as for `sliding_window_attention`.

    Part: tiles.

    Source: Dao et al. (2022), algorithms 1 and 4.

    >>> tiled_attention(1000, d_key=64).matmul_flops
    256000000
    >>> tiled_attention(1000, d_key=64, causal=True, block_size=100).matmul_flops
    140800000
    """
    heads = Heads(n=n, **heads)
    check_count(block_size=block_size)
    check_flag(causal=causal)
    d_key, d_value, tile = heads.d_key, heads.d_value, min(block_size, n)
    pairs, keys_read = tile_counts(n, block_size=block_size, causal=causal)
    scores, output = heads.sequences * pairs, heads.value + heads.rows  # with a sum for each row
    read = heads.query + heads.sequences * keys_read * (d_key + d_value)
    step = heads.kernel(
        reads=read + 2 * scores,  # by the exponential and by the product with the values
        writes=output + 2 * scores,
        saves=output,
        held=read,
        **recomputed(scores, d_key, d_value),
    )
    # A tile: scores, weights, two states, scaled queries.
    alive, working = output, heads.sequences * tile * (2 * tile + 3 * d_value + d_key + 6)
    inputs = 2 * heads.query + heads.value
    if heads.training:
        alive = 2 * alive + inputs
        working += heads.sequences * tile * (d_key + d_value)
    step = in_pieces(step, alive + working, itemsize=heads.itemsize)
    return heads.with_inputs({"tiles": step}, inputs)
