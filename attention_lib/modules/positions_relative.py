"""A learned number for each distance between query and key and each head, added to the scores."""

import torch
from torch import nn

from .. import functional
from ..checks import check_buckets, check_size


class RelativePositionBias(nn.Module):
    """Learn one number for each head and each bucket of distances.

    Args:
        n_heads: H.
        n_buckets, max_distance, bidirectional: as for
            `attention_lib.reference.relative_buckets`; False for a decoder.

    Called with T and S, it returns the bias `[H, T, S]` for the scores, in the dtype of the
    parameter; the last query stands at the last key. The parameter `weight` `[H, n_buckets]` is
    drawn from a normal distribution with standard deviation 0.02.

    Raises:
        TypeError, ValueError: a size is not a positive integer; buckets as for the function.

    Cost: H * n_buckets parameters; H T S numbers for the bias.
    Source: Raffel et al. (2020), section 2.1.
    Chapter: 04_1_ways.

    >>> RelativePositionBias(3)(5, 7).shape
    torch.Size([3, 5, 7])
    """

    def __init__(self, n_heads, *, n_buckets=32, max_distance=128, bidirectional=True):
        super().__init__()
        check_size(n_heads=n_heads)
        check_buckets(n_buckets, max_distance, bidirectional)
        self.n_buckets = n_buckets
        self.max_distance = max_distance
        self.bidirectional = bidirectional
        self.weight = nn.Parameter(torch.empty(n_heads, n_buckets).normal_(std=0.02))

    def forward(self, n_queries, n_keys):
        buckets = functional.relative_buckets(
            n_queries,
            n_keys,
            n_buckets=self.n_buckets,
            max_distance=self.max_distance,
            bidirectional=self.bidirectional,
            device=self.weight.device,
        )
        return self.weight[:, buckets]  # [H, T, S]


class ClippedRelativeBias(nn.Module):
    """Learn one number for each head and each distance up to a maximum; all beyond share one.

    Args:
        n_heads: H.
        max_distance: m >= 1, the last distance with a number of its own on either side.

    Called with T and S, it returns the bias `[H, T, S]` for the scores, in the dtype of the
    parameter; the last query stands at the last key. The parameter `weight` `[H, 2m + 1]` is drawn
    from a normal distribution with standard deviation 0.02.

    Raises:
        TypeError, ValueError: a size is not a positive integer.

    Cost: H (2m + 1) parameters; H T S numbers for the bias.
    Source: Shaw, Uszkoreit and Vaswani (2018), section 3.2, for the clipping; they learn a vector
    for each distance, added to the key. Raffel et al. (2020), section 2.1, make it one number.
    Chapter: 04_1_ways.

    >>> ClippedRelativeBias(3, max_distance=2)(5, 7).shape
    torch.Size([3, 5, 7])
    """

    def __init__(self, n_heads, *, max_distance):
        super().__init__()
        check_size(n_heads=n_heads, max_distance=max_distance)
        max_distance = int(max_distance)  # NumPy's small integers would overflow
        self.max_distance = max_distance
        self.weight = nn.Parameter(torch.empty(n_heads, 2 * max_distance + 1).normal_(std=0.02))

    def forward(self, n_queries, n_keys):
        clipped = functional.clipped_distances(
            n_queries, n_keys, max_distance=self.max_distance, device=self.weight.device
        )
        return self.weight[:, clipped]  # [H, T, S]
