"""Classes of distances between query and key, to look up one learned number for each class."""

from bisect import bisect_left

import torch

from ..checks import check_buckets, check_count
from .positions import distances
from .precision import check_device


def relative_buckets(
    n_queries, n_keys, *, n_buckets=32, max_distance=128, bidirectional=True, device=None
):
    """Sort the distances from query to key into buckets: narrow ones nearby, wide ones far away.

    Args:
        n_queries, n_keys: T and S; the last query stands at the last key.
        n_buckets: number of buckets, both sides together.
        max_distance: from here on every distance falls into the last bucket.
        bidirectional: half of the buckets are for keys after the query. If False every later key
            counts as distance 0.
        device: None means PyTorch's default.

    Returns:
        int64 `[T, S]` in 0..n_buckets - 1; keys after the query in the upper half.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.relative_buckets`.

    Cost, formula and source: `attention_lib.reference.relative_buckets`. Chapter: 04_1_ways.

    >>> relative_buckets(3, 3, n_buckets=8, max_distance=16)
    tensor([[0, 5, 6],
            [1, 0, 5],
            [2, 1, 0]])
    """
    check_device(device)
    side = check_buckets(n_buckets, max_distance, bidirectional)
    distance = distances(n_queries, n_keys, device)  # [T, S], positive after the query
    starts = torch.tensor(_bucket_starts(side, max_distance), device=device)
    if not bidirectional:
        return torch.bucketize((-distance).clamp(min=0), starts, right=True)
    return torch.bucketize(distance.abs(), starts, right=True) + side * (distance > 0)


def clipped_distances(n_queries, n_keys, *, max_distance, device=None):
    """Number the distances from query to key, all far ones alike: clip(j - i, -m, m) + m.

    Args:
        n_queries, n_keys: T and S; the last query stands at the last key.
        max_distance: m >= 1; distances beyond it count as m.
        device: None means PyTorch's default.

    Returns:
        int64 `[T, S]` in 0..2m; m where query and key stand together.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.clipped_distances`.

    Cost and source: `attention_lib.reference.clipped_distances`. Chapter: 04_1_ways.

    >>> clipped_distances(2, 5, max_distance=2)
    tensor([[0, 0, 1, 2, 3],
            [0, 0, 0, 1, 2]])
    """
    check_device(device)
    check_count(max_distance=max_distance)
    furthest = int(max_distance)  # NumPy's unsigned integers know nothing below zero
    return distances(n_queries, n_keys, device).clamp(-furthest, furthest) + furthest


@torch.compiler.assume_constant_result
def _bucket_starts(side, max_distance):
    """The smallest distance of every bucket but the first, in whole numbers.

    ln(n / e) / ln(m / e) (b - e) >= k says the same as n^(b - e) >= m^k e^(b - e - k).
    """
    exact, longest = side // 2, int(max_distance)  # whole numbers without an upper end
    wide = side - exact
    borders = [longest**k * exact ** (wide - k) for k in range(1, wide)]
    starts = [bisect_left(range(longest), border, key=lambda n: n**wide) for border in borders]
    return [*range(1, exact + 1), *starts]
