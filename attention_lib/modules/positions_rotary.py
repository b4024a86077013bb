"""Rotary position embedding: queries and keys turned by their position."""

import torch  # noqa: F401  (the doctest uses it)
from torch import nn

from .. import functional
from ..checks import check_choice, check_even, check_kind, check_positive, check_width
from ..functional.positions_rotary import PAIRINGS


class RotaryPositionalEncoding(nn.Module):
    """Rotate queries or keys with `attention_lib.functional.rotate`. No parameters, no buffers.

    Args:
        d: D, the width of one head, even.
        base: greater than 0; larger ones turn slower.
        pairing: "interleaved" or "half": which numbers of a vector make a pair. Trained weights
            need the one they were trained with.

    Called with x `[..., T, D]` and an offset (the position of its first row: an integer, or an
    integer tensor `[B]` with one for each entry of the first axis of x), it returns x rotated, in
    the shape and dtype of x. Angles are computed in float64 at each call: `.to(torch.bfloat16)` on
    a model finds nothing here that it could spoil.

    Raises:
        TypeError, ValueError: d not an even integer, base or pairing as for the function, x not a
            floating tensor `[..., T, D]`.

    Cost: T D sines and cosines, and 3 FLOPs for each number of x.
    Source: Su et al. (2021), section 3.2.

    >>> RotaryPositionalEncoding(2)(torch.tensor([[1.0, 0.0]]), offset=1)
    tensor([[0.5403, 0.8415]])
    """

    def __init__(self, d, *, base=10000.0, pairing="interleaved"):
        super().__init__()
        check_even(d=d)
        check_positive(base=base)
        check_choice("pairing", pairing, PAIRINGS)
        self.d = d
        self.base = base
        self.pairing = pairing

    def forward(self, x, *, offset=0):
        check_kind("torch", x=x)
        check_width("x", x, self.d)
        return functional.rotate(x, offset=offset, base=self.base, pairing=self.pairing)
