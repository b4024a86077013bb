"""Linear attention: feature maps in place of the exponential, so that sums replace weights."""

import numpy as np

from ..checks import (
    check_feature_map,
    check_features,
    check_flag,
    check_floating,
    check_key_mask,
    check_kind,
    check_query_key,
    check_same_kind,
    check_same_length,
    check_value,
)
from .precision import widen

FEATURE_MAPS = {
    "elu": lambda x: np.exp(np.minimum(x, 0)) + np.maximum(x, 0),  # elu(x) + 1
    "relu": lambda x: np.maximum(x, 0),
    "exp": np.exp,
}


def linear_attention(query, key, value, *, causal=False, feature_map="elu", mask=None):
    r"""Average the values with the weights phi(q) . phi(k), without computing the weights.

    $$o_i = \frac{\phi(q_i)^\top \sum_j \phi(k_j) v_j^\top}{\phi(q_i)^\top \sum_j \phi(k_j)}$$

    The sums do not depend on i: they are computed once. Causal, they run over $j \le i$ and are
    carried along (`LinearAttentionState`). The same, exactly, as averaging the values with the
    weights $\phi(q_i) \cdot \phi(k_j)$, divided by their sum over j; another mechanism than softmax
    attention, whose $\exp(q \cdot k)$ no feature map of finite width gives.

    Args:
        query: `[..., T, D]`, float16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key.
        feature_map: phi: "elu" (elu(x) + 1: x + 1 above zero, exp(x) below), "relu" (max(x, 0)),
            "exp" (exp(x), which overflows where exp does), or a function of an array
            `[..., N, D]` that gives its features `[..., N, M]`, none of them below zero, each
            position mapped by itself.
        mask: boolean, broadcastable to `[..., 1, S]`; True = may be attended to. It cannot differ
            from query to query: the sums are common to all.

    Returns:
        output `[..., T, E]` in the dtype of the input (float16 is computed in float32). A query
        with nothing to attend to, or whose features are orthogonal to those of every key it sees
        ("relu"), has a zero output.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, mask not boolean, causal not a bool,
            feature_map neither a name nor a function, features of another dtype.
        ValueError: shapes or mask do not fit, mask differs between queries, no such feature map,
            features with other rows than their input.

    Cost: 2 M E (T + S) FLOPs, so O(n d^2) at M = E = d, not O(n d); M E numbers for the sums.
    Source: Katharopoulos et al. (2020), equations 4 to 12.

    >>> query, key = np.array([[0.0], [1.0]]), np.array([[0.0], [2.0]])
    >>> linear_attention(query, key, np.array([[1.0], [5.0]]))  # weights 1/4 and 3/4
    array([[4.],
           [4.]])
    """
    shape = _checked(query, key, value, mask, feature_map)
    check_flag(causal=causal)
    dtype, query, key, value = widen(query=query, key=key, value=value)
    mask = np.ones(1, dtype=bool) if mask is None else mask
    query_features = _features(query, feature_map)
    key_features = _key_features(key, mask, feature_map)
    if not causal:
        return _ratio(query_features, *_sums(key_features, value)).astype(dtype)
    # Queries before the first key see nothing; keys before the first query are seen by all.
    before = max(0, shape[-1] - shape[-2])
    numerator, normaliser = _sums(key_features[..., :before, :], value[..., :before, :])
    outputs = []
    for i in range(shape[-2]):
        j = i + shape[-1] - shape[-2]
        if j >= 0:
            more, total = _sums(key_features[..., j : j + 1, :], value[..., j : j + 1, :])
            numerator, normaliser = numerator + more, normaliser + total
        outputs.append(_ratio(query_features[..., i : i + 1, :], numerator, normaliser))
    empty = _ratio(query_features[..., :0, :], numerator, normaliser)
    return np.concatenate([empty, *outputs], axis=-2).astype(dtype)


class LinearAttentionState:
    r"""Causal linear attention that is fed piece by piece: a recurrent network with a matrix state.

    $$A_i = A_{i-1} + \phi(k_i) v_i^\top, \qquad z_i = z_{i-1} + \phi(k_i), \qquad
    o_i = \frac{\phi(q_i)^\top A_i}{\phi(q_i)^\top z_i}$$

    Appending the parts of a sequence one after the other gives `linear_attention` with
    `causal=True` of the whole.

    Args:
        feature_map: as for `linear_attention`.

    Attributes:
        length: positions seen.
        numerator: A, `[..., M, E]`; None before the first position.
        normaliser: z, `[..., M]`; None before the first position.

    Cost: 4 M E FLOPs a position, however many came before.
    Source: Katharopoulos et al. (2020), equations 16 to 20.

    >>> state = LinearAttentionState()
    >>> one, two = np.array([[0.0]]), np.array([[2.0]])
    >>> state.append(one, one, np.array([[1.0]])), state.append(one, two, np.array([[5.0]]))
    (array([[1.]]), array([[4.]]))
    >>> state.length
    2
    """

    def __init__(self, *, feature_map="elu"):
        check_feature_map(feature_map, FEATURE_MAPS)
        self.feature_map = feature_map
        self.reset()

    def reset(self):
        """Forget every position."""
        self.length, self.numerator, self.normaliser = 0, None, None
        self._kind = None

    def append(self, query, key, value, *, mask=None):
        """Add the next N positions and return their outputs.

        Args:
            query, key: `[..., N, D]`; value: `[..., N, E]`, one floating dtype. The leading axes,
                widths and dtype are those of the first call.
            mask: boolean, broadcastable to `[..., 1, N]`; False = a key that no query, now or
                later, attends to.

        Returns:
            output `[..., N, E]`, same dtype: each position sees itself and all before it.

        Raises:
            TypeError, ValueError: as `linear_attention`; also when the three differ in N or the
                shapes or dtype differ from the first call's.
        """
        shape = _checked(query, key, value, mask, self.feature_map)
        check_same_length(query=query, key=key)
        kind = tuple((*one.shape[:-2], one.shape[-1]) for one in (query, key, value))
        kind = (*kind, str(query.dtype))
        if self._kind is not None:
            check_same_kind(kind, self._kind)
        dtype, query, key, value = widen(query=query, key=key, value=value)
        mask = np.ones(1, dtype=bool) if mask is None else mask
        query_features = _features(query, self.feature_map)
        key_features = _key_features(key, mask, self.feature_map)
        sums = self.numerator, self.normaliser
        if self.numerator is None:  # zeros in the shape of a sum over no keys
            sums = _sums(key_features[..., :0, :], value[..., :0, :])
        outputs = [_ratio(query_features[..., :0, :], *sums)]
        for i in range(shape[-2]):
            more, total = _sums(key_features[..., i : i + 1, :], value[..., i : i + 1, :])
            sums = sums[0] + more, sums[1] + total
            outputs.append(_ratio(query_features[..., i : i + 1, :], *sums))
        result = np.concatenate(outputs, axis=-2).astype(dtype)
        self.numerator, self.normaliser = sums
        self.length += shape[-2]
        self._kind = kind
        return result


def _checked(query, key, value, mask, feature_map):
    check_kind("numpy", query=query, key=key, value=value)
    check_floating(query=query, key=key, value=value)
    shape = check_query_key(query, key)
    check_value(value, shape)
    if mask is not None:
        check_kind("numpy", mask=mask)
        check_key_mask(mask, shape)
    check_feature_map(feature_map, FEATURE_MAPS)
    return shape


def _features(x, feature_map):
    if isinstance(feature_map, str):
        return FEATURE_MAPS[feature_map](x)
    features = feature_map(x)
    check_kind("numpy", **{"the features of feature_map": features})
    check_features(features, x)
    return features


def _key_features(key, mask, feature_map):
    """Features of the keys, zero where the mask is False, whatever the key is there."""
    mask = np.swapaxes(np.atleast_2d(mask), -1, -2)  # [..., S, 1]
    return np.where(mask, _features(np.where(mask, key, 0), feature_map), 0)


def _sums(features, value):
    """The sums of phi(k) v^T, `[..., M, E]`, and of phi(k), `[..., M]`, over the keys."""
    return np.swapaxes(features, -1, -2) @ value, features.sum(axis=-2)


def _ratio(features, numerator, normaliser):
    """`[..., T, E]`, zero where the denominator is."""
    denominator = features @ normaliser[..., None]  # [..., T, 1]
    return features @ numerator / np.where(denominator == 0, np.inf, denominator)
