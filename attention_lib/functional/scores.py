"""How well a key fits a query: the scores before the softmax."""

import torch

from ..checks import check_dimensions, check_query_key, check_scale, check_shape
from .precision import check_tensors, widen, widen_core


def dot_scores(query, key):
    """Score by the inner product: query `[..., T, D]` and key `[..., S, D]` give `[..., T, S]`.

    Returns, raises, cost and source as `attention_lib.reference.dot_scores`, for tensors. Chapter:
    01_1_scores.

    >>> dot_scores(torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1.5000, 3.5000]])
    """
    check_tensors(query=query, key=key)
    check_query_key(query, key)
    return dot_scores_core(query, key)


def dot_scores_core(query, key, scale=1):
    """Inner products of queries and keys that were checked, times a scale."""
    dtype, query, key = widen_core(query, key)
    scores = query @ key.transpose(-1, -2)
    return (scores if scale == 1 else scores * float(scale)).to(dtype)


def scaled_dot_scores(query, key, *, scale=None):
    """Score by the inner product times `scale`, 1 / sqrt(D) unless given.

    Arguments, returns, raises, cost and source as `attention_lib.reference.scaled_dot_scores`, for
    tensors. Chapter: 02_worked_example.

    >>> scaled_dot_scores(torch.ones(1, 4), torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    tensor([[5.]])
    """
    check_tensors(query=query, key=key)
    check_query_key(query, key)
    check_scale(scale)
    return dot_scores_core(query, key, query.shape[-1] ** -0.5 if scale is None else scale)


def general_scores(query, key, weight):
    """Score by the bilinear form q W k with weight `[D_q, D_k]`.

    Arguments, returns, raises, cost and source as `attention_lib.reference.general_scores`, for
    tensors. Chapter: 01_1_scores.

    >>> general_scores(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]), torch.ones(2, 1))
    tensor([[ 9., 12.]])
    """
    dtype, query, key, weight = widen(query=query, key=key, weight=weight)
    check_query_key(query, key, same_width=False)
    check_shape("weight", weight, (query.shape[-1], key.shape[-1]), "[D_q, D_k]")
    return ((query @ weight) @ key.transpose(-1, -2)).to(dtype)


def additive_scores(query, key, query_weight, key_weight, score_vector, *, bias=None):
    """Score by a small network: v tanh(W_q q + W_k k + b).

    Arguments, returns, raises, cost and source as `attention_lib.reference.additive_scores`, for
    tensors. Chapter: 01_1_scores.

    >>> one = torch.ones(1, 1)
    >>> additive_scores(one, torch.tensor([[-1.0], [0.0]]), one, one, torch.tensor([2.0]))
    tensor([[0.0000, 1.5232]])
    """
    given = {
        "query": query,
        "key": key,
        "query_weight": query_weight,
        "key_weight": key_weight,
        "score_vector": score_vector,
    }
    if bias is not None:
        given["bias"] = bias
    dtype, query, key, query_weight, key_weight, score_vector, *rest = widen(**given)
    check_query_key(query, key, same_width=False)
    check_dimensions(1, score_vector=score_vector)
    hidden_width = score_vector.shape[0]
    check_shape("score_vector", score_vector, (hidden_width,), "[A]")
    check_shape("query_weight", query_weight, (hidden_width, query.shape[-1]), "[A, D_q]")
    check_shape("key_weight", key_weight, (hidden_width, key.shape[-1]), "[A, D_k]")
    from_query = query @ query_weight.mT  # [..., T, A]
    if rest:
        check_shape("bias", rest[0], (hidden_width,), "[A]")
        from_query = from_query + rest[0]
    from_key = key @ key_weight.mT  # [..., S, A]
    return additive_scores_projected_core(from_query, from_key, score_vector).to(dtype)


def additive_scores_projected(from_query, from_key, score_vector):
    """The last step of `additive_scores`: v tanh(a + b), for projections made beforehand.

    A decoder scores the same keys at every step; projecting them once saves most of the work.

    Args:
        from_query: `[..., T, A]`, W_q q + b.
        from_key: `[..., S, A]`, W_k k.
        score_vector: `[A]`.

    Returns:
        scores `[..., T, S]`.

    Raises:
        TypeError: not floating tensors of one dtype.
        ValueError: the widths differ.

    Cost: T S A tanh and 2 T S A FLOPs. Chapter: 01_1_scores.

    >>> additive_scores_projected(torch.zeros(1, 3), torch.zeros(2, 3), torch.ones(3))
    tensor([[0., 0.]])
    """
    check_tensors(from_query=from_query, from_key=from_key, score_vector=score_vector)
    check_query_key(from_query, from_key, names=("from_query", "from_key"))
    check_shape("score_vector", score_vector, (from_query.shape[-1],), "[A]")
    return additive_scores_projected_core(from_query, from_key, score_vector)


def additive_scores_projected_core(from_query, from_key, score_vector):
    """`additive_scores_projected` for arguments that were checked."""
    dtype, from_query, from_key, score_vector = widen_core(from_query, from_key, score_vector)
    hidden = torch.tanh(from_query[..., :, None, :] + from_key[..., None, :, :])  # [..., T, S, A]
    return (hidden @ score_vector).to(dtype)


def concat_scores(query, key, weight, score_vector):
    """Score the joined vector: v tanh(W [q; k]) with weight `[A, D_q + D_k]`.

    Computed as `additive_scores` with the weight split, which never builds the joined vectors.
    Arguments, returns, raises and source as `attention_lib.reference.concat_scores`, for tensors;
    cost as `additive_scores`. Chapter: 01_1_scores.

    >>> concat_scores(torch.ones(1, 1), torch.tensor([[-1.0], [0.0]]), torch.ones(1, 2),
    ... torch.tensor([2.0]))
    tensor([[0.0000, 1.5232]])
    """
    check_tensors(query=query, key=key, weight=weight, score_vector=score_vector)
    check_query_key(query, key, same_width=False)
    query_width, key_width = query.shape[-1], key.shape[-1]
    check_dimensions(1, score_vector=score_vector)
    hidden_width = score_vector.shape[0]
    check_shape("weight", weight, (hidden_width, query_width + key_width), "[A, D_q + D_k]")
    query_weight, key_weight = weight.split([query_width, key_width], dim=1)
    return additive_scores(query, key, query_weight, key_weight, score_vector)
