"""Encoder layer and stack against the reference, by their laws, and what they refuse."""

import copy
import re

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import functional, reference
from attention_lib.modules import (
    ALiBi,
    KVCache,
    LayerNorm,
    RelativePositionBias,
    RMSNorm,
    RotaryPositionalEncoding,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from attention_lib.training import seeded
from tests.helpers.transformer_example import MASK, B, C, F, H, T, arrays, built, normal

X = normal(B, T, C)
OPTIONS = [
    {},
    {"norm_first": False},
    {"norm": "rms", "activation": "swiglu", "bias": False},
    {"norm": "rms", "norm_first": False, "activation": "gelu_tanh"},
    {"norm": None, "activation": "gelu"},
    {"norm_first": False, "n_kv_heads": 1, "bias": False},
]


def defining(options):
    """The options that the reference needs too."""
    return {name: one for name, one in options.items() if name != "bias"} | {"n_heads": H}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("call", [{}, {"mask": MASK}, {"causal": True}])
def test_layer_equals_the_reference(options, call):
    layer = built(TransformerEncoderLayer, C, H, F, **options)
    numpy_call = {name: one.numpy() if name == "mask" else one for name, one in call.items()}
    expected, expected_weights = reference.encoder_layer(
        X.numpy(), arrays(layer), return_weights=True, **defining(options), **numpy_call
    )
    fused = layer(X, **call).detach()
    output, weights = layer(X, return_weights=True, **call)
    assert_allclose(fused, expected, rtol=1e-10, atol=1e-11)
    assert_allclose(output.detach(), expected, rtol=1e-10, atol=1e-11)
    assert_allclose(weights.detach(), expected_weights, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("options", [*OPTIONS, {"final_norm": True, "norm_first": False}])
def test_stack_equals_the_reference(options):
    stack = built(TransformerEncoder, 3, C, H, F, **options)
    defined = {name: one for name, one in defining(options).items() if name != "final_norm"}
    expected, expected_weights = reference.encoder(
        X.numpy(), arrays(stack), mask=MASK.numpy(), return_weights=True, **defined
    )
    output, weights = stack(X, mask=MASK, return_weights=True)
    assert_allclose(output.detach(), expected, rtol=1e-9, atol=1e-10)
    assert_allclose(stack(X, mask=MASK).detach(), expected, rtol=1e-9, atol=1e-10)
    assert len(weights) == 3
    for one, other in zip(weights, expected_weights, strict=True):
        assert_allclose(one.detach(), other, rtol=1e-9, atol=1e-11)
    causal = reference.encoder(X.numpy(), arrays(stack), causal=True, **defined)
    assert_allclose(stack(X, causal=True).detach(), causal, rtol=1e-9, atol=1e-10)


def test_defaults():
    layer = built(TransformerEncoderLayer, C, H, F)
    assert (layer.norm_first, layer.residual, layer.dropout) == (True, True, 0.0)
    assert isinstance(layer.self_attention_norm, LayerNorm)
    assert isinstance(layer.feed_forward_norm, LayerNorm)
    assert layer.feed_forward.activation == "relu"
    assert layer.self_attention.n_kv_heads == H
    assert layer.self_attention.output_projection.bias is not None
    assert layer.feed_forward.up_projection.bias is not None
    assert layer.self_attention_norm.shift is not None
    assert "norm_first=True, residual=True, dropout=0.0" in repr(layer)
    stack = built(TransformerEncoder, 2, C, H, F)
    assert isinstance(stack.final_norm, LayerNorm)
    assert all(one.norm_first and one.feed_forward_norm.shift is not None for one in stack.layers)


def test_options_reach_every_part():
    options = {"dropout": 0.2, "bias": False, "n_kv_heads": 1, "activation": "gelu"}
    for layer in built(TransformerEncoder, 2, C, H, F, norm="rms", **options).layers:
        assert layer.dropout == layer.self_attention.dropout == layer.feed_forward.dropout == 0.2
        assert layer.self_attention.n_kv_heads == 1
        assert layer.feed_forward.activation == "gelu"
        assert isinstance(layer.self_attention_norm, RMSNorm)
        assert not [name for name, _ in layer.named_parameters() if name.endswith("bias")]
    layer = built(TransformerEncoderLayer, C, H, F, bias=False)
    assert layer.self_attention_norm.shift is None
    assert layer.feed_forward_norm.shift is None
    assert built(TransformerEncoder, 1, C, H, F, bias=False).final_norm.shift is None


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, LayerNorm),
        ({"norm": "rms"}, RMSNorm),
        ({"norm": None}, type(None)),
        ({"norm_first": False}, type(None)),
        ({"final_norm": False}, type(None)),
        ({"norm_first": False, "final_norm": True}, LayerNorm),
    ],
)
def test_final_norm_follows_pre_ln(options, kind):
    assert type(built(TransformerEncoder, 1, C, H, F, **options).final_norm) is kind


def test_without_the_residual_only_the_sublayers_are_left():
    layer = built(TransformerEncoderLayer, C, H, F, residual=False)
    h = layer.self_attention(layer.self_attention_norm(X))
    expected = layer.feed_forward(layer.feed_forward_norm(h))
    assert_allclose(layer(X).detach(), expected.detach(), rtol=1e-12, atol=1e-13)
    layer = built(TransformerEncoderLayer, C, H, F, residual=False, norm_first=False)
    h = layer.self_attention_norm(layer.self_attention(X))
    expected = layer.feed_forward_norm(layer.feed_forward(h))
    assert_allclose(layer(X).detach(), expected.detach(), rtol=1e-12, atol=1e-13)


def test_weights_of_a_layer_are_those_of_its_attention():
    stack = built(TransformerEncoder, 3, C, H, F)
    _, weights = stack(X, mask=MASK, return_weights=True)
    stream = X
    for layer, own in zip(stack.layers, weights, strict=True):
        normed = layer.self_attention_norm(stream)
        again = layer.self_attention(normed, mask=MASK, return_weights=True)[1]
        assert_allclose(own.detach(), again.detach(), rtol=1e-10)
        stream = layer(stream, mask=MASK)
    assert not torch.allclose(weights[0], weights[1])


@pytest.mark.parametrize(
    "make", [lambda: ALiBi(H), lambda: RelativePositionBias(H)], ids=["alibi", "relative"]
)
def test_position_bias_is_shared_by_the_layers(make):
    with seeded(3):
        bias = make().double()
    stack = built(TransformerEncoder, 2, C, H, F, position_bias=bias)
    assert all(layer.self_attention.position_bias is bias for layer in stack.layers)
    given = bias(T, T).detach().numpy()
    expected = reference.encoder(X.numpy(), arrays(stack), n_heads=H, bias=given)
    assert_allclose(stack(X).detach(), expected, rtol=1e-9, atol=1e-10)
    double = copy.deepcopy(stack)
    first, second = (layer.self_attention.position_bias for layer in double.layers)
    assert first is second


def test_rotary_turns_queries_and_keys():
    rotary = RotaryPositionalEncoding(C // H)
    layer = built(TransformerEncoderLayer, C, H, F, rotary=rotary, norm_first=False, norm=None)
    parameters = arrays(layer)

    def heads(name):
        name = f"self_attention.{name}_projection"
        one = X.numpy() @ parameters[f"{name}.weight"].T + parameters[f"{name}.bias"]
        return reference.split_heads(one, H)

    query, key = (reference.rotate(heads(name)) for name in ("query", "key"))
    _, expected = reference.attention(query, key, heads("value"), return_weights=True)
    _, weights = layer(X, return_weights=True)
    assert_allclose(weights.detach(), expected, rtol=1e-10)
    stack = built(TransformerEncoder, 2, C, H, F, rotary=rotary)
    assert all(one.self_attention.rotary is rotary for one in stack.layers)


@pytest.mark.parametrize("options", OPTIONS[:2])
def test_what_stands_at_padding_changes_nothing_elsewhere(options):
    stack = built(TransformerEncoder, 3, C, H, F, **options)
    lengths = torch.tensor([5, 2, 3])
    mask = functional.padding_mask(lengths, T)[:, None]
    real = torch.arange(T) < lengths[:, None]
    before = stack(X, mask=mask).detach()
    changed = torch.where(real[..., None], X, 100 * normal(B, T, C, seed=5))
    after = stack(changed, mask=mask).detach()
    assert_allclose(after[real], before[real], rtol=1e-10, atol=1e-12)
    assert torch.isfinite(after).all()
    alone = stack(X[1:2, :2]).detach()
    assert_allclose(before[1:2, :2], alone, rtol=1e-10, atol=1e-12)


def test_no_position_sees_a_later_one_when_causal():
    stack = built(TransformerEncoder, 3, C, H, F)
    before = stack(X, causal=True).detach()
    changed = torch.cat([X[:, :3], normal(B, T - 3, C, seed=5)], dim=1)
    after = stack(changed, causal=True).detach()
    assert_allclose(after[:, :3], before[:, :3], rtol=1e-10, atol=1e-12)
    assert not torch.allclose(after[:, 3:], before[:, 3:])
    assert not torch.allclose(stack(changed).detach()[:, :3], stack(X).detach()[:, :3])


def test_without_positions_a_permutation_permutes():
    stack = built(TransformerEncoder, 2, C, H, F)
    order = torch.tensor([3, 0, 4, 2, 1])
    assert_allclose(stack(X[:, order]).detach(), stack(X).detach()[:, order], rtol=1e-10)


POSITIONS = [
    {},
    {"rotary": RotaryPositionalEncoding(C // H)},
    {"position_bias": ALiBi(H).double()},
    {"position_bias": RelativePositionBias(H, bidirectional=False).double()},
]


@pytest.mark.parametrize("options", POSITIONS)
@pytest.mark.parametrize("steps", [[1, 1, 1, 1, 1], [3, 2], [2, 1, 2]])
def test_cached_equals_uncached(options, steps):
    stack = built(TransformerEncoder, 2, C, H, F, **options)
    expected, expected_weights = stack(X, causal=True, return_weights=True)
    caches = stack.new_caches(max_length=T)
    assert [(type(one), one.max_length) for one in caches] == [(KVCache, T)] * 2
    done, outputs = 0, []
    with torch.no_grad():
        for step in steps:
            chunk = X[:, done : done + step]
            out, weights = stack(chunk, causal=True, caches=caches, return_weights=True)
            rows = expected_weights[1].detach()[:, :, done : done + step, : done + step]
            assert_allclose(weights[1], rows, rtol=1e-9, atol=1e-12)
            outputs.append(out)
            done += step
    assert_allclose(torch.cat(outputs, dim=1), expected.detach(), rtol=1e-9, atol=1e-11)
    assert [one.length for one in caches] == [T, T]


def test_caches_have_no_end_unless_asked():
    assert built(TransformerEncoder, 1, C, H, F).new_caches()[0].max_length is None


def test_the_mask_of_a_cached_step_covers_what_is_held():
    stack = built(TransformerEncoder, 2, C, H, F)
    mask = functional.padding_mask(torch.tensor([5, 4, 2]), T)[:, None]
    expected = stack(X, mask=mask, causal=True).detach()
    caches = stack.new_caches()
    with torch.no_grad():
        first = stack(X[:, :3], mask=mask[..., :3], causal=True, caches=caches)
        second = stack(X[:, 3:], mask=mask, causal=True, caches=caches)
    assert_allclose(torch.cat([first, second], dim=1), expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("norm_first", [True, False])
def test_dropout_acts_in_training_only_at_three_places(norm_first):
    layer = built(TransformerEncoderLayer, C, H, F, dropout=0.4, norm_first=norm_first)
    rested = layer(X)
    assert_array_equal(layer(X).detach(), rested.detach())
    layer.train()
    own, ffn = layer.self_attention, layer.feed_forward

    def dropped(x):
        return nn.functional.dropout(x, p=0.4)

    with seeded(5):
        output, _ = layer(X, return_weights=True)
    with seeded(5):
        h = layer.self_attention_norm(X) if norm_first else X
        h = X + dropped(own(h, return_weights=True)[0])
        h = h if norm_first else layer.self_attention_norm(h)
        g = layer.feed_forward_norm(h) if norm_first else h
        g = h + dropped(ffn(g))
        expected = g if norm_first else layer.feed_forward_norm(g)
    assert_allclose(output.detach(), expected.detach(), rtol=1e-12, atol=1e-13)
    assert not torch.allclose(output, rested)


def test_gradcheck():
    layer = built(TransformerEncoderLayer, 4, 2, 3, activation="gelu")
    names = list(dict(layer.named_parameters()))
    x = normal(1, 3, 4).requires_grad_()

    def output(x, *values):
        named = dict(zip(names, values, strict=True))
        return torch.func.functional_call(layer, named, (x,), {"causal": True})

    assert torch.autograd.gradcheck(output, (x, *layer.parameters()))


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float32, 1e-5), (torch.float16, 2e-2), (torch.bfloat16, 1.5e-1)],
)
def test_other_dtypes(dtype, tolerance):
    stack = built(TransformerEncoder, 2, C, H, F).to(dtype)
    x = X.to(dtype)
    exact = copy.deepcopy(stack).double()(x.double()).detach()
    output, weights = stack(x, return_weights=True)
    assert (output.dtype, weights[0].dtype) == (dtype, dtype)
    assert_allclose(output.detach().double(), exact, atol=tolerance)
    assert_allclose(stack(x).detach().double(), exact, atol=tolerance)


def test_zero_sizes_views_and_no_batch():
    stack = built(TransformerEncoder, 2, C, H, F)
    assert stack(X[:0]).shape == (0, T, C)
    assert stack(X[:, :0]).shape == (B, 0, C)
    expected = stack(X).detach()
    turned = X.mT.contiguous().mT
    assert not turned.is_contiguous()
    assert_allclose(stack(turned).detach(), expected, rtol=1e-10)
    assert_allclose(stack(X[0]).detach(), expected[0], rtol=1e-10)
    assert_allclose(stack(X[None]).detach()[0], expected, rtol=1e-10)


def test_forward_stores_nothing():
    layer = built(TransformerEncoderLayer, C, H, F)
    before = {name: id(one) for name, one in vars(layer).items()}
    layer(X, return_weights=True)
    assert {name: id(one) for name, one in vars(layer).items()} == before


LAYER = built(TransformerEncoderLayer, C, H, F)
STACK = built(TransformerEncoder, 2, C, H, F)


def filled_cache():
    cache = KVCache()
    cache.append(torch.ones(1, 1, 3, 1))
    return cache


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: TransformerEncoderLayer(0, 1, F), ValueError, "d_model must be at least 1, got 0"),
        (lambda: TransformerEncoderLayer(C, 5, F), ValueError, "n_heads"),
        (lambda: TransformerEncoderLayer(C, H, 0), ValueError, "d_ff must be at least 1, got 0"),
        (
            lambda: TransformerEncoderLayer(C, H, F, norm_first=1),
            TypeError,
            "^norm_first must be True or False, got int$",
        ),
        (
            lambda: TransformerEncoderLayer(C, H, F, residual=None),
            TypeError,
            "^residual must be True or False, got NoneType$",
        ),
        (
            lambda: TransformerEncoderLayer(C, H, F, dropout=1.0),
            ValueError,
            r"^dropout must lie in \[0, 1\), got 1\.0$",
        ),
        (
            lambda: TransformerEncoderLayer(C, H, F, norm="batch"),
            ValueError,
            "^norm must be one of 'layer', 'rms', None, got 'batch'$",
        ),
        (
            lambda: TransformerEncoderLayer(C, H, F, bias=0),
            TypeError,
            "^bias must be True or False",
        ),
        (
            lambda: TransformerEncoder(0, C, H, F),
            ValueError,
            "^n_layers must be at least 1, got 0$",
        ),
        (lambda: TransformerEncoder(1, C, H, F, wide=3), TypeError, "wide"),
        (
            lambda: TransformerEncoder(1, C, H, F, norm=None, final_norm=True),
            ValueError,
            "^final_norm must be False or None where norm is None, got True$",
        ),
        (
            lambda: TransformerEncoder(1, C, H, F, final_norm=1),
            TypeError,
            "^final_norm must be True or False, got int$",
        ),
        (lambda: LAYER(X.numpy()), TypeError, r"^x must be a torch\.Tensor, got ndarray$"),
        (lambda: LAYER(X.float()), TypeError, "^arguments must share one dtype, got x float32, we"),
        (lambda: LAYER(X[0, 0]), ValueError, r"^x must have at least 2 dimension\(s\)"),
        (
            lambda: LAYER(X[..., :5]),
            ValueError,
            f"^x must have width {C} on its last axis, got shape {re.escape(str((B, T, 5)))}$",
        ),
        (lambda: LAYER(X, causal=1), TypeError, "^causal must be True or False, got int$"),
        (
            lambda: LAYER(X, return_weights=1),
            TypeError,
            "^return_weights must be True or False, got int$",
        ),
        (lambda: LAYER(X, mask=MASK.float()), TypeError, "^mask must be boolean"),
        (lambda: LAYER(X, mask=MASK[..., :3]), ValueError, "^mask must broadcast"),
        (
            lambda: LAYER(X, cache=KVCache()),
            ValueError,
            "^causal must be True with a cache: the past cannot see what comes$",
        ),
        (lambda: LAYER(X, cache=3, causal=True), TypeError, "^cache must be a KVCache, got int$"),
        (lambda: LAYER(X, cache=KVCache(), causal=True), ValueError, "needs a gradient"),
        (
            lambda: STACK(X, causal=True, caches=KVCache()),
            TypeError,
            "^caches must be a list, one for each layer, got KVCache$",
        ),
        (
            lambda: STACK(X, causal=True, caches=[KVCache()]),
            ValueError,
            "^caches must hold one cache for each of the 2 layers, got 1$",
        ),
        (
            lambda: STACK(X, causal=True, caches=[]),
            ValueError,
            "^caches must hold one cache for each of the 2 layers, got 0$",
        ),
        (
            lambda: STACK(X, causal=True, caches=[KVCache(), None]),
            TypeError,
            "^caches must hold caches, got NoneType$",
        ),
        (
            lambda: STACK(X, causal=True, caches=[KVCache()] * 2),
            ValueError,
            "^caches must hold a cache of its own for each layer, got one twice$",
        ),
        (
            lambda: STACK(X, causal=True, caches=[KVCache(), filled_cache()]),
            ValueError,
            r"^caches must have seen equally many positions, got \[0, 3\]$",
        ),
        (lambda: STACK(X, return_weights=1), TypeError, "^return_weights must be True or False"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
