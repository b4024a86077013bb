"""What must hold of linear and Performer attention in NumPy and in torch: cases and oracles."""

import numpy as np

from tests.helpers import loop_oracles

B, D, E = 2, 3, 5
# (T, S): square; primes; beyond a chunk of 64; more keys, more queries; one; none of either
LENGTHS = [(7, 7), (5, 11), (11, 5), (1, 1), (1, 7), (7, 1), (67, 67), (3, 131), (131, 67)]
EMPTY = [(0, 5), (5, 0), (0, 0)]


def example(seed=0, n_queries=5, n_keys=11, width=D):
    rng = np.random.default_rng(seed)
    shapes = ((B, n_queries, width), (B, n_keys, width), (B, n_keys, E))
    return tuple(rng.normal(size=shape) for shape in shapes)


def key_mask(n_keys, seed=1):
    """`[B, 1, S]`, the first key of the first row open, that of the second closed."""
    mask = np.random.default_rng(seed).random((B, 1, n_keys)) < 0.6
    mask[0, :, :1], mask[1, :, :1] = True, False
    return mask


def allowed(n_queries, n_keys, causal, mask=None):
    open_ = np.ones((n_queries, n_keys), dtype=bool)
    if causal:
        open_ = np.array(loop_oracles.causal(n_queries, n_keys), dtype=bool).reshape(open_.shape)
    return np.broadcast_to(open_ if mask is None else open_ & mask, (B, n_queries, n_keys))


def with_features(query, key, value, feature, open_):
    """The n x n weights of features of rows, by loops."""
    outputs = []
    for q, k, v, o in zip(query, key, value, open_, strict=True):
        rows = [[feature(row) for row in one.tolist()] for one in (q, k)]
        outputs.append(loop_oracles.kernel_attention(*rows, v.tolist() or [[0.0] * E], o.tolist()))
    return np.array(outputs).reshape(len(query), query.shape[1], E)


def linear_loops(query, key, value, *, feature_map="elu", causal=False, mask=None):
    one = loop_oracles.FEATURE_MAPS[feature_map]
    open_ = allowed(query.shape[1], key.shape[1], causal, mask)
    return with_features(query, key, value, lambda row: [one(x) for x in row], open_)


def performer_loops(query, key, value, features, *, causal=False, mask=None, scale=None):
    root = (query.shape[-1] ** -0.5 if scale is None else scale) ** 0.5
    open_ = allowed(query.shape[1], key.shape[1], causal, mask)
    features = features.tolist()
    return with_features(
        query * root,
        key * root,
        value,
        lambda row: loop_oracles.positive_features(row, features),
        open_,
    )


def softmax_loops(query, key, value, *, causal=False):
    open_ = allowed(query.shape[1], key.shape[1], causal)
    return np.array(
        [
            loop_oracles.attention(
                q.tolist(), k.tolist(), v.tolist(), o.tolist(), query.shape[-1] ** -0.5
            )[0]
            for q, k, v, o in zip(query, key, value, open_, strict=True)
        ]
    )
