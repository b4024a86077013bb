"""Layer norm and RMS norm as modules with a learned gain."""

import torch
from torch import nn
from torch.nn import functional as F

from ..checks import (
    check_dimensions,
    check_flag,
    check_kind,
    check_positive,
    check_size,
    check_width,
)
from .dtypes import check_like
from .torch_parts import check_instance, copied, settled

_DENSE = torch.strided


class LayerNorm(nn.Module):
    r"""Give each vector mean 0 and variance 1, then a learned gain and shift for each coordinate.

    $$y = g \odot \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + s$$

    Args:
        d_model: C, the width of the vectors.
        eps: a number > 0, added to the variance.
        bias: whether there is a shift.

    Parameters: gain `[C]`, ones at the start; shift `[C]`, zeros, or None.

    Called with x `[..., C]` of the dtype of the gain; returns the same shape and dtype.

    Raises:
        TypeError, ValueError: d_model not a positive integer, eps not positive, x that does not
            fit.

    Cost and source: `attention_lib.reference.layer_norm`.

    >>> LayerNorm(4)(torch.tensor([1.0, 2.0, 3.0, 6.0])).detach()
    tensor([-1.0690, -0.5345,  0.0000,  1.6036])
    """

    def __init__(self, d_model, *, eps=1e-5, bias=True):
        super().__init__()
        check_size(d_model=d_model)
        check_positive(eps=eps)
        check_flag(bias=bias)
        self.eps = eps
        self.gain = nn.Parameter(torch.ones(d_model))
        self.shift = nn.Parameter(torch.zeros(d_model)) if bias else None

    def forward(self, x):
        self.check_call(x)
        return self.forward_core(x)

    def check_call(self, x):
        """Refuse what a call would refuse."""
        check_vectors(x, self.gain)

    def forward_core(self, x):
        """A call for vectors that were checked."""
        return F.layer_norm(x, self.gain.shape, self.gain, self.shift, self.eps)

    def extra_repr(self):
        return f"{len(self.gain)}, eps={self.eps}, bias={self.shift is not None}"

    @classmethod
    def from_torch(cls, module):
        """A copy of a torch.nn.LayerNorm over one axis that has a weight.

        Raises:
            TypeError: another kind of module.
            ValueError: it normalises several axes, has no weight, or its eps is 0.
        """
        check_instance(module, nn.LayerNorm)
        width = _width(module)
        settled(module, width)
        made = cls(width, eps=module.eps)
        made.gain, made.shift = copied(module.weight), copied(module.bias)
        return made.train(module.training)


class RMSNorm(nn.Module):
    r"""Divide each vector by its root mean square, then apply a learned gain to each coordinate.

    $$y = g \odot \frac{x}{\sqrt{\frac{1}{C} \sum_c x_c^2 + \epsilon}}$$

    Args:
        d_model: C, the width of the vectors.
        eps: a number > 0, added to the mean square.

    Parameters: gain `[C]`, ones at the start.

    Called with x `[..., C]` of the dtype of the gain; returns the same shape and dtype.

    Raises:
        TypeError, ValueError: as `LayerNorm`.

    Cost and source: `attention_lib.reference.rms_norm`.

    >>> RMSNorm(2)(torch.tensor([1.0, 7.0])).detach()
    tensor([0.2000, 1.4000])
    """

    def __init__(self, d_model, *, eps=1e-6):
        super().__init__()
        check_size(d_model=d_model)
        check_positive(eps=eps)
        self.eps = eps
        self.gain = nn.Parameter(torch.ones(d_model))

    def forward(self, x):
        self.check_call(x)
        return self.forward_core(x)

    def check_call(self, x):
        """Refuse what a call would refuse."""
        check_vectors(x, self.gain)

    def forward_core(self, x):
        """A call for vectors that were checked."""
        gain = self.gain
        if x.dtype != gain.dtype:  # under torch.autocast
            return F.rms_norm(x.to(gain.dtype), gain.shape, gain, self.eps).to(x.dtype)
        return F.rms_norm(x, gain.shape, gain, self.eps)

    def extra_repr(self):
        return f"{len(self.gain)}, eps={self.eps}"

    @classmethod
    def from_torch(cls, module):
        """A copy of a torch.nn.RMSNorm over one axis that has a weight.

        Its eps=None means the step between 1 and the next number, in the dtype that it computes in:
        that of float32 for float16 and bfloat16 too.

        Raises:
            TypeError, ValueError: as `LayerNorm.from_torch`.
        """
        check_instance(module, nn.RMSNorm)
        width = _width(module)
        settled(module, width)
        computed = torch.promote_types(module.weight.dtype, torch.float32)
        eps = torch.finfo(computed).eps if module.eps is None else module.eps
        made = cls(width, eps=eps)
        made.gain = copied(module.weight)
        return made.train(module.training)


def check_vectors(x, gain):
    """x `[..., C]` has the width and dtype of the gain."""
    if (
        not isinstance(x, torch.Tensor)
        or x.dtype != gain.dtype
        or x.device != gain.device
        or x.layout is not _DENSE
        or x.is_nested
    ):
        check_kind("torch", x=x)
        check_like(gain, called="gain", x=x)
    check_dimensions(1, x=x)
    check_width("x", x, len(gain))


def _width(module):
    if len(module.normalized_shape) != 1:
        raise ValueError(
            "module must normalise the last axis alone, "
            f"got normalized_shape={tuple(module.normalized_shape)}"
        )
    if module.weight is None:
        raise ValueError("module must have a weight, got elementwise_affine=False")
    return module.normalized_shape[0]
