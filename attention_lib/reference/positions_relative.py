"""Classes of distances between query and key, to look up one learned number for each class."""

from bisect import bisect_left

import numpy as np

from ..checks import check_buckets, check_count
from .positions import distances


def relative_buckets(n_queries, n_keys, *, n_buckets=32, max_distance=128, bidirectional=True):
    r"""Sort the distances from query to key into buckets: narrow ones nearby, wide ones far away.

    n is how many positions lie from the one to the other, b the number of buckets of one side
    (before or after the query). The first $e = \lfloor b / 2 \rfloor$ hold a single distance each.
    The others grow geometrically up to the maximal distance m, and the last one takes all the rest:

    $$\text{bucket}(n) = n \text{ for } n < e, \qquad
    \text{bucket}(n) = \min\Big(b - 1, \; e + \Big\lfloor
    \frac{\ln(n / e)}{\ln(m / e)} (b - e) \Big\rfloor\Big) \text{ otherwise}$$

    Args:
        n_queries, n_keys: T and S; the last query stands at the last key.
        n_buckets: number of buckets, both sides together.
        max_distance: m; from here on every distance falls into the last bucket.
        bidirectional: half of the buckets are for keys after the query, so that b is half of
            n_buckets. If False, b = n_buckets and every later key counts as distance 0.

    Returns:
        int64 `[T, S]` in 0..n_buckets - 1; keys after the query in the upper half.

    Raises:
        TypeError: a size is not an integer, bidirectional not a bool.
        ValueError: n_buckets odd or below 4 (below 2 if not bidirectional); max_distance not above
            the number e of distances with a bucket of their own.

    Cost: T * S integers. The borders are found with whole numbers: no logarithm is rounded across
    one.
    Source: Raffel et al. (2020), section 2.1, which share these buckets between all layers.
    Chapter: 04_1_ways.

    >>> relative_buckets(1, 5, bidirectional=False)
    array([[4, 3, 2, 1, 0]])
    >>> relative_buckets(3, 3, n_buckets=8, max_distance=16)
    array([[0, 5, 6],
           [1, 0, 5],
           [2, 1, 0]])
    """
    side = check_buckets(n_buckets, max_distance, bidirectional)
    distance = distances(n_queries, n_keys)  # [T, S], positive after the query
    starts = _bucket_starts(side, max_distance)
    # A distance is in the bucket whose number is that of the starts it has reached.
    if not bidirectional:
        return np.searchsorted(starts, np.maximum(-distance, 0), side="right")
    return np.searchsorted(starts, np.abs(distance), side="right") + side * (distance > 0)


def clipped_distances(n_queries, n_keys, *, max_distance):
    r"""Number the distances from query to key, all far ones alike.

    $$c_{ij} = \min(\max(j - i, -m), m) + m$$

    Args:
        n_queries, n_keys: T and S; the last query stands at the last key.
        max_distance: m >= 1; distances beyond it count as m.

    Returns:
        int64 `[T, S]` in 0..2m; m where query and key stand together.

    Raises:
        TypeError, ValueError: a size is not an integer >= 0, max_distance not an integer >= 1.

    Cost: T * S integers.
    Source: Shaw, Uszkoreit and Vaswani (2018), section 3.2; their k is our m. They look up a vector
    for each number; `ClippedRelativeBias` looks up one number for each head.
    Chapter: 04_1_ways.

    >>> clipped_distances(2, 5, max_distance=2)
    array([[0, 0, 1, 2, 3],
           [0, 0, 0, 1, 2]])
    """
    check_count(max_distance=max_distance)
    furthest = int(max_distance)  # NumPy's unsigned integers know nothing below zero
    return np.clip(distances(n_queries, n_keys), -furthest, furthest) + furthest


def _bucket_starts(side, max_distance):
    """The smallest distance of every bucket but the first, in whole numbers.

    Bucket e + k begins where ln(n / e) / ln(m / e) (b - e) >= k, which says the same as
    n^(b - e) >= m^k e^(b - e - k). Here e is `exact`, m is `longest` and b - e is `wide`.
    """
    exact, longest = side // 2, int(max_distance)  # Python's integers, whose powers never overflow
    wide = side - exact
    borders = [longest**k * exact ** (wide - k) for k in range(1, wide)]
    starts = [bisect_left(range(longest), border, key=lambda n: n**wide) for border in borders]
    return [*range(1, exact + 1), *starts]
