"""Rotary position embedding: queries and keys turned by their position."""

import torch
from torch import nn

from .. import functional
from ..checks import (
    check_choice,
    check_dimensions,
    check_even,
    check_floating,
    check_frequencies,
    check_kind,
    check_positive,
    check_width,
)
from ..functional.positions import with_float64
from ..functional.positions_rotary import PAIRINGS
from ..functional.precision import widen_core


class RotaryPositionalEncoding(nn.Module):
    """Rotate queries or keys with `attention_lib.functional.rotate`. No parameters, no buffers.

    Args:
        d: D, the width of one head, even.
        base: greater than 0; larger ones turn slower.
        pairing: "interleaved" or "half": which numbers of a vector make a pair. Trained weights
            need the one they were trained with.
        frequencies: None for those of the base, or how far each pair turns in a step, a tensor
            `[D / 2]`, such as `attention_lib.functional.yarn_frequencies` makes; base is then left
            out. They are kept as plain numbers.
        scale: greater than 0, a factor for what comes out, such as `yarn_scale`: queries and keys
            both get it, so scores get its square.

    Called with x `[..., T, D]` and an offset (the position of its first row: an integer, or an
    integer tensor `[B]` with one for each entry of the first axis of x), it returns x rotated, in
    the shape and dtype of x. Angles are computed in float64 at each call: `.to(torch.bfloat16)` on
    a model finds nothing here that it could spoil. To stretch a trained model, make one with
    other frequencies and set it as `self_attention.rotary` of each layer.

    Raises:
        TypeError, ValueError: d not an even integer, base, pairing or frequencies as for the
            function, scale not a number above 0, x not a floating tensor `[..., T, D]`.

    Cost: T D sines and cosines, and 3 FLOPs for each number of x.
    Source: Su et al. (2021), section 3.2; Peng et al. (2023), section 3.4, for the scale.
    Chapter: 04_position.

    >>> RotaryPositionalEncoding(2)(torch.tensor([[1.0, 0.0]]), offset=1)
    tensor([[0.5403, 0.8415]])
    """

    def __init__(self, d, *, base=10000.0, pairing="interleaved", frequencies=None, scale=1.0):
        super().__init__()
        check_even(d=d)
        check_frequencies("torch", frequencies, base, d)
        if frequencies is not None and frequencies.is_meta:
            raise ValueError("frequencies must hold numbers, got a tensor on the device meta")
        check_positive(scale=scale)
        check_choice("pairing", pairing, PAIRINGS)
        self.d = d
        self.base = base
        self.pairing = pairing
        self.frequencies = None if frequencies is None else tuple(frequencies.tolist())
        self.scale = scale

    def forward(self, x, *, offset=0):
        check_kind("torch", x=x)
        check_dimensions(2, x=x)
        check_width("x", x, self.d)
        frequencies = self.frequencies
        if frequencies is not None:
            device = with_float64(x.device)
            frequencies = torch.tensor(frequencies, dtype=torch.float64, device=device)
        options = {"base": self.base, "pairing": self.pairing, "frequencies": frequencies}
        if self.scale == 1:
            return functional.rotate(x, offset=offset, **options)
        check_floating(x=x)
        dtype, x = widen_core(x)  # so that rotating and scaling round once
        return (functional.rotate(x, offset=offset, **options) * self.scale).to(dtype)
