"""The decoder's definition against a step-by-step composition, by its laws, and what it refuses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.reference import decoder, decoder_layer
from tests.helpers.transformer_parts import (
    attended,
    attention,
    feed_forward,
    norm,
    normed,
    transformed,
)

B, T, S, C, H, F = 3, 5, 7, 12, 2, 11
RNG = np.random.default_rng(0)
X, MEMORY = RNG.normal(size=(B, T, C)), RNG.normal(size=(B, S, C))
MASK, MEMORY_MASK = RNG.random((B, 1, T, T)) < 0.6, RNG.random((B, H, T, S)) < 0.6


def layer():
    both = attention("self_attention", C) | attention("cross_attention", C)
    return both | feed_forward(C, F)


LAYER, SECOND = layer(), layer()
STACK = {f"layers.0.{name}": one for name, one in LAYER.items()}
STACK |= {f"layers.1.{name}": one for name, one in SECOND.items()}
FINAL = norm("final_norm", C)


def pre(x, p, memory_mask, activation, **options):
    h = x + attended(normed(x, p, "self_attention"), p, H, **options)
    query = normed(h, p, "cross_attention")
    cross = {"memory": MEMORY, "name": "cross_attention", "mask": memory_mask}
    g = h + attended(query, p, H, **cross)
    return g + transformed(normed(g, p, "feed_forward"), p, activation)


def post(x, p, memory_mask, activation, **options):
    h = normed(x + attended(x, p, H, **options), p, "self_attention")
    cross = {"memory": MEMORY, "name": "cross_attention", "mask": memory_mask}
    g = normed(h + attended(h, p, H, **cross), p, "cross_attention")
    return normed(g + transformed(g, p, activation), p, "feed_forward")


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("memory_mask", [None, MEMORY_MASK])
@pytest.mark.parametrize(
    "options",
    [
        {"causal": True},
        {"causal": False},
        {"causal": False, "mask": MASK},
        {"causal": True, "bias": reference.alibi_bias(H, T, T)},
    ],
)
def test_both_orders_are_what_the_formulas_say(options, memory_mask, activation):
    given = {"n_heads": H, "memory_mask": memory_mask, "activation": activation, **options}
    expected = pre(X, LAYER, memory_mask, activation, **options)
    assert_allclose(decoder_layer(X, MEMORY, LAYER, **given), expected, rtol=1e-12, atol=1e-13)
    expected = post(X, LAYER, memory_mask, activation, **options)
    ours = decoder_layer(X, MEMORY, LAYER, norm_first=False, **given)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


def test_defaults():
    options = {"norm_first": True, "norm": "layer", "activation": "relu", "causal": True}
    expected = decoder_layer(X, MEMORY, LAYER, n_heads=H, **options)
    assert_array_equal(decoder_layer(X, MEMORY, LAYER, n_heads=H), expected)


def test_weights_are_those_of_both_attentions():
    y, (own, cross) = decoder_layer(X, MEMORY, LAYER, n_heads=H, return_weights=True)
    assert_array_equal(y, decoder_layer(X, MEMORY, LAYER, n_heads=H))
    h = normed(X, LAYER, "self_attention")
    update, expected = attended(h, LAYER, H, causal=True, return_weights=True)
    assert_allclose(own, expected, rtol=1e-12, atol=1e-13)
    h = normed(X + update, LAYER, "cross_attention")
    options = {"memory": MEMORY, "name": "cross_attention", "return_weights": True}
    assert_allclose(cross, attended(h, LAYER, H, **options)[1], rtol=1e-12, atol=1e-13)


def test_no_norm_and_shared_heads():
    shared = dict(LAYER)
    for name, one in LAYER.items():
        if "key_projection" in name or "value_projection" in name:
            shared[name] = one[: C // H]
    repeated = {
        name: np.concatenate([one] * H) if len(one) < len(LAYER[name]) else one
        for name, one in shared.items()
    }
    ours = decoder_layer(X, MEMORY, shared, n_heads=H, n_kv_heads=1, norm=None)
    expected = decoder_layer(X, MEMORY, repeated, n_heads=H, norm=None, norm_first=False)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


def test_no_position_sees_a_later_one():
    before = decoder_layer(X, MEMORY, LAYER, n_heads=H)
    changed = np.concatenate([X[:, :3], RNG.normal(size=(B, T - 3, C))], axis=1)
    after = decoder_layer(changed, MEMORY, LAYER, n_heads=H)
    assert_allclose(after[:, :3], before[:, :3], rtol=1e-12, atol=1e-13)
    free = decoder_layer(changed, MEMORY, LAYER, n_heads=H, causal=False)
    assert np.abs(free[:, :3] - before[:, :3]).max(axis=-1).min() > 1e-3


@pytest.mark.parametrize("norm_first", [True, False])
def test_stack_is_layer_after_layer_and_the_final_norm(norm_first):
    options = {"n_heads": H, "norm_first": norm_first, "memory_mask": MEMORY_MASK}
    stream, weights = decoder(X, MEMORY, STACK | FINAL, return_weights=True, **options)
    first, pair = decoder_layer(X, MEMORY, LAYER, return_weights=True, **options)
    second, second_pair = decoder_layer(first, MEMORY, SECOND, return_weights=True, **options)
    assert_allclose(decoder(X, MEMORY, STACK, **options), second, rtol=1e-12, atol=1e-13)
    assert_allclose(stream, normed(second, FINAL, "final"), rtol=1e-12, atol=1e-13)
    assert_array_equal(decoder(X, MEMORY, STACK | FINAL, **options), stream)
    assert len(weights) == 2
    for ours, expected in zip((*weights[0], *weights[1]), (*pair, *second_pair), strict=True):
        assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


def test_stack_passes_bias_and_norm_on():
    options = {"n_heads": H, "bias": reference.alibi_bias(H, T, T), "norm": None}
    expected = decoder_layer(X, MEMORY, LAYER, **options)
    expected = decoder_layer(expected, MEMORY, SECOND, **options)
    assert_allclose(decoder(X, MEMORY, STACK | FINAL, **options), expected, rtol=1e-12, atol=1e-13)
    shiftless = {name: one for name, one in STACK.items() if not name.endswith("shift")}
    gain = FINAL["final_norm.gain"]
    rms = {"n_heads": H, "norm": "rms"}
    expected = reference.rms_norm(decoder(X, MEMORY, shiftless, **rms), gain)
    ours = decoder(X, MEMORY, shiftless | {"final_norm.gain": gain}, **rms)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


def test_float16_is_rounded_once():
    half, wide = (
        {name: (one * 0.3).astype(np.float16).astype(kind) for name, one in STACK.items()}
        for kind in (np.float16, np.float32)
    )
    bias = reference.alibi_bias(H, T, T).astype(np.float16)
    x, memory = X.astype(np.float16), MEMORY.astype(np.float16)
    ours, weights = decoder(x, memory, half, n_heads=H, bias=bias, return_weights=True)
    widened = [one.astype(np.float32) for one in (x, memory)]
    options = {"n_heads": H, "bias": bias.astype(np.float32), "return_weights": True}
    expected, exact = decoder(*widened, wide, **options)
    assert ours.dtype == np.float16
    assert_array_equal(ours, expected.astype(np.float16))
    for one, other in zip(weights[1], exact[1], strict=True):
        assert one.dtype == np.float16
        assert_array_equal(one, other.astype(np.float16))
    one = {name.removeprefix("layers.0."): one for name, one in half.items() if ".0." in name}
    ours, weights = decoder_layer(x, memory, one, n_heads=H, return_weights=True)
    assert [ours.dtype, *(weight.dtype for weight in weights)] == [np.float16] * 3


def test_zero_sizes():
    assert decoder_layer(X[:0], MEMORY[:0], LAYER, n_heads=H).shape == (0, T, C)
    assert decoder(X[:, :0], MEMORY, STACK, n_heads=H).shape == (B, 0, C)
    nothing = decoder_layer(X, MEMORY[:, :0], LAYER, n_heads=H)
    blocked = decoder_layer(X, MEMORY, LAYER, n_heads=H, memory_mask=np.zeros((1, 1), bool))
    assert_allclose(nothing, blocked, rtol=1e-12, atol=1e-13)


CROSSLESS = {name: one for name, one in LAYER.items() if not name.startswith("cross_attention.")}
ERRORS = [
    ({"x": X.tolist()}, TypeError, "^x must be a NumPy array, got list$"),
    ({"memory": MEMORY.tolist()}, TypeError, "^memory must be a NumPy array, got list$"),
    ({"memory": None}, TypeError, "^memory must be a NumPy array, got NoneType$"),
    ({"memory": MEMORY.astype(np.float32)}, TypeError, "^arguments must share one dtype, got x fl"),
    (
        {
            "parameters": {
                name: one for name, one in LAYER.items() if "cross_attention." not in name
            }
        },
        ValueError,
        r"^parameters must hold cross_attention\.\*, got cross_attention_norm, feed_forward, "
        "feed_forward_norm, self_attention, self_attention_norm$",
    ),
    ({"norm": "batch"}, ValueError, "^norm must be one of 'layer', 'rms', None, got 'batch'$"),
    ({"norm_first": 1}, TypeError, "^norm_first must be True or False, got int$"),
    ({"causal": 1}, TypeError, "^causal must be True or False, got int$"),
    ({"return_weights": 1}, TypeError, "^return_weights must be True or False, got int$"),
]


@pytest.mark.parametrize(("change", "error", "message"), ERRORS)
def test_bad_input_is_named(change, error, message):
    given = {"x": X, "memory": MEMORY, "parameters": LAYER, "n_heads": H} | change
    with pytest.raises(error, match=message):
        decoder_layer(**given)


def test_bad_input_of_the_stack_is_named():
    with pytest.raises(ValueError, match=r"^parameters must hold layers\.\*, got cross_attention"):
        decoder(X, MEMORY, LAYER, n_heads=H)
    with pytest.raises(TypeError, match=r"^return_weights must be True or False, got int$"):
        decoder(X, MEMORY, STACK, n_heads=H, return_weights=1)
