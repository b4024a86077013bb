"""Block-sparse attention: the blocks of the pattern, as many for each row as for the fullest."""

from ..checks import check_count, check_flag, check_odd
from .attention import attention, causal_pairs
from .fused_blocks import PIECE, Blocks, check_sizes, fused_blocks


def block_sparse_attention(
    n,
    *,
    block_size,
    window_blocks=3,
    global_blocks=2,
    random_blocks=3,
    seed=0,
    causal=False,
    d_key,
    d_value=None,
    n_heads=1,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`functional.block_sparse_attention`, as it runs: gathered blocks in the fused kernel.

    With m = w + g + r blocks of b keys (neighbours, global, random) for each of the N blocks of
    queries, and the rows of the g global blocks dense (unless causal), for long sequences

    $$\mathrm{FLOPs} \approx 4 \, B H W \big((N - g)\, m\, b^2 + g\, b\, n\big)$$

    with the greater W of the two widths. Causal, there are no neighbours ahead, and no dense rows:
    m = (w + 1) / 2 + g + r, and N m b^2 pairs in all. Gathering copies m b rows of keys and of
    values for each block of queries: without gradients a few megabytes of them at a time, in
    training all. Drawing the pattern, N N entries, is left out.

    Args:
        n: tokens; each is a query and a key.
        block_size, window_blocks, global_blocks, random_blocks, seed, causal: as in the function.
            The seed changes no count.
        d_key, d_value, n_heads, batch, itemsize, training: as for `sliding_window_attention`.

    Returns:
        `Cost` with the parts padding (of the narrower width, if D is not E), cutting (into blocks,
        if the last one is shorter), gathering, blocks and joining. Where the pattern is full, that
        of `attention`.

    Raises:
        TypeError, ValueError: a size is not an integer or too small, window_blocks even.

    Source: Zaheer et al. (2020), section 2 and appendix D.

    >>> block_sparse_attention(8192, block_size=64, d_key=64).matmul_flops
    1325400064
    """
    d_value = check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training)
    check_count(minimum=0, seed=seed)
    pattern = {"window_blocks": window_blocks, "global_blocks": global_blocks}
    rows = _blocks_seen(n, block_size, random_blocks=random_blocks, causal=causal, **pattern)
    sizes = {"d_key": d_key, "d_value": d_value, "n_heads": n_heads, "batch": batch}
    sizes |= {"itemsize": itemsize, "training": training}
    if all(many == (row + 1 if causal else len(rows)) for row, many in enumerate(rows)):
        return attention(n, n, fused=True, **sizes)
    per_row = 2 * batch * n_heads * max(d_key, d_value)  # numbers of one key and its value
    dense = 0 if causal else global_blocks
    return fused_blocks(n, _blocks(n, rows, block_size, dense, causal, per_row), **sizes)


def block_sparse_pairs(
    n, *, block_size, window_blocks=3, global_blocks=2, random_blocks=3, causal=False
):
    """How many (query, key) pairs the pattern lets through, if block_size divides n: the useful.

    Else a few more: it counts the last block as full.

    >>> block_sparse_pairs(12, block_size=2, global_blocks=1, random_blocks=0)
    96
    """
    rows = _blocks_seen(n, block_size, window_blocks, global_blocks, random_blocks, causal)
    future = len(rows) * (block_size**2 - causal_pairs(block_size, block_size)) if causal else 0
    return sum(rows) * block_size**2 - future


def _blocks_seen(n, block_size, window_blocks, global_blocks, random_blocks, causal):
    """How many blocks of keys each block of queries sees in `block_sparse_pattern`."""
    check_count(block_size=block_size)
    check_count(minimum=0, n=n, global_blocks=global_blocks, random_blocks=random_blocks)
    check_odd(window_blocks=window_blocks)
    check_flag(causal=causal)
    n_blocks, side = -(-n // block_size), window_blocks // 2
    seen = []
    for row in range(n_blocks):
        offered = row + 1 if causal else n_blocks
        if row < global_blocks:
            seen.append(offered)
            continue
        first, stop = max(0, row - side), min(offered, row + side + 1)
        near = stop - first + min(first, global_blocks)
        seen.append(min(offered, near + random_blocks))
    return seen


def _blocks(n, rows, block, dense, causal, per_row):
    """The calls that `functional.block_sparse_attention` makes for a pattern that is not full."""
    n_blocks, whole = len(rows), min(n, dense * block)
    most, sparse = max(rows[dense:]), n_blocks - dense
    copies, masks = per_row * most * block, most * block
    group = min(sparse, max(1, PIECE // max(copies, masks * block if causal else masks)))
    step = min(block, max(1, PIECE // masks)) if causal else block
    gathered = sparse * most * block
    return Blocks(
        pairs=whole * n + gathered * block,
        seen=(n if dense else 0) + gathered,
        mask=gathered * (block if causal else 1),
        mask_bytes=6 * group * masks * (step if causal else 1),
        seen_at_once=max(n if dense else 0, group * most * block),
        piece=max(whole, group * block),
        calls=-(-sparse // group) + (dense > 0),
        gathered=gathered,
        gathered_at_once=min(2 * group, sparse) * most * block,  # those of the call before too
        cut=n_blocks * block if n % block else 0,
        dense=dense > 0,
    )
