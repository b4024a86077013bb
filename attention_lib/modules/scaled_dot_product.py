"""Scaled dot-product attention as a module, with dropout that knows whether it is training."""

import torch  # noqa: F401  (the doctest uses it)
from torch import nn

from .. import functional
from ..checks import check_probability, check_scale


class ScaledDotProductAttention(nn.Module):
    r"""Attention with the score $c \, q \cdot k$, $c = 1/\sqrt{D}$ unless given. No parameters.

    Args:
        dropout: probability with which a weight is dropped in training; off after `.eval()`.
        scale: c; None means 1 / sqrt(D).

    Called with query `[..., T, D]`, key `[..., S, D]`, value `[..., S, E]` and the options mask,
    bias, causal, temperature and return_weights of `attention_lib.functional.attention`, which it
    calls.

    Raises:
        TypeError, ValueError: dropout not in [0, 1), scale not finite; else as the function.

    Cost and source: `attention_lib.reference.attention`.
    Chapter: 02_worked_example.

    >>> ScaledDotProductAttention()(torch.ones(1, 2), torch.ones(4, 2), torch.ones(4, 7)).shape
    torch.Size([1, 7])
    """

    def __init__(self, *, dropout=0.0, scale=None):
        super().__init__()
        check_probability(dropout=dropout)
        check_scale(scale)
        self.dropout = dropout
        self.scale = scale

    def forward(
        self,
        query,
        key,
        value,
        *,
        mask=None,
        bias=None,
        causal=False,
        temperature=1.0,
        return_weights=False,
    ):
        return functional.attention(
            query,
            key,
            value,
            mask=mask,
            bias=bias,
            causal=causal,
            scale=self.scale,
            temperature=temperature,
            return_weights=return_weights,
            dropout=self.dropout if self.training else 0.0,
        )
