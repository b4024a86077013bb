"""The sublayers of a Transformer layer, each with the parameters that a module's state_dict names.

`parameters` maps names such as "self_attention.query_projection.weight" to arrays.
"""

from ..checks import check_choice, check_flag
from .feed_forward import feed_forward
from .heads import multi_head_attention
from .norms import layer_norm, rms_norm
from .precision import widen

NORMS = ("layer", "rms", None)


def widen_all(parameters, bias, **arrays):
    """(dtype, parameters, bias, arrays), all but the dtype widened; the bias may be None."""
    given = {**arrays, **({} if bias is None else {"bias": bias}), **parameters}
    dtype, *widened = widen(**given)
    wide = dict(zip(given, widened, strict=True))
    wide_parameters = {name: wide[name] for name in parameters}
    return dtype, wide_parameters, wide.get("bias"), *(wide[name] for name in arrays)


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
    x = x + update
    return x if norm_first else _normalise(x, parameters, f"{sublayer}_norm", norm)


def attend(query, memory, parameters, *, n_heads, n_kv_heads=None, **options):
    """(output, weights) of multi-head attention from `query` to `memory`."""
    query_layer, key_layer, value_layer, output_layer = (
        part(parameters, f"{name}_projection") for name in ("query", "key", "value", "output")
    )
    return multi_head_attention(
        query,
        memory,
        memory,
        query_layer["weight"],
        key_layer["weight"],
        value_layer["weight"],
        output_layer["weight"],
        query_bias=query_layer.get("bias"),
        key_bias=key_layer.get("bias"),
        value_bias=value_layer.get("bias"),
        output_bias=output_layer.get("bias"),
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        return_weights=True,
        **options,
    )


def transform(x, parameters, *, activation):
    """The feed-forward network."""
    up, down = part(parameters, "up_projection"), part(parameters, "down_projection")
    gate = part(parameters, "gate_projection") if activation == "swiglu" else {}
    return feed_forward(
        x,
        up["weight"],
        down["weight"],
        up_bias=up.get("bias"),
        down_bias=down.get("bias"),
        gate_weight=gate.get("weight"),
        gate_bias=gate.get("bias"),
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
    return layer_norm(x, **own) if norm == "layer" else rms_norm(x, **own)


def _missing(prefix, parameters):
    found = sorted({name.partition(".")[0] for name in parameters})
    return ValueError(f"parameters must hold {prefix}*, got {', '.join(found) or 'none'}")
