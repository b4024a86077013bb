"""What stands around attention: positions, norms, networks, lengths and logits."""

from numbers import Integral

import numpy as np

from .arrays import (
    check_dimensions,
    check_floating,
    check_kind,
    check_one_device,
    check_shape,
    dtype_name,
)
from .numbers import check_choice, check_count, check_positive, told
from .tracing import is_symbolic
from .values import check_finite, check_no_nan, check_range

ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "swiglu")


def check_lengths(lengths, n_keys):
    """lengths [B] are integers from 0 to n_keys."""
    if lengths.ndim != 1:
        raise ValueError(f"lengths must have shape [B], got {tuple(lengths.shape)}")
    if not dtype_name(lengths).startswith(("int", "uint")):
        raise TypeError(f"lengths must be integers, got dtype {dtype_name(lengths)}")
    check_range("lengths", lengths, 0, n_keys, note=" (n_keys)")


def check_even_width(name, array):
    """`array` [..., length, width] has an even width of at least 2."""
    check_dimensions(2, **{name: array})
    width = array.shape[-1]
    if width % 2 or width == 0:
        raise ValueError(
            f"{name} must have an even width of at least 2 on its last axis, "
            f"got shape {tuple(array.shape)}"
        )


def check_offset(kind, offset, rows=None):
    """offset is an integer, or integers [B]: one for each entry of the first axis of `rows`."""
    if is_symbolic(offset):
        return
    if isinstance(offset, Integral) and not isinstance(offset, (bool, np.bool_)):
        check_count(minimum=-(2**63), offset=offset)
        return
    if not hasattr(offset, "dtype"):
        raise TypeError(
            f"offset must be an integer or an integer array [B], got {type(offset).__name__}"
        )
    check_kind(kind, offset=offset)
    if kind == "torch" and rows is not None and offset.device.type != "cpu":  # else it is moved
        check_one_device(x=rows, offset=offset)
    if not dtype_name(offset).startswith(("int", "uint")):
        raise TypeError(f"offset must hold integers, got dtype {dtype_name(offset)}")
    if offset.ndim != 1:
        raise ValueError(f"offset must have shape [B], got {tuple(offset.shape)}")
    if rows is not None and (rows.ndim < 3 or rows.shape[0] != offset.shape[0]):
        raise ValueError(
            "offset [B] must have one entry for each row of a batch [B, ..., T, D], "
            f"got offset {tuple(offset.shape)} and x {tuple(rows.shape)}"
        )


def check_frequencies(kind, frequencies, base, width):
    """frequencies [D / 2] are finite, and then base is left at 10000; or they are None."""
    check_positive(base=base)
    if frequencies is None:
        return
    if base != 10000:
        raise ValueError(f"base must be left out where frequencies are given, got {told(base)}")
    check_kind(kind, frequencies=frequencies)
    check_floating(frequencies=frequencies)
    check_shape("frequencies", frequencies, (width // 2,), "[D / 2]")
    check_finite("frequencies", frequencies)


def check_stacked_weights(kind, weights):
    """weights is a list or tuple, not empty, of arrays [..., H, T, T] of one shape."""
    if not isinstance(weights, (list, tuple)):
        raise TypeError(
            f"weights must be a list with one array a layer, got {type(weights).__name__}"
        )
    if not weights:
        raise ValueError("weights must hold at least one layer, got none")
    for layer, array in enumerate(weights):
        name = f"weights[{layer}]"
        check_kind(kind, **{name: array})
        check_dimensions(3, **{name: array})
        if array.shape[-1] != array.shape[-2]:
            raise ValueError(
                f"{name} must have as many keys as queries, got shape {tuple(array.shape)}"
            )
        check_shape(name, array, weights[0].shape, "that of weights[0]")


def check_logits(logits):
    """logits [..., V] have at least one token and no NaN."""
    check_dimensions(1, logits=logits)
    if logits.shape[-1] == 0:
        raise ValueError(
            f"logits must have at least one token on the last axis, got shape {tuple(logits.shape)}"
        )
    check_no_nan("logits must not be NaN, got NaN", logits)


def check_norm(eps, *, x, gain, shift=None):
    """x [..., C] with C >= 1, gain and shift [C], eps > 0."""
    check_dimensions(1, x=x)
    check_count(**{"the width of x": x.shape[-1]})
    for name, array in (("gain", gain), ("shift", shift)):
        if array is not None:
            check_shape(name, array, x.shape[-1:], "[C]")
    check_positive(eps=eps)


def check_feed_forward(activation, *, x, up_weight, down_weight, **optional):
    """x [..., C] and the weights and biases that are given fit, and so does the activation."""
    check_choice("activation", activation, ACTIVATIONS)
    check_dimensions(1, x=x)
    check_dimensions(2, up_weight=up_weight, down_weight=down_weight)
    inner, width, outer = len(up_weight), x.shape[-1], len(down_weight)
    check_shape("up_weight", up_weight, (inner, width), "[F, C]")
    check_shape("down_weight", down_weight, (outer, inner), "[C_out, F]")
    if (activation == "swiglu") != ("gate_weight" in optional):
        raise ValueError(
            'gate_weight must be given for activation="swiglu" and for no other, '
            f"got activation={activation!r}"
        )
    if "gate_bias" in optional and "gate_weight" not in optional:
        raise ValueError("gate_bias must be None where there is no gate_weight")
    shapes = {
        "up_bias": ((inner,), "[F]"),
        "down_bias": ((outer,), "[C_out]"),
        "gate_weight": ((inner, width), "[F, C]"),
        "gate_bias": ((inner,), "[F]"),
    }
    for name, array in optional.items():
        check_shape(name, array, *shapes[name])
