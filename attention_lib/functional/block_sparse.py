"""Block-sparse attention: the blocks of the pattern are gathered, and no others computed."""

from itertools import chain

import numpy as np
import torch
from torch.nn import functional as F

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
from .folded import PIECE, flows, fold, fused, joined


def block_sparse_pattern(
    n_blocks,
    *,
    window_blocks=3,
    global_blocks=2,
    random_blocks=3,
    seed=0,
    causal=False,
    device=None,
):
    """Choose which blocks of keys each block of queries sees; boolean `[N, N]`.

    The same pattern as that of the reference for the same seed: the draws are NumPy's.

    Arguments, raises, cost and source as `attention_lib.reference.block_sparse_pattern`.

    >>> block_sparse_pattern(4, window_blocks=1, global_blocks=1, random_blocks=0).int()
    tensor([[1, 1, 1, 1],
            [1, 1, 0, 0],
            [1, 0, 1, 0],
            [1, 0, 0, 1]], dtype=torch.int32)
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
    place = np.arange(n_blocks)
    seen = np.abs(place[:, None] - place) <= window_blocks // 2
    seen[:global_blocks], seen[:, :global_blocks] = True, True
    rng = np.random.default_rng(int(seed))
    for row, line in enumerate(seen):
        unseen = np.flatnonzero(~line[: row + 1] if causal else ~line)
        line[rng.permutation(unseen)[:random_blocks]] = True
    device = torch.get_default_device() if device is None else device
    return torch.from_numpy(np.tril(seen) if causal else seen).to(device)


def block_sparse_mask(pattern, length, *, block_size, causal=False):
    """Write a pattern of blocks out as a mask of positions, boolean `[n, n]`.

    Arguments, raises and cost as `attention_lib.reference.block_sparse_mask`; the mask lies on the
    device of the pattern.

    >>> block_sparse_mask(torch.eye(2).bool(), 3, block_size=2, causal=True).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    check_kind("torch", pattern=pattern)
    check_block_pattern(pattern, length, block_size)
    check_flag(causal=causal)
    size = min(int(block_size), max(1, int(length)))
    mask = pattern.repeat_interleave(size, 0).repeat_interleave(size, 1)
    mask = mask[:length, :length]
    return mask.tril() if causal else mask


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
    """Attend to neighbouring, global and random blocks of keys, at a cost linear in the length.

    The rows of the global blocks are dense, in one call of the fused kernel. For the others the
    blocks that a block of queries sees are gathered beside one another, as many for each, and go
    into the kernel a few megabytes at a time; a mask closes what is there for the shape alone.

    Args:
        query: `[..., T, D]`, float16, bfloat16, float32 or float64; T = S, or T <= S if causal: the
            last query is aligned with the last key.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        block_size: b, integer >= 1. The last block may be shorter.
        window_blocks, global_blocks, random_blocks, seed: as for `block_sparse_pattern`.
        causal: no query sees a key after its own position. Global blocks then see only what came
            before them.
        mask: boolean tensor, broadcastable to `[..., 1, S]`: keys that may be attended to (padding
            is False), the same for every query.
        scale: a finite number; None means 1 / sqrt(D).

    Returns:
        output `[..., T, E]`, same dtype: that of `attention` under `block_sparse_mask`. A query
        with nothing to attend to has a zero output and passes zero gradient. The first derivative
        is what the kernels know.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.block_sparse_attention`.

    Cost: with w, g and r blocks of each kind, 2 T b (w + g + r) (D + E) FLOPs, and 2 g b S (D + E)
    for the global rows unless causal. Memory beside the output: a few megabytes, but w + g + r
    times the keys and values if gradients are wanted.
    Source: `attention_lib.reference.block_sparse_attention`.

    >>> value = torch.tensor([[1.0], [3.0], [8.0], [4.0]])
    >>> few = {"window_blocks": 1, "global_blocks": 1, "random_blocks": 0}
    >>> block_sparse_attention(value, torch.zeros(4, 1), value, block_size=1, **few).mT
    tensor([[4.0000, 2.0000, 4.5000, 2.5000]])
    """
    given = {"query": query, "key": key, "value": value}
    check_kind("torch", **given)
    check_floating(**given)
    shape = check_query_key(query, key)
    output_shape = check_value(value, shape)
    check_flag(causal=causal)
    n_queries, n_keys = shape[-2:]
    check_block_lengths(n_queries, n_keys, causal)
    check_count(block_size=block_size)
    check_scale(scale)
    if mask is not None:
        check_kind("torch", mask=mask)
        check_key_mask(mask, shape)
    pattern = block_sparse_pattern(
        -(-n_keys // int(block_size)),
        window_blocks=window_blocks,
        global_blocks=global_blocks,
        random_blocks=random_blocks,
        seed=seed,
        causal=causal,
        device="cpu",
    )
    if 0 in output_shape:
        return attention(query, key[..., :0, :], value[..., :0, :])
    full = torch.ones_like(pattern)
    if mask is None and torch.equal(pattern, full.tril() if causal else full):
        return attention(query, key, value, causal=causal, scale=scale)
    # Cut into blocks [N, N_blocks, b, W]: the first query and the last key may stand within one.
    block, behind = min(int(block_size), n_keys), n_keys - n_queries
    before, after = behind % block, -n_keys % block
    query, key, value, mask, scale = fold(query, key, value, mask, scale, output_shape[:-2])
    open_keys = torch.ones_like(key[:1, :, 0], dtype=torch.bool) if mask is None else mask
    grad = flows(query, key, value)
    blocks = _padded(query, before, after).unflatten(1, (-1, block))
    first, dense = behind // block, 0 if causal else min(int(global_blocks), len(pattern))
    pieces, n_rows = [], n_queries
    if dense:
        rows = query[:, None, : dense * block]
        visible = None if mask is None else mask[:, None, None]
        everyone = (key[:, None], value[:, None], visible)
        pieces.append(fused(rows, *everyone, scale, full_rows=mask is None))
    if dense < len(pattern):
        key, value = (_padded(one, 0, after).unflatten(1, (-1, block)) for one in (key, value))
        open_keys = F.pad(open_keys, (0, after)).unflatten(1, (-1, block))
        gathered = _gathered(
            blocks[:, dense:],
            key,
            value,
            pattern[first + dense :].to(key.device),
            open_keys,
            scale,
            first=first + dense if causal else None,
            full_rows=mask is None,
        )
        pieces, n_rows = chain(pieces, gathered), blocks.shape[1] * block
    output = joined(pieces, n_rows, grad=grad)
    start = 0 if dense else before
    return output[:, start : start + n_queries, : output_shape[-1]].reshape(output_shape)


def _padded(x, before, after):
    """x `[N, T, W]` with rows of zeros; x itself, and no copy, where none are needed."""
    return F.pad(x, (0, 0, before, after)) if before or after else x


def _gathered(query, key, value, pattern, open_keys, scale, *, first, full_rows):
    """The output of these rows of blocks in pieces `[N, rows of blocks, b, W]`.

    query `[N, rows of blocks, b, W]`; key, value `[N, N_blocks, b, W]`; pattern `[rows of blocks,
    N_blocks]`; open_keys `[N or 1, N_blocks, b]`; first: the block of the first row if causal.
    """
    block, width = query.shape[-2:]
    most = int(pattern.sum(dim=1).max())
    chosen = pattern.int().argsort(dim=1, descending=True, stable=True)[:, :most]  # [rows, most]
    real = pattern.gather(1, chosen)  # False: only there to make as many for each row
    copies = 2 * key.shape[0] * most * block * width  # numbers gathered for one block of queries
    masks = len(open_keys) * most * block  # and in the mask of one query
    causal = first is not None
    group = max(1, PIECE // max(copies, masks * block if causal else masks))
    step = min(block, max(1, PIECE // masks)) if causal else block
    place = torch.arange(block, device=key.device)
    for start in range(0, len(pattern), group):
        some = chosen[start : start + group]  # [rows, most]
        keys, values, seen = (
            one.index_select(1, some.flatten()).unflatten(1, some.shape).flatten(2, 3)
            for one in (key, value, open_keys)
        )  # [N, rows, most b, ...]
        real_keys = real[start : start + group].repeat_interleave(block, dim=1)
        seen = (seen & real_keys)[:, :, None]  # [N or 1, rows, 1, most b]
        key_position = (some[:, :, None] * block + place).flatten(1)[:, None]
        parts = []
        for row in range(0, block, step):
            visible = seen
            if causal:
                rows = torch.arange(len(some), device=key.device)[:, None] + (first + start)
                query_position = rows * block + place[row : row + step]
                visible = seen & (key_position <= query_position[:, :, None])
            rows = query[:, start : start + group, row : row + step]
            parts.append(fused(rows, keys, values, visible, scale, full_rows=full_rows))
        yield torch.cat(parts, dim=2) if len(parts) > 1 else parts[0]
