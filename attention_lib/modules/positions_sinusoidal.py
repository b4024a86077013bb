"""Fixed waves of sine and cosine, added to the embeddings."""

import torch
from torch import nn

from .. import functional
from ..checks import (
    check_dimensions,
    check_even,
    check_floating,
    check_kind,
    check_offset,
    check_probability,
    check_size,
    check_width,
)
from ..functional.positions import across


class SinusoidalPositionalEncoding(nn.Module):
    """Add to each vector the waves that stand for its position. No parameters.

    Args:
        d_model: width, even; see `attention_lib.reference.sinusoidal_positions`.
        dropout: probability with which a number of the sum is dropped in training; off after
            `.eval()`.

    Called with x `[..., T, d_model]` and an offset (the position of its first row: an integer, or
    an integer tensor `[B]` with one for each entry of the first axis of x), it returns x plus the
    positions, in the shape and dtype of x. float16 and bfloat16 are added in float32 and rounded
    once; nothing is stored that could lose digits.

    Raises:
        TypeError, ValueError: d_model not an even integer, dropout not in [0, 1), x not a floating
            tensor `[..., T, d_model]`, offset as for the function.

    Cost: T d_model sines or cosines, and a sum.
    Source: Vaswani et al. (2017), sections 3.5 and 5.4.
    Chapter: 04_position.

    >>> SinusoidalPositionalEncoding(4)(torch.zeros(1, 4), offset=1)
    tensor([[0.8415, 0.5403, 0.0100, 0.9999]])
    """

    def __init__(self, d_model, *, dropout=0.0):
        super().__init__()
        check_size(minimum=2, d_model=d_model)
        check_even(d_model=d_model)
        check_probability(dropout=dropout)
        self.d_model = d_model
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, *, offset=0):
        check_kind("torch", x=x)
        check_floating(x=x)
        check_dimensions(2, x=x)
        check_width("x", x, self.d_model)
        check_offset("torch", offset, x)
        working = torch.promote_types(x.dtype, torch.float32)
        waves = functional.sinusoidal_positions(
            x.shape[-2], self.d_model, offset=offset, dtype=working, device=x.device
        )
        return self.dropout((x + across(waves, x)).to(x.dtype))
