"""Which dtype a module takes: that of its weights, or what torch.autocast makes of it."""

import torch

from ..checks import check_floating, check_one_device
from .calling import is_bare


def asked_dtype(weight):
    """The dtype of a floating weight; None for others, such as the weight of a quantised layer."""
    floating = isinstance(weight, torch.Tensor) and weight.is_floating_point()
    return weight.dtype if floating else None


def check_like(weight, *, called="weight", place=True, **arrays):
    """Tensors are floating and of the dtype of the weight, unless autocast will cast them.

    place: whether they have to be where the weight is; a hook might bring it to them.
    """
    check_floating(**arrays)
    if place and isinstance(weight, torch.Tensor):
        check_one_device(**{f"the {called}": weight}, **arrays)
    asked = asked_dtype(weight)
    for name, array in arrays.items():
        if asked not in (None, array.dtype) and not (is_cast(array) and asked != torch.float64):
            check_floating(**{name: array, called: weight})


def check_beside(layer, **tensors):
    """Tensors are where the weight of a layer is, unless a hook of it might bring it to them."""
    weight = getattr(layer, "weight", None)
    if isinstance(weight, torch.Tensor) and is_bare(layer):
        check_one_device(**{"the weight": weight}, **tensors)


def is_cast(x):
    """Whether torch.autocast casts x where it meets a product."""
    kind = x.device.type
    return kind != "meta" and x.dtype != torch.float64 and torch.is_autocast_enabled(kind)


def projected_dtype(x):
    """The dtype in which a linear layer hands on x, which torch.autocast may change."""
    return torch.get_autocast_dtype(x.device.type) if is_cast(x) else x.dtype
