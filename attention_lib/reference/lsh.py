"""LSH attention (Reformer): the definition, as a dense mask of which token may reach which."""

import numpy as np

from ..checks import (
    check_count,
    check_flag,
    check_key_mask,
    check_scale,
    check_shared_query_key,
)
from .attention import attention
from .precision import widen


def lsh_buckets(query_key, *, bucket_size, n_hashes, seed=0, mask=None):
    r"""Sort tokens into buckets so that vectors of similar direction often meet.

    $$h_r(x) = \arg\max\,[x R_r; -x R_r], \qquad R_r \in \mathbb{R}^{D \times b / 2}$$

    with the number of buckets b = N / bucket_size, rounded up to an even number; one bucket where
    bucket_size holds all. The entries of R are drawn from a normal distribution, by NumPy's
    generator, the same for every batch and head.

    Args:
        query_key: `[..., N, D]`, float16, float32 or float64.
        bucket_size: m, integer >= 1, how many tokens a bucket holds on average.
        n_hashes: number of rounds, integer >= 1.
        seed: of the rotations, integer >= 0.
        mask: as for `lsh_attention`; closed tokens are in a bucket b of their own.

    Returns:
        int64 `[..., n_hashes, N]`, from 0 to b.

    Raises:
        TypeError, ValueError: query_key not a floating array `[..., N, D]`, a number not an integer
            of at least its minimum.

    Cost: 2 N D (b / 2) FLOPs a round: N^2 D / bucket_size, quadratic for a fixed bucket_size.
    Source: Kitaev, Kaiser and Levskaya (2020), section 2, after Andoni et al. (2015).

    >>> x = np.array([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]])
    >>> lsh_buckets(x, bucket_size=2, n_hashes=2)
    array([[0, 0, 1],
           [0, 0, 1]])
    """
    _, query_key = widen(query_key=query_key)
    shape = check_shared_query_key(query_key, query_key)
    check_count(bucket_size=bucket_size, n_hashes=n_hashes)
    check_count(minimum=0, seed=seed)
    check_key_mask(mask, shape)
    n = shape[-1]
    if n <= bucket_size:
        n_buckets = 1
        buckets = np.zeros((*query_key.shape[:-2], n_hashes, n), dtype=np.int64)
    else:
        half = -(-n // (2 * int(bucket_size)))
        n_buckets = 2 * half
        rotations = np.random.default_rng(seed).normal(size=(n_hashes, query_key.shape[-1], half))
        turned = query_key[..., None, :, :] @ rotations.astype(
            query_key.dtype
        )  # [..., hashes, N, half]
        buckets = np.argmax(np.concatenate([turned, -turned], axis=-1), axis=-1)
    if mask is not None:
        buckets = np.where(np.atleast_2d(mask), buckets, n_buckets)
    return buckets


def lsh_mask(query_key, *, bucket_size, n_hashes, causal=False, seed=0, mask=None):
    r"""Which token reaches which in at least one round of hashing.

    In each round the tokens are sorted by bucket, then by position, and cut into chunks of
    bucket_size. i reaches j if they share a bucket and j lies in the chunk of i or in the one
    before. A token reaches itself only if it reaches nothing else.

    Args:
        query_key, bucket_size, n_hashes, causal, seed, mask: as for `lsh_attention`.

    Returns:
        boolean `[..., N, N]`.

    Raises, source: as `lsh_attention`.
    Cost: n_hashes N^2 comparisons: a definition, to judge the fast form and to be looked at.

    >>> lsh_mask(np.ones((3, 1)), bucket_size=3, n_hashes=1).astype(int)
    array([[0, 1, 1],
           [1, 0, 1],
           [1, 1, 0]])
    """
    check_flag(causal=causal)
    buckets = lsh_buckets(
        query_key, bucket_size=bucket_size, n_hashes=n_hashes, seed=seed, mask=mask
    )
    n = buckets.shape[-1]
    order = np.argsort(buckets, axis=-1, kind="stable")
    place = np.argsort(order, axis=-1)  # where a token stands after sorting
    chunk = place // int(bucket_size)
    behind = chunk[..., :, None] - chunk[..., None, :]
    reached = buckets[..., :, None] == buckets[..., None, :]
    reached = (reached & (behind >= 0) & (behind <= 1)).any(axis=-3)  # [..., N, N]
    if causal:
        reached &= np.tri(n, dtype=bool)
    if mask is not None:
        reached &= mask
    itself = np.eye(n, dtype=bool)
    alone = ~(reached & ~itself).any(axis=-1, keepdims=True)
    return reached & (itself == alone)


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
    r"""Attend to the tokens whose vectors fall into the same bucket, in one of several rounds.

    $$O_i = \sum_{j \in P_i} \frac{\exp(c \, q_i \cdot k_j)}{\sum_{l \in P_i} \exp(c \, q_i \cdot
    k_l)} v_j, \qquad k_j = \frac{q_j}{\lVert q_j \rVert}, \qquad P_i = \bigcup_r P_i^{(r)}$$

    where P is what `lsh_mask` says. Self-attention with shared queries and keys; a key is its query
    made a unit vector. Several rounds are merged by their log-sum-exp and a pair found in several
    rounds counts once, which is the softmax over the union. An approximation of attention to all
    other tokens, the better the more rounds; exact where bucket_size holds all tokens.

    Args:
        query_key: `[..., N, D]`, float16, float32 or float64.
        value: `[..., N, E]`, same dtype.
        bucket_size: m, integer >= 1.
        n_hashes: number of rounds, integer >= 1.
        causal: no token sees a later one. Which earlier ones it sees still depends on where later
            tokens fall, for they shift the borders of the chunks: as published.
        seed: of the rotations, integer >= 0.
        mask: boolean, broadcastable to `[..., N, N]` and the same for every query (of size 1 on the
            second last axis); False = padding, which neither attends nor is attended to.
        scale: c; None means 1 / sqrt(D).

    Returns:
        output `[..., N, E]`. A token that reaches no other gets its own value; padding gets zero.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, mask not boolean, causal not a bool.
        ValueError: sizes that do not fit, a number below its minimum, a mask that differs from
            query to query.

    Cost: here that of dense attention. The fast form: n_hashes times 4 N m (D + E) FLOPs and
    2 N m numbers, beside the hashing and sorting.
    Source: Kitaev, Kaiser and Levskaya (2020), equations 2 to 6 and appendix A. Their chunks are
    twice as long as the average bucket, ours as long.

    >>> x = np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    >>> lsh_attention(x, np.array([[1.0], [2.0], [3.0]]), bucket_size=2, n_hashes=1)
    array([[2.],
           [1.],
           [3.]])
    """
    dtype, query_key, value = widen(query_key=query_key, value=value)
    check_shared_query_key(query_key, value)
    check_scale(scale)
    reached = lsh_mask(
        query_key,
        bucket_size=bucket_size,
        n_hashes=n_hashes,
        causal=causal,
        seed=seed,
        mask=mask,
    )
    if mask is not None:  # nothing of the padding is used, were it infinite
        real = np.swapaxes(np.atleast_2d(mask), -1, -2)  # [..., N, 1]
        query_key, value = np.where(real, query_key, 0), np.where(real, value, 0)
    length = np.linalg.norm(query_key, axis=-1, keepdims=True)
    key = query_key / np.where(length == 0, 1, length)
    return attention(query_key, key, value, mask=reached, scale=scale).astype(dtype)
