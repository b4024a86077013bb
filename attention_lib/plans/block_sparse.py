"""Which blocks block-sparse attention computes together."""

from typing import NamedTuple

import numpy as np

from .pieces import PIECE

GATHERED = 2**19  # numbers of keys and values gathered at once: few enough to stay in the cache


class Plan(NamedTuple):
    """For one sequence of queries and one of keys, cut into blocks.

    block: positions of a block; before, after: rows that are missing to full blocks before the
    first query and after the last key; first: block of the first query; dense: blocks of queries
    that see all keys; sparse: the other blocks of queries; most: blocks of keys that one of these
    sees at most; group: blocks of queries whose keys are gathered at once; step: queries of each
    block in one call of the kernel.
    """

    block: int
    before: int
    after: int
    first: int
    dense: int
    sparse: int
    most: int
    group: int
    step: int


def blocks_seen(n_blocks, window_blocks, global_blocks, random_blocks, causal):
    """How many blocks of keys each block of queries sees, for any seed; int64 `[N]`.

    >>> blocks_seen(4, 1, 1, 1, causal=False)
    array([4, 3, 3, 3])
    """
    row, side = np.arange(n_blocks), window_blocks // 2
    offered = row + 1 if causal else np.full(n_blocks, n_blocks)
    first, stop = np.maximum(0, row - side), np.minimum(offered, row + side + 1)
    near = stop - first + np.minimum(first, global_blocks)
    few = np.minimum(offered, near + random_blocks)
    return np.where(row < global_blocks, offered, few)


def sees_all(seen, causal):
    """Whether these numbers of blocks are all that there are: then attention is dense."""
    return bool((seen == (np.arange(len(seen)) + 1 if causal else len(seen))).all())


def plan(
    n_queries,
    n_keys,
    seen,
    *,
    block_size,
    global_blocks,
    causal,
    n_rows,
    width,
    n_masks=1,
    grad=False,
):
    """What is computed together where each block of queries sees `seen` blocks, not all.

    Args:
        n_queries, n_keys: T and S.
        seen: of `blocks_seen`, for all blocks of keys.
        block_size, global_blocks, causal: as in the function.
        n_rows, width: sequences, and numbers of a query and of a key.
        n_masks: masks of the keys: 1, or one for each sequence.
        grad: a gradient is wanted. Each piece then has one as long as the keys: fewer, larger ones.
    """
    block, behind = min(block_size, n_keys), n_keys - n_queries
    before, after, first = behind % block, -n_keys % block, behind // block
    dense = 0 if causal else min(global_blocks, len(seen))
    sparse = len(seen) - first - dense
    if not sparse:
        return Plan(block, before, after, first, dense, 0, 0, 0, 0)
    most = int(seen[first + dense :].max())
    copies = 2 * n_rows * most * block * width  # numbers gathered for one block of queries
    masks = n_masks * most * block  # and in the mask of one query
    group = PIECE // (masks * block if causal else masks)
    group = min(group, (PIECE if grad else GATHERED) // max(1, copies))
    group = min(sparse, max(1, group))
    step = min(block, max(1, PIECE // masks)) if causal else block
    return Plan(block, before, after, first, dense, sparse, most, group, step)
