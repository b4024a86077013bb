"""Accumulation: float16 is computed in float32; float32 and float64 are computed as they are."""

import numpy as np

from ..checks import check_floating, check_kind, check_mask


def widen(**arrays):
    """Check that all are NumPy arrays of one floating dtype; return it and them, widened."""
    check_kind("numpy", **arrays)
    check_floating(**arrays)
    dtype = next(iter(arrays.values())).dtype
    working = np.promote_types(dtype, np.float32)
    return dtype, *(array.astype(working, copy=False) for array in arrays.values())


def check_array_mask(mask, shape):
    """mask is None, or a boolean array, or one boolean, that broadcasts to the scores' shape."""
    if mask is not None:
        if not isinstance(mask, np.bool_):
            check_kind("numpy", mask=mask)
        check_mask(mask, shape)
