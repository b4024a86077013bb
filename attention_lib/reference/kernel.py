"""Attention before it had its name: kernel regression."""

import numpy as np

from ..checks import check_bandwidth, check_query_key, check_value
from .attention import attend
from .precision import widen


def kernel_regression(query, key, value, *, bandwidth=1.0):
    r"""Predict at each query the average of the values, weighted by a Gaussian kernel between query
    and key.

    $$o_i = \frac{\sum_j K(q_i, k_j) v_j}{\sum_j K(q_i, k_j)}, \qquad
    K(q, k) = \exp\Big(-\frac{\|q - k\|^2}{2 b^2}\Big)$$

    The same as `attend` with the scores $-\|q_i - k_j\|^2 / (2 b^2)$.

    Args:
        query: `[..., T, D]`, float16, float32 or float64; where to predict.
        key: `[..., S, D]`, same dtype; where the data lie.
        value: `[..., S, E]`, same dtype; what was seen there.
        bandwidth: b > 0, in the units of the keys.

    Returns:
        output `[..., T, E]`, same dtype.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, bandwidth not a number.
        ValueError: shapes do not fit, bandwidth not positive.

    Cost: 3 T S D + 2 T S E FLOPs.
    Source: Nadaraya (1964); Watson (1964).
    Chapter: 01_3_before_its_name.

    >>> kernel_regression(np.array([[0.5]]), np.array([[0.0], [1.0]]), np.array([[2.0], [4.0]]))
    array([[3.]])
    """
    dtype, query, key, value = widen(query=query, key=key, value=value)
    check_value(value, check_query_key(query, key))
    check_bandwidth(bandwidth)
    difference = query[..., :, None, :] - key[..., None, :, :]  # [..., T, S, D]
    scores = -np.sum(difference**2, axis=-1) / (2 * float(bandwidth) ** 2)
    output, _ = attend(scores.astype(value.dtype), value)
    return output.astype(dtype)
