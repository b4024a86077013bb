"""Performer attention: random features that estimate the exponential of softmax attention."""

import math

import numpy as np

from ..checks import (
    check_count,
    check_dimensions,
    check_flag,
    check_floating,
    check_key_mask,
    check_kind,
    check_positive,
    check_query_key,
    check_random_features,
    check_size,
    check_value,
)
from .precision import widen


def orthogonal_features(n_features, width, *, seed=0, orthogonal=True):
    r"""Draw random directions for `positive_features`, at right angles to each other.

    Each row is distributed as a vector of D independent standard normal numbers. Rows of one block
    of D are made orthogonal by the Gram-Schmidt process, then given the lengths of other normal
    vectors; blocks are independent of each other. So each row alone serves an estimate as well as
    an independent one, and together they are spread more evenly: less variance.

    Args:
        n_features: M, at least 1.
        width: D, at least 1.
        seed: integer >= 0 of NumPy's `default_rng`.
        orthogonal: False leaves all rows independent.

    Returns:
        float64 `[M, D]`.

    Raises:
        TypeError, ValueError: a size or the seed is not such an integer, orthogonal is not a bool.

    Cost: about 2 M D^2 FLOPs.
    Source: Yu et al. (2016); Choromanski et al. (2021), section 2.4.

    >>> features = orthogonal_features(3, 3, seed=1)
    >>> int(np.count_nonzero((features @ features.T).round(3)))  # the diagonal
    3
    """
    check_size(n_features=n_features, width=width)
    check_count(minimum=0, seed=seed)
    check_flag(orthogonal=orthogonal)
    rng = np.random.default_rng(seed)
    n_blocks = math.ceil(n_features / width)
    rows = rng.normal(size=(n_blocks, width, width))
    if orthogonal:
        for block in rows:
            for i in range(width):
                for _ in range(2):  # twice: the first leaves rounding errors of almost equal rows
                    block[i] -= (block[:i] @ block[i]) @ block[:i]
                block[i] /= np.linalg.norm(block[i])
        rows *= np.linalg.norm(rng.normal(size=rows.shape), axis=-1, keepdims=True)
    return rows.reshape(-1, width)[:n_features]


def positive_features(x, features):
    r"""Map vectors to positive numbers whose products estimate exp(x . y) without bias.

    $$\phi(x)_r = \frac{1}{\sqrt M} \exp\Big(w_r \cdot x - \frac{\|x\|^2}{2}\Big), \qquad
    \mathbb E \, [\phi(x) \cdot \phi(y)] = \exp(x \cdot y)$$

    for rows w that are each distributed as D independent standard normal numbers.

    Args:
        x: `[..., D]`, float16, float32 or float64.
        features: W, `[M, D]`, same dtype, as `orthogonal_features` draws them.

    Returns:
        `[..., M]`, same dtype. It overflows where the exponential does: `performer_attention`
        shifts the exponents, which changes all products by one factor.

    Raises:
        TypeError: not floating NumPy arrays of one dtype.
        ValueError: shapes do not fit.

    Cost: 2 M D FLOPs and M exponentials a vector.
    Source: Choromanski et al. (2021), lemma 1.

    >>> positive_features(np.zeros(2), np.ones((4, 2)))
    array([0.5, 0.5, 0.5, 0.5])
    """
    check_kind("numpy", x=x, features=features)
    check_dimensions(1, x=x)
    check_random_features(features, x.shape[-1], None)
    dtype, x, features = widen(x=x, features=features)
    half_square = np.sum(x**2, axis=-1, keepdims=True) / 2
    return (np.exp(x @ features.T - half_square) / math.sqrt(len(features))).astype(dtype)


def performer_attention(
    query,
    key,
    value,
    *,
    n_features=None,
    causal=False,
    seed=0,
    mask=None,
    scale=None,
    orthogonal=True,
    features=None,
):
    r"""Estimate softmax attention by linear attention with random features (FAVOR+).

    $$o_i = \frac{\phi(\sqrt c \, q_i)^\top \sum_j \phi(\sqrt c \, k_j) v_j^\top}
    {\phi(\sqrt c \, q_i)^\top \sum_j \phi(\sqrt c \, k_j)}, \qquad c = 1/\sqrt D$$

    with the `positive_features` phi. Approximate: numerator and denominator are unbiased estimates,
    of the sums of exp(c q . k) v and of exp(c q . k), while their ratio is biased; its error falls
    as 1 / sqrt(M), and it grows fast with the lengths of q and k.

    Nothing is added to the denominator. The largest exponent of each feature over the keys,
    $m_r = \max_j \log \phi(k_j)_r$, moves from the keys to the query; then the largest exponent of
    each query is subtracted. Both cancel in the ratio, the largest product is 1, and the
    denominator at least 1.

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        n_features: M, how many features to draw; more are more exact.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key. As published.
        seed: of the features; the same draw for all leading axes.
        mask: boolean, broadcastable to `[..., 1, S]`; True = may be attended to. It cannot differ
            from query to query: the sums are common to all.
        scale: c > 0; None means 1 / sqrt(D).
        orthogonal: features at right angles; False draws each by itself.
        features: `[M, D]`, same dtype, in place of n_features, seed and orthogonal.

    Returns:
        output `[..., T, E]` in the dtype of the input (float16 is computed in float32). A query
        with nothing to attend to has a zero output.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, mask not boolean, causal or orthogonal
            not a bool, a number of another kind.
        ValueError: shapes or mask do not fit, mask differs between queries, scale not positive,
            not exactly one of n_features and features.

    Cost: 2 M (D + E) (T + S) FLOPs and M (T + S) exponentials; M E numbers for the sums. Causal,
    this definition forms the sums anew for each query, T times the work; `functional` carries them.
    Source: Choromanski et al. (2021), equations 4 to 6, lemma 1 and appendix B.1 (causal).

    >>> one = np.ones((1, 2))
    >>> performer_attention(one, one, one, n_features=4)  # a single key always has weight 1
    array([[1., 1.]])
    """
    check_kind("numpy", query=query, key=key, value=value)
    shape = check_query_key(query, key)
    check_value(value, shape)
    if mask is not None:
        check_kind("numpy", mask=mask)
        check_key_mask(mask, shape)
    check_flag(causal=causal)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    check_positive(scale=scale)
    if features is not None:
        check_kind("numpy", features=features)
        check_floating(query=query, features=features)
    check_random_features(features, query.shape[-1], n_features)
    dtype, query, key, value = widen(query=query, key=key, value=value)
    if features is None:
        width = query.shape[-1]
        features = orthogonal_features(n_features, width, seed=seed, orthogonal=orthogonal)
    features = features.astype(query.dtype, copy=False)

    query, key = (one * query.dtype.type(math.sqrt(scale)) for one in (query, key))
    query_exponents = query @ features.T  # without |q|^2 / 2, which is common to all features
    key_exponents = key @ features.T - np.sum(key**2, axis=-1, keepdims=True) / 2  # [..., S, M]
    if mask is not None:
        key_exponents = np.where(np.swapaxes(np.atleast_2d(mask), -1, -2), key_exponents, -np.inf)
    if not causal:
        return _ratio(query_exponents, key_exponents, value).astype(dtype)
    outputs = [_ratio(query_exponents[..., :0, :], key_exponents, value)]
    for i in range(shape[-2]):
        visible = max(0, i + 1 + shape[-1] - shape[-2])
        one, keys = query_exponents[..., i : i + 1, :], key_exponents[..., :visible, :]
        outputs.append(_ratio(one, keys, value[..., :visible, :]))
    return np.concatenate(outputs, axis=-2).astype(dtype)


def _ratio(query_exponents, key_exponents, value):
    """Outputs of queries that all see all of these keys."""
    top = np.max(key_exponents, axis=-2, keepdims=True, initial=-np.inf)  # [..., 1, M]
    top = np.where(top == -np.inf, 0, top)  # no key at all
    key_features = np.exp(key_exponents - top)
    query_exponents = query_exponents + top
    query_features = np.exp(query_exponents - query_exponents.max(axis=-1, keepdims=True))
    numerator = query_features @ (np.swapaxes(key_features, -1, -2) @ value)
    denominator = query_features @ key_features.sum(axis=-2)[..., None]  # [..., T, 1]
    return numerator / np.where(denominator == 0, np.inf, denominator)
