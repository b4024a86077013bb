"""Tensors in, tensors out: float16 and bfloat16 are computed in float32 and rounded at the end."""

import torch

from ..checks import (
    check_floating,
    check_kind,
    check_mask,
    check_one_device,
    check_tensor,
    shown,
)

_DENSE = torch.strided
_FLOATS = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def check_tensors(**tensors):
    """All arguments are dense tensors of one and the same floating dtype, on one device."""
    first = dtype = on_cpu = None
    for tensor in tensors.values():  # attributes are what this costs: to compare devices most
        if not isinstance(tensor, torch.Tensor):
            break
        if first is None:
            first, dtype, on_cpu = tensor, tensor.dtype, tensor.is_cpu
        elif tensor.dtype is not dtype or tensor.is_cpu is not on_cpu:
            break
        if not (on_cpu or tensor.device == first.device):
            break
        if tensor.layout is not _DENSE or tensor.is_nested:
            break
    else:
        if dtype in _FLOATS:
            return
    check_kind("torch", **tensors)
    check_floating(**tensors)


def widen(**tensors):
    """Check that all are tensors of one floating dtype; return it and them, widened."""
    check_tensors(**tensors)
    return widen_core(*tensors.values())


def widen_core(*tensors):
    """The dtype of tensors that share one, and they in float64 or else in float32."""
    dtype = tensors[0].dtype
    working = torch.float64 if dtype == torch.float64 else torch.float32
    return dtype, *[tensor.to(working) for tensor in tensors]


def check_torch_mask(mask, shape, **beside):
    """mask is None, or a boolean tensor that broadcasts to the shape of the scores.

    beside: a tensor, by its name, on whose device the mask has to be.
    """
    if mask is not None:
        check_tensor("mask", mask)
        check_one_device(**beside, mask=mask)
        check_mask(mask, shape)


def check_device(device):
    """device is None, a torch.device, its name or its number."""
    if isinstance(device, bool) or not isinstance(device, (str, int, torch.device, type(None))):
        raise TypeError(f"device must be a torch.device or its name, got {type(device).__name__}")
    if isinstance(device, (str, int)):
        try:
            torch.device(device)
        except (RuntimeError, ValueError):
            raise ValueError(
                f"device must be a torch.device or its name, got {shown(device)}"
            ) from None


def check_floating_dtype(dtype):
    """dtype is a floating torch.dtype, or None: PyTorch's default. Returns it."""
    if dtype is None:
        return torch.get_default_dtype()
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"dtype must be a floating torch.dtype, got {shown(dtype)}")
    return dtype
