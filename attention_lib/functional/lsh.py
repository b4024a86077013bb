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
from .precision import widen
from .tiled import OnlineSoftmax, _finite, merge


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
    _, query_key = widen(query_key=query_key)
    shape = check_shared_query_key(query_key, query_key)
    check_count(bucket_size=bucket_size, n_hashes=n_hashes)
    check_count(minimum=0, seed=seed)
    if mask is not None:
        check_kind("torch", mask=mask)
        check_key_mask(mask, shape)
    n, width = query_key.shape[-2:]
    if n <= bucket_size:
        n_buckets = 1
        buckets = query_key.new_zeros(*query_key.shape[:-2], n_hashes, n, dtype=torch.int64)
    else:
        half = -(-n // (2 * int(bucket_size)))
        n_buckets = 2 * half
        rotations = np.random.default_rng(seed).normal(size=(n_hashes, width, half))
        rotations = torch.from_numpy(rotations).to(query_key)
        # One round at a time: [..., N, half] is the largest tensor of all. The larger of the two
        # halves, x R and -x R, holds the maximum; both in one tensor would double the memory.
        buckets = torch.stack([_hash(query_key.detach() @ one) for one in rotations], dim=-2)
    if mask is not None:
        buckets = buckets.masked_fill(~torch.atleast_2d(mask), n_buckets)
    return buckets


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
    dtype, query_key, value = widen(query_key=query_key, value=value)
    shape = check_shared_query_key(query_key, value)
    check_flag(causal=causal)
    check_scale(scale)
    options = {"bucket_size": bucket_size, "n_hashes": n_hashes, "seed": seed, "mask": mask}
    buckets = lsh_buckets(query_key, **options)  # [..., n_hashes, N]
    leading = torch.broadcast_shapes(query_key.shape[:-2], value.shape[:-2])
    query_key, value = (one.expand(*leading, *one.shape[-2:]) for one in (query_key, value))
    buckets = buckets.expand(*leading, *buckets.shape[-2:])
    n, size = shape[-1], min(int(bucket_size), shape[-1])
    if n == 0:
        return value.to(dtype)
    real = None
    if mask is not None:
        real = torch.atleast_2d(mask)[..., 0, :].expand(*leading, n)
        query_key, value = (one.masked_fill(~real[..., None], 0) for one in (query_key, value))
    scale = query_key.shape[-1] ** -0.5 if scale is None else scale

    order = buckets.argsort(dim=-1, stable=True)
    place = order.argsort(dim=-1)  # where a token stands after sorting
    chunk = place // size
    state = None
    for r in range(buckets.shape[-2]):
        sort = order[..., r, :]

        def cut(x, sort=sort):
            """x `[..., N, *]` sorted and cut into chunks `[..., C, size, *]`, filled with zeros."""
            x = x.gather(-2, sort[..., None].expand(*sort.shape, x.shape[-1]))
            return F.pad(x, (0, 0, 0, -n % size)).unflatten(-2, (-1, size))

        query, values = cut(query_key), cut(value)
        length = torch.linalg.vector_norm(query, dim=-1, keepdim=True)
        keys = query / length.masked_fill(length == 0, 1)
        scores = (query * scale) @ _with_chunk_before(keys).mT  # [..., C, size, 2 size]

        # Number 0 is the filling of the last chunk, and what stands before the first.
        number = cut(torch.arange(1, n + 1, device=sort.device).expand(*leading, n)[..., None])
        other = _with_chunk_before(number).mT
        closed = (other == 0) | (other >= number if causal else other == number)
        if real is not None:
            closed = closed | ~_with_chunk_before(cut(real[..., None])).mT
        for earlier in range(r + 1):
            bucket, at = (cut(one[..., earlier, :, None]) for one in (buckets, chunk))
            behind = at - _with_chunk_before(at).mT
            met = (bucket == _with_chunk_before(bucket).mT) & (behind >= 0) & (behind <= 1)
            closed = closed | (met if earlier < r else ~met)
        scores = scores.masked_fill(closed, -torch.inf)

        maximum = scores.detach().amax(dim=-1)  # [..., C, size]
        powers = (scores - _finite(maximum)[..., None]).exp()
        found = (maximum, powers.sum(dim=-1), powers @ _with_chunk_before(values))
        back = place[..., r, :]
        maximum, total = (one.flatten(-2).gather(-1, back) for one in found[:2])
        weighted = found[2].flatten(-3, -2)
        weighted = weighted.gather(-2, back[..., None].expand(*back.shape, value.shape[-1]))
        block = OnlineSoftmax(maximum, total, weighted)
        state = block if state is None else merge(state, block)

    alone = (state.total == 0)[..., None]
    return torch.where(alone, value, state.output()).to(dtype)


def _with_chunk_before(x):
    """Chunks `[..., C, size, *]` -> `[..., C, 2 size, *]`; zeros before the first."""
    return torch.cat([F.pad(x, (0, 0, 0, 0, 1, -1)), x], dim=-2)
