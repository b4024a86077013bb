"""Tiled attention: exact, block by block, with an online softmax. The FlashAttention algorithm."""

from typing import NamedTuple

import numpy as np

from ..checks import (
    check_count,
    check_dimensions,
    check_flag,
    check_instance,
    check_query_key,
    check_scale,
    check_shape,
    check_value,
)
from .precision import check_array_mask, widen


class OnlineSoftmax(NamedTuple):
    """What is known of a row of attention after some of its keys.

    maximum: m `[..., T]`, the largest score so far; minus infinity before the first key.
    total: l `[..., T]`, sum of exp(s_j - m) over the keys so far.
    weighted: u `[..., T, E]`, sum of exp(s_j - m) v_j.
    """

    maximum: np.ndarray
    total: np.ndarray
    weighted: np.ndarray

    def output(self):
        """u / l, the attention to the keys so far; zero for a row that has seen no key."""
        return self.weighted / np.where(self.total == 0, 1, self.total)[..., None]

    def log_sum_exp(self):
        """m + log l: with it any weight can be computed again, exp(s_j - (m + log l))."""
        seen = self.total > 0
        return np.where(
            seen, _finite(self.maximum) + np.log(np.where(seen, self.total, 1)), -np.inf
        )


def online_softmax(scores, value, state=None, *, mask=None):
    r"""Take one more block of keys into a softmax-weighted mean, without keeping the earlier ones.

    $$m' = \max(m, \max_j s_j), \quad
    l' = e^{m - m'} l + \sum_j e^{s_j - m'}, \quad
    u' = e^{m - m'} u + \sum_j e^{s_j - m'} v_j$$

    After the last block u / l is the attention output, whatever the blocks were: what was summed
    under an old maximum is multiplied once by exp(m - m').

    Args:
        scores: `[..., T, S]`, the scores of this block, finite or minus infinity; float16, float32
            or float64.
        value: `[..., S, E]`, the values of this block, same dtype.
        state: what an earlier call returned; None before the first block.
        mask: boolean, broadcastable to `[..., T, S]`; True = may attend.

    Returns:
        `OnlineSoftmax(maximum, total, weighted)`, float32 for float16, else in the dtype of the
        scores. Its `output()` and `log_sum_exp()` are those of all keys so far.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, mask not boolean.
        ValueError: value, mask or state does not fit the scores.

    Cost: 2 T S E FLOPs and T E products for the change of the maximum.
    Source: Milakov and Gimelshein (2018), algorithm 3, for m and l; Rabe and Staats (2021) for u.

    >>> state = online_softmax(np.array([[0.0]]), np.array([[1.0]]))
    >>> state = online_softmax(np.array([[0.0]]), np.array([[3.0]]), state)
    >>> state.output(), state.total
    (array([[2.]]), array([2.]))
    """
    _, scores, value = widen(scores=scores, value=value)
    check_dimensions(2, scores=scores)
    output_shape = check_value(value, scores.shape)
    check_array_mask(mask, scores.shape)
    if state is not None:
        check_instance(OnlineSoftmax, state=state)
        _check_state(state, output_shape)
    scores = scores.copy() if mask is None else np.where(mask, scores, -np.inf)
    return _add_keys(scores, value, state)


def _add_keys(scores, value, state):
    """`online_softmax` in the memory of the scores: new memory for a large array costs as exp."""
    maximum = scores.max(axis=-1, initial=-np.inf)  # [..., T]
    maximum = maximum if state is None else np.maximum(state.maximum, maximum)
    scores -= _finite(maximum)[..., None]
    powers = np.exp(scores, out=scores)
    total, weighted = powers.sum(axis=-1), powers @ value
    if state is not None:
        shrink = np.exp(state.maximum - _finite(maximum))
        total = total + shrink * state.total
        weighted = weighted + shrink[..., None] * state.weighted
    return OnlineSoftmax(maximum, total, weighted)


def tiled_attention(
    query,
    key,
    value,
    *,
    causal=False,
    mask=None,
    scale=None,
    block_size=128,
    return_log_sum_exp=False,
):
    r"""Compute exactly what `attention` computes, one block of queries and keys at a time.

    $$O_i = u_i / l_i, \qquad L_i = m_i + \log l_i$$

    with m, l and u of `online_softmax`, taken over the blocks of keys. No `[T, S]` array is ever
    made. Exact, causal or not; the number of FLOPs stays quadratic, except that a causal mask
    spares the blocks that lie wholly in the future.

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key.
        mask: boolean, broadcastable to `[..., T, S]`; True = may attend.
        scale: None means 1 / sqrt(D).
        block_size: integer >= 1, number of queries and of keys in a block; the last may be shorter.
        return_log_sum_exp: also return L, all that the backward pass has to keep beside the output.

    Returns:
        output `[..., T, E]`, or (output, log_sum_exp `[..., T]`; float32 for float16). A query with
        nothing to attend to has a zero output and a log-sum-exp of minus infinity.

    Raises:
        TypeError, ValueError: as `attention`; block_size not an integer >= 1.

    Cost: 2 T S (D + E) FLOPs (half of it if causal and T = S); memory for one block of scores,
    block_size^2, and T (E + 2) numbers.
    Source: Dao et al. (2022), algorithm 1, with the loop over queries outside as in Dao (2023); the
    softmax is that of Milakov and Gimelshein (2018).

    >>> x = np.array([[1.0], [2.0], [3.0]])
    >>> tiled_attention(x, x, x, causal=True, block_size=2).round(3)
    array([[1.   ],
           [1.881],
           [2.948]])
    """
    dtype, query, key, value = widen(query=query, key=key, value=value)
    shape, scale = _checked(query, key, value, causal, mask, scale, block_size)
    check_flag(return_log_sum_exp=return_log_sum_exp)
    output_shape = check_value(value, shape)
    output = np.zeros(output_shape, query.dtype)
    log_sum_exp = np.full(output_shape[:-1], -np.inf, query.dtype)
    value = np.broadcast_to(value, (*output_shape[:-2], *value.shape[-2:]))
    for rows in _blocks(shape[-2], block_size):
        state = None
        for columns, scores in _scores_of(rows, query, key, shape, causal, mask, scale, block_size):
            state = _add_keys(scores, value[..., columns, :], state)
        if state is not None:
            output[..., rows, :], log_sum_exp[..., rows] = state.output(), state.log_sum_exp()
    output = output.astype(dtype)
    return (output, log_sum_exp) if return_log_sum_exp else output


def tiled_attention_backward(
    query,
    key,
    value,
    output,
    log_sum_exp,
    grad_output,
    *,
    causal=False,
    mask=None,
    scale=None,
    block_size=128,
):
    r"""Carry the gradient back through `tiled_attention`, computing the weights again by blocks.

    With $G = \partial L / \partial O$, and for one block at a time:

    $$W_{ij} = \exp(S_{ij} - L_i), \quad
    \partial S_{ij} = W_{ij} \big(G_i \cdot v_j - G_i \cdot O_i\big), \quad
    \partial V = W^\top G, \quad \partial Q = c \, \partial S \, K, \quad
    \partial K = c \, \partial S^\top Q$$

    The sum over a whole row in the gradient of the softmax is $G_i \cdot O_i$: no row is needed
    at once.

    Args:
        query, key, value, causal, mask, scale, block_size: as for `tiled_attention`.
        output, log_sum_exp: what `tiled_attention` returned.
        grad_output: `[..., T, E]`, same dtype as the output.

    Returns:
        (grad_query, grad_key, grad_value), each in the shape of its input; summed over axes that
        were broadcast. Zero from queries with nothing to attend to.

    Raises:
        TypeError, ValueError: as `tiled_attention`; output, log_sum_exp or grad_output has not the
            shape of what was returned.

    Cost: 2.5 times the matrix products of the forward pass: five instead of two. Memory as the
    forward pass, and the gradients.
    Source: Dao et al. (2022), algorithm 4 and appendix B.2.

    >>> one = np.array([[1.0]])
    >>> output, log_sum_exp = tiled_attention(one, one, one, return_log_sum_exp=True)
    >>> tiled_attention_backward(one, one, one, output, log_sum_exp, one)
    (array([[0.]]), array([[0.]]), array([[1.]]))
    """
    dtype, query, key, value, output, grad_output = widen(
        query=query, key=key, value=value, output=output, grad_output=grad_output
    )
    _, log_sum_exp = widen(log_sum_exp=log_sum_exp)
    shape, scale = _checked(query, key, value, causal, mask, scale, block_size)
    output_shape = check_value(value, shape)
    check_shape("output", output, output_shape, "[..., T, E]")
    check_shape("log_sum_exp", log_sum_exp, output_shape[:-1], "[..., T]")
    check_shape("grad_output", grad_output, output_shape, "[..., T, E]")
    leading = output_shape[:-2]
    wide = [np.broadcast_to(one, (*leading, *one.shape[-2:])) for one in (query, key, value)]
    grads = [np.zeros(one.shape, query.dtype) for one in wide]
    wide_query, wide_key, wide_value = wide
    grad_query, grad_key, grad_value = grads
    mean = np.sum(grad_output * output, axis=-1, keepdims=True)  # [..., T, 1]
    for rows in _blocks(shape[-2], block_size):
        grad, shift = grad_output[..., rows, :], _finite(log_sum_exp[..., rows])[..., None]
        for columns, scores in _scores_of(rows, query, key, shape, causal, mask, scale, block_size):
            weights = np.exp(scores - shift)
            grad_weights = grad @ np.swapaxes(wide_value[..., columns, :], -1, -2)
            grad_scores = weights * (grad_weights - mean[..., rows, :]) * scale
            grad_query[..., rows, :] += grad_scores @ wide_key[..., columns, :]
            grad_key[..., columns, :] += np.swapaxes(grad_scores, -1, -2) @ wide_query[..., rows, :]
            grad_value[..., columns, :] += np.swapaxes(weights, -1, -2) @ grad
    pairs = zip(grads, (query, key, value), strict=True)
    return tuple(_sum_to(gradient, array.shape).astype(dtype) for gradient, array in pairs)


def _check_state(state, output_shape):
    """state is what blocks of such scores and values have left."""
    widen(**{f"state.{name}": part for name, part in state._asdict().items()})
    check_shape("state.weighted", state.weighted, output_shape, "[..., T, E]")
    for name in ("maximum", "total"):
        check_shape(f"state.{name}", getattr(state, name), output_shape[:-1], "[..., T]")


def _checked(query, key, value, causal, mask, scale, block_size):
    """Shape of the scores that are never made, and the scale."""
    shape = check_query_key(query, key)
    check_value(value, shape)
    check_array_mask(mask, shape)
    check_flag(causal=causal)
    check_scale(scale)
    check_count(block_size=block_size)
    return shape, query.shape[-1] ** -0.5 if scale is None else scale


def _blocks(length, size):
    size = int(size)
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def _scores_of(rows, query, key, shape, causal, mask, scale, block_size):
    """The blocks of keys that these queries may see: (columns, scores), closed ones at -inf."""
    n_queries, n_keys = shape[-2:]
    mask = None if mask is None else np.broadcast_to(mask, shape)  # a view: nothing is copied
    position = np.arange(rows.start, rows.stop)[:, None] + n_keys - n_queries
    for columns in _blocks(n_keys, block_size):
        if causal and columns.start > position[-1, 0]:
            return  # this block and those behind it lie in the future
        scores = (query[..., rows, :] * scale) @ np.swapaxes(key[..., columns, :], -1, -2)
        if mask is not None:
            scores = np.where(mask[..., rows, columns], scores, -np.inf)
        if causal:
            past = np.arange(columns.start, columns.stop) <= position
            scores = np.where(past, scores, -np.inf)
        yield columns, scores


def _finite(maximum):
    """Zero in place of minus infinity: exp(-inf - 0) is the zero that an unseen row needs."""
    return np.where(maximum == -np.inf, 0, maximum)


def _sum_to(gradient, shape):
    """Undo broadcasting: sum over the axes along which an input was repeated."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    repeated = tuple(axis for axis, size in enumerate(shape) if size != gradient.shape[axis])
    return gradient.sum(axis=repeated, keepdims=True)
