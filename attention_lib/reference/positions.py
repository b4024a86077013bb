"""Where queries and keys stand: counted from an offset, or from each other."""

import numpy as np

from ..checks import check_size


def steps(n, offset):
    """offset, offset + 1, ...: `[n]`, or `[B, n]` for offsets `[B]`."""
    return np.asarray(offset)[..., None] + np.arange(n)


def geometric_frequencies(width, base):
    """`base^(-2i / width)`: `[width / 2]`, the speeds at which the pairs of a vector turn."""
    return float(base) ** (-np.arange(0, width, 2) / width)


def angles(n, offset, frequencies):
    """Position times frequency, for F frequencies: `[n, F]` or `[B, n, F]`.

    In float64 the angle at position p is wrong by about p / 2^53: far below what float32 resolves,
    however long the sequence. In float32 it would be wrong by 0.006 to 0.007 at position 100,000.
    """
    return steps(n, offset)[..., None] * frequencies


def distances(n_queries, n_keys):
    """Position of the key minus position of the query, `[T, S]`; the last ones stand together."""
    check_size(minimum=0, n_queries=n_queries, n_keys=n_keys)
    last = int(n_keys) - int(n_queries)  # NumPy's unsigned integers know nothing below zero
    return np.arange(int(n_keys)) - np.arange(int(n_queries))[:, None] - last
