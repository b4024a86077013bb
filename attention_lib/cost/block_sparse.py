"""Block-sparse attention: the blocks of the pattern, as many for each row as for the fullest."""

from ..checks import check_count, check_flag, check_odd
from ..plans.block_sparse import blocks_seen, plan, sees_all
from .attention import attention, causal_pairs
from .fused_blocks import Blocks, fused_blocks
from .kernels import Heads

LONGEST = 2**26  # blocks of a sequence: each is counted by itself


def block_sparse_attention(
    n,
    *,
    block_size,
    window_blocks=3,
    global_blocks=2,
    random_blocks=3,
    seed=0,
    causal=False,
    **heads,
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
        heads: as for `sliding_window_attention`.

    Parts: padding (of the narrower width, if D is not E), cutting (into blocks, if the last one is
    shorter), gathering, blocks and joining. Where the pattern is full, that of `attention`.

    Source: Zaheer et al. (2020), section 2 and appendix D.

    >>> block_sparse_attention(8192, block_size=64, d_key=64).matmul_flops
    1325400064
    """
    heads = Heads(n=n, **heads)
    check_count(minimum=0, seed=seed)
    seen = _seen(n, block_size, window_blocks, global_blocks, random_blocks, causal)
    if sees_all(seen, causal):
        return attention(n, n, fused=True, **heads.sizes)
    sizes = {"block_size": block_size, "global_blocks": global_blocks, "causal": causal}
    sizes |= {"n_rows": heads.sequences, "width": max(heads.d_key, heads.d_value)}
    return fused_blocks(heads, _blocks(n, plan(n, n, seen, **sizes, grad=heads.training), causal))


def block_sparse_pairs(
    n, *, block_size, window_blocks=3, global_blocks=2, random_blocks=3, causal=False
):
    """How many (query, key) pairs the pattern lets through, if block_size divides n: the useful.

    Else a few more: it counts the last block as full.

    >>> block_sparse_pairs(12, block_size=2, global_blocks=1, random_blocks=0)
    96
    """
    seen = _seen(n, block_size, window_blocks, global_blocks, random_blocks, causal)
    future = len(seen) * (block_size**2 - causal_pairs(block_size, block_size)) if causal else 0
    return int(seen.sum()) * block_size**2 - future


def _seen(n, block_size, window_blocks, global_blocks, random_blocks, causal):
    check_count(block_size=block_size)
    check_count(minimum=0, n=n, global_blocks=global_blocks, random_blocks=random_blocks)
    check_odd(window_blocks=window_blocks)
    check_flag(causal=causal)
    if n > LONGEST * block_size:
        raise ValueError(f"n must be at most {LONGEST} blocks of {block_size}, got {n}")
    return blocks_seen(-(-n // block_size), window_blocks, global_blocks, random_blocks, causal)


def _blocks(n, plan, causal):
    """The calls of a plan for a pattern that is not full."""
    block, dense, group, step = plan.block, plan.dense, plan.group, plan.step
    keys, whole = plan.most * block, min(n, dense * block)  # keys of a row; rows that see all keys
    gathered = plan.sparse * keys
    return Blocks(
        pairs=whole * n + gathered * block,
        seen=(n if dense else 0) + gathered,
        mask=gathered * (block if causal else 1),
        mask_bytes=6 * group * keys * (step if causal else 1),
        seen_at_once=max(n if dense else 0, group * keys),
        piece=max(whole, group * block),
        calls=-(-plan.sparse // group) + (dense > 0),
        gathered=gathered,
        gathered_at_once=min(2 * group, plan.sparse) * keys,  # those of the call before too
        cut=n + plan.after if plan.after else 0,
        dense=dense > 0,
    )
