"""LSH attention (Reformer): hash, sort, attend within chunks, merge the rounds."""

import numpy as np
import torch
from torch.nn import functional as F

from ..checks import (
    check_count,
    check_flag,
    check_key_mask,
    check_kind,
    check_scale,
    check_shared_query_key,
)
from ..plans.lsh import plan
from .draws import drawn_operator
from .precision import check_tensors, widen_core
from .tiled import OnlineSoftmax, merge, softmax_of_block
from .transforms import recorded


def lsh_buckets(query_key, *, bucket_size, n_hashes, seed=0, mask=None):
    """Sort tokens into buckets so that vectors of similar direction often meet.

    Args:
        query_key: `[..., N, D]`, float16, bfloat16, float32 or float64.
        bucket_size, n_hashes: integers >= 1.
        seed: of the rotations, integer >= 0; the same rotations as in the reference.
        mask: as for `lsh_attention`.

    Returns:
        int64 `[..., n_hashes, N]`.

    Raises, cost, formula and source: `attention_lib.reference.lsh_buckets`.

    >>> x = torch.tensor([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]])
    >>> lsh_buckets(x, bucket_size=2, n_hashes=2)
    tensor([[0, 0, 1],
            [0, 0, 1]])
    """
    _check(query_key, query_key, bucket_size, n_hashes, seed, mask)
    _, query_key = widen_core(query_key)
    return lsh_buckets_core(query_key, bucket_size, n_hashes, seed, mask)


def _check(query_key, value, bucket_size, n_hashes, seed, mask):
    check_tensors(query_key=query_key, value=value)
    shape = check_shared_query_key(query_key, value)
    check_count(bucket_size=bucket_size, n_hashes=n_hashes)
    check_count(minimum=0, seed=seed)
    if mask is not None:
        check_kind("torch", query_key=query_key, mask=mask)
        check_key_mask(mask, shape)


def lsh_buckets_core(query_key, bucket_size, n_hashes, seed, mask):
    """`lsh_buckets` for arguments that were checked, in float32 at least."""
    n, width = query_key.shape[-2:]
    half = plan(n, int(bucket_size)).half
    if not half:
        n_buckets = 1
        buckets = query_key.new_zeros(*query_key.shape[:-2], n_hashes, n, dtype=torch.int64)
    else:
        n_buckets = 2 * half
        rotate = _recorded_rotations if recorded() else _rotations
        rotations = torch.as_tensor(rotate(seed, [n_hashes, width, half])).to(query_key)
        # One round at a time: [..., N, half] is the largest tensor of all. The larger of the two
        # halves, x R and -x R, holds the maximum; both in one tensor would double the memory.
        with torch.autocast(query_key.device.type, enabled=False):  # the same buckets with it
            buckets = torch.stack([_hash(query_key.detach() @ one) for one in rotations], dim=-2)
    if mask is not None:
        buckets = buckets.masked_fill(~torch.atleast_2d(mask), n_buckets)
    return buckets


def _rotations(seed, sizes):
    return np.random.default_rng(seed).normal(size=sizes)


_recorded_rotations = drawn_operator("rotations", _rotations, list, torch.float64)


def _hash(turned):
    """argmax of [turned; -turned] along the last axis; the first of equals."""
    top, most = turned.max(dim=-1)
    bottom, least = turned.min(dim=-1)
    return torch.where(top >= -bottom, most, least + turned.shape[-1])


def lsh_attention(
    query_key,
    value,
    *,
    bucket_size,
    n_hashes,
    causal=False,
    seed=0,
    mask=None,
    scale=None,
):
    """Attend to the tokens whose vectors fall into the same bucket, in one of several rounds.

    Each round sorts the tokens by bucket, cuts them into chunks and lets each chunk attend to
    itself and to the chunk before. A pair that an earlier round has found is left out, so the
    rounds can be merged by their maxima and sums, and the result is one softmax over all that were
    found (the paper divides each pair by the number of rounds that find it: the same sum).

    Args:
        query_key: `[..., N, D]`, float16, bfloat16, float32 or float64.
        value: `[..., N, E]`, same dtype.
        bucket_size, n_hashes: integers >= 1.
        causal: no token sees a later one; but later tokens shift the borders of the chunks.
        seed: of the rotations, integer >= 0.
        mask: boolean tensor, broadcastable to `[..., N, N]` and the same for every query (of size 1
            on the second last axis); False = padding.
        scale: None means 1 / sqrt(D).

    Returns:
        output `[..., N, E]`. A token that reaches no other gets its own value; padding gets zero
        and passes zero gradient. The buckets carry no gradient.

    Raises, source: `attention_lib.reference.lsh_attention`.
    Cost: n_hashes times 4 N m (D + E) FLOPs with m = bucket_size, n_hashes^2 N m comparisons, the
    hashing of `lsh_buckets`; 2 N m numbers a round (kept where a gradient is needed).

    >>> x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    >>> lsh_attention(x, torch.tensor([[1.0], [2.0], [3.0]]), bucket_size=2, n_hashes=1)
    tensor([[2.],
            [1.],
            [3.]])
    """
    _check(query_key, value, bucket_size, n_hashes, seed, mask)
    check_flag(causal=causal)
    check_scale(scale)
    options = {"bucket_size": bucket_size, "n_hashes": n_hashes, "causal": causal, "seed": seed}
    return lsh_attention_core(query_key, value, **options, mask=mask, scale=scale)


def lsh_attention_core(
    query_key, value, *, bucket_size, n_hashes, causal=False, seed=0, mask=None, scale=None
):
    """`lsh_attention` for arguments that were checked."""
    dtype, query_key, value = widen_core(query_key, value)
    n = query_key.shape[-2]
    buckets = lsh_buckets_core(query_key, bucket_size, n_hashes, seed, mask)  # [..., n_hashes, N]
    leading = torch.broadcast_shapes(query_key.shape[:-2], value.shape[:-2])
    query_key, value = (one.expand(*leading, *one.shape[-2:]) for one in (query_key, value))
    size, filled, _ = plan(n, int(bucket_size))
    if 0 in value.shape:  # nothing to compute, but a part of every graph
        return (query_key[..., :0] @ value[..., :0, :]).to(dtype)
    if mask is not None:  # padding has a bucket of its own, and zeros are what it adds up there
        padding = ~torch.atleast_2d(mask).mT.expand(*leading, n, 1)
        query_key, value = query_key.masked_fill(padding, 0), value.masked_fill(padding, 0)
    scale = query_key.shape[-1] ** -0.5 if scale is None else float(scale)

    buckets = buckets.expand(*leading, *buckets.shape[-2:]).reshape(-1, *buckets.shape[-2:])
    order = buckets.argsort(dim=-1, stable=True)  # [B, n_hashes, N], all leading axes as one
    place = order.argsort(dim=-1)  # where a token stands after sorting
    # A later bucket lies in the same chunk or in a later one, so this number differs by 0 or 1
    # where i and j share a bucket and j is in the chunk of i or the one before, and else by more.
    # It is 2 at least: the zeros that fill up a chunk meet no token.
    code = (place // size + 2 * buckets + 2).int()
    position = torch.arange(n, device=order.device, dtype=torch.int32).expand(order.shape[0], n)
    first = torch.arange(order.shape[0], device=order.device)[:, None]
    state = None
    for r in range(order.shape[1]):
        sort = order[:, r] + first * n  # rows of [B N, *]
        back = place[:, r] + first * filled
        query, values = (_cut(x, sort, size) for x in (query_key, value))
        number = _cut(position[..., None], sort, size)
        length = torch.linalg.vector_norm(query, dim=-1, keepdim=True)
        keys = query / length.masked_fill(length == 0, 1)
        other = _with_chunk_before(number).mT
        closed = other >= number if causal else other == number  # [B, C, size, 2 size]
        for earlier in range(r + 1):
            at = _cut(code[:, earlier, :, None], sort, size)
            apart = (at - _with_chunk_before(at).mT).bitwise_right_shift_(1)  # 0 where they meet
            closed |= apart != 0 if earlier == r else apart == 0
        scores = (query * scale) @ _with_chunk_before(keys).mT
        scores = scores.masked_fill_(closed, -torch.inf)
        part = softmax_of_block(scores, _with_chunk_before(values))
        maximum, total = (x.flatten().index_select(0, back.flatten()) for x in part[:2])
        weighted = part.weighted.flatten(0, -2).index_select(0, back.flatten())
        block = OnlineSoftmax(maximum, total, weighted)
        state = block if state is None else merge(state, block)
    output = state.output().reshape(value.shape)
    return torch.where((state.total == 0).reshape(*leading, n, 1), value, output).to(dtype)


def _cut(x, sort, size):
    """x `[..., N, W]`, sorted, as chunks `[B, C, size, W]`, the last filled up with zeros."""
    x = x.reshape(-1, x.shape[-1]).index_select(0, sort.flatten()).unflatten(0, sort.shape)
    return F.pad(x, (0, 0, 0, -x.shape[-2] % size)).unflatten(-2, (-1, size))


def _with_chunk_before(x):
    """Chunks `[B, C, size, W]` -> `[B, C, 2 size, W]`; zeros before the first."""
    return torch.cat([F.pad(x, (0, 0, 0, 0, 1, -1)), x], dim=-2)
