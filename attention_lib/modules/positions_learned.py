"""A learned vector for each position, added to the embeddings."""

import torch
from torch import nn

from ..checks import (
    check_dimensions,
    check_kind,
    check_offset,
    check_probability,
    check_size,
    check_width,
    plain_int,
    values_known,
)
from ..functional.positions import across, steps
from .dtypes import check_like


class LearnedPositionalEncoding(nn.Module):
    """Add to each vector the learned vector of its position. There is none beyond max_length.

    Args:
        max_length: number of positions, 0 to max_length - 1.
        d_model: width.
        dropout: probability with which a number of the sum is dropped in training; off after
            `.eval()`.

    Called with x `[..., T, d_model]` and an offset (the position of its first row: an integer, or
    an integer tensor `[B]` with one for each entry of the first axis of x), it returns x plus the
    positions, in the shape and dtype of x. The parameter `weight` `[max_length, d_model]` is drawn
    from a normal distribution with standard deviation 0.02.

    Raises:
        TypeError, ValueError: a size is not a positive integer, dropout not in [0, 1), x not a
            tensor `[..., T, d_model]` of the dtype of the weight; a position below 0 or from
            max_length on.

    Cost: max_length * d_model parameters; a sum.
    Source: Gehring et al. (2017), section 3.1; Radford et al. (2018) draw all weights in this way.
    Chapter: 04_1_ways.

    >>> LearnedPositionalEncoding(512, 4)(torch.zeros(3, 7, 4)).shape
    torch.Size([3, 7, 4])
    """

    def __init__(self, max_length, d_model, *, dropout=0.0):
        super().__init__()
        check_size(max_length=max_length, d_model=d_model)
        check_probability(dropout=dropout)
        self.max_length = max_length
        self.d_model = d_model
        self.weight = nn.Parameter(torch.empty(max_length, d_model).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, *, offset=0):
        check_kind("torch", x=x)
        check_like(self.weight, x=x)
        check_dimensions(2, x=x)
        check_width("x", x, self.d_model)
        check_offset("torch", offset, x)
        self.check_range(x.shape[-2], offset)
        positions = steps(x.shape[-2], offset, x.device)  # [T] or [B, T]
        return self.dropout(x + across(self.weight[positions], x))

    def check_range(self, n, offset, called="x and offset"):
        """offset, ..., offset + n - 1 are positions; an integer is judged without the device."""
        if torch.is_tensor(offset):
            if not values_known(offset):
                return
            offsets = offset.tolist()
        else:
            offsets = [plain_int(offset)]
        if n == 0 or not offsets:
            return
        first, last = min(offsets), max(offsets) + n - 1
        if first < 0 or last >= self.max_length:
            raise ValueError(
                f"{called} must have positions in 0..{self.max_length - 1} "
                f"(max_length {self.max_length}), got {first}..{last}"
            )
