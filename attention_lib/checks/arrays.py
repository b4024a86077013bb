"""What arrays are made of: kind, dtype and shape."""

import numpy as np

FLOATS = ("float16", "bfloat16", "float32", "float64")


def dtype_name(array):
    return str(array.dtype).removeprefix("torch.")


def check_kind(kind, **arrays):
    """All arguments are arrays of `kind` ("numpy" or "torch")."""
    for name, array in arrays.items():
        is_numpy = isinstance(array, np.ndarray)
        is_tensor = type(array).__module__.partition(".")[0] == "torch" and hasattr(array, "dtype")
        if kind == "numpy" and not is_numpy:
            raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
        if kind == "torch" and not is_tensor and not _is_tensor_subclass(array):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(array).__name__}")


def _is_tensor_subclass(array):
    return any(
        base.__module__.partition(".")[0] == "torch" and base.__name__ == "Tensor"
        for base in type(array).__mro__
    )


def check_floating(**arrays):
    """All arguments have one and the same floating dtype."""
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
