"""What the caches refuse, before anything is stored."""

import torch

from ..checks import check_floating, check_kind, check_one_device, check_range


def check_stored(action, tensors):
    """tensors are what a cache can store by this action: `[B, G, T, D]`, of one B, T and dtype.

    Returns them by the names that they have in messages.
    """
    if not tensors:
        raise ValueError(f"{action} needs at least one tensor, got none")
    named = {f"tensor {place}": tensor for place, tensor in enumerate(tensors)}
    check_kind("torch", **named)
    check_floating(**named)
    for name, tensor in named.items():
        if tensor.ndim != 4:
            raise ValueError(f"{name} must have shape [B, G, T, D], got {tuple(tensor.shape)}")
        if tensor.shape[0] != tensors[0].shape[0] or tensor.shape[2] != tensors[0].shape[2]:
            raise ValueError(
                f"{name} must have the B and T of tensor 0 {tuple(tensors[0].shape)}, "
                f"got {tuple(tensor.shape)}"
            )
        check_no_gradient(name, tensor)
    return named


def check_as_before(named, buffers):
    """The tensors are of the kind of those that a cache holds."""
    if len(named) != len(buffers):
        raise ValueError(f"the cache keeps {len(buffers)} tensor(s) side by side, got {len(named)}")
    for (name, tensor), buffer in zip(named.items(), buffers, strict=True):
        for axis, meaning in ((0, "batch size"), (1, "number of heads"), (3, "width")):
            if tensor.shape[axis] != buffer.shape[axis]:
                raise ValueError(
                    f"{name} must have the {meaning} {buffer.shape[axis]} of what the cache "
                    f"holds, got shape {tuple(tensor.shape)}"
                )
        for meaning in ("dtype", "device"):
            given, held = getattr(tensor, meaning), getattr(buffer, meaning)
            if given != held:
                raise TypeError(
                    f"{name} must have the {meaning} {held} of what the cache holds, got {given}"
                )


def check_projected(name, x, kinds, dtype, buffers):
    """What is made of x `[B, T, C]` is of the kind of what a cache holds.

    kinds: the number of heads and the width of each tensor that will be; dtype: theirs.
    """
    first = buffers[0]
    if x.shape[0] != first.shape[0]:
        raise ValueError(
            f"{name} must have the batch size {first.shape[0]} of what the cache holds, "
            f"got shape {tuple(x.shape)}"
        )
    held = tuple([(buffer.shape[1], buffer.shape[3]) for buffer in buffers])
    if held != kinds:
        raise ValueError(
            f"cache must hold tensors with these heads and widths: {kinds}, got {held}"
        )
    if dtype != first.dtype or x.device != first.device:
        raise TypeError(
            f"{name} must give the dtype and device of what the cache holds, {first.dtype} "
            f"on {first.device}, got {dtype} on {x.device}"
        )


def check_rows(rows, held):
    """rows is int64 `[B']` and picks from the B rows of what is held; None: nothing yet."""
    check_kind("torch", rows=rows)
    if rows.dtype != torch.int64:
        raise TypeError(f"rows must have dtype int64, got {rows.dtype}")
    if rows.ndim != 1:
        raise ValueError(f"rows must have shape [B'], got {tuple(rows.shape)}")
    if held is None:
        raise ValueError("rows cannot be reordered in a cache to which nothing was appended")
    if rows.device.type != "cpu":  # from there PyTorch takes them to any device
        check_one_device(**{"what is held": held}, rows=rows)
    check_range("rows", rows, 0, len(held) - 1)


def check_no_gradient(name, x, *layers):
    """Neither x nor what the layers make of it needs a gradient: a cache would keep it."""
    if not torch.is_grad_enabled():
        return
    if x.requires_grad or any(one.requires_grad for layer in layers for one in layer.parameters()):
        raise ValueError(
            f"{name} needs a gradient, and none flows through a cache: "
            "call the model under torch.no_grad() or torch.inference_mode()"
        )
