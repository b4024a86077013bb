"""Tiled attention: exact attention in plain steps, one tile of scores at a time."""

from ..checks import check_count, check_flag
from .fused_blocks import check_sizes
from .kernels import SOFTMAX_FLOPS, in_pieces, kernel, with_inputs


def tiled_attention(
    n,
    *,
    causal=False,
    block_size=128,
    d_key,
    d_value=None,
    n_heads=1,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`functional.tiled_attention`: as many FLOPs as `attention`, without an array of n n scores.

    Causal, the tiles that lie in the future are skipped. With P pairs in the tiles that are left

    $$\mathrm{FLOPs} = 2 \, B H P (D + E), \qquad 2 \, B H P (4 D + 3 E) \text{ in training,}$$

    for the backward pass computes the scores anew. The bytes moved count the keys and values once
    for each block of queries, and each tile of scores as written by one plain step and read by the
    next.

    Args:
        n: tokens; each is a query and a key.
        causal, block_size: as in the function.
        d_key, d_value, n_heads, batch, itemsize, training: as for `sliding_window_attention`.

    Returns:
        `Cost` with the part tiles.

    Raises:
        TypeError, ValueError: a size is not an integer, or too small.

    Source: Dao et al. (2022), algorithms 1 and 4.

    >>> tiled_attention(1000, d_key=64).matmul_flops
    256000000
    >>> tiled_attention(1000, d_key=64, causal=True, block_size=100).matmul_flops
    140800000
    """
    d_value = check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training)
    check_count(block_size=block_size)
    check_flag(causal=causal)
    shared = {"itemsize": itemsize, "training": training}
    sequences, tile = batch * n_heads, min(block_size, n)
    pairs = keys_read = 0
    for start in range(0, n, block_size):
        stop = min(start + block_size, n)
        seen = stop if causal else n  # the tile of its own positions is the last one
        pairs += (stop - start) * seen
        keys_read += seen
    scores, inputs = sequences * pairs, sequences * n * (2 * d_key + d_value)
    output, widths = sequences * n * d_value, d_key + d_value
    read = sequences * (n * d_key + keys_read * widths)
    tiles = kernel(
        reads=read + 2 * scores,  # by the exponential and by the product with the values
        writes=output + sequences * n + 2 * scores,
        matmul=2 * scores * widths,
        elementwise=scores * (1 + SOFTMAX_FLOPS),
        saves=output + sequences * n,
        held=read,
        backward_matmul=2 * scores * (3 * d_key + 2 * d_value),
        **shared,
    )
    alive = output + sequences * n  # and a tile: scores, weights, two states, scaled queries
    working = sequences * tile * (2 * tile + 3 * d_value + d_key + 6)
    if training:
        alive, working = 2 * alive + inputs, working + sequences * tile * widths
    tiles = in_pieces(tiles, alive + working, itemsize=itemsize)
    return with_inputs({"tiles": tiles}, inputs, **shared)
