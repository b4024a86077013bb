"""What arrays are made of: kind, place, dtype and shape."""

import sys

import numpy as np

FLOATS = ("float16", "bfloat16", "float32", "float64")


def dtype_name(array):
    return str(array.dtype).removeprefix("torch.")


def check_kind(kind, **arrays):
    """All arguments are arrays of `kind` ("numpy" or "torch") without a rule of their own.

    Tensors are dense, and lie on one device.
    """
    for name, array in arrays.items():
        if kind == "numpy":
            if not isinstance(array, np.ndarray):
                raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
            check_plain(**{name: array})
        else:
            check_tensor(name, array)
    if kind == "torch" and len(arrays) > 1:
        check_one_device(**arrays)


def check_plain(**arrays):
    """No array follows other rules than NumPy's arrays: neither entries masked out nor matrices."""
    for name, array in arrays.items():
        if isinstance(array, np.ma.MaskedArray):
            raise TypeError(
                f"{name} must be an array without masked entries, which would be ignored, "
                f"got {type(array).__name__}"
            )
        if isinstance(array, np.matrix):
            raise TypeError(f"{name} must be a plain NumPy array, got {type(array).__name__}")


def check_tensor(name, tensor):
    """tensor is a torch.Tensor whose entries all lie in memory at regular steps."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
    if tensor.layout is not torch.strided or tensor.is_nested:
        kind = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
        raise TypeError(f"{name} must be a dense tensor, got one of layout {kind}")


def check_one_device(**tensors):
    """All tensors lie on one device; one without axes may stay on the CPU, as in PyTorch."""
    first = None
    for tensor in tensors.values():
        first = tensor.device if first is None else first
        if tensor.device != first:
            break
    else:
        return
    places = {name: str(one.device) for name, one in tensors.items()}
    places = {name: place for name, place in places.items() if tensors[name].ndim or place != "cpu"}
    found = list(places.values())
    if all(place == found[0] for place in found):
        return
    expected = max(found, key=found.count)  # of equally many the first
    there = next(name for name, place in places.items() if place == expected)
    name = next(name for name, place in places.items() if place != expected)
    raise ValueError(f"{name} must be on the device of {there}, {expected}, got {places[name]}")


def check_floating(**arrays):
    """All arguments have one and the same floating dtype, and tensors one device."""
    if len(arrays) > 1 and all(hasattr(array, "layout") for array in arrays.values()):
        check_one_device(**arrays)
    found = {array.dtype for array in arrays.values()}
    if len(found) == 1 and str(*found).removeprefix("torch.") in FLOATS:
        return
    for name, array in arrays.items():
        if dtype_name(array) not in FLOATS:
            raise TypeError(
                f"{name} must have a floating dtype ({', '.join(FLOATS)}), got {dtype_name(array)}"
            )
    if len({dtype_name(array) for array in arrays.values()}) > 1:
        listing = ", ".join(f"{name} {dtype_name(array)}" for name, array in arrays.items())
        raise TypeError(f"arguments must share one dtype, got {listing}")


def check_dimensions(at_least, **arrays):
    for name, array in arrays.items():
        if array.ndim < at_least:
            raise ValueError(
                f"{name} must have at least {at_least} dimension(s), got shape {tuple(array.shape)}"
            )


def check_shape(name, array, expected, meaning):
    """`array` has the shape `expected`; `meaning` spells it in letters, such as "[A, D_q]"."""
    if tuple(array.shape) != tuple(expected):
        raise ValueError(
            f"{name} must have shape {meaning} = {tuple(expected)}, got {tuple(array.shape)}"
        )


def check_width(name, array, expected):
    if array.shape[-1] != expected:
        raise ValueError(
            f"{name} must have width {expected} on its last axis, got shape {tuple(array.shape)}"
        )


def broadcast(*shapes):
    """The shape that tuples broadcast to; ValueError if they do not."""
    first = shapes[0]
    return first if all(one == first for one in shapes) else np.broadcast_shapes(*shapes)


def check_leading(**arrays):
    """The axes before the last two broadcast together; returns them."""
    try:
        return broadcast(*[tuple(array.shape[:-2]) for array in arrays.values()])
    except ValueError:
        listing = ", ".join(f"{name} {tuple(array.shape)}" for name, array in arrays.items())
        raise ValueError(
            f"the axes before the last two must broadcast together, got {listing}"
        ) from None


def check_rows(**arrays):
    """The axes before the last one broadcast together."""
    try:
        broadcast(*[tuple(array.shape[:-1]) for array in arrays.values()])
    except ValueError:
        listing = ", ".join(f"{name} {tuple(array.shape)}" for name, array in arrays.items())
        raise ValueError(
            f"the axes before the last one must broadcast together, got {listing}"
        ) from None
