"""Decoder layer and stack against the reference, by their laws, and what they refuse."""

import copy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import functional, reference
from attention_lib.modules import (
    ALiBi,
    DecoderCache,
    DecoderWeights,
    KVCache,
    LayerNorm,
    MemoryCache,
    RelativePositionBias,
    RMSNorm,
    RotaryPositionalEncoding,
    TransformerDecoder,
    TransformerDecoderLayer,
)
from attention_lib.training import seeded
from tests.helpers.transformer_example import (
    MASK,
    MEMORY_MASK,
    B,
    C,
    F,
    H,
    S,
    T,
    arrays,
    built,
    normal,
)

X, MEMORY = normal(B, T, C), normal(B, S, C, seed=1)
OPTIONS = [
    {},
    {"norm_first": False},
    {"norm": "rms", "activation": "swiglu", "bias": False},
    {"norm": None, "activation": "gelu", "n_kv_heads": 1},
    {"norm_first": False, "activation": "gelu_tanh", "bias": False},
]
CALLS = [
    {},
    {"mask": MASK, "causal": False},
    {"memory_mask": MEMORY_MASK},
    {"mask": MASK, "memory_mask": MEMORY_MASK},
]


def defining(options, call):
    both = options | call
    both.pop("bias", None)
    return {n: o.numpy() if torch.is_tensor(o) else o for n, o in both.items()} | {"n_heads": H}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("call", CALLS)
def test_layer_equals_the_reference(options, call):
    layer = built(TransformerDecoderLayer, C, H, F, **options)
    expected, expected_weights = reference.decoder_layer(
        X.numpy(), MEMORY.numpy(), arrays(layer), return_weights=True, **defining(options, call)
    )
    output, weights = layer(X, MEMORY, return_weights=True, **call)
    assert_allclose(layer(X, MEMORY, **call).detach(), expected, rtol=1e-10, atol=1e-11)
    assert_allclose(output.detach(), expected, rtol=1e-10, atol=1e-11)
    assert isinstance(weights, DecoderWeights)
    assert_allclose(weights.self_attention.detach(), expected_weights[0], rtol=1e-10, atol=1e-12)
    assert_allclose(weights.cross_attention.detach(), expected_weights[1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("call", CALLS)
def test_stack_equals_the_reference(options, call):
    stack = built(TransformerDecoder, 2, C, H, F, **options)
    expected, expected_weights = reference.decoder(
        X.numpy(), MEMORY.numpy(), arrays(stack), return_weights=True, **defining(options, call)
    )
    output, weights = stack(X, MEMORY, return_weights=True, **call)
    assert_allclose(stack(X, MEMORY, **call).detach(), expected, rtol=1e-9, atol=1e-10)
    assert_allclose(output.detach(), expected, rtol=1e-9, atol=1e-10)
    assert len(weights) == 2
    for pair, expected_pair in zip(weights, expected_weights, strict=True):
        for one, other in zip(pair, expected_pair, strict=True):
            assert_allclose(one.detach(), other, rtol=1e-9, atol=1e-11)


def test_defaults():
    layer = built(TransformerDecoderLayer, C, H, F)
    assert (layer.norm_first, layer.residual, layer.dropout) == (True, True, 0.0)
    assert layer.feed_forward.activation == "relu"
    for name in ("self_attention", "cross_attention"):
        attention = getattr(layer, name)
        assert (attention.n_kv_heads, attention.dropout) == (H, 0.0)
        assert attention.output_projection.bias is not None
        assert isinstance(getattr(layer, f"{name}_norm"), LayerNorm)
        assert getattr(layer, f"{name}_norm").shift is not None
    assert layer.feed_forward_norm.shift is not None
    assert layer.feed_forward.up_projection.bias is not None
    stack = built(TransformerDecoder, 2, C, H, F)
    assert isinstance(stack.final_norm, LayerNorm)
    assert all(one.norm_first for one in stack.layers)
    assert all(one.feed_forward_norm.shift is not None for one in stack.layers)


def test_options_reach_every_part():
    options = {"dropout": 0.2, "bias": False, "n_kv_heads": 1, "activation": "gelu"}
    for layer in built(TransformerDecoder, 2, C, H, F, norm="rms", **options).layers:
        attentions = layer.self_attention, layer.cross_attention
        assert all((one.dropout, one.n_kv_heads) == (0.2, 1) for one in attentions)
        assert layer.dropout == layer.feed_forward.dropout == 0.2
        assert layer.feed_forward.activation == "gelu"
        assert isinstance(layer.cross_attention_norm, RMSNorm)
        assert not [name for name, _ in layer.named_parameters() if name.endswith("bias")]
    layer = built(TransformerDecoderLayer, C, H, F, bias=False)
    norms = (layer.self_attention_norm, layer.cross_attention_norm, layer.feed_forward_norm)
    assert [one.shift for one in norms] == [None] * 3
    assert built(TransformerDecoder, 1, C, H, F, bias=False).final_norm.shift is None


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"norm": "rms"}, RMSNorm),
        ({"norm": None}, type(None)),
        ({"norm_first": False}, type(None)),
        ({"final_norm": False}, type(None)),
        ({"norm_first": False, "final_norm": True}, LayerNorm),
    ],
)
def test_final_norm_follows_pre_ln(options, kind):
    assert type(built(TransformerDecoder, 1, C, H, F, **options).final_norm) is kind


@pytest.mark.parametrize("norm_first", [True, False])
def test_without_the_residual_only_the_sublayers_are_left(norm_first):
    layer = built(TransformerDecoderLayer, C, H, F, residual=False, norm_first=norm_first)
    if norm_first:
        h = layer.self_attention(layer.self_attention_norm(X), causal=True)
        h = layer.cross_attention(layer.cross_attention_norm(h), MEMORY)
        expected = layer.feed_forward(layer.feed_forward_norm(h))
    else:
        h = layer.self_attention_norm(layer.self_attention(X, causal=True))
        h = layer.cross_attention_norm(layer.cross_attention(h, MEMORY))
        expected = layer.feed_forward_norm(layer.feed_forward(h))
    assert_allclose(layer(X, MEMORY).detach(), expected.detach(), rtol=1e-12, atol=1e-13)


def test_positions_enter_the_self_attention_only():
    bias = ALiBi(H).double()
    stack = built(TransformerDecoder, 2, C, H, F, position_bias=bias)
    given = bias(T, T).numpy()
    expected = reference.decoder(X.numpy(), MEMORY.numpy(), arrays(stack), n_heads=H, bias=given)
    assert_allclose(stack(X, MEMORY).detach(), expected, rtol=1e-9, atol=1e-10)
    rotary = RotaryPositionalEncoding(C // H)
    for layer in built(TransformerDecoder, 2, C, H, F, rotary=rotary).layers:
        assert layer.self_attention.rotary is rotary
        assert layer.cross_attention.rotary is None
        assert layer.cross_attention.position_bias is None


def test_no_position_sees_a_later_one():
    stack = built(TransformerDecoder, 2, C, H, F)
    before = stack(X, MEMORY).detach()
    changed = torch.cat([X[:, :3], normal(B, T - 3, C, seed=5)], dim=1)
    after = stack(changed, MEMORY).detach()
    assert_allclose(after[:, :3], before[:, :3], rtol=1e-10, atol=1e-12)
    free = stack(changed, MEMORY, causal=False).detach()
    assert not torch.allclose(free[:, :3], stack(X, MEMORY, causal=False).detach()[:, :3])


def test_what_stands_at_padding_of_the_memory_changes_nothing():
    stack = built(TransformerDecoder, 2, C, H, F)
    lengths = torch.tensor([7, 2, 4])
    mask = functional.padding_mask(lengths, S)[:, None]
    before = stack(X, MEMORY, memory_mask=mask).detach()
    real = torch.arange(S) < lengths[:, None]
    changed = torch.where(real[..., None], MEMORY, 100 * normal(B, S, C, seed=5))
    after = stack(X, changed, memory_mask=mask).detach()
    assert_allclose(after, before, rtol=1e-10, atol=1e-12)
    alone = stack(X[1:2], MEMORY[1:2, :2]).detach()
    assert_allclose(before[1:2], alone, rtol=1e-10, atol=1e-12)


POSITIONS = [
    {},
    {"rotary": RotaryPositionalEncoding(C // H)},
    {"position_bias": ALiBi(H).double()},
    {"position_bias": RelativePositionBias(H, bidirectional=False).double()},
    {"norm_first": False, "n_kv_heads": 1},
]


@pytest.mark.parametrize("options", POSITIONS)
@pytest.mark.parametrize("steps", [[1, 1, 1, 1, 1], [3, 2]])
def test_cached_equals_uncached(options, steps):
    stack = built(TransformerDecoder, 2, C, H, F, **options)
    masks = {"memory_mask": MEMORY_MASK[:, :, :1]}
    expected, expected_weights = stack(X, MEMORY, return_weights=True, **masks)
    caches, done, outputs = stack.new_caches(), 0, []
    with torch.no_grad():
        for step in steps:
            chunk = X[:, done : done + step]
            out, weights = stack(chunk, MEMORY, caches=caches, return_weights=True, **masks)
            rows = slice(done, done + step)
            for one, other in zip(weights[1], expected_weights[1], strict=True):
                assert_allclose(one, other.detach()[:, :, rows, : one.shape[-1]], rtol=1e-9)
            outputs.append(out)
            done += step
    assert_allclose(torch.cat(outputs, dim=1), expected.detach(), rtol=1e-9, atol=1e-11)
    assert [(one.length, one.cross_attention.length) for one in caches] == [(T, S)] * 2


def test_the_memory_is_projected_once():
    stack, caches = built(TransformerDecoder, 1, C, H, F), None
    calls = []
    projection = stack.layers[0].cross_attention.key_projection
    projection.register_forward_hook(lambda *_: calls.append(1))
    caches = stack.new_caches()
    with torch.no_grad():
        for step in range(3):
            stack(X[:, step : step + 1], MEMORY, caches=caches)
    assert len(calls) == 1


def test_caches_are_made_reordered_and_emptied():
    stack = built(TransformerDecoder, 2, C, H, F)
    caches = stack.new_caches(max_length=T)
    assert [type(one) for one in caches] == [DecoderCache] * 2
    assert caches[0].self_attention.max_length == T
    assert type(caches[0].cross_attention) is MemoryCache
    assert stack.new_caches()[0].self_attention.max_length is None
    rows = torch.tensor([2, 0, 0, 1])
    with torch.no_grad():
        stack(X[:, :3], MEMORY, caches=caches)
        for cache in caches:
            cache.reorder(rows)
        output = stack(X[rows, 3:], MEMORY[rows], caches=caches)
        expected = stack(X[rows], MEMORY[rows])[:, 3:]
        assert_allclose(output, expected, rtol=1e-9, atol=1e-11)
        for cache in caches:
            cache.reset()
        assert [one.length for one in (*caches[0], *caches[1])] == [0] * 4
        assert_allclose(stack(X, MEMORY, caches=caches), stack(X, MEMORY), rtol=1e-9)


@pytest.mark.parametrize("norm_first", [True, False])
def test_dropout_acts_in_training_only_at_every_sublayer(norm_first):
    layer = built(TransformerDecoderLayer, C, H, F, dropout=0.4, norm_first=norm_first)
    rested = layer(X, MEMORY)
    assert_array_equal(layer(X, MEMORY).detach(), rested.detach())
    layer.train()
    own, cross = layer.self_attention, layer.cross_attention
    sublayers = [
        (layer.self_attention_norm, lambda h: own(h, causal=True, return_weights=True)[0]),
        (layer.cross_attention_norm, lambda h: cross(h, MEMORY, return_weights=True)[0]),
        (layer.feed_forward_norm, layer.feed_forward),
    ]
    with seeded(5):
        output, _ = layer(X, MEMORY, return_weights=True)
    with seeded(5):
        h = X
        for norm, sublayer in sublayers:
            update = nn.functional.dropout(sublayer(norm(h) if norm_first else h), p=0.4)
            h = h + update if norm_first else norm(h + update)
    assert_allclose(output.detach(), h.detach(), rtol=1e-12, atol=1e-13)
    assert not torch.allclose(output, rested)


def test_gradcheck():
    layer = built(TransformerDecoderLayer, 4, 2, 3, activation="gelu")
    names = list(dict(layer.named_parameters()))
    x, memory = normal(1, 2, 4).requires_grad_(), normal(1, 3, 4, seed=1).requires_grad_()

    def output(x, memory, *values):
        named = dict(zip(names, values, strict=True))
        return torch.func.functional_call(layer, named, (x, memory))

    assert torch.autograd.gradcheck(output, (x, memory, *layer.parameters()))


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float32, 1e-5), (torch.float16, 2e-2), (torch.bfloat16, 1.5e-1)],
)
def test_other_dtypes(dtype, tolerance):
    stack = built(TransformerDecoder, 2, C, H, F).to(dtype)
    x, memory = X.to(dtype), MEMORY.to(dtype)
    exact = copy.deepcopy(stack).double()(x.double(), memory.double()).detach()
    output, weights = stack(x, memory, return_weights=True)
    assert {output.dtype, *(one.dtype for one in weights[0])} == {dtype}
    assert_allclose(output.detach().double(), exact, atol=tolerance)
    assert_allclose(stack(x, memory).detach().double(), exact, atol=tolerance)


def test_zero_sizes_and_no_batch():
    stack = built(TransformerDecoder, 2, C, H, F)
    assert stack(X[:0], MEMORY[:0]).shape == (0, T, C)
    assert stack(X[:, :0], MEMORY).shape == (B, 0, C)
    blocked = torch.zeros(1, 1, dtype=torch.bool)
    expected = stack(X, MEMORY, memory_mask=blocked).detach()
    assert_allclose(stack(X, MEMORY[:, :0]).detach(), expected, rtol=1e-10)
    assert_allclose(stack(X[0], MEMORY[0]).detach(), stack(X, MEMORY).detach()[0], rtol=1e-9)


LAYER = built(TransformerDecoderLayer, C, H, F)
STACK = built(TransformerDecoder, 2, C, H, F)
CACHE = DecoderCache(KVCache(), MemoryCache())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: TransformerDecoderLayer(C, H, F, norm="batch"),
            ValueError,
            "^norm must be one of",
        ),
        (
            lambda: TransformerDecoderLayer(C, H, F, norm_first=1),
            TypeError,
            "^norm_first must be True or False, got int$",
        ),
        (
            lambda: TransformerDecoderLayer(C, H, F, residual=1),
            TypeError,
            "^residual must be True or False, got int$",
        ),
        (lambda: TransformerDecoderLayer(C, H, 0), ValueError, "^d_ff must be at least 1, got 0$"),
        (
            lambda: TransformerDecoder(0, C, H, F),
            ValueError,
            "^n_layers must be at least 1, got 0$",
        ),
        (lambda: TransformerDecoder(1, C, H, F, wide=3), TypeError, "wide"),
        (
            lambda: TransformerDecoder(1, C, H, F, norm=None, final_norm=True),
            ValueError,
            "^final_norm must be False or None where norm is None, got True$",
        ),
        (lambda: LAYER(X.numpy(), MEMORY), TypeError, r"^x must be a torch\.Tensor, got ndarray$"),
        (lambda: LAYER(X, None), TypeError, r"^memory must be a torch\.Tensor, got NoneType$"),
        (lambda: LAYER(X, MEMORY.float()), TypeError, "got memory float32, weight float64$"),
        (lambda: LAYER(X, MEMORY[..., :5]), ValueError, f"^memory must have width {C} on its last"),
        (lambda: LAYER(X[..., :5], MEMORY), ValueError, f"^x must have width {C} on its last axis"),
        (lambda: LAYER(X, MEMORY, causal=1), TypeError, "^causal must be True or False, got int$"),
        (
            lambda: LAYER(X, MEMORY, return_weights=1),
            TypeError,
            "^return_weights must be True or False, got int$",
        ),
        (lambda: LAYER(X, MEMORY, mask=MASK.float()), TypeError, "^mask must be boolean"),
        (lambda: LAYER(X, MEMORY, memory_mask=MASK), ValueError, "^memory_mask must broadcast"),
        (lambda: LAYER(X, MEMORY[:2]), ValueError, "must broadcast together"),
        (
            lambda: LAYER(X, MEMORY, cache=KVCache()),
            TypeError,
            "^cache must be a DecoderCache, got KVCache$",
        ),
        (
            lambda: LAYER(X, MEMORY, cache=CACHE, causal=False),
            ValueError,
            "^causal must be True with a cache: the past cannot see what comes$",
        ),
        (lambda: LAYER(X, MEMORY, cache=CACHE), ValueError, "needs a gradient"),
        (
            lambda: STACK(X, MEMORY, caches=CACHE),
            TypeError,
            "^caches must be a list, one for each layer, got DecoderCache$",
        ),
        (
            lambda: STACK(X, MEMORY, caches=[CACHE]),
            ValueError,
            "^caches must hold one cache for each of the 2 layers, got 1$",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_memory_of_another_length_than_the_cached_one_is_named():
    caches = STACK.new_caches()
    with torch.no_grad():
        STACK(X[:, :1], MEMORY, caches=caches)
        with pytest.raises(
            ValueError, match=f"^memory must have the {S} rows that the cache holds"
        ):
            STACK(X[:, 1:2], MEMORY[:, :3], caches=caches)
    assert np.isfinite(caches[0].self_attention.held()[0].numpy()).all()
