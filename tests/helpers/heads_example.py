"""One example of multi-head attention for the tests of all layers: sizes that differ, all options.

B rows, T queries of width C_Q, S keys of width C_K and values of width C_V, H heads of widths D and
E, output width C. Imports nothing from the library.
"""

import numpy as np

from tests.helpers import loop_oracles

B, T, S, H, D, E = 2, 3, 5, 6, 4, 2
C_Q, C_K, C_V, C = 7, 11, 13, 17


def inputs(dtype=np.float64, seed=0, n_queries=T, n_keys=S):
    rng = np.random.default_rng(seed)
    shapes = ((B, n_queries, C_Q), (B, n_keys, C_K), (B, n_keys, C_V))
    return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)


def weights(n_groups, dtype=np.float64, seed=1):
    """query_weight, key_weight, value_weight, output_weight, of size about 1 in the result."""
    rng = np.random.default_rng(seed)
    shapes = ((H * D, C_Q), (n_groups * D, C_K), (n_groups * E, C_V), (C, H * E))
    return tuple((rng.normal(size=shape) / shape[1] ** 0.5).astype(dtype) for shape in shapes)


def biases(n_groups, dtype=np.float64, seed=2):
    rng = np.random.default_rng(seed)
    sizes = {"query_bias": H * D, "key_bias": n_groups * D, "value_bias": n_groups * E}
    sizes["output_bias"] = C
    return {name: rng.normal(size=size).astype(dtype) for name, size in sizes.items()}


def mask(seed=3, n_queries=T, n_keys=S):
    """`[B, H, T, S]`, different in every head; some rows may be empty."""
    return np.random.default_rng(seed).random((B, H, n_queries, n_keys)) < 0.6


def scores_bias(dtype=np.float64, seed=4, n_queries=T, n_keys=S):
    return np.random.default_rng(seed).normal(size=(H, n_queries, n_keys)).astype(dtype)


def loops(given, weight_list, n_groups, *, bias_dict=None, allowed=None, bias=None):
    """The loop oracle for each row of the batch: output `[B, T, C]`, weights `[B, H, T, S]`."""
    query, key, value = given
    names = ("query", "key", "value", "output")
    projections = {}
    for name, weight in zip(names, weight_list, strict=True):
        added = np.zeros(len(weight)) if bias_dict is None else bias_dict[f"{name}_bias"]
        projections[name] = (weight.tolist(), added.tolist())
    shape = (len(query), H, query.shape[1], key.shape[1])
    allowed = np.broadcast_to(True if allowed is None else allowed, shape)
    bias = None if bias is None else bias.tolist()
    rows = zip(query, key, value, allowed, strict=True)
    results = [
        loop_oracles.multi_head(
            *(one.tolist() for one in row[:3]), projections, H, n_groups, row[3].tolist(), bias
        )
        for row in rows
    ]
    return tuple(np.array(part) for part in zip(*results, strict=True))
