"""Tensors in, tensors out: float16 and bfloat16 are computed in float32 and rounded at the end."""

import torch

from ..checks import check_floating, check_kind, check_mask


def widen(**arrays):
    """Check that all are tensors of one floating dtype; return it and them, widened."""
    check_kind("torch", **arrays)
    check_floating(**arrays)
    dtype = next(iter(arrays.values())).dtype
    working = dtype if dtype == torch.float64 else torch.float32
    return dtype, *(array.to(working) for array in arrays.values())


def check_torch_mask(mask, shape):
    if mask is not None:
        check_kind("torch", mask=mask)
        check_mask(mask, shape)


def check_floating_dtype(dtype):
    """dtype is a floating torch.dtype, or None: PyTorch's default. Returns it."""
    if dtype is None:
        return torch.get_default_dtype()
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"dtype must be a floating torch.dtype, got {dtype}")
    return dtype
