"""The sublayers of a Transformer layer, each with the parameters that a module's state_dict names.

`parameters` maps names such as "self_attention.query_projection.weight" to arrays.
"""

import re
from contextlib import contextmanager

from ..checks import (
    ACTIVATIONS,
    check_choice,
    check_dimensions,
    check_flag,
    check_leading,
    check_mapping,
    shown,
)
from .feed_forward import feed_forward
from .heads import multi_head_attention
from .norms import layer_norm, rms_norm
from .precision import widen

NORMS = ("layer", "rms", None)


def widen_all(parameters, bias, **arrays):
    """(dtype, parameters, bias, arrays), all but the dtype widened; the bias may be None."""
    check_mapping("names to arrays", parameters=parameters)
    for name in parameters:
        if not isinstance(name, str):
            raise TypeError(f"parameters must have texts for names, got {shown(name)}")
    own = {f"parameters[{name!r}]": array for name, array in parameters.items()}
    given = {**arrays, **({} if bias is None else {"bias": bias}), **own}
    dtype, *widened = widen(**given)
    wide = dict(zip(given, widened, strict=True))
    wide_parameters = {name: wide[key] for name, key in zip(parameters, own, strict=True)}
    return dtype, wide_parameters, wide.get("bias"), *(wide[name] for name in arrays)


def check_streams(parameters, **streams):
    """The stream x, and a memory if there is one, fit the first layer that reads them."""
    readers = {"x": "self_attention.query_projection", "memory": "cross_attention.key_projection"}
    check_dimensions(2, **streams)
    for name, stream in streams.items():
        own = f"{readers[name]}.weight"
        weight = parameters.get(own)
        if weight is None or weight.ndim != 2:
            continue  # attention says what is wrong
        if weight.shape[1] != stream.shape[-1]:
            raise ValueError(
                f"{name} must have width {weight.shape[1]} on its last axis for "
                f"parameters[{own!r}] of shape {weight.shape}, got shape {stream.shape}"
            )
    return check_leading(**streams)


def part(parameters, name):
    """The parameters of one part, without its name in front."""
    prefix = f"{name}."
    inside = {
        key.removeprefix(prefix): array
        for key, array in parameters.items()
        if key.startswith(prefix)
    }
    if not inside:
        raise _missing(prefix, parameters)
    return inside


def enter(x, parameters, sublayer, *, norm_first, norm):
    """What a sublayer reads: N(x) with pre-LN, x with post-LN."""
    check_flag(norm_first=norm_first)
    return _normalise(x, parameters, f"{sublayer}_norm", norm) if norm_first else x


def leave(x, update, parameters, sublayer, *, norm_first, norm):
    """The stream after a sublayer: x + update with pre-LN, N(x + update) with post-LN."""
    if update.shape[-1] != x.shape[-1]:
        last = "output" if sublayer.endswith("attention") else "down"
        raise ValueError(
            f"parameters['{sublayer}.{last}_projection.weight'] must have {x.shape[-1]} rows, "
            f"the width of x, got {update.shape[-1]}"
        )
    x = x + update
    return x if norm_first else _normalise(x, parameters, f"{sublayer}_norm", norm)


@contextmanager
def named_as(sublayer, names):
    """An error about an array says which of the parameters it is.

    names: what a function calls an array -> its name among the parameters of the sublayer.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        message = str(error)
        for inner, own in names.items():
            message = re.sub(rf"\b{inner}\b", f"parameters['{sublayer}.{own}']", message)
        raise type(error)(message) from None


def attend(sublayer, query, memory, parameters, *, n_heads, n_kv_heads=None, bias=None, **options):
    """(output, weights) of multi-head attention from `query` to `memory`."""
    if bias is None and any(name.startswith("position_bias.") for name in parameters):
        raise ValueError("bias must be given where parameters hold a position_bias, got None")
    query_weight, query_bias = _linear(parameters, "query_projection")
    key_weight, key_bias = _linear(parameters, "key_projection")
    value_weight, value_bias = _linear(parameters, "value_projection")
    output_weight, output_bias = _linear(parameters, "output_projection")
    names = projections("query", "key", "value", "output")
    with named_as(sublayer, names):
        return multi_head_attention(
            query,
            memory,
            memory,
            query_weight,
            key_weight,
            value_weight,
            output_weight,
            query_bias=query_bias,
            key_bias=key_bias,
            value_bias=value_bias,
            output_bias=output_bias,
            n_heads=n_heads,
            n_kv_heads=n_kv_heads,
            bias=bias,
            return_weights=True,
            **options,
        )


def projections(*names):
    """What a function calls the weight and the bias of linear layers -> what parameters call it."""
    kinds = ("weight", "bias")
    return {f"{name}_{kind}": f"{name}_projection.{kind}" for name in names for kind in kinds}


def transform(x, parameters, *, activation):
    """The feed-forward network."""
    up_weight, up_bias = _linear(parameters, "up_projection")
    down_weight, down_bias = _linear(parameters, "down_projection")
    check_choice("activation", activation, ACTIVATIONS)
    has_gate = any(name.startswith("gate_projection.") for name in parameters)
    gate_weight = gate_bias = None
    if has_gate or activation == "swiglu":
        gate_weight, gate_bias = _linear(parameters, "gate_projection")
    with named_as("feed_forward", projections("up", "down", "gate")):
        return feed_forward(
            x,
            up_weight,
            down_weight,
            up_bias=up_bias,
            down_bias=down_bias,
            gate_weight=gate_weight,
            gate_bias=gate_bias,
            activation=activation,
        )


def finish(x, parameters, *, norm):
    """The norm after the last layer, if the parameters hold one."""
    there = any(name.startswith("final_norm.") for name in parameters)
    return _normalise(x, parameters, "final_norm", norm) if there else x


def layers(parameters):
    """The parameters of each layer of a stack, the first first."""
    count = len({name.split(".")[1] for name in parameters if name.startswith("layers.")})
    if not count:
        raise _missing("layers.", parameters)
    return [part(parameters, f"layers.{place}") for place in range(count)]


def _normalise(x, parameters, name, norm):
    check_choice("norm", norm, NORMS)
    if norm is None:
        return x
    own = part(parameters, name)
    if "gain" not in own or not set(own) <= ({"gain", "shift"} if norm == "layer" else {"gain"}):
        shift = ", and a shift if it has one" if norm == "layer" else " alone"
        raise ValueError(f"{name} must hold a gain{shift} for norm={norm!r}, got {_listed(own)}")
    with named_as(name, {"gain": "gain", "shift": "shift"}):
        return layer_norm(x, **own) if norm == "layer" else rms_norm(x, **own)


def _linear(parameters, name):
    """(weight, bias) of a projection; without one the bias is None."""
    own = part(parameters, name)
    if "weight" not in own:
        raise ValueError(f"parameters must hold {name}.weight, got {_listed(own)}")
    return own["weight"], own.get("bias")


def _listed(parameters):
    return ", ".join(sorted({name.partition(".")[0] for name in parameters})) or "none"


def _missing(prefix, parameters):
    return ValueError(f"parameters must hold {prefix}*, got {_listed(parameters)}")
