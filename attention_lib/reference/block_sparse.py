"""Block-sparse attention: a window, global and random blocks, and only these are computed."""

import numpy as np

from ..checks import (
    check_block_lengths,
    check_block_pattern,
    check_count,
    check_flag,
    check_floating,
    check_key_mask,
    check_kind,
    check_odd,
    check_query_key,
    check_scale,
    check_value,
)
from .attention import attention


def block_sparse_pattern(
    n_blocks, *, window_blocks=3, global_blocks=2, random_blocks=3, seed=0, causal=False
):
    r"""Choose which blocks of keys each block of queries sees.

    Block i sees block j if one of these holds:

    - window: `|i - j| <= (window_blocks - 1) / 2`, so itself and as many blocks to each side;
    - global: `j < global_blocks`, seen by all, or `i < global_blocks`, which sees all;
    - random: j is one of `random_blocks` drawn for i from those that it does not see yet.

    If causal, only blocks `j <= i` are seen, and drawn from. Then the row of a block does not
    depend on how many blocks follow: the pattern of a prefix is the beginning of that of the whole.

    Args:
        n_blocks: N, integer >= 0.
        window_blocks: odd integer >= 1; 1 leaves the block itself.
        global_blocks: integer >= 0. 0 with random_blocks=0 is a window; random_blocks=0 is the
            pattern of Longformer, in blocks.
        random_blocks: integer >= 0, for each block of queries; fewer where fewer are left.
        seed: integer >= 0; the same seed gives the same pattern.
        causal: no block after the query's.

    Returns:
        boolean `[N, N]`: query blocks in rows, key blocks in columns. No row is empty.

    Raises:
        TypeError: an argument is not an integer, causal is not a bool.
        ValueError: an argument is below its minimum, window_blocks is even.

    Cost: N N bytes; a draw for each of the N rows.
    Source: Zaheer et al. (2020), section 2, whose "internal transformer construction" makes tokens
    that exist global; Beltagy, Peters and Cohan (2020) for the window with global tokens. That
    they are the first blocks is our choice.

    >>> block_sparse_pattern(6, global_blocks=1, random_blocks=1).astype(int)
    array([[1, 1, 1, 1, 1, 1],
           [1, 1, 1, 0, 0, 1],
           [1, 1, 1, 1, 0, 1],
           [1, 1, 1, 1, 1, 0],
           [1, 1, 0, 1, 1, 1],
           [1, 1, 0, 0, 1, 1]])
    """
    check_count(
        minimum=0,
        n_blocks=n_blocks,
        global_blocks=global_blocks,
        random_blocks=random_blocks,
        seed=seed,
    )
    check_odd(window_blocks=window_blocks)
    check_flag(causal=causal)
    row, column = np.arange(n_blocks)[:, None], np.arange(n_blocks)
    near = np.abs(row - column) <= window_blocks // 2
    seen = near | (column < global_blocks) | (row < global_blocks)
    rng = np.random.default_rng(int(seed))
    for i in range(n_blocks):
        unseen = np.flatnonzero(~seen[i, : i + 1] if causal else ~seen[i])
        seen[i, rng.permutation(unseen)[:random_blocks]] = True
    return seen & (column <= row) if causal else seen


def block_sparse_mask(pattern, length, *, block_size, causal=False):
    """Write a pattern of blocks out as a mask of positions.

    `mask[i, j] = pattern[i // b, j // b]` with the block size b, and `j <= i` if causal.

    Args:
        pattern: boolean `[N, N]`, as of `block_sparse_pattern`.
        length: n, with N = ceil(n / b): the last block may be shorter.
        block_size: b, integer >= 1.
        causal: no key after the query, within the blocks of the diagonal too.

    Returns:
        boolean `[n, n]`: the mask under which dense attention equals `block_sparse_attention`.

    Raises:
        TypeError: pattern not a boolean array, length or block_size not an integer, causal not a
            bool.
        ValueError: pattern not square, or not of ceil(n / b) blocks; a number below its minimum.

    Cost: n n bytes.

    >>> block_sparse_mask(np.eye(2, dtype=bool), 3, block_size=2).astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [0, 0, 1]])
    """
    check_kind("numpy", pattern=pattern)
    check_block_pattern(pattern, length, block_size)
    check_flag(causal=causal)
    position = np.arange(int(length))
    block = position // int(block_size)
    mask = pattern[block[:, None], block]
    return mask & (position <= position[:, None]) if causal else mask


def block_sparse_attention(
    query,
    key,
    value,
    *,
    block_size,
    window_blocks=3,
    global_blocks=2,
    random_blocks=3,
    seed=0,
    causal=False,
    mask=None,
    scale=None,
):
    r"""Attend to neighbouring, global and random blocks of keys, at a cost linear in the length.

    Positions are cut into blocks of b; `block_sparse_pattern` says which blocks of keys a block of
    queries sees. Exact under that pattern: `attention` with the mask `block_sparse_mask`; against
    attention to all keys it is an approximation, whose error depends on what the pattern leaves
    out.

    Args:
        query: `[..., T, D]`, float16, float32 or float64; T = S, or T <= S if causal: the last
            query is aligned with the last key.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        block_size: b, integer >= 1. The last block may be shorter.
        window_blocks, global_blocks, random_blocks, seed: as for `block_sparse_pattern`.
        causal: no query sees a key after its own position. Global blocks then see only what came
            before them.
        mask: boolean, broadcastable to `[..., 1, S]`: keys that may be attended to (padding is
            False), the same for every query.
        scale: None means 1 / sqrt(D).

    Returns:
        output `[..., T, E]` in the dtype of the input. A query with nothing to attend to has a zero
        output.

    Raises:
        TypeError: as `block_sparse_pattern` and `attention`.
        ValueError: as those; T differs from S (is greater than S if causal); the mask differs
            between queries.

    Cost: with w, g and r blocks of each kind, 2 T b (w + g + r) (D + E) FLOPs, and 2 g b S (D + E)
    for the global rows unless causal. Memory beside the output: the scores of one block.
    Source: Zaheer et al. (2020); Beltagy, Peters and Cohan (2020); neither is published in a causal
    form for random blocks.

    >>> value = np.array([[1.0], [3.0], [8.0], [4.0]])
    >>> zeros = np.zeros((4, 2))
    >>> few = {"window_blocks": 1, "global_blocks": 1, "random_blocks": 0}
    >>> block_sparse_attention(zeros, zeros, value, block_size=1, **few)
    array([[4. ],
           [2. ],
           [4.5],
           [2.5]])
    """
    given = {"query": query, "key": key, "value": value}
    check_kind("numpy", **given)
    check_floating(**given)
    shape = check_query_key(query, key)
    output = np.zeros(check_value(value, shape), dtype=query.dtype)
    check_flag(causal=causal)
    check_block_lengths(*shape[-2:], causal)
    check_count(block_size=block_size)
    check_scale(scale)
    mask = np.ones(1, dtype=bool) if mask is None else mask
    check_kind("numpy", mask=mask)
    check_key_mask(mask, shape)
    n_queries, n_keys = shape[-2:]
    block_size = int(block_size)
    mask = np.broadcast_to(mask, (*mask.shape[:-1], n_keys))
    pattern = block_sparse_pattern(
        -(-n_keys // block_size),
        window_blocks=window_blocks,
        global_blocks=global_blocks,
        random_blocks=random_blocks,
        seed=seed,
        causal=causal,
    )
    position = np.arange(n_keys)
    block, behind = position // block_size, n_keys - n_queries
    for one in range(len(pattern)):
        here = position[behind:][block[behind:] == one]  # positions of this block's queries
        seen = position[pattern[one][block]]  # and of the keys that they see
        visible = seen <= here[:, None] if causal else np.ones(1, dtype=bool)
        output[..., here - behind, :] = attention(
            query[..., here - behind, :],
            key[..., seen, :],
            value[..., seen, :],
            mask=visible & mask[..., seen],
            scale=scale,
        )
    return output
