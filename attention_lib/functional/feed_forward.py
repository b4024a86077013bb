"""The position-wise feed-forward network and its activations, in the kernels of PyTorch."""

import torch  # noqa: F401  (the doctests use it)
from torch.nn import functional as F

from ..checks import (
    check_feed_forward,
    check_flag,
    check_probability,
)
from .precision import check_tensors


def gelu(x, *, approximate=False):
    """Weigh each number by the probability that a standard normal draw lies below it.

    Args:
        x: any shape, float16, bfloat16, float32 or float64.
        approximate: the form with tanh; it differs by less than 0.0005.

    Returns:
        the shape and dtype of x. Infinity follows PyTorch's kernel, which may give NaN.

    Raises:
        TypeError: x is not a floating tensor, approximate is not a bool.

    Cost, source and formula: `attention_lib.reference.gelu`.

    >>> gelu(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """
    check_tensors(x=x)
    check_flag(approximate=approximate)
    return F.gelu(x, approximate="tanh" if approximate else "none")


def silu(x):
    """Weigh each number by its logistic sigmoid.

    Args:
        x: any shape, float16, bfloat16, float32 or float64.

    Returns:
        the shape and dtype of x. Infinity follows PyTorch's kernel, which may give NaN.

    Raises:
        TypeError: x is not a floating tensor.

    Cost, source and formula: `attention_lib.reference.silu`.

    >>> silu(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.2689,  0.0000,  0.7311])
    """
    check_tensors(x=x)
    return F.silu(x)


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
    dropout=0.0,
):
    """Pass each position through the same small network: widen, bend, narrow.

    Args:
        x: `[..., C]`, float16, bfloat16, float32 or float64.
        up_weight: `[F, C]`, same dtype.
        down_weight: `[C_out, F]`, same dtype.
        up_bias, down_bias: `[F]` and `[C_out]`, or None.
        gate_weight, gate_bias: `[F, C]` and `[F]`, for "swiglu" only.
        activation: "relu", "gelu", "gelu_tanh" or "swiglu".
        dropout: probability in [0, 1) with which a number of the inner layer is set to zero,
            applied whenever it is greater than 0.

    Returns:
        `[..., C_out]` in the dtype of x. In float16 and bfloat16 each of the two layers sums in
        float32 and is rounded once.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.feed_forward`, and for a dropout outside
            [0, 1).

    Cost, source and formula: `attention_lib.reference.feed_forward`.

    >>> feed_forward(torch.tensor([[1.0, -2.0]]), torch.eye(2), torch.ones(1, 2))
    tensor([[1.]])
    """
    optional = {
        "up_bias": up_bias,
        "down_bias": down_bias,
        "gate_weight": gate_weight,
        "gate_bias": gate_bias,
    }
    given = {"x": x, "up_weight": up_weight, "down_weight": down_weight}
    given |= {name: one for name, one in optional.items() if one is not None}
    check_tensors(**given)
    check_feed_forward(activation, **given)
    check_probability(dropout=dropout)
    inner = F.linear(x, up_weight, up_bias)  # [..., F]
    gate = None if gate_weight is None else F.silu(F.linear(x, gate_weight, gate_bias))
    inner = bend_core(inner, gate, activation, own=True)
    if dropout > 0:
        inner = F.dropout(inner, p=dropout)
    return F.linear(inner, down_weight, down_bias)


def bend_core(inner, gate, activation, *, own):
    """The activation of the inner layer; own: its memory may be used for the result.

    gate: None, or what the gate lets through, bent already, so that nobody holds what it was.
    """
    if gate is not None:
        return gate * inner
    if activation == "relu":  # under autograd to work in place would cost two copies
        return F.relu(inner, inplace=own and not inner.requires_grad)
    return F.gelu(inner, approximate="tanh" if activation == "gelu_tanh" else "none")
