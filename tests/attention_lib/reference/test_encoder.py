"""The encoder's definition against a step-by-step composition, by its laws, and what it refuses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.reference import encoder, encoder_layer
from tests.helpers.transformer_parts import (
    attended,
    attention,
    feed_forward,
    norm,
    normed,
    transformed,
)

B, T, C, H, F = 3, 5, 12, 2, 11
RNG = np.random.default_rng(0)
X = RNG.normal(size=(B, T, C))


LAYER = attention("self_attention", C) | feed_forward(C, F)
SECOND = attention("self_attention", C) | feed_forward(C, F)
STACK = {f"layers.0.{name}": one for name, one in LAYER.items()}
STACK |= {f"layers.1.{name}": one for name, one in SECOND.items()}
FINAL = norm("final_norm", C)


def pre(x, parameters, activation="relu", **options):
    h = x + attended(normed(x, parameters, "self_attention"), parameters, H, **options)
    return h + transformed(normed(h, parameters, "feed_forward"), parameters, activation)


def post(x, parameters, activation="relu", **options):
    h = normed(x + attended(x, parameters, H, **options), parameters, "self_attention")
    return normed(h + transformed(h, parameters, activation), parameters, "feed_forward")


def without(name):
    return {key: one for key, one in LAYER.items() if key != name}


MASK = RNG.random((B, 1, T, T)) < 0.6


@pytest.mark.parametrize("activation", ["relu", "gelu", "gelu_tanh"])
@pytest.mark.parametrize(
    "options",
    [{}, {"mask": MASK}, {"causal": True}, {"bias": reference.alibi_bias(H, T, T)}],
)
def test_both_orders_are_what_the_formulas_say(options, activation):
    ours = encoder_layer(X, LAYER, n_heads=H, activation=activation, **options)
    assert_allclose(ours, pre(X, LAYER, activation, **options), rtol=1e-12, atol=1e-13)
    ours = encoder_layer(X, LAYER, n_heads=H, norm_first=False, activation=activation, **options)
    assert_allclose(ours, post(X, LAYER, activation, **options), rtol=1e-12, atol=1e-13)


def test_defaults():
    expected = encoder_layer(
        X, LAYER, n_heads=H, norm_first=True, norm="layer", activation="relu", causal=False
    )
    assert_array_equal(encoder_layer(X, LAYER, n_heads=H), expected)


def test_rms_norm_and_no_norm():
    rms = {name: one for name, one in LAYER.items() if not name.endswith("shift")}
    h = reference.rms_norm(X, LAYER["self_attention_norm.gain"])
    h = X + attended(h, LAYER, H)
    last = reference.rms_norm(h, LAYER["feed_forward_norm.gain"])
    expected = h + transformed(last, LAYER)
    assert_allclose(encoder_layer(X, rms, n_heads=H, norm="rms"), expected, rtol=1e-12, atol=1e-13)
    h = X + attended(X, LAYER, H)
    expected = h + transformed(h, LAYER)
    for norm_first in (True, False):
        ours = encoder_layer(X, LAYER, n_heads=H, norm=None, norm_first=norm_first)
        assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


def test_swiglu_reads_the_gate():
    gate, gate_bias = RNG.normal(size=(F, C)), RNG.normal(size=F)
    parameters = LAYER | {"feed_forward.gate_projection.weight": gate}
    parameters |= {"feed_forward.gate_projection.bias": gate_bias}
    h = X + attended(normed(X, LAYER, "self_attention"), LAYER, H)
    own = {name.removeprefix("feed_forward."): one for name, one in LAYER.items()}
    expected = h + reference.feed_forward(
        normed(h, LAYER, "feed_forward"),
        own["up_projection.weight"],
        own["down_projection.weight"],
        up_bias=own["up_projection.bias"],
        down_bias=own["down_projection.bias"],
        gate_weight=gate,
        gate_bias=gate_bias,
        activation="swiglu",
    )
    ours = encoder_layer(X, parameters, n_heads=H, activation="swiglu")
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


def test_shared_key_and_value_heads():
    shared = dict(LAYER)
    for part in ("key", "value"):
        for kind in ("weight", "bias"):
            name = f"self_attention.{part}_projection.{kind}"
            shared[name] = LAYER[name][: C // H]
    repeated = dict(LAYER)
    for name, one in shared.items():
        if "key" in name or "value" in name:
            repeated[name] = np.concatenate([one] * H)
    ours = encoder_layer(X, shared, n_heads=H, n_kv_heads=1)
    assert_allclose(ours, encoder_layer(X, repeated, n_heads=H), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("norm_first", [True, False])
def test_stack_is_layer_after_layer_and_the_final_norm(norm_first):
    options = {"n_heads": H, "norm_first": norm_first, "mask": MASK}
    stream, weights = encoder(X, STACK | FINAL, return_weights=True, **options)
    first, first_weights = encoder_layer(X, LAYER, return_weights=True, **options)
    second, second_weights = encoder_layer(first, SECOND, return_weights=True, **options)
    assert_allclose(encoder(X, STACK, **options), second, rtol=1e-12, atol=1e-13)
    expected = reference.layer_norm(second, FINAL["final_norm.gain"], FINAL["final_norm.shift"])
    assert_allclose(stream, expected, rtol=1e-12, atol=1e-13)
    assert len(weights) == 2
    assert_allclose(weights[0], first_weights, rtol=1e-12, atol=1e-13)
    assert_allclose(weights[1], second_weights, rtol=1e-12, atol=1e-13)
    assert weights[0].shape == (B, H, T, T)
    assert_array_equal(encoder(X, STACK | FINAL, **options), stream)


def test_stack_passes_bias_and_norm_on():
    bias = reference.alibi_bias(H, T, T)
    expected = encoder_layer(X, LAYER, n_heads=H, bias=bias, norm=None)
    expected = encoder_layer(expected, SECOND, n_heads=H, bias=bias, norm=None)
    ours = encoder(X, STACK | FINAL, n_heads=H, bias=bias, norm=None)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)
    shiftless = {name: one for name, one in (STACK | FINAL).items() if not name.endswith("shift")}
    expected = encoder(X, {n: o for n, o in shiftless.items() if "final" not in n}, **RMS)
    expected = reference.rms_norm(expected, FINAL["final_norm.gain"])
    assert_allclose(encoder(X, shiftless, **RMS), expected, rtol=1e-12, atol=1e-13)


RMS = {"norm": "rms", "n_heads": H}


def test_float16_is_rounded_once():
    half, wide = (
        {name: (one * 0.3).astype(np.float16).astype(kind) for name, one in STACK.items()}
        for kind in (np.float16, np.float32)
    )
    x = X.astype(np.float16)
    bias = reference.alibi_bias(H, T, T).astype(np.float16)
    ours, weights = encoder(x, half, n_heads=H, bias=bias, return_weights=True)
    expected, exact = encoder(
        x.astype(np.float32), wide, n_heads=H, bias=bias.astype(np.float32), return_weights=True
    )
    assert (ours.dtype, weights[1].dtype) == (np.float16, np.float16)
    assert_array_equal(ours, expected.astype(np.float16))
    assert_array_equal(weights[1], exact[1].astype(np.float16))
    layer = {name.removeprefix("layers.0."): one for name, one in half.items() if ".0." in name}
    ours, weights = encoder_layer(x, layer, n_heads=H, return_weights=True)
    assert (ours.dtype, weights.dtype) == (np.float16, np.float16)


def test_a_learned_position_bias_is_given_as_the_bias():
    table = {"self_attention.position_bias.weight": np.ones((H, 32))}
    bias = RNG.normal(size=(H, T, T))
    ours = encoder_layer(X, LAYER | table, n_heads=H, bias=bias)
    assert_array_equal(ours, encoder_layer(X, LAYER, n_heads=H, bias=bias))


def test_zero_sizes():
    assert encoder_layer(X[:0], LAYER, n_heads=H).shape == (0, T, C)
    assert encoder(X[:, :0], STACK, n_heads=H).shape == (B, 0, C)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: encoder_layer(X.tolist(), LAYER, n_heads=H), TypeError, "^x must be a NumPy arr"),
        (
            lambda: encoder_layer(X, {}, n_heads=H),
            ValueError,
            r"^parameters must hold self_attention_norm\.\*, got none$",
        ),
        (
            lambda: encoder_layer(X, norm("self_attention_norm", C), n_heads=H),
            ValueError,
            r"^parameters must hold self_attention\.\*, got self_attention_norm$",
        ),
        (
            lambda: encoder_layer(X, attention("self_attention", C), n_heads=H),
            ValueError,
            r"^parameters must hold feed_forward_norm\.\*",
        ),
        (
            lambda: encoder_layer(X, LAYER, n_heads=H, norm="batch"),
            ValueError,
            "^norm must be one of 'layer', 'rms', None, got 'batch'$",
        ),
        (
            lambda: encoder_layer(X, LAYER, n_heads=H, norm_first=1),
            TypeError,
            "^norm_first must be True or False, got int$",
        ),
        (
            lambda: encoder_layer(X, LAYER, n_heads=H, return_weights=1),
            TypeError,
            "^return_weights must be True or False, got int$",
        ),
        (
            lambda: encoder_layer(X.astype(np.float32), LAYER, n_heads=H),
            TypeError,
            r"^arguments must share one dtype, got x float32, parameters\['self_attention",
        ),
        (
            lambda: encoder_layer(X, without("self_attention.key_projection.weight"), n_heads=H),
            ValueError,
            "^parameters must hold key_projection.weight, got bias$",
        ),
        (
            lambda: encoder_layer(X, without("feed_forward.down_projection.weight"), n_heads=H),
            ValueError,
            "^parameters must hold down_projection.weight, got bias$",
        ),
        (
            lambda: encoder_layer(X, without("feed_forward_norm.gain"), n_heads=H),
            ValueError,
            "^feed_forward_norm must hold a gain, and a shift if it has one for norm='layer', ",
        ),
        (
            lambda: encoder_layer(X, LAYER, n_heads=H, norm="rms"),
            ValueError,
            "^self_attention_norm must hold a gain alone for norm='rms', got gain, shift$",
        ),
        (
            lambda: encoder_layer(
                X, LAYER | {"feed_forward.gate_projection.weight": np.ones((F, C))}, n_heads=H
            ),
            ValueError,
            r"^parameters\['feed_forward.gate_projection.weight'\] must be given for "
            r'activation="swiglu" and for no other, got act',
        ),
        (
            lambda: encoder_layer(
                X, LAYER | {"self_attention.position_bias.weight": np.ones((H, 32))}, n_heads=H
            ),
            ValueError,
            "^bias must be given where parameters hold a position_bias, got None$",
        ),
        (
            lambda: encoder(X, LAYER, n_heads=H),
            ValueError,
            r"^parameters must hold layers\.\*, got feed_forward, feed_forward_norm, self_att",
        ),
        (
            lambda: encoder(X, STACK, n_heads=H, return_weights=None),
            TypeError,
            "^return_weights must be True or False, got NoneType$",
        ),
        (
            lambda: encoder(X, STACK, n_heads=H, bias=np.ones((H, T, T), np.float32)),
            TypeError,
            "^arguments must share one dtype, got x float64, bias float32",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
