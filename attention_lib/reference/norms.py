"""Normalisation of each position by itself: layer norm and RMS norm."""

import numpy as np

from ..checks import check_norm
from .precision import widen


def layer_norm(x, gain, shift=None, *, eps=1e-5):
    r"""Give each vector mean 0 and variance 1, then a learned gain and shift for each coordinate.

    C is the width of a vector x; the mean and the variance run over its coordinates.

    $$y = g \odot \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + s, \qquad
    \mu = \frac{1}{C} \sum_c x_c, \quad \sigma^2 = \frac{1}{C} \sum_c (x_c - \mu)^2$$

    Args:
        x: `[..., C]`, float16, float32 or float64; each vector is normalised by itself.
        gain: `[C]`, same dtype: g.
        shift: `[C]`, same dtype: s; None for none.
        eps: a number > 0, added to the variance so that a constant vector gives the shift.

    Returns:
        `[..., C]` in the dtype of x. NaN stays in its own vector; infinity makes its vector NaN.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, eps not a number.
        ValueError: gain or shift has not the width of x, the width is 0, eps is not positive.

    Cost: about 7 C operations a vector; memory traffic, not arithmetic, is what it costs.
    Source: Ba, Kiros and Hinton (2016), equation 4; their gain and bias are our gain and shift.

    >>> layer_norm(np.array([1.0, 2.0, 3.0, 6.0]), np.ones(4)).round(3)
    array([-1.069, -0.535,  0.   ,  1.604])
    """
    given = {"x": x, "gain": gain} | ({} if shift is None else {"shift": shift})
    dtype, x, gain, *rest = widen(**given)  # rest: the shift, or nothing
    check_norm(eps, **given)
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.mean(centred**2, axis=-1, keepdims=True)
    normed = gain * centred / np.sqrt(variance + eps)
    return (normed + rest[0] if rest else normed).astype(dtype)


def rms_norm(x, gain, *, eps=1e-6):
    r"""Divide each vector by its root mean square, then apply a learned gain to each coordinate.

    $$y = g \odot \frac{x}{\sqrt{\frac{1}{C} \sum_c x_c^2 + \epsilon}}$$

    Layer norm without the mean and without the shift.

    Args:
        x: `[..., C]`, float16, float32 or float64; each vector is normalised by itself.
        gain: `[C]`, same dtype: g.
        eps: a number > 0, added to the mean square.

    Returns:
        `[..., C]` in the dtype of x.

    Raises:
        TypeError, ValueError: as `layer_norm`.

    Cost: about 4 C operations a vector.
    Source: Zhang and Sennrich (2019), equation 4; the eps stands where LLaMA (Touvron et al., 2023)
        has it, inside the root.

    >>> rms_norm(np.array([1.0, 7.0]), np.ones(2)).round(3)
    array([0.2, 1.4])
    """
    dtype, x, gain = widen(x=x, gain=gain)
    check_norm(eps, x=x, gain=gain)
    mean_square = np.mean(x**2, axis=-1, keepdims=True)
    return (gain * x / np.sqrt(mean_square + eps)).astype(dtype)
