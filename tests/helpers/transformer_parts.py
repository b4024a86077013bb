"""Random parameters of Transformer layers in NumPy, and the steps of a layer, one call each."""

import numpy as np

from attention_lib import reference

RNG = np.random.default_rng(7)
PARTS = ("query", "key", "value", "output")


def linear(name, n_out, n_in):
    return {
        f"{name}.weight": RNG.normal(size=(n_out, n_in)),
        f"{name}.bias": RNG.normal(size=n_out),
    }


def norm(name, width):
    return {f"{name}.gain": RNG.normal(size=width), f"{name}.shift": RNG.normal(size=width)}


def attention(name, width):
    """The parameters of a sublayer of attention, its norm included."""
    made = norm(f"{name}_norm", width)
    for part in PARTS:
        made |= linear(f"{name}.{part}_projection", width, width)
    return made


def feed_forward(width, inner):
    """The parameters of the feed-forward sublayer, its norm included."""
    up = linear("feed_forward.up_projection", inner, width)
    down = linear("feed_forward.down_projection", width, inner)
    return up | down | norm("feed_forward_norm", width)


def attended(h, parameters, n_heads, *, memory=None, name="self_attention", **options):
    memory = h if memory is None else memory
    layers = [f"{name}.{part}_projection" for part in PARTS]
    biases = {
        f"{part}_bias": parameters[f"{layer}.bias"]
        for part, layer in zip(PARTS, layers, strict=True)
    }
    weights = [parameters[f"{layer}.weight"] for layer in layers]
    return reference.multi_head_attention(
        h, memory, memory, *weights, n_heads=n_heads, **biases, **options
    )


def normed(h, parameters, name):
    gain, shift = parameters[f"{name}_norm.gain"], parameters[f"{name}_norm.shift"]
    return reference.layer_norm(h, gain, shift)


def transformed(h, parameters, activation="relu"):
    up, down = (f"feed_forward.{one}_projection" for one in ("up", "down"))
    return reference.feed_forward(
        h,
        parameters[f"{up}.weight"],
        parameters[f"{down}.weight"],
        up_bias=parameters[f"{up}.bias"],
        down_bias=parameters[f"{down}.bias"],
        activation=activation,
    )
