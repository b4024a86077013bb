"""Normalisation of each position by itself, in the kernels of PyTorch."""

import torch  # noqa: F401  (the doctests use it)
from torch.nn import functional as F

from ..checks import check_norm
from .precision import check_tensors


def layer_norm(x, gain, shift=None, *, eps=1e-5):
    """Give each vector mean 0 and variance 1, then a learned gain and shift for each coordinate.

    Args:
        x: `[..., C]`, float16, bfloat16, float32 or float64.
        gain: `[C]`, same dtype.
        shift: `[C]`, same dtype, or None.
        eps: a number > 0, added to the variance.

    Returns:
        `[..., C]` in the dtype of x.

    Raises:
        TypeError: not floating tensors of one dtype, eps not a number.
        ValueError: gain or shift has not the width of x, the width is 0, eps is not positive.

    Cost, source and formula: `attention_lib.reference.layer_norm`.

    >>> layer_norm(torch.tensor([1.0, 2.0, 3.0, 6.0]), torch.ones(4))
    tensor([-1.0690, -0.5345,  0.0000,  1.6036])
    """
    _check(eps, x=x, gain=gain, **({} if shift is None else {"shift": shift}))
    return F.layer_norm(x, x.shape[-1:], gain, shift, eps)


def rms_norm(x, gain, *, eps=1e-6):
    """Divide each vector by its root mean square, then apply a learned gain to each coordinate.

    Args:
        x: `[..., C]`, float16, bfloat16, float32 or float64.
        gain: `[C]`, same dtype.
        eps: a number > 0, added to the mean square.

    Returns:
        `[..., C]` in the dtype of x.

    Raises:
        TypeError, ValueError: as `layer_norm`.

    Cost, source and formula: `attention_lib.reference.rms_norm`.

    >>> rms_norm(torch.tensor([1.0, 7.0]), torch.ones(2))
    tensor([0.2000, 1.4000])
    """
    _check(eps, x=x, gain=gain)
    return F.rms_norm(x, x.shape[-1:], gain, eps)


def _check(eps, **given):
    check_tensors(**given)
    check_norm(eps, **given)
