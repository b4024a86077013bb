"""Attention with linear biases: a penalty on the scores that grows with the distance."""

import torch
from torch import nn

from .. import functional


class ALiBi(nn.Module):
    """Make the bias of `attention_lib.functional.alibi_bias` for a number of heads. No parameters.

    Args:
        n_heads: H, an integer >= 1.

    Called with T and S, it returns the bias `[H, T, S]`, in the dtype and on the device of its
    buffer `slopes` `[H]`, which move with `.to(...)`. The bias itself is computed from exact slopes
    in float32 or better and rounded once: a bfloat16 buffer does not bend it. The buffer is not
    part of the state_dict.

    Raises:
        TypeError, ValueError: n_heads is not an integer >= 1, a length not an integer >= 0.

    Cost: H T S numbers for the bias.
    Source: Press, Smith and Lewis (2022), section 3.
    Chapter: 04_1_ways.

    >>> ALiBi(2)(1, 3)
    tensor([[[-0.1250, -0.0625,  0.0000]],
    <BLANKLINE>
            [[-0.0078, -0.0039,  0.0000]]])
    >>> ALiBi(2).to(torch.bfloat16)(1, 3).dtype
    torch.bfloat16
    """

    def __init__(self, n_heads):
        super().__init__()
        self.n_heads = n_heads
        slopes = functional.alibi_slopes(n_heads, device=_real_device())
        self.register_buffer("slopes", slopes, persistent=False)

    def _apply(self, *inputs, **options):
        super()._apply(*inputs, **options)
        if not self.slopes.is_meta:
            slopes = functional.alibi_slopes(self.n_heads, device=self.slopes.device)
            slopes = slopes.to(self.slopes.dtype)
            if not torch.equal(slopes, self.slopes):  # `to_empty` has left none, and none are saved
                self.slopes = slopes
        return self

    def forward(self, n_queries, n_keys):
        like = {"dtype": self.slopes.dtype, "device": self.slopes.device}
        return functional.alibi_bias(self.n_heads, n_queries, n_keys, **like)


def _real_device():
    """Where tensors are made: under torch.device("meta") the CPU, for nobody will load these."""
    device = torch.get_default_device()
    return "cpu" if device.type == "meta" else device
