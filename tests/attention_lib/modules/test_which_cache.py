"""A cache that grows serves self-attention, one that holds a memory serves the rest."""

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.modules import (
    DecoderCache,
    KVCache,
    LinearAttention,
    MemoryCache,
    MultiHeadAttention,
    MultiHeadLatentAttention,
    RotaryPositionalEncoding,
    SlidingWindowAttention,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
)
from attention_lib.training import seeded

B, N, S, C, H = 2, 11, 5, 12, 3
with seeded(0):
    X, MEMORY = torch.randn(B, N, C), torch.randn(B, S, C)
KINDS = {
    "plain": {},
    "grouped": {"n_kv_heads": 1},
    "rotary": {"rotary": RotaryPositionalEncoding(4)},
    "window": {"mechanism": SlidingWindowAttention(3)},
    "linear": {"mechanism": LinearAttention()},
}


def built(**options):
    with seeded(0):
        return MultiHeadAttention(C, H, **options).eval().requires_grad_(False)


WAYS = {
    "alone": lambda x: (x,),
    "query and key": lambda x: (x, x),
    "three times": lambda x: (x, x, x),
    "the same part thrice": lambda x: (x, x[:, :], x[:, :]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_one_token_at_a_time_however_self_attention_is_called(kind, way):
    module = built(**KINDS[kind])
    cache, expected = module.new_cache(), module(X, causal=True)
    steps = [module(*WAYS[way](one), causal=True, cache=cache) for one in X.split(1, dim=1)]
    assert_allclose(torch.cat(steps, dim=1), expected, rtol=1e-4, atol=1e-6)
    assert cache.length == N


@pytest.mark.parametrize("way", WAYS)
def test_a_mask_counts_all_positions_seen_however_it_is_called(way):
    module, cache = built(), KVCache()
    mask = torch.rand(N, N, generator=torch.Generator().manual_seed(0)) < 0.7
    steps = [
        module(*WAYS[way](one), mask=mask[t : t + 1, : t + 1], causal=True, cache=cache)
        for t, one in enumerate(X.split(1, dim=1))
    ]
    expected = module(X, mask=mask, causal=True)
    assert_allclose(torch.cat(steps, dim=1), expected, rtol=1e-4, atol=1e-6)


OWN = {
    "another key": (X, MEMORY),
    "an equal key": (X, X.clone()),
    "another part": (X[:, :3], X[:, 1:4]),
    "a value of its own": (X, X, X.clone()),
}


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_its_own_is_refused_by_a_cache_that_grows(kind, own, filled):
    module = built(**KINDS[kind])
    cache = module.new_cache()
    if filled:
        module(X, cache=cache, causal=True)
    name = type(cache).__name__
    message = (
        "^cache must be a MemoryCache where key or value is not query itself, "
        f"got {name}, which grows by self-attention$"
    )
    with pytest.raises(TypeError, match=message):
        module(*OWN[own], cache=cache, causal=True)
    assert cache.length == (N if filled else 0)


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_self_attention_is_refused_by_a_cache_that_holds_a_memory(kind, filled):
    module, cache = built(**KINDS[kind]), MemoryCache()
    if filled:
        cache.fill(torch.ones(B, H, N, 4), torch.ones(B, H, N, 4))
    for given in ((X,), (X, X), (X, X, X)):
        with pytest.raises(TypeError, match=r"^cache must be a KVCache .* got a MemoryCache"):
            module(*given, cache=cache, causal=True)
    assert cache.length == (N if filled else 0)


def test_other_modules_that_grow_refuse_a_memory_too():
    encoder = TransformerEncoderLayer(C, H, 7).requires_grad_(False)
    latent = MultiHeadLatentAttention(C, H, d_latent=3, d_rotary=2).requires_grad_(False)
    for module in (encoder, latent):
        with pytest.raises(TypeError, match=r"^cache must be a KVCache .* got a MemoryCache"):
            module(X, cache=MemoryCache(), causal=True)
    decoder = TransformerDecoderLayer(C, H, 7).requires_grad_(False)
    with pytest.raises(
        TypeError, match=r"^the cross_attention of cache must be a MemoryCache, got KVCache$"
    ):
        decoder(X, MEMORY, cache=DecoderCache(KVCache(), KVCache()))
    with pytest.raises(TypeError, match=r"^cache must be a KVCache .* got a MemoryCache"):
        decoder(X, MEMORY, cache=DecoderCache(MemoryCache(), MemoryCache()))


@torch.no_grad()
def test_a_memory_that_is_the_target_itself():
    decoder = TransformerDecoder(2, C, H, 7).eval()
    assert_array_equal(decoder(X, X, caches=decoder.new_caches()), decoder(X, X))


@torch.no_grad()
def test_a_memory_without_positions_is_held_too():
    module, cache = built(), MemoryCache()
    for _ in range(2):
        output = module(X, MEMORY[:, :0], cache=cache)
        assert_allclose(output, module.output_projection.bias.expand_as(X), atol=1e-6)
    assert cache.filled
    assert cache.length == 0


def test_what_a_memory_cache_holds():
    cache, key, value = MemoryCache(), torch.randn(2, 3, 5, 4), torch.randn(2, 3, 5, 7)
    assert (cache.filled, cache.length, cache.batch, cache.nbytes) == (False, 0, None, 0)
    cache.fill(key, value)
    assert (cache.filled, cache.length, cache.batch) == (True, 5, 2)
    assert cache.nbytes == 4 * (key.numel() + value.numel())
    kept, expected = cache.held(), key.clone()
    key.zero_()
    assert_array_equal(kept[0], expected)
    cache.reorder(torch.tensor([1, 1, 0]))
    assert_array_equal(cache.held()[1], value[[1, 1, 0]])
    with pytest.raises(ValueError, match=r"^the cache holds a memory of 5 positions: reset it"):
        cache.fill(key)
    cache.reset()
    assert not cache.filled


@pytest.mark.parametrize(
    ("tensors", "error", "message"),
    [
        ((), ValueError, "^fill needs at least one tensor, got none$"),
        ((3,), TypeError, r"^tensor 0 must be a torch\.Tensor, got int$"),
        ((X,), ValueError, r"^tensor 0 must have shape \[B, G, T, D\], got \(2, 11, 12\)$"),
        (
            (X[None], X[None, :, 1:]),
            ValueError,
            r"^tensor 1 must have the B and T of tensor 0 \(1, 2, 11, 12\), got \(1, 2, 10, 12\)$",
        ),
        (
            (X[None].clone().requires_grad_(),),
            ValueError,
            "^tensor 0 needs a gradient, and none flows through a cache",
        ),
    ],
)
def test_what_a_memory_cache_refuses(tensors, error, message):
    cache = MemoryCache()
    with pytest.raises(error, match=message):
        cache.fill(*tensors)
    assert not cache.filled


def test_a_memory_projected_by_other_heads_is_refused():
    cache = MemoryCache()
    built(n_kv_heads=1)(X, MEMORY, cache=cache)
    with pytest.raises(ValueError, match=r"^cache must hold tensors with these heads and widths"):
        built()(X, MEMORY, cache=cache)


@pytest.mark.parametrize("max_length", [None, 7])
def test_every_module_with_a_cache_makes_it(max_length):
    latent = MultiHeadLatentAttention(C, H, d_latent=3, d_rotary=2)
    for module in (built(), latent, TransformerEncoderLayer(C, H, 7)):
        cache = module.new_cache(max_length)
        assert (type(cache), cache.max_length) == (KVCache, max_length)
    cache = TransformerDecoderLayer(C, H, 7).new_cache(max_length)
    assert (type(cache), cache.self_attention.max_length) == (DecoderCache, max_length)
    assert type(cache.cross_attention) is MemoryCache
    assert (cache.length, cache.batch, cache.nbytes) == (0, None, 0)
