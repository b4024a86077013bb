"""Mechanisms alone, on the heads of MultiHeadAttention and in stacks, against what they stand for.

What they stand for: the functional form by itself; on the heads, dense attention under the mask of
the same pattern, or the functional form between projections; with a cache, the call without it.
"""

import re

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import functional
from attention_lib.generation import generate
from attention_lib.modules import (
    ALiBi,
    BlockSparseAttention,
    KVCache,
    LanguageModel,
    LinearAttention,
    LinearCache,
    MemoryCache,
    MultiHeadAttention,
    PerformerAttention,
    RotaryPositionalEncoding,
    ScaledDotProductAttention,
    SlidingWindowAttention,
    TiledAttention,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from attention_lib.training import seeded
from tests.helpers.largest import largest_output

B, C, H, N = 2, 12, 6, 23
BLOCKS = {"window_blocks": 1, "global_blocks": 1, "random_blocks": 2, "seed": 7}
# name: the module, the function that it calls, the options it must pass on
MECHANISMS = {
    "window": (
        SlidingWindowAttention(3),
        functional.sliding_window_attention,
        {"window": 3},
    ),
    "sinks": (
        SlidingWindowAttention(2, n_sinks=3),
        functional.sliding_window_attention,
        {"window": 2, "n_sinks": 3},
    ),
    "blocks": (
        BlockSparseAttention(2, **BLOCKS),
        functional.block_sparse_attention,
        {"block_size": 2, **BLOCKS},
    ),
    "default blocks": (
        BlockSparseAttention(1),
        functional.block_sparse_attention,
        {"block_size": 1},
    ),
    "tiled": (TiledAttention(block_size=7), functional.tiled_attention, {"block_size": 7}),
    "linear": (LinearAttention(), functional.linear_attention, {}),
    "exp": (
        LinearAttention(feature_map="exp"),
        functional.linear_attention,
        {"feature_map": "exp"},
    ),
    "performer": (
        PerformerAttention(5),
        functional.performer_attention,
        {"n_features": 5},
    ),
    "seeded performer": (
        PerformerAttention(5, seed=3),
        functional.performer_attention,
        {"n_features": 5, "seed": 3},
    ),
}
every_mechanism = pytest.mark.parametrize("name", MECHANISMS)
one_of_each = pytest.mark.parametrize("name", ["sinks", "blocks", "tiled", "linear", "performer"])


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


X = normal(B, N, C)
PADDING = functional.padding_mask(torch.tensor([N, 17]), N)[:, None]  # [B, 1, 1, N]


def built(mechanism=None, **options):
    with seeded(0):
        module = MultiHeadAttention(C, H, mechanism=mechanism, **options)
        for name, one in module.named_parameters():
            if name.endswith("bias"):
                nn.init.normal_(one)
    return module.double().eval().requires_grad_(False)


def by_hand(module, function, options, x, key=None, **given):
    """The functional form between the projections of `module`, key heads repeated."""
    key = x if key is None else key
    queries = functional.split_heads(module.query_projection(x), H)
    keys, values = (
        functional.split_heads(layer(key), module.n_kv_heads)
        for layer in (module.key_projection, module.value_projection)
    )
    if module.rotary is not None:
        queries, keys = module.rotary(queries), module.rotary(keys)
    group = torch.arange(H) // (H // module.n_kv_heads)  # the key head of each query head
    heads = function(queries, keys[:, group], values[:, group], **options, **given)
    return module.output_projection(functional.merge_heads(heads))


# Alone


@every_mechanism
@pytest.mark.parametrize("causal", [False, True])
def test_calls_the_function_with_its_options(name, causal):
    module, function, options = MECHANISMS[name]
    query, key, value = normal(B, 3, 11, 5), normal(B, 3, 11, 5, seed=1), normal(B, 3, 11, 7)
    mask = torch.arange(11) % 4 != 1
    for given in ({}, {"mask": mask}):
        expected = function(query, key, value, causal=causal, **options, **given)
        if causal:
            assert_array_equal(module(query, key, value, causal=True, **given), expected)
        else:
            assert_array_equal(module(query, key, value, **given), expected)


@every_mechanism
def test_has_no_parameters(name):
    module = MECHANISMS[name][0]
    assert list(module.parameters()) == []
    assert set(module.state_dict()) == ({"seed"} if "performer" in name else set())


def test_shows_its_options():
    assert [repr(module) for module, _, _ in MECHANISMS.values()] == [
        "SlidingWindowAttention(window=3, n_sinks=0)",
        "SlidingWindowAttention(window=2, n_sinks=3)",
        "BlockSparseAttention(block_size=2, window_blocks=1, global_blocks=1, random_blocks=2, "
        "seed=7)",
        "BlockSparseAttention(block_size=1, window_blocks=3, global_blocks=2, random_blocks=3, "
        "seed=0)",
        "TiledAttention(block_size=7)",
        "LinearAttention(feature_map='elu')",
        "LinearAttention(feature_map='exp')",
        "PerformerAttention(n_features=5, seed=0)",
        "PerformerAttention(n_features=5, seed=3)",
    ]


def test_shows_its_options_without_memory():
    with torch.device("meta"):
        module = PerformerAttention(5, seed=3)
    assert repr(module) == "PerformerAttention(n_features=5, seed=meta)"


def test_defaults_are_those_of_the_functions():
    x = normal(3, 11, 5)
    for module, function, options in (
        (SlidingWindowAttention(1), functional.sliding_window_attention, {"window": 1}),
        (BlockSparseAttention(1), functional.block_sparse_attention, {"block_size": 1}),
        (TiledAttention(), functional.tiled_attention, {}),
        (LinearAttention(), functional.linear_attention, {}),
        (PerformerAttention(4), functional.performer_attention, {"n_features": 4}),
    ):
        assert_array_equal(module(x, x, x), function(x, x, x, **options))


def test_linear_attention_takes_a_feature_map_with_parameters():
    class Learned(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 5, dtype=torch.float64)

        def forward(self, x):
            return self.layer(x).exp()

    feature_map = Learned()
    module = built(LinearAttention(feature_map=feature_map))
    expected = by_hand(module, functional.linear_attention, {"feature_map": feature_map}, X)
    assert_allclose(module(X), expected, rtol=1e-12, atol=1e-14)
    assert "mechanism.feature_map.layer.weight" in module.state_dict()


def test_performer_draws_new_features_in_an_order_that_the_seed_fixes():
    x = normal(3, 11, 5)
    one, other = PerformerAttention(4, seed=3), PerformerAttention(4, seed=3)
    outputs, seeds = [], []
    for _ in range(4):
        outputs.append(one(x, x, x))
        seeds.append(int(one.seed))
        expected = functional.performer_attention(x, x, x, n_features=4, seed=seeds[-1])
        assert_array_equal(outputs[-1], expected)
        assert_array_equal(one(x, x, x), outputs[-1])
        assert_array_equal(other(x, x, x), outputs[-1])
        one.redraw()
        other.redraw()
    assert seeds[0] == 3
    assert seeds[1] == np.random.default_rng(3).integers(2**63 - 1)
    assert len(set(seeds)) == 4
    different = [not torch.allclose(one, other) for one in outputs for other in outputs]
    assert sum(different) == 12
    third = PerformerAttention(4)
    third.load_state_dict(one.state_dict())
    assert_array_equal(third(x, x, x), one(x, x, x))
    third.redraw()
    other.redraw()
    assert third.seed == other.seed
    assert one.seed.dtype == torch.int64
    assert PerformerAttention(4, seed=2**63 - 1).seed == 2**63 - 1


# On the heads


@every_mechanism
@pytest.mark.parametrize("options", [{}, {"n_kv_heads": 2}, {"n_kv_heads": 1, "d_value": 3}])
@pytest.mark.parametrize("causal", [False, True])
def test_takes_the_place_of_attention_on_the_heads(name, options, causal):
    mechanism, function, own = MECHANISMS[name]
    module = built(mechanism, **options)
    for given in ({}, {"mask": PADDING}, {"mask": PADDING[1, 0, 0]}):
        expected = by_hand(module, function, own, X, causal=causal, **given)
        assert_allclose(module(X, causal=causal, **given), expected, rtol=1e-12, atol=1e-14)
    one = module(X[1], causal=causal)
    assert_allclose(one, module(X, causal=causal)[1], rtol=1e-12, atol=1e-14)


def pattern(name, causal):
    """The mask under which dense attention is the same."""
    if name == "blocks":
        blocks = functional.block_sparse_pattern(12, **BLOCKS, causal=causal)
        return functional.block_sparse_mask(blocks, N, block_size=2, causal=causal)
    own = MECHANISMS[name][2]
    return functional.sink_window_mask(N, N, **own, causal=causal)


@pytest.mark.parametrize("name", ["window", "sinks", "blocks"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("n_kv_heads", [6, 2])
def test_exact_mechanisms_are_dense_attention_under_their_mask(name, causal, n_kv_heads):
    options = {"n_kv_heads": n_kv_heads, "rotary": RotaryPositionalEncoding(2)}
    dense, ours = built(**options), built(MECHANISMS[name][0], **options)
    seen = pattern(name, causal)
    assert 0 < seen.sum() < (N * (N + 1) // 2 if causal else N * N)
    for mask in (None, PADDING):
        expected = dense(X, mask=seen if mask is None else seen & mask)
        assert_allclose(ours(X, mask=mask, causal=causal), expected, rtol=1e-11, atol=1e-13)


@every_mechanism
def test_rotary_turns_queries_and_keys_first(name):
    mechanism, function, own = MECHANISMS[name]
    module = built(mechanism, rotary=RotaryPositionalEncoding(2), n_kv_heads=3)
    expected = by_hand(module, function, own, X, causal=True)
    assert_allclose(module(X, causal=True), expected, rtol=1e-12, atol=1e-14)
    assert not torch.allclose(module(X), built(mechanism, n_kv_heads=3)(X))


@one_of_each
def test_a_key_of_its_own(name):
    mechanism, function, own = MECHANISMS[name]
    module = built(mechanism)
    key = normal(B, N, C, seed=5)
    expected = by_hand(module, function, own, X, key, mask=PADDING)
    assert_allclose(module(X, key, mask=PADDING), expected, rtol=1e-12, atol=1e-14)
    late = by_hand(module, function, own, X[:, :3], key, causal=True)
    assert_allclose(module(X[:, :3], key, causal=True), late, rtol=1e-12, atol=1e-14)


@one_of_each
def test_heads_are_gated_and_add_up(name):
    module, gate = built(MECHANISMS[name][0]), normal(H, seed=4)
    parts = module.head_contributions(X, causal=True, head_gate=gate)
    assert parts.shape == (B, H, N, C)
    total = parts.sum(dim=1) + module.output_projection.bias
    assert_allclose(module(X, causal=True, head_gate=gate), total, rtol=1e-11, atol=1e-13)
    alone = module.head_contributions(X, causal=True) * gate[:, None, None]
    assert_allclose(parts, alone, rtol=1e-11, atol=1e-13)


@one_of_each
def test_nothing_to_attend_to_gives_the_bias(name):
    module = built(MECHANISMS[name][0])
    output = module(X, mask=torch.zeros(N, dtype=torch.bool))
    assert_allclose(output, module.output_projection.bias.expand(B, N, C), rtol=1e-12, atol=1e-14)
    assert module(X[:, :1], causal=True).shape == (B, 1, C)
    assert module(X[:, :0]).shape == (B, 0, C)


@one_of_each
@pytest.mark.parametrize("options", [{}, {"n_kv_heads": 2, "rotary": RotaryPositionalEncoding(2)}])
def test_gradcheck_of_input_and_parameters(name, options):
    module = built(MECHANISMS[name][0], **options).requires_grad_()
    names, parameters = zip(*module.named_parameters(), strict=True)
    mask = torch.arange(7) != 2

    def output(x, *values):
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(module, given, (x,), {"causal": True, "mask": mask})

    x = X[:, :7].clone().requires_grad_()
    assert torch.autograd.gradcheck(output, (x, *parameters), fast_mode=True)


@one_of_each
def test_under_autocast_it_gives_the_same_up_to_rounding(name):
    module = built(MECHANISMS[name][0]).float().requires_grad_()
    x = X.float()
    expected = module(x, causal=True).detach()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = module(x, causal=True)
    assert output.dtype == torch.bfloat16
    assert_allclose(output.detach().float(), expected, rtol=0.05, atol=0.05)
    output.float().sum().backward()
    for name, one in module.named_parameters():
        assert torch.isfinite(one.grad).all(), name


@pytest.mark.parametrize("name", ["linear", "performer"])
def test_sums_are_not_rounded_under_autocast(name):
    """As many equal keys as bfloat16 cannot count."""
    module, query = MECHANISMS[name][0], torch.ones(1, 3, 4)
    key, value = torch.ones(1, 1001, 4), torch.ones(1, 1001, 4)
    value[:, 700:] = -1
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = module(query, key, value)
    assert output.dtype == torch.float32
    assert_allclose(output, torch.full((1, 3, 4), 399 / 1001), rtol=1e-5)


@one_of_each
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_dtype(name, dtype):
    module = built(MECHANISMS[name][0])
    expected = module(X, causal=True)
    output = module.to(dtype)(X.to(dtype), causal=True)
    assert output.dtype == dtype
    tolerance = {torch.float16: 0.02, torch.bfloat16: 0.1, torch.float32: 1e-5}[dtype]
    assert_allclose(output.double(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "mechanism",
    [
        SlidingWindowAttention(16, n_sinks=3),
        BlockSparseAttention(16),
        LinearAttention(),
        PerformerAttention(16),
    ],
)
@pytest.mark.parametrize("causal", [False, True])
def test_no_matrix_of_scores_is_formed_forward_or_backward(mechanism, causal):
    n = 1499
    module = MultiHeadAttention(8, 2, mechanism=mechanism)
    with largest_output() as largest:
        module(torch.ones(1, n, 8), causal=causal).sum().backward()
    one_head = n * n * torch.float32.itemsize
    assert 0 < largest.bytes < one_head / 7


# With a cache


def in_chunks(module, x, chunks, cache, mask=None, causal=True):
    outputs, done = [], 0
    for part in x.split(chunks, 1):
        done += part.shape[1]
        seen = mask if mask is None or mask.ndim < 2 else mask[..., :done]
        outputs.append(module(part, cache=cache, mask=seen, causal=causal))
    return torch.cat(outputs, dim=1)


SHARED_AND_TURNED = {"n_kv_heads": 2, "rotary": RotaryPositionalEncoding(2)}


@every_mechanism
@pytest.mark.parametrize(
    ("chunks", "options"),
    [([1] * N, SHARED_AND_TURNED), ([5, 1, 1, 7, 9], SHARED_AND_TURNED), ([0, 3, 20], {})],
)
def test_cached_is_uncached(name, chunks, options):
    module = built(MECHANISMS[name][0], **options)
    caches = (module.new_cache(), module.new_cache(N), KVCache())
    for cache, mask in zip(caches, (None, PADDING, torch.tensor(True)), strict=True):
        expected = module(X, causal=True, mask=mask)
        output = in_chunks(module, X, chunks, cache, mask)
        assert_allclose(output, expected, rtol=1e-11, atol=1e-13)
        assert (cache.length, cache.batch) == (N, B)
    masked = in_chunks(module, X, chunks, module.new_cache(), PADDING)
    assert_allclose(masked, module(X, causal=True, mask=PADDING), rtol=1e-11, atol=1e-13)


def test_the_cache_that_a_mechanism_needs():
    for name, (mechanism, _, _) in MECHANISMS.items():
        module = built(mechanism)
        cache, limited = module.new_cache(), module.new_cache(29)
        if name in ("linear", "exp"):
            assert type(cache) is type(limited) is LinearCache
            assert cache.feature_map == mechanism.feature_map
            continue
        assert type(cache) is type(limited) is KVCache
        assert (cache.max_length, limited.max_length) == (None, 29)
        kept = {"window": (3, 0), "sinks": (2, 3)}.get(name, (None, 0))
        assert (cache.window, cache.n_sinks) == kept == (limited.window, limited.n_sinks)
    dense = built().new_cache(29)
    assert (type(dense), dense.max_length, dense.window) == (KVCache, 29, None)
    assert built().new_cache().max_length is None


def test_a_window_generates_in_bounded_memory():
    module = built(SlidingWindowAttention(2, n_sinks=3), n_kv_heads=2)
    cache = module.new_cache()
    for _ in range(3):
        in_chunks(module, X, [1] * N, cache)
        assert cache.held_length == 6
        assert cache.nbytes == B * 2 * (2 * 2 + 2 + 3) * (2 + 2) * 8
    assert cache.length == 3 * N


def test_a_window_of_the_cache_makes_a_chunk_causal():
    module = built(SlidingWindowAttention(2, n_sinks=3))
    expected = module(X, causal=True)
    output = in_chunks(module, X, [11, 12], module.new_cache(), causal=False)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-14)
    whole = in_chunks(module, X, [N], KVCache(), causal=False)
    assert_allclose(whole, module(X), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("larger", [(2, 3), (5, 3), (2, 4), (7, 9)])
def test_a_cache_may_keep_more_than_the_window(larger):
    module = built(SlidingWindowAttention(2, n_sinks=3), rotary=RotaryPositionalEncoding(2))
    cache = KVCache(window=larger[0], n_sinks=larger[1])
    output = in_chunks(module, X, [5, 1, 1, 7, 9], cache)
    assert_allclose(output, module(X, causal=True), rtol=1e-11, atol=1e-13)


@one_of_each
def test_cross_attention_projects_its_key_once(name):
    module, memory = built(MECHANISMS[name][0]), normal(B, N, C, seed=6)
    cache = MemoryCache()
    mask = {"mask": PADDING}
    expected = module(X, memory, **mask)
    for _ in range(2):
        assert_allclose(module(X, memory, cache=cache, **mask), expected, rtol=1e-12, atol=1e-14)
    assert cache.length == N


# In stacks


def stack(name, n_layers=2, **options):
    with seeded(0):
        mechanism = MECHANISMS[name][0]
        return TransformerEncoder(n_layers, C, H, 7, mechanism=mechanism, **options)


@one_of_each
def test_an_encoder_hands_its_layers_one_mechanism(name):
    encoder = stack(name, activation="gelu", n_kv_heads=2).double()
    assert {layer.self_attention.mechanism for layer in encoder.layers} == {MECHANISMS[name][0]}
    x = X
    for layer in encoder.layers:
        attention = layer.self_attention(layer.self_attention_norm(x), mask=PADDING, causal=True)
        x = x + attention
        x = x + layer.feed_forward(layer.feed_forward_norm(x))
    expected = encoder.final_norm(x)
    output = encoder(X, mask=PADDING, causal=True)
    assert_allclose(output.detach(), expected.detach(), rtol=1e-12, atol=1e-14)
    dense = TransformerEncoderLayer(C, H, 7).self_attention
    assert dense.mechanism is None


@one_of_each
def test_every_parameter_of_an_encoder_gets_a_gradient(name):
    encoder = stack(name, dropout=0.25).double()
    with seeded(1):
        (encoder(X[:, :11], mask=PADDING[..., :11]) * X[:, :11]).sum().backward()
    for parameter, one in encoder.named_parameters():
        assert torch.isfinite(one.grad).all(), parameter
        if not parameter.endswith("key_projection.bias"):  # cancels in a softmax
            assert one.grad.abs().max() > 1e-9, parameter


def test_dropout_of_a_layer_acts_beside_the_mechanism():
    layer = TransformerEncoderLayer(C, H, 7, dropout=0.25, mechanism=MECHANISMS["linear"][0])
    assert (layer.dropout, layer.feed_forward.dropout, layer.self_attention.dropout) == (
        0.25,
        0.25,
        0.0,
    )
    assert TransformerEncoderLayer(C, H, 7, dropout=0.25).self_attention.dropout == 0.25
    x = X.float()
    assert not torch.equal(layer(x), layer(x))
    assert torch.equal(layer.eval()(x), layer(x))


def test_a_state_dict_goes_there_and_back():
    one, other = stack("seeded performer"), stack("linear")
    assert set(one.state_dict()) - set(other.state_dict()) == {
        f"layers.{place}.self_attention.mechanism.seed" for place in (0, 1)
    }
    again = TransformerEncoder(2, C, H, 7, mechanism=PerformerAttention(5))
    again.load_state_dict(one.state_dict())
    x = X.float()
    assert_array_equal(again(x).detach(), one(x).detach())


def language_model(mechanism, **options):
    with seeded(0):
        model = LanguageModel(
            13, d_model=C, n_heads=H, n_layers=2, d_ff=7, mechanism=mechanism, **options
        )
    return model.double().eval().requires_grad_(False)


TOKENS = torch.from_numpy(np.random.default_rng(0).integers(0, 13, size=(B, N)))


@every_mechanism
@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_a_language_model_steps_as_it_reads(name, positions):
    model = language_model(MECHANISMS[name][0], positions=positions)
    expected = model(TOKENS)
    caches = model.new_caches()
    steps = [model(part, caches=caches) for part in TOKENS.split([11, 1, 1, 10], 1)]
    assert_allclose(torch.cat(steps, dim=1), expected, rtol=1e-10, atol=1e-12)
    assert [cache.length for cache in caches] == [N, N]


@one_of_each
def test_generation_with_caches_is_generation_without(name):
    model = language_model(MECHANISMS[name][0])
    results = [
        generate(model, TOKENS[:, :3], max_new_tokens=7, method="beam", beam_width=2, cached=cached)
        for cached in (False, True)
    ]
    assert_array_equal(results[0].tokens, results[1].tokens)


@one_of_each
def test_a_decoder_has_it_in_self_attention_alone(name):
    with seeded(0):
        decoder = TransformerDecoder(2, C, H, 7, mechanism=MECHANISMS[name][0])
    decoder.double().eval().requires_grad_(False)
    memory, layer = normal(B, 5, C, seed=3), decoder.layers[0]
    assert layer.self_attention.mechanism is MECHANISMS[name][0]
    assert layer.cross_attention.mechanism is None
    h = X + layer.self_attention(layer.self_attention_norm(X), causal=True)
    g = h + layer.cross_attention(layer.cross_attention_norm(h), memory)
    expected = g + layer.feed_forward(layer.feed_forward_norm(g))
    assert_allclose(layer(X, memory), expected, rtol=1e-12, atol=1e-14)
    caches = decoder.new_caches(N)
    kinds = LinearCache if name == "linear" else KVCache
    assert all(type(cache.self_attention) is kinds for cache in caches)
    steps = [decoder(part, memory, caches=caches) for part in X.split([9, 1, 1, 12], 1)]
    whole = decoder(X, memory)
    assert_allclose(torch.cat(steps, dim=1), whole, rtol=1e-10, atol=1e-12)


def test_dropout_of_a_decoder_layer_acts_beside_the_mechanism():
    window = MECHANISMS["window"][0]
    for mechanism, own in ((None, 0.25), (window, 0.0)):
        layer = TransformerDecoderLayer(C, H, 7, dropout=0.25, mechanism=mechanism)
        assert (layer.dropout, layer.feed_forward.dropout) == (0.25, 0.25)
        assert (layer.self_attention.dropout, layer.cross_attention.dropout) == (own, 0.25)


def test_a_transformer_hands_it_to_encoder_and_decoder():
    window = MECHANISMS["window"][0]
    model = Transformer(5, 7, d_model=C, n_heads=H, n_layers=1, d_ff=7, mechanism=window)
    for part in (model.encoder, model.decoder):
        assert part.layers[0].self_attention.mechanism is window
    source, lengths = torch.tensor([[1, 2, 3]]), torch.tensor([3])
    assert model(source, lengths, torch.tensor([[1, 2]])).shape == (1, 2, 7)


# What is refused

WINDOW = SlidingWindowAttention(2, n_sinks=3)
WRONG_MASK = torch.ones(N, N, dtype=torch.bool)


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: SlidingWindowAttention(-1), ValueError, "window must be at least 0, got -1"),
        (lambda: SlidingWindowAttention(2.0), TypeError, "window must be an integer, got float"),
        (
            lambda: SlidingWindowAttention(2, n_sinks=-1),
            ValueError,
            "n_sinks must be at least 0, got -1",
        ),
        (lambda: BlockSparseAttention(0), ValueError, "block_size must be at least 1, got 0"),
        (
            lambda: BlockSparseAttention(2, window_blocks=2),
            ValueError,
            "window_blocks must be odd, got 2",
        ),
        (
            lambda: BlockSparseAttention(2, global_blocks=-1),
            ValueError,
            "global_blocks must be at least 0, got -1",
        ),
        (
            lambda: BlockSparseAttention(2, random_blocks=-1),
            ValueError,
            "random_blocks must be at least 0, got -1",
        ),
        (lambda: BlockSparseAttention(2, seed=-1), ValueError, "seed must be at least 0, got -1"),
        (
            lambda: LinearAttention(feature_map="tanh"),
            ValueError,
            "feature_map must be one of 'elu', 'relu', 'exp', got 'tanh'",
        ),
        (
            lambda: LinearAttention(feature_map=2),
            TypeError,
            "feature_map must be a name or a function, got int",
        ),
        (lambda: LinearAttention()([1], X, X), TypeError, "query must be a torch.Tensor, got list"),
        (
            lambda: TiledAttention(block_size=0),
            ValueError,
            "block_size must be at least 1, got 0",
        ),
        (lambda: PerformerAttention(0), ValueError, "n_features must be at least 1, got 0"),
        (
            lambda: PerformerAttention(2, seed=-1),
            ValueError,
            "seed must be at least 0, got -1",
        ),
        (
            lambda: PerformerAttention(2)([1], X, X),
            TypeError,
            "query must be a torch.Tensor, got list",
        ),
        (
            lambda: built(ScaledDotProductAttention()),
            TypeError,
            "mechanism must be None or a module for the heads such as SlidingWindowAttention, "
            "got ScaledDotProductAttention",
        ),
        (
            lambda: built(WINDOW, dropout=0.25),
            ValueError,
            "dropout must be 0 with SlidingWindowAttention: it forms no matrix of weights to drop "
            "from, got 0.25",
        ),
        (
            lambda: built(LinearAttention(), position_bias=ALiBi(H)),
            ValueError,
            "position_bias must be None with LinearAttention: it forms no matrix of scores to add "
            "a bias to, got ALiBi",
        ),
        (
            lambda: language_model(WINDOW, positions="alibi"),
            ValueError,
            "position_bias must be None with SlidingWindowAttention: it forms no matrix of scores "
            "to add a bias to, got ALiBi",
        ),
        (
            lambda: built(WINDOW)(X, return_weights=True),
            ValueError,
            "return_weights must be False with SlidingWindowAttention: it forms no matrix of "
            "weights",
        ),
        (
            lambda: language_model(LinearAttention())(TOKENS, return_weights=True),
            ValueError,
            "return_weights must be False with LinearAttention: it forms no matrix of weights",
        ),
        (
            lambda: built(WINDOW)(X, return_weights=1),
            TypeError,
            "return_weights must be True or False, got int",
        ),
        (
            lambda: built(WINDOW)(X, mask=WRONG_MASK),
            ValueError,
            "mask must be the same for every query, of size 1 on its second last axis, "
            f"got shape ({N}, {N})",
        ),
        (
            lambda: built(WINDOW)(X, mask=WRONG_MASK.numpy()[:1], cache=KVCache()),
            TypeError,
            "mask must be a torch.Tensor, got ndarray",
        ),
        (
            lambda: built(LinearAttention())(
                X, mask=WRONG_MASK.numpy()[:1], cache=LinearCache(), causal=True
            ),
            TypeError,
            "mask must be a torch.Tensor, got ndarray",
        ),
        (
            lambda: built(WINDOW)(X, mask=[True] * N, cache=KVCache()),
            TypeError,
            "mask must be a torch.Tensor, got list",
        ),
        (
            lambda: built(WINDOW).to_torch(),
            ValueError,
            "torch.nn.MultiheadAttention has no mechanism",
        ),
        (
            lambda: built(WINDOW)(X, cache=[]),
            TypeError,
            "cache must be a KVCache, got list",
        ),
        (
            lambda: built(LinearAttention())(X, cache=[]),
            TypeError,
            "cache must be a KVCache, got list",
        ),
        (
            lambda: built(WINDOW)(X, cache=LinearCache()),
            TypeError,
            "cache must be a KVCache, got LinearCache",
        ),
        (
            lambda: built(BlockSparseAttention(2))(X, cache=LinearCache()),
            TypeError,
            "cache must be a KVCache, got LinearCache",
        ),
        (
            lambda: built(WINDOW)(X[0], cache=KVCache()),
            ValueError,
            f"query must have shape [B, T, C] where a cache is used, got ({N}, {C})",
        ),
        (
            lambda: built(WINDOW)(X, cache=KVCache(window=1, n_sinks=3)),
            ValueError,
            "cache must keep the window 2 and the 3 sinks of the mechanism, got window=1 and "
            "n_sinks=3",
        ),
        (
            lambda: built(WINDOW)(X, cache=KVCache(window=2, n_sinks=2)),
            ValueError,
            "cache must keep the window 2 and the 3 sinks of the mechanism, got window=2 and "
            "n_sinks=2",
        ),
        *(
            (
                lambda mechanism=mechanism: built(mechanism)(X, cache=KVCache(window=2)),
                ValueError,
                f"{type(mechanism).__name__} may read every position: it needs a cache without a "
                "window, got one with window=2",
            )
            for mechanism in (BlockSparseAttention(2), PerformerAttention(2), LinearAttention())
        ),
        (
            lambda: built(WINDOW)(X, X.clone(), cache=KVCache(window=2, n_sinks=3)),
            TypeError,
            "cache must be a MemoryCache where key or value is not query itself, got KVCache, "
            "which grows by self-attention",
        ),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        run()


@one_of_each
def test_a_wrong_mask_is_refused_before_anything_is_stored(name):
    module = built(MECHANISMS[name][0])
    cache = module.new_cache()
    module(X[:, :7], cache=cache, causal=True)
    for shape, message in (
        ((2, 9), "mask must be the same for every query"),
        ((1, 2), r"mask must broadcast to the scores' shape \(2, 6, 2, 9\), got \(1, 2\)"),
    ):
        mask = torch.ones(shape, dtype=torch.bool)
        with pytest.raises(ValueError, match=message):
            module(X[:, 7:9], cache=cache, mask=mask, causal=True)
    assert cache.length == 7
