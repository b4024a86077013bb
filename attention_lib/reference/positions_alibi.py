"""A penalty that grows with the distance, with a slope of its own for each head."""

import numpy as np

from ..checks import check_size
from .positions import distances


def alibi_slopes(n_heads):
    r"""The slope of each head: a geometric sequence that ends at 2^-8.

    $$m_h = 2^{-8h / H}, \qquad h = 1, \dots, H$$

    That is for H a power of two. Any other H takes the slopes of the next lower power of two P, and
    then every second one of the slopes for 2P, from the first on, until there are H.

    Args:
        n_heads: H, an integer >= 1.

    Returns:
        float64 `[H]`.

    Raises:
        TypeError, ValueError: n_heads is not an integer >= 1.

    Cost: H powers.
    Source: Press, Smith and Lewis (2022), section 3; the rule for other H is in their code.
    Chapter: 04_1_ways.

    >>> alibi_slopes(4)
    array([0.25      , 0.0625    , 0.015625  , 0.00390625])
    >>> alibi_slopes(3)
    array([0.0625    , 0.00390625, 0.25      ])
    """
    check_size(n_heads=n_heads)
    n_heads = int(n_heads)  # NumPy's small integers would overflow
    power = 2 ** (n_heads.bit_length() - 1)  # the largest power of two that is not above H
    first = np.arange(1, power + 1) / power
    between = np.arange(1, 2 * (n_heads - power), 2) / (2 * power)  # the odd ones of 2P
    return 2.0 ** (-8 * np.concatenate([first, between]))


def alibi_bias(n_heads, n_queries, n_keys):
    r"""What to add to the scores: minus the distance, times the slope of the head.

    $$b_{hij} = -m_h \, |i - j|$$

    The paper attends causally, where $j \le i$. Here the distance counts in both directions alike,
    so that without a causal mask the penalty is symmetric.

    Args:
        n_heads: H.
        n_queries, n_keys: T and S; the last query stands at the last key.

    Returns:
        float64 `[H, T, S]`, zero where query and key stand together and negative elsewhere.

    Raises:
        TypeError, ValueError: n_heads is not an integer >= 1, a length not an integer >= 0.

    Cost: H * T * S products.
    Source: Press, Smith and Lewis (2022), section 3.
    Chapter: 04_1_ways.

    >>> alibi_bias(1, 1, 3)
    array([[[-0.0078125 , -0.00390625,  0.        ]]])
    """
    slopes = alibi_slopes(n_heads)
    return slopes[:, None, None] * -np.abs(distances(n_queries, n_keys))
