"""KVCache that keeps sinks beside its window: what it holds, and attention with it."""

import itertools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import functional
from attention_lib.modules import (
    ALiBi,
    KVCache,
    MultiHeadAttention,
    MultiHeadLatentAttention,
    RotaryPositionalEncoding,
    SlidingWindowAttention,
)
from attention_lib.training import seeded

B, G, C, H, N = 2, 3, 12, 6, 23
CHUNKS = [[1] * N, [5, 1, 1, 7, 9], [0, 3, 20], [N], [2, 2, 2, 2, 2, 13]]
SIZES = [(0, 1), (0, 3), (1, 1), (3, 2), (2, 5), (4, 1), (8, 4), (40, 2), (3, 40)]
every_chunking = pytest.mark.parametrize("chunks", CHUNKS, ids=len)
every_size = pytest.mark.parametrize(("window", "n_sinks"), SIZES)


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


KEY, VALUE, X = normal(B, G, N, 5), normal(B, G, N, 7, seed=1), normal(B, N, C, seed=2)


def kept(n_sinks, first, stop):
    """The sinks and the positions from `first` to `stop`, each once and in order."""
    return [place for place in range(stop) if place < n_sinks or place >= first]


@every_chunking
@every_size
def test_sinks_and_window_come_back_in_order(chunks, window, n_sinks):
    cache = KVCache(window=window, n_sinks=n_sinks)
    done = 0
    for key, value in zip(KEY.split(chunks, 2), VALUE.split(chunks, 2), strict=True):
        needed = kept(n_sinks, done - window, done + key.shape[2])
        done += key.shape[2]
        held = cache.append(key, value)
        assert_array_equal(held[0], KEY[:, :, needed])
        assert_array_equal(held[1], VALUE[:, :, needed])
        for one in range(2):  # asking changes nothing
            places = kept(n_sinks, done - window - 1, done)
            assert cache.held_length == len(places), one
            assert_array_equal(cache.held()[0], KEY[:, :, places])
            assert_array_equal(cache.held()[1], VALUE[:, :, places])
        assert_array_equal(held[0], KEY[:, :, needed])
        assert cache.length == done
        assert cache.nbytes == B * G * (2 * window + 2 + n_sinks) * (5 + 7) * 8


def test_what_is_kept_is_what_streaming_positions_says_and_the_query_itself():
    cache = KVCache(window=3, n_sinks=2)
    for step in range(N):
        before = functional.streaming_positions(step, window=3, n_sinks=2)
        (held,) = cache.append(KEY[:, :, step : step + 1])
        assert_array_equal(held, KEY[:, :, [*before.tolist(), step]])


@pytest.mark.parametrize("chunks", [[1] * N, [2] * 11 + [1]], ids=len)
def test_what_comes_back_is_a_view_of_memory_that_seldom_moves(chunks):
    cache = KVCache(window=3, n_sinks=2)
    places = [cache.append(key)[0].untyped_storage().data_ptr() for key in KEY.split(chunks, 2)]
    moves = sum(one != other for one, other in itertools.pairwise(places))
    assert moves <= N / 4
    assert cache.nbytes == 10 * KEY[:, :, :1].nbytes


def test_memory_is_at_most_that_of_max_length():
    row = B * G * (5 + 7) * 8
    for options, size in (
        ({"window": 9, "n_sinks": 4}, 24),
        ({"window": 9, "n_sinks": 4, "max_length": 29}, 24),
        ({"window": 9, "n_sinks": 4, "max_length": N}, N),
        ({"window": 10**9, "n_sinks": 10**9, "max_length": N}, N),
    ):
        cache = KVCache(**options)
        for key, value in zip(KEY.split(7, 2), VALUE.split(7, 2), strict=True):
            held = cache.append(key, value)
        assert cache.nbytes == size * row
        seen = kept(options["n_sinks"], 21 - options["window"], N)
        assert_array_equal(held[1], VALUE[:, :, seen])


def test_rows_are_picked_and_forgotten():
    cache = KVCache(window=3, n_sinks=2)
    assert (cache.window, cache.n_sinks, KVCache().n_sinks) == (3, 2, 0)
    rows = torch.tensor([1, 1, 0])
    for _ in range(2):
        cache.append(KEY[:, :, :11], VALUE[:, :, :11])
        cache.reorder(rows)
        assert cache.batch == 3
        assert_array_equal(cache.held()[0], KEY[rows][:, :, [0, 1, 7, 8, 9, 10]])
        held = cache.append(KEY[rows][:, :, 11:13], VALUE[rows][:, :, 11:13])
        assert_array_equal(held[1], VALUE[rows][:, :, [0, 1, 8, 9, 10, 11, 12]])
        cache.reset()
        assert (cache.length, cache.held_length, cache.nbytes) == (0, 0, 0)


def test_inference_mode_may_begin_or_end_between_two_calls():
    cache = KVCache(window=3, n_sinks=2)
    for step in range(N):
        with torch.inference_mode(step % 2 == 0):
            (held,) = cache.append(KEY[:, :, step : step + 1].clone())
    assert_array_equal(held, KEY[:, :, kept(2, N - 4, N)])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"window": 3, "n_sinks": -1}, ValueError, "^n_sinks must be at least 0, got -1$"),
        ({"window": 3, "n_sinks": 1.0}, TypeError, "^n_sinks must be an integer, got float$"),
        (
            {"n_sinks": 4},
            ValueError,
            "^n_sinks must be 0 where window is None, for all positions are kept, got 4$",
        ),
    ],
)
def test_bad_sizes_are_named(options, error, message):
    with pytest.raises(error, match=message):
        KVCache(**options)


# Attention with it


def built(**options):
    with seeded(0):
        module = MultiHeadAttention(C, H, **options)
        for name, one in module.named_parameters():
            if name.endswith("bias"):
                nn.init.normal_(one)
    return module.double().eval().requires_grad_(False)


def in_chunks(module, x, chunks, cache, mask=None, **options):
    outputs, done = [], 0
    for part in x.split(chunks, 1):
        start, done = done, done + part.shape[1]
        rows = slice(None) if mask is None or mask.shape[-2] == 1 else slice(start, done)
        seen = mask if mask is None else mask[..., rows, :done]
        outputs.append(module(part, cache=cache, mask=seen, **options))
    return torch.cat(outputs, dim=1)


KINDS = [
    {},
    {"n_kv_heads": 2, "rotary": RotaryPositionalEncoding(2)},
    {"n_kv_heads": 1, "position_bias": ALiBi(H)},
]


@pytest.mark.parametrize("chunks", [CHUNKS[0], CHUNKS[1], CHUNKS[-1]], ids=len)
@pytest.mark.parametrize(("window", "n_sinks"), [(0, 3), (3, 2), (2, 5), (8, 4), (40, 2)])
@pytest.mark.parametrize("options", KINDS, ids=lambda one: "-".join(one) or "plain")
def test_cached_is_uncached_with_sinks_and_window_as_a_mask(chunks, window, n_sinks, options):
    near = functional.sink_window_mask(N, N, window=window, n_sinks=n_sinks, causal=True)
    padding = functional.padding_mask(torch.tensor([N, 17]), N)[:, None]
    dense, causal = built(**options), {"causal": True}
    banded = None
    if "position_bias" not in options:
        banded = built(**options, mechanism=SlidingWindowAttention(window, n_sinks=n_sinks))
    for mask in (None, padding):
        expected = dense(X, mask=near if mask is None else near & mask)
        for module in (dense, banded):
            if module is not None:
                cache = KVCache(window=window, n_sinks=n_sinks)
                output = in_chunks(module, X, chunks, cache, mask, **causal)
                assert_allclose(output, expected, rtol=1e-11, atol=1e-13)
    assert banded is None or torch.allclose(banded(X, causal=True, mask=padding), expected)


@every_chunking
def test_a_mask_of_its_own_for_every_query_and_head(chunks):
    module = built(n_kv_heads=2)
    mask = torch.from_numpy(np.random.default_rng(5).random((B, H, N, N)) < 0.7)
    near = functional.sink_window_mask(N, N, window=3, n_sinks=2, causal=True)
    output = in_chunks(module, X, chunks, KVCache(window=3, n_sinks=2), mask)
    assert_allclose(output, module(X, mask=mask & near), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_mask_that_is_the_same_for_every_key(shape):
    module, cache = built(), KVCache(window=3, n_sinks=2)
    module(X[:, :11], cache=cache)
    closed = module(X[:, 11:13], cache=cache, mask=torch.zeros(shape, dtype=torch.bool))
    assert_allclose(closed, module.output_projection.bias.expand(B, 2, C), rtol=1e-12, atol=1e-14)
    near = functional.sink_window_mask(N, N, window=3, n_sinks=2, causal=True)
    opened = module(X[:, 13:14], cache=cache, mask=torch.ones(shape, dtype=torch.bool))
    assert_allclose(opened, module(X, mask=near)[:, 13:14], rtol=1e-12, atol=1e-14)


def test_a_step_returns_the_weights_of_what_is_held():
    module, cache = built(), KVCache(window=3, n_sinks=2)
    module(X[:, :22], cache=cache)
    _, weights = module(X[:, 22:], cache=cache, return_weights=True)
    near = functional.sink_window_mask(N, N, window=3, n_sinks=2, causal=True)
    _, expected = module(X, mask=near, return_weights=True)
    places = [0, 1, 19, 20, 21, 22]
    assert_allclose(weights, expected[:, :, 22:, places], rtol=1e-12, atol=1e-14)


@every_chunking
def test_latent_attention_with_sinks(chunks):
    with seeded(0):
        module = MultiHeadLatentAttention(C, H, d_latent=5, d_rotary=2)
    module.double().requires_grad_(False)
    near = functional.sink_window_mask(N, N, window=3, n_sinks=2, causal=True)
    output = in_chunks(module, X, chunks, KVCache(window=3, n_sinks=2))
    assert_allclose(output, module(X, mask=near), rtol=1e-11, atol=1e-13)


def test_everything_lives_where_the_module_lives():
    module, x = built(position_bias=ALiBi(H)).float().to("meta"), X.float().to("meta")
    cache = KVCache(window=3, n_sinks=2)
    for part in (x[:, :7], x[:, 7:9], x[:, 9:10]):
        assert module(part, cache=cache).device.type == "meta"


def test_a_key_of_its_own_needs_a_memory_cache():
    with pytest.raises(TypeError, match=r"^cache must be a MemoryCache where key or value is not"):
        built()(X, X.clone(), cache=KVCache(window=3, n_sinks=2))
