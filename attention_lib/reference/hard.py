"""Hard attention: look at one place, drawn from the weights, and learn from the reward alone."""

import numpy as np

from ..checks import check_dimensions, check_kind, check_plain, check_real, check_shape, check_value
from .precision import widen
from .scores import scaled_dot_scores
from .softmax import softmax


def hard_attention(query, key, value, *, rng, mask=None, scale=None):
    r"""Draw one key for each query with the probabilities that soft attention would use as weights,
    and return its value.

    $$j_i \sim \mathrm{softmax}(c \, q_i K^\top), \qquad o_i = v_{j_i}$$

    On average over draws the output is that of `attention`.

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        rng: a numpy.random.Generator.
        mask: boolean, broadcastable to `[..., T, S]`; True = may attend.
        scale: c; None means 1 / sqrt(D).

    Returns:
        output `[..., T, E]`, same dtype, and index `[..., T]` of integers. A query with nothing to
        attend to has a zero output and the index -1.

    Raises:
        TypeError: as `attention`; also when rng is not a Generator.
        ValueError: as `attention`; also when a score is NaN.

    Cost: 2 T S D FLOPs and T S random numbers; the values are read, not averaged.
    Source: Xu et al. (2015), section 4.1. The draw adds Gumbel noise to the log-weights and takes
    the largest.
    Chapter: 01_3_before_its_name.

    >>> key = np.array([[0.0], [100.0]])
    >>> hard_attention(np.array([[1.0]]), key, key, rng=np.random.default_rng(0))
    (array([[100.]]), array([1]))
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    dtype, query, key, value = widen(query=query, key=key, value=value)
    scores = scaled_dot_scores(query, key, scale=scale)
    expected = check_value(value, scores.shape)
    weights = softmax(scores, mask=mask)
    if np.isnan(weights).any():
        raise ValueError("query and key must give scores without NaN, got NaN")
    weights = np.broadcast_to(weights, (*expected[:-1], weights.shape[-1]))
    index = _draw(weights, rng)
    if value.shape[-2] == 0:
        return np.zeros(expected, dtype=dtype), index
    rows = np.broadcast_to(value, (*expected[:-2], *value.shape[-2:]))
    output = np.take_along_axis(rows, np.maximum(index, 0)[..., None], axis=-2)  # [..., T, E]
    return np.where(index[..., None] >= 0, output, 0).astype(dtype), index


def reinforce_gradient(weights, index, reward, *, baseline=0.0):
    r"""Estimate from draws how the expected reward answers to the scores.

    $$\hat g = (r - b) \, \frac{\partial \log w_j}{\partial s} = (r - b) (e_j - w)$$

    with $e_j$ one at the drawn key and zero elsewhere. Its mean over draws is the true gradient,
    whatever the baseline.

    Args:
        weights: `[..., S]`, float16, float32 or float64; the probabilities of the draw.
        index: `[...]` integers, the keys drawn; -1 for none.
        reward: `[...]`, same dtype as weights; r.
        baseline: b, a number or an array that broadcasts to the rewards; it must not depend on the
            draw.

    Returns:
        `[..., S]`, same dtype, one estimate for each draw; zero where the index is -1. Average over
        draws yourself.

    Raises:
        TypeError: weights or reward not floating NumPy arrays of one dtype, index not integer.
        ValueError: index or reward has not the shape of weights without its last axis, baseline
            does not broadcast to it, or index outside -1..S-1.

    Cost: 2 S FLOPs a draw.
    Source: Williams (1992), REINFORCE.
    Chapter: 01_3_before_its_name.

    >>> reinforce_gradient(np.array([0.25, 0.75]), np.array(1), np.array(2.0), baseline=1.0)
    array([-0.25,  0.25])
    """
    dtype, weights, reward = widen(weights=weights, reward=reward)
    check_dimensions(1, weights=weights)
    check_kind("numpy", index=index)
    if not np.issubdtype(index.dtype, np.integer):
        raise TypeError(f"index must be integers, got dtype {index.dtype}")
    check_shape("index", index, weights.shape[:-1], "that of weights without its last axis")
    check_shape("reward", reward, weights.shape[:-1], "that of weights without its last axis")
    if isinstance(baseline, np.ndarray):
        check_plain(baseline=baseline)
        _check_baseline(baseline, reward.shape)
    else:
        check_real(baseline=baseline)
    n_keys = weights.shape[-1]
    if index.size and (index.min() < -1 or index.max() >= n_keys):
        raise ValueError(f"index must lie in -1..{n_keys - 1}, got {index.min()}..{index.max()}")
    chosen = np.arange(n_keys) == index[..., None]  # [..., S]
    advantage = np.where(index >= 0, reward - baseline, 0)
    return (advantage[..., None] * (chosen - weights)).astype(dtype)


def _check_baseline(baseline, expected):
    try:
        fits = np.broadcast_shapes(baseline.shape, expected) == expected
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"baseline must broadcast to the rewards' shape {expected}, got {baseline.shape}"
        )


def _draw(weights, rng):
    """One index a row, -1 for an empty row. Keys of weight zero are never drawn."""
    if weights.shape[-1] == 0:
        return np.full(weights.shape[:-1], -1)
    with np.errstate(divide="ignore"):
        noisy = np.log(weights) + rng.gumbel(size=weights.shape)
    return np.where(weights.any(axis=-1), noisy.argmax(axis=-1), -1)
