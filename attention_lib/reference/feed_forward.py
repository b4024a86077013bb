"""The position-wise feed-forward network and its activations: ReLU, GELU, SiLU and SwiGLU."""

import math

import numpy as np

from ..checks import check_feed_forward, check_flag
from .precision import widen


def gelu(x, *, approximate=False):
    r"""Weigh each number by the probability that a standard normal draw lies below it.

    $$\mathrm{gelu}(x) = x \, \Phi(x) = \frac{x}{2} \left(1 + \mathrm{erf}\frac{x}{\sqrt 2}\right)
    \approx \frac{x}{2} \left(1 + \tanh \sqrt{2/\pi} \, (x + 0.044715 \, x^3)\right)$$

    Args:
        x: any shape, float16, float32 or float64.
        approximate: the form with tanh, which GPT-2 has; it differs by less than 0.0005.

    Returns:
        the shape and dtype of x. The limits are kept: 0 at minus infinity, infinity at infinity.

    Raises:
        TypeError: x is not a floating NumPy array, approximate is not a bool.

    Cost: one erf or tanh a number. NumPy has no erf; `math.erf` is called for each number, in
        float64.
    Source: Hendrycks and Gimpel (2016), section 2.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    dtype, x = widen(x=x)
    check_flag(approximate=approximate)
    x = _finite_below(x)
    if approximate:
        with np.errstate(over="ignore"):  # where the cube overflows, tanh is 1
            share = (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    else:
        erf = np.frompyfunc(math.erf, 1, 1)(x / math.sqrt(2))
        share = (1 + np.asarray(erf, dtype=np.float64)) / 2
    return (x * share).astype(dtype)


def silu(x):
    r"""Weigh each number by its logistic sigmoid.

    $$\mathrm{silu}(x) = x \, \sigma(x) = \frac{x}{1 + e^{-x}}$$

    Args:
        x: any shape, float16, float32 or float64.

    Returns:
        the shape and dtype of x. The limits are kept: 0 at minus infinity, infinity at infinity.

    Raises:
        TypeError: x is not a floating NumPy array.

    Cost: one exp a number.
    Source: Elfwing, Uchibe and Doya (2018); Swish with beta = 1 in Ramachandran, Zoph and Le
        (2017).

    >>> silu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.2689,  0.    ,  0.7311])
    """
    dtype, x = widen(x=x)
    with np.errstate(over="ignore"):  # where exp overflows, the quotient is 0
        return (_finite_below(x) / (1 + np.exp(-x))).astype(dtype)


def feed_forward(
    x,
    up_weight,
    down_weight,
    *,
    up_bias=None,
    down_bias=None,
    gate_weight=None,
    gate_bias=None,
    activation="relu",
):
    r"""Pass each position through the same small network: widen, bend, narrow.

    $$y = W_\downarrow \, \phi(W_\uparrow x + b_\uparrow) + b_\downarrow, \qquad
    \text{SwiGLU: } y = W_\downarrow \big(\mathrm{silu}(W_g x + b_g) \odot
    (W_\uparrow x + b_\uparrow)\big) + b_\downarrow$$

    phi is the activation, applied to each number. SwiGLU has a third matrix, the gate: it says for
    each inner number how much of it passes.

    Args:
        x: `[..., C]`, vectors of width C; float16, float32 or float64.
        up_weight: `[F, C]`, same dtype; F is the inner width, 4 C in the paper.
        down_weight: `[C_out, F]`, same dtype.
        up_bias, down_bias: `[F]` and `[C_out]`, or None.
        gate_weight, gate_bias: `[F, C]` and `[F]`, for "swiglu" only.
        activation: phi, "relu", "gelu" or "gelu_tanh" (see `gelu`); or "swiglu", the gated form.

    Returns:
        `[..., C_out]` in the dtype of x. No position sees another.

    Raises:
        TypeError: not floating NumPy arrays of one dtype.
        ValueError: shapes that do not fit, an unknown activation, "swiglu" without gate_weight or
            another activation with it.

    Cost: 4 C F FLOPs a position, at F = 4 C twice what the four projections of attention cost;
        6 C F with a gate.
    Source: Vaswani et al. (2017), equation 2 (ReLU); Shazeer (2020), SwiGLU, equation 6, there
        without biases.

    >>> feed_forward(np.array([[1.0, -2.0]]), np.eye(2), np.array([[1.0, 1.0]]))
    array([[1.]])
    """
    optional = {
        "up_bias": up_bias,
        "down_bias": down_bias,
        "gate_weight": gate_weight,
        "gate_bias": gate_bias,
    }
    given = {"x": x, "up_weight": up_weight, "down_weight": down_weight}
    given |= {name: array for name, array in optional.items() if array is not None}
    dtype, *widened = widen(**given)
    check_feed_forward(activation, **given)
    wide = dict(zip(given, widened, strict=True))
    inner = _linear(wide["x"], wide["up_weight"], wide.get("up_bias"))  # [..., F]
    if activation == "swiglu":
        inner = silu(_linear(wide["x"], wide["gate_weight"], wide.get("gate_bias"))) * inner
    elif activation == "relu":
        inner = np.maximum(inner, 0)
    else:
        inner = gelu(inner, approximate=activation == "gelu_tanh")
    return _linear(inner, wide["down_weight"], wide.get("down_bias")).astype(dtype)


def _linear(x, weight, bias):
    return x @ weight.T if bias is None else x @ weight.T + bias


def _finite_below(x):
    """Minus infinity as the lowest finite number, whose product with 0 is 0 and not NaN."""
    return np.maximum(x, np.finfo(x.dtype).min)
