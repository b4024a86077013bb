"""Five ways to score a query against a key. All return `[..., T, S]`."""

import numpy as np

from ..checks import check_dimensions, check_kind, check_query_key, check_scale, check_shape
from .precision import widen


def dot_scores(query, key):
    r"""Score by the inner product, $s_{ij} = q_i \cdot k_j$.

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.

    Returns:
        scores `[..., T, S]`, same dtype (float16 is accumulated in float32).

    Raises:
        TypeError: not floating NumPy arrays of one dtype.
        ValueError: widths differ, or leading axes do not broadcast.

    Cost: 2 T S D FLOPs, T S numbers written.
    Source: Luong, Pham and Manning (2015), "dot".
    Chapter: 01_1_scores.

    >>> dot_scores(np.array([[0.5, 0.5]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1.5, 3.5]])
    """
    dtype, query, key = widen(query=query, key=key)
    check_query_key(query, key)
    return (query @ np.swapaxes(key, -1, -2)).astype(dtype)


def scaled_dot_scores(query, key, *, scale=None):
    r"""Score by the scaled inner product, $s_{ij} = c \, q_i \cdot k_j$ with $c = 1/\sqrt{D}$
    unless given.

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        scale: c, a finite number; None means 1 / sqrt(D).

    Returns:
        scores `[..., T, S]`, same dtype.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, or scale not a number.
        ValueError: widths differ, leading axes do not broadcast, scale not finite.

    Cost: 2 T S D FLOPs.
    Source: Vaswani et al. (2017), equation 1; their d_k is our D.
    Chapter: 02_worked_example.

    >>> scaled_dot_scores(np.array([[1.0, 1.0, 1.0, 1.0]]), np.array([[1.0, 2.0, 3.0, 4.0]]))
    array([[5.]])
    """
    dtype, query, key = widen(query=query, key=key)
    check_query_key(query, key)
    check_scale(scale)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return ((query @ np.swapaxes(key, -1, -2)) * scale).astype(dtype)


def general_scores(query, key, weight):
    r"""Score by a learned bilinear form, $s_{ij} = q_i^\top W k_j$.

    Args:
        query: `[..., T, D_q]`, float16, float32 or float64.
        key: `[..., S, D_k]`, same dtype; the widths may differ.
        weight: W, `[D_q, D_k]`, same dtype.

    Returns:
        scores `[..., T, S]`, same dtype.

    Raises:
        TypeError: not floating NumPy arrays of one dtype.
        ValueError: weight does not fit the widths, or leading axes do not broadcast.

    Cost: 2 T D_q D_k + 2 T S D_k FLOPs.
    Source: Luong, Pham and Manning (2015), "general".
    Chapter: 01_1_scores.

    >>> general_scores(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([[1.0], [1.0]]))
    array([[ 9., 12.]])
    """
    dtype, query, key, weight = widen(query=query, key=key, weight=weight)
    check_query_key(query, key, same_width=False)
    check_shape("weight", weight, (query.shape[-1], key.shape[-1]), "[D_q, D_k]")
    projected = query @ weight  # [..., T, D_k]
    return (projected @ np.swapaxes(key, -1, -2)).astype(dtype)


def additive_scores(query, key, query_weight, key_weight, score_vector, *, bias=None):
    r"""Score by a small network with one hidden layer, $s_{ij} = v^\top \tanh(W_q q_i + W_k k_j +
    b)$.

    Args:
        query: `[..., T, D_q]`, float16, float32 or float64.
        key: `[..., S, D_k]`, same dtype.
        query_weight: W_q, `[A, D_q]`.
        key_weight: W_k, `[A, D_k]`.
        score_vector: v, `[A]`.
        bias: b, `[A]`, or None for zero.

    Returns:
        scores `[..., T, S]`, same dtype.

    Raises:
        TypeError: not floating NumPy arrays of one dtype.
        ValueError: a weight does not fit the widths, or leading axes do not broadcast.

    Cost: 2 A (T D_q + S D_k) FLOPs for the projections, then T S A tanh and 2 T S A FLOPs; T S A
    numbers in between.
    Source: Bahdanau, Cho and Bengio (2015), appendix A.1.2; their W_a, U_a, v_a are our W_q, W_k,
    v.
    Chapter: 01_1_scores.

    >>> one = np.array([[1.0]])
    >>> additive_scores(one, np.array([[-1.0], [0.0]]), one, one, np.array([2.0])).round(3)
    array([[0.   , 1.523]])
    """
    check_kind("numpy", score_vector=score_vector)
    bias = np.zeros_like(score_vector) if bias is None else bias
    dtype, query, key, query_weight, key_weight, score_vector, bias = widen(
        query=query,
        key=key,
        query_weight=query_weight,
        key_weight=key_weight,
        score_vector=score_vector,
        bias=bias,
    )
    check_query_key(query, key, same_width=False)
    check_dimensions(1, score_vector=score_vector)
    hidden_width = score_vector.shape[0]
    check_shape("score_vector", score_vector, (hidden_width,), "[A]")
    check_shape("query_weight", query_weight, (hidden_width, query.shape[-1]), "[A, D_q]")
    check_shape("key_weight", key_weight, (hidden_width, key.shape[-1]), "[A, D_k]")
    check_shape("bias", bias, (hidden_width,), "[A]")
    from_query = query @ query_weight.T  # [..., T, A]
    from_key = key @ key_weight.T  # [..., S, A]
    hidden = np.tanh(
        from_query[..., :, None, :] + from_key[..., None, :, :] + bias
    )  # [..., T, S, A]
    return (hidden @ score_vector).astype(dtype)


def concat_scores(query, key, weight, score_vector):
    r"""Score the joined vector, $s_{ij} = v^\top \tanh(W [q_i; k_j])$.

    Equal to `additive_scores` with W split into its left part W_q and its right part W_k; written
    out here as the paper has it, with the joined vectors.

    Args:
        query: `[..., T, D_q]`, float16, float32 or float64.
        key: `[..., S, D_k]`, same dtype.
        weight: W, `[A, D_q + D_k]`.
        score_vector: v, `[A]`.

    Returns:
        scores `[..., T, S]`, same dtype.

    Raises:
        TypeError: not floating NumPy arrays of one dtype.
        ValueError: a weight does not fit the widths, or leading axes do not broadcast.

    Cost: 2 T S A (D_q + D_k) FLOPs, since the joined vectors are built for each pair.
    Source: Luong, Pham and Manning (2015), "concat".
    Chapter: 01_1_scores.

    >>> one = np.array([[1.0]])
    >>> concat_scores(one, np.array([[-1.0], [0.0]]), np.array([[1.0, 1.0]]),
    ... np.array([2.0])).round(3)
    array([[0.   , 1.523]])
    """
    dtype, query, key, weight, score_vector = widen(
        query=query, key=key, weight=weight, score_vector=score_vector
    )
    *leading, n_queries, n_keys = check_query_key(query, key, same_width=False)
    check_dimensions(1, score_vector=score_vector)
    hidden_width = score_vector.shape[0]
    check_shape("score_vector", score_vector, (hidden_width,), "[A]")
    check_shape("weight", weight, (hidden_width, query.shape[-1] + key.shape[-1]), "[A, D_q + D_k]")
    queries = np.broadcast_to(
        query[..., :, None, :], (*leading, n_queries, n_keys, query.shape[-1])
    )
    keys = np.broadcast_to(key[..., None, :, :], (*leading, n_queries, n_keys, key.shape[-1]))
    joined = np.concatenate([queries, keys], axis=-1)  # [..., T, S, D_q + D_k]
    return (np.tanh(joined @ weight.T) @ score_vector).astype(dtype)
