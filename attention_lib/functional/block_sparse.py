"""Block-sparse attention: the blocks of the pattern are gathered, and no others computed."""

import numpy as np
import torch
from torch.nn import functional as F

from ..checks import (
    check_block_lengths,
    check_block_pattern,
    check_count,
    check_flag,
    check_kind,
    check_odd,
    check_scale,
    plain_int,
)
from ..plans.block_sparse import blocks_seen, plan, sees_all
from .attention import attention_core
from .draws import drawn_operator
from .folded import check_attended, flows, fold, fused, joined, output_shape_of
from .precision import check_device
from .transforms import recorded


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
    check_device(device)
    check_count(minimum=0, n_blocks=n_blocks)
    check_pattern(window_blocks, global_blocks, random_blocks, seed)
    check_flag(causal=causal)
    device = torch.empty(0).device if device is None else device
    sizes = (n_blocks, window_blocks, global_blocks, random_blocks)
    return torch.from_numpy(_pattern(*sizes, seed, causal)).to(device)


def check_pattern(window_blocks, global_blocks, random_blocks, seed):
    """What says which blocks a block sees."""
    check_odd(window_blocks=window_blocks)
    check_count(minimum=0, global_blocks=global_blocks, random_blocks=random_blocks, seed=seed)


def _pattern(n_blocks, window_blocks, global_blocks, random_blocks, seed, causal):
    place = np.arange(n_blocks)
    seen = np.abs(place[:, None] - place) <= window_blocks // 2
    seen[:global_blocks], seen[:, :global_blocks] = True, True
    rng = np.random.default_rng(int(seed))
    for row, line in enumerate(seen):
        unseen = np.flatnonzero(~line[: row + 1] if causal else ~line)
        line[rng.permutation(unseen)[:random_blocks]] = True
    return np.tril(seen) if causal else seen


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
    size = min(int(block_size), max(1, plain_int(length)))
    mask = pattern.repeat_interleave(size, 0).repeat_interleave(size, 1)
    mask = mask[:length, :length]
    return mask.tril() if causal else mask


def _drawn_mask(seed, sizes):
    n_queries, n_keys, block_size, *kinds, causal = sizes
    pattern = _pattern(-(-n_keys // block_size), *kinds, seed, bool(causal))
    query, key = np.arange(n_keys - n_queries, n_keys), np.arange(n_keys)
    seen = pattern[(query // block_size)[:, None], key // block_size]
    return seen & (key <= query[:, None]) if causal else seen


_recorded_mask = drawn_operator(
    "block_sparse_mask", _drawn_mask, lambda sizes: sizes[:2], torch.bool
)


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
    (*_, n_queries, n_keys), _ = check_attended(query, key, value, mask=mask, causal=causal)
    check_block_lengths(n_queries, n_keys, causal)
    check_count(block_size=block_size)
    check_pattern(window_blocks, global_blocks, random_blocks, seed)
    check_scale(scale)
    kinds = (int(window_blocks), int(global_blocks), int(random_blocks))
    options = {"block_size": int(block_size), "kinds": kinds, "seed": seed, "causal": causal}
    return block_sparse_attention_core(query, key, value, **options, mask=mask, scale=scale)


def block_sparse_attention_core(
    query, key, value, *, block_size, kinds, seed, causal=False, mask=None, scale=None
):
    """`block_sparse_attention` for arguments that were checked.

    kinds: how many neighbouring, global and random blocks a block sees.
    """
    output_shape = output_shape_of(query, key, value)
    if 0 in output_shape:
        return attention_core(query, key[..., :0, :], value[..., :0, :])
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    if recorded():  # all scores, and a mask over them, whatever the lengths
        sizes = [n_queries, n_keys, block_size, *kinds, int(causal)]
        seen = _recorded_mask(seed, sizes).to(query.device)
        seen = seen if mask is None else seen & mask
        return attention_core(query, key, value, mask=seen, scale=scale)
    seen = blocks_seen(-(-n_keys // block_size), *kinds, causal)
    if mask is None and sees_all(seen, causal):
        return attention_core(query, key, value, causal=causal, scale=scale)
    pattern = torch.from_numpy(_pattern(len(seen), *kinds, seed, causal))
    query, key, value, mask, scale = fold(query, key, value, mask, scale, output_shape[:-2])
    sizes = {"block_size": block_size, "global_blocks": kinds[1], "causal": bool(causal)}
    sizes |= {"n_rows": query.shape[0], "width": query.shape[-1]}
    sizes["n_masks"] = 1 if mask is None else mask.shape[0]
    grad = flows(query, key, value)
    done = plan(n_queries, n_keys, seen, **sizes, grad=grad)
    pieces = _pieces(query, key, value, mask, scale, pattern, done, causal)
    n_rows = n_queries + (done.before + done.after if done.sparse else 0)
    output = joined(pieces, n_rows, grad=grad)
    start = 0 if done.dense else done.before
    return output[:, start : start + n_queries, : output_shape[-1]].reshape(output_shape)


def _pieces(query, key, value, mask, scale, pattern, done, causal):
    """The output in pieces `[N, rows of blocks, b, W]`, from the first row to the last."""
    if done.dense:
        rows = query[:, None, : done.dense * done.block]
        visible = None if mask is None else mask[:, None, None]
        yield fused(rows, key[:, None], value[:, None], visible, scale, full_rows=mask is None)
    if not done.sparse:
        return
    blocks = _in_blocks(query, done, done.before)[:, done.dense :]
    keys, values = (_in_blocks(one, done) for one in (key, value))
    open_keys = mask
    if mask is None and done.after:
        open_keys = torch.ones_like(key[:1, :, 0], dtype=torch.bool)
    if open_keys is not None:
        open_keys = _in_blocks(open_keys[..., None], done)[..., 0]
    first = done.first + done.dense  # block of the first row
    pattern = pattern[first:]
    counts = pattern.sum(1).tolist()
    chosen = pattern.int().argsort(dim=1, descending=True, stable=True)[:, : done.most]
    real = pattern.gather(1, chosen).to(key.device)  # False: only there to make as many for each
    chosen = chosen.to(key.device)
    for start in range(0, done.sparse, done.group):
        some = slice(start, start + done.group)
        given = (blocks[:, some], keys, values, open_keys, chosen[some])
        all_real = min(counts[some]) == done.most
        row = first + start if causal else None
        given = (*given, None if all_real else real[some], row, scale, done.step)
        yield _gathered(*given, full_rows=mask is None)


def _in_blocks(x, done, before=0):
    """x `[N, T, W]` cut into blocks `[N, rows of blocks, b, W]`, filled up with zeros; no copy
    where nothing is filled up.

    The first query and the last key may stand within a block.
    """
    x = F.pad(x, (0, 0, before, done.after)) if before or done.after else x
    return x.unflatten(1, (-1, done.block))


def _gathered(query, key, value, open_keys, chosen, real, first, scale, step, *, full_rows):
    """The output of some rows of blocks.

    query `[N, rows, b, W]`; key, value `[N, N_blocks, b, W]`; open_keys `[N or 1, N_blocks, b]`, or
    None if all are; chosen `[rows, most]`: blocks of keys; real, likewise: False closes one, None
    if none is closed; first: place of the first row if causal, else None; step: queries of each
    block in one call of the kernel.
    """
    block = query.shape[-2]
    keys, values = _chosen(key, chosen), _chosen(value, chosen)  # [N, rows, most b, W]
    seen = None if open_keys is None else _chosen(open_keys, chosen)
    if real is not None:
        real = real.repeat_interleave(block, dim=1)[None]
        seen = real if seen is None else seen & real
    seen = None if seen is None else seen[:, :, None]  # [N or 1, rows, 1, most b]
    if first is None:
        return fused(query, keys, values, seen, scale, full_rows=full_rows)
    place = torch.arange(block, device=key.device)
    key_position = (chosen[:, :, None] * block + place).flatten(1)[:, None]
    rows = torch.arange(first, first + len(chosen), device=key.device)[:, None]
    parts = []
    for row in range(0, block, step):
        query_position = rows * block + place[row : row + step]
        past = key_position <= query_position[:, :, None]  # [rows, step, most b]
        visible = past[None] if seen is None else seen & past
        part = query[:, :, row : row + step]
        parts.append(fused(part, keys, values, visible, scale, full_rows=full_rows))
    return torch.cat(parts, dim=2) if len(parts) > 1 else parts[0]


def _chosen(blocks, chosen):
    """Of blocks `[N, N_blocks, b, ...]` those that each row sees: `[N, rows, most b, ...]`."""
    picked = blocks.index_select(1, chosen.flatten())
    return picked.unflatten(1, chosen.shape).flatten(2, 3)
