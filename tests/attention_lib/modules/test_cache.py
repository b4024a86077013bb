"""KVCache by itself, and attention with it against attention without it."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import functional
from attention_lib.modules import (
    ALiBi,
    KVCache,
    MemoryCache,
    MultiHeadAttention,
    RotaryPositionalEncoding,
)
from attention_lib.training import seeded

B, G, C, H, N = 2, 3, 12, 6, 23
CHUNKS = [[1] * N, [5, 1, 1, 7, 9], [0, 3, 1, 19], [N], [11, 12]]


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


KEY, VALUE = normal(B, G, N, 5), normal(B, G, N, 7, seed=1)


@pytest.mark.parametrize("chunks", CHUNKS, ids=len)
@pytest.mark.parametrize("max_length", [None, N, 29])
def test_everything_comes_back_in_order(chunks, max_length):
    cache = KVCache(max_length=max_length)
    done = 0
    for key, value in zip(KEY.split(chunks, 2), VALUE.split(chunks, 2), strict=True):
        done += key.shape[2]
        held = cache.append(key, value)
        assert len(held) == 2
        assert_array_equal(held[0], KEY[:, :, :done])
        assert_array_equal(held[1], VALUE[:, :, :done])
        assert cache.length == cache.held_length == done
        for one, again in zip(held, cache.held(), strict=True):
            assert_array_equal(again, one)


@pytest.mark.parametrize("chunks", CHUNKS, ids=len)
@pytest.mark.parametrize("window", [0, 1, 3, 4, 8, 40])
def test_a_window_returns_what_the_new_queries_need_and_holds_what_the_next_needs(chunks, window):
    cache = KVCache(window=window)
    done = 0
    for key, value in zip(KEY.split(chunks, 2), VALUE.split(chunks, 2), strict=True):
        first = max(0, done - window)
        done += key.shape[2]
        held = cache.append(key, value)
        assert_array_equal(held[0], KEY[:, :, first:done])
        assert_array_equal(held[1], VALUE[:, :, first:done])
        assert cache.length == done
        kept = min(done, window + 1)
        assert cache.held_length == kept
        assert_array_equal(cache.held()[0], KEY[:, :, done - kept : done])
        assert_array_equal(cache.held()[1], VALUE[:, :, done - kept : done])
        assert cache.nbytes == B * G * (2 * window + 2) * (5 + 7) * 8


def test_memory_doubles_or_is_taken_at_once():
    row = B * G * (5 + 7) * 8
    cache = KVCache()
    sizes = []
    for _ in range(70):
        cache.append(KEY[:, :, :1], VALUE[:, :, :1])
        sizes.append(cache.nbytes // row)
    assert sizes == [16] * 16 + [32] * 16 + [64] * 32 + [128] * 6
    cache.reset()
    cache.append(KEY, VALUE)
    assert cache.nbytes == 23 * row
    cache.append(KEY[:, :, :1], VALUE[:, :, :1])
    assert cache.nbytes == 46 * row
    cache.reset()
    cache.append(KEY[:, :, :1], VALUE[:, :, :1])
    held = cache.append(*(torch.cat([one, one], dim=2) for one in (KEY, VALUE)))
    assert cache.nbytes == 47 * row
    assert_array_equal(held[1][:, :, 24:], VALUE)
    fixed = KVCache(max_length=29)
    assert fixed.nbytes == 0
    fixed.append(KEY[:, :, :1], VALUE[:, :, :1])
    assert fixed.nbytes == 29 * row
    fixed.append(KEY, VALUE)
    assert fixed.nbytes == 29 * row


def test_a_wide_window_takes_no_more_memory_than_max_length():
    cache, row = KVCache(max_length=N, window=10**9), B * G * (5 + 7) * 8
    for first in (0, 7):
        held = cache.append(KEY[:, :, first : first + 7], VALUE[:, :, first : first + 7])
    assert_array_equal(held[0], KEY[:, :, :14])
    assert cache.nbytes == N * row
    narrow = KVCache(max_length=N, window=2)
    narrow.append(KEY, VALUE)
    assert narrow.nbytes == 6 * row


def test_old_views_outlive_growth():
    cache = KVCache()
    (held,) = cache.append(KEY[:, :, :16])
    cache.append(KEY[:, :, 16:])
    assert_array_equal(held, KEY[:, :, :16])


def test_a_new_cache_is_empty_and_a_reset_one_too():
    cache = KVCache(max_length=29, window=4)
    assert (cache.max_length, cache.window) == (29, 4)
    for _ in range(2):
        assert (cache.length, cache.held_length, cache.nbytes) == (0, 0, 0)
        assert cache.batch is None
        assert cache.held() == ()
        cache.append(KEY, VALUE)
        assert (cache.length, cache.held_length, cache.batch) == (N, 5, B)
        cache.reset()
    (held,) = cache.append(torch.ones(7, 1, 2, 3))
    assert held.shape == (7, 1, 2, 3)
    assert cache.batch == 7


def test_one_or_three_tensors_of_other_widths():
    cache = KVCache()
    for _ in range(2):
        held = cache.append(KEY[:, :1, :, :2], KEY, VALUE)
    assert [tuple(one.shape) for one in held] == [(B, 1, 46, 2), (B, G, 46, 5), (B, G, 46, 7)]
    assert cache.batch == B
    assert len(KVCache().append(KEY)) == 1


@pytest.mark.parametrize("window", [None, 4])
def test_rows_are_picked_repeated_and_dropped(window):
    cache = KVCache(window=window)
    cache.append(KEY[:, :, :7], VALUE[:, :, :7])
    rows = torch.tensor([1, 1, 0, 1])
    cache.reorder(rows)
    assert cache.batch == 4
    first = 0 if window is None else 2
    assert_array_equal(cache.held()[0], KEY[rows][:, :, first:7])
    held = cache.append(KEY[rows][:, :, 7:9], VALUE[rows][:, :, 7:9])
    first = 0 if window is None else 3
    assert_array_equal(held[0], KEY[rows][:, :, first:9])
    assert_array_equal(held[1], VALUE[rows][:, :, first:9])
    cache.reorder(rows[:0])
    assert cache.batch == 0
    assert (cache.length, cache.held_length) == (9, 9 if window is None else 5)
    cache.reorder(rows[:0])


def test_a_beam_has_memory_of_its_own():
    cache = KVCache()
    cache.append(KEY[:, :, :7])
    cache.reorder(torch.tensor([1, 1]))
    held = cache.append(torch.stack([KEY[0, :, 7:8], KEY[1, :, 7:8]]))[0]
    assert_array_equal(held[:, :, :7], KEY[[1, 1], :, :7])
    assert_array_equal(held[:, :, 7], KEY[:, :, 7])


@pytest.mark.parametrize("max_length", [None, 11])
@pytest.mark.parametrize("steps", [[7, 2], [3] * 3, [1] * 9], ids=len)
def test_what_is_cut_back_has_never_come(steps, max_length):
    cache = KVCache(max_length=max_length)
    for key in KEY[:, :, : sum(steps)].split(steps, 2):
        cache.append(key)
    cache.cut(4)
    assert (cache.length, cache.held_length) == (5, 5)
    assert_array_equal(cache.held()[0], KEY[:, :, :5])
    held = cache.append(KEY[:, :, 9:11])[0]
    assert_array_equal(held, torch.cat([KEY[:, :, :5], KEY[:, :, 9:11]], dim=2))
    cache.cut(0)
    assert cache.length == 7
    cache.cut(np.int8(7))
    assert (cache.length, cache.batch) == (0, B)
    assert_array_equal(cache.append(KEY[:, :, 2:4])[0], KEY[:, :, 2:4])


@pytest.mark.parametrize(
    ("make", "count", "error", "message"),
    [
        (lambda: filled(), N + 1, ValueError, f"^count must be at most the {N} positions"),
        (lambda: filled(), -1, ValueError, "^count must be at least 0, got -1$"),
        (lambda: filled(), 1.0, TypeError, "^count must be an integer, got float$"),
        (lambda: filled(window=3), 1, ValueError, "^count cannot be cut back.*got window = 3$"),
        (lambda: KVCache(), 1, ValueError, "^count must be at most the 0 positions"),
    ],
)
def test_a_cut_that_cannot_be_is_named(make, count, error, message):
    cache = make()
    before = cache.length
    with pytest.raises(error, match=message):
        cache.cut(count)
    assert cache.length == before


@pytest.mark.parametrize("window", [None, 4])
def test_inference_mode_may_begin_or_end_between_two_calls(window):
    cache = KVCache(window=window)
    for step in range(N):
        with torch.inference_mode(step % 2 == 0):
            held = cache.append(KEY[:, :, step : step + 1].clone())
            if step == 4:
                cache.reorder(torch.tensor([0, 1]))
    first = 0 if window is None else N - 5
    assert_array_equal(held[0], KEY[:, :, first:])


def test_non_contiguous_and_empty_tensors():
    turned = KEY.mT.contiguous().mT
    assert not turned.is_contiguous()
    cache = KVCache()
    assert_array_equal(cache.append(turned)[0], KEY)
    nothing = KVCache().append(KEY[:0])[0]
    assert nothing.shape == (0, G, N, 5)


@pytest.mark.parametrize("n_sinks", [0, 2])
@pytest.mark.parametrize("before", [[3], [5, 1], [1] * 9, [7, 1, 2]], ids=len)
def test_appending_no_position_drops_none(before, n_sinks):
    cache = KVCache(window=3, n_sinks=n_sinks)
    for key in KEY[:, :, : sum(before)].split(before, 2):
        cache.append(key)
    held = cache.held()[0].clone()
    assert held.shape[2] == cache.held_length
    for _ in range(2):
        assert_array_equal(cache.append(KEY[:, :, :0])[0], held)
        assert_array_equal(cache.held()[0], held)


@pytest.mark.parametrize("small", [np.int8(100), np.uint8(200)], ids=["int8", "uint8"])
def test_sizes_of_numpy_s_small_integers_do_not_overflow(small):
    cache = KVCache(max_length=small, window=small, n_sinks=small)
    assert cache.append(KEY)[0].shape == KEY.shape
    assert cache.nbytes == B * G * int(small) * 5 * 8
    cache = KVCache(window=small)
    cache.append(KEY)
    assert cache.nbytes == B * G * (2 * int(small) + 2) * 5 * 8


def test_the_dtype_is_kept():
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        cache = KVCache()
        assert cache.append(KEY.to(dtype))[0].dtype == dtype
        assert cache.nbytes == B * G * N * 5 * KEY.to(dtype).element_size()


def filled(*tensors, **options):
    cache = KVCache(**options)
    cache.append(*(tensors or (KEY, VALUE)))
    return cache


NEEDY = KEY.clone().requires_grad_()


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: KVCache(max_length=0), ValueError, "^max_length must be at least 1, got 0$"),
        (lambda: KVCache(max_length=2.0), TypeError, "^max_length must be an integer, got float$"),
        (lambda: KVCache(window=-1), ValueError, "^window must be at least 0, got -1$"),
        (lambda: KVCache(window=True), TypeError, "^window must be an integer, got bool$"),
        (lambda: KVCache().append(), ValueError, "^append needs at least one tensor, got none$"),
        (lambda: KVCache().append(KEY, 3), TypeError, "^tensor 1 must be a torch.Tensor, got int$"),
        (
            lambda: KVCache().append(KEY.long()),
            TypeError,
            "^tensor 0 must have a floating dtype .* got int64$",
        ),
        (
            lambda: KVCache().append(KEY, VALUE.float()),
            TypeError,
            "^arguments must share one dtype, got tensor 0 float64, tensor 1 float32$",
        ),
        (
            lambda: KVCache().append(KEY, VALUE[0]),
            ValueError,
            r"^tensor 1 must have shape \[B, G, T, D\], got \(3, 23, 7\)$",
        ),
        (
            lambda: KVCache().append(KEY, VALUE[:1]),
            ValueError,
            r"^tensor 1 must have the B and T of tensor 0 \(2, 3, 23, 5\), got \(1, 3, 23, 7\)$",
        ),
        (
            lambda: KVCache().append(KEY, VALUE[:, :, :3]),
            ValueError,
            r"^tensor 1 must have the B and T of tensor 0 .*got \(2, 3, 3, 7\)$",
        ),
        (
            lambda: KVCache().append(NEEDY),
            ValueError,
            "^tensor 0 needs a gradient, and none flows through a cache: "
            r"call the model under torch.no_grad\(\) or torch.inference_mode\(\)$",
        ),
        (
            lambda: filled().append(KEY),
            ValueError,
            r"^the cache keeps 2 tensor\(s\) side by side, got 1$",
        ),
        (
            lambda: filled().append(KEY[:1], VALUE[:1]),
            ValueError,
            "^tensor 0 must have the batch size 2 of what the cache holds, "
            r"got shape \(1, 3, 23, 5\)$",
        ),
        (
            lambda: filled().append(KEY, VALUE[:, :1]),
            ValueError,
            "^tensor 1 must have the number of heads 3 of what the cache holds, "
            r"got shape \(2, 1, 23, 7\)$",
        ),
        (
            lambda: filled().append(KEY, VALUE[..., :5]),
            ValueError,
            "^tensor 1 must have the width 7 of what the cache holds, got shape",
        ),
        (
            lambda: filled().append(KEY.float(), VALUE.float()),
            TypeError,
            "^tensor 0 must have the dtype torch.float64 of what the cache holds, "
            "got torch.float32$",
        ),
        (
            lambda: filled().append(KEY.to("meta"), VALUE.to("meta")),
            TypeError,
            "^tensor 0 must have the device cpu of what the cache holds, got meta$",
        ),
        (
            lambda: KVCache(max_length=22).append(KEY),
            ValueError,
            "^the cache holds at most max_length = 22 positions, got 23 more after 0$",
        ),
        (
            lambda: filled(max_length=25, window=2).append(KEY[:, :, :3], VALUE[:, :, :3]),
            ValueError,
            "^the cache holds at most max_length = 25 positions, got 3 more after 23$",
        ),
        (
            lambda: filled().reorder([0]),
            TypeError,
            "^rows must be a torch.Tensor, got list$",
        ),
        (
            lambda: filled().reorder(torch.ones(2)),
            TypeError,
            "^rows must have dtype int64, got torch.float32$",
        ),
        (
            lambda: filled().reorder(torch.zeros(2, 1, dtype=torch.int64)),
            ValueError,
            r"^rows must have shape \[B'\], got \(2, 1\)$",
        ),
        (
            lambda: KVCache().reorder(torch.tensor([0])),
            ValueError,
            "^rows cannot be reordered in a cache to which nothing was appended$",
        ),
        (
            lambda: filled().reorder(torch.tensor([0, 2])),
            ValueError,
            r"^rows must lie in 0..1, got 0..2$",
        ),
        (
            lambda: filled().reorder(torch.tensor([1, -1])),
            ValueError,
            r"^rows must lie in 0..1, got -1..1$",
        ),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=message):
        run()


def test_a_refused_call_changes_nothing():
    cache = filled(max_length=25)
    for bad in ((KEY, VALUE), (KEY[:, :, :1],), (KEY[:1, :, :1], VALUE[:1, :, :1])):
        with pytest.raises(ValueError, match=r"cache|tensor"):
            cache.append(*bad)
    assert (cache.length, cache.held_length) == (N, N)
    assert_array_equal(cache.held()[0], KEY)


def test_tensors_that_need_no_gradient_may_come_while_gradients_are_on():
    with torch.no_grad():
        assert_array_equal(KVCache().append(NEEDY)[0], KEY)
    assert not KVCache().append(KEY)[0].requires_grad


# Attention with the cache


def built(**options):
    with seeded(0):
        module = MultiHeadAttention(C, H, **options)
        for name, one in module.named_parameters():
            if name.endswith("bias"):
                nn.init.normal_(one)
    return module.eval().requires_grad_(False)


X, MEMORY = normal(B, N, C, seed=2), normal(B, 11, C, seed=3)
KINDS = [
    {},
    {"n_kv_heads": 2},
    {"n_kv_heads": 1, "d_key": 4, "d_value": 3},
    {"rotary": RotaryPositionalEncoding(2)},
    {"n_kv_heads": 2, "rotary": RotaryPositionalEncoding(2, pairing="half")},
    {"position_bias": ALiBi(H)},
    {"n_kv_heads": 1, "position_bias": ALiBi(H)},
]


def in_chunks(module, x, chunks, cache, *given, mask=None, **options):
    outputs, done = [], 0
    for part in x.split(chunks, 1):
        start, done = done, done + part.shape[1]
        seen = mask if mask is None else mask[..., start:done, : done if not given else None]
        outputs.append(module(part, *given, cache=cache, mask=seen, **options))
    if options.get("return_weights"):
        outputs = [output for output, _ in outputs]
    return torch.cat(outputs, dim=1)


@pytest.mark.parametrize("chunks", CHUNKS, ids=len)
@pytest.mark.parametrize("options", KINDS, ids=lambda one: "-".join(one) or "plain")
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-13), (torch.float32, 3e-6)])
def test_cached_is_uncached(chunks, options, dtype, tolerance):
    module, x = built(**options).to(dtype), X.to(dtype)
    expected = module(x, causal=True)
    for cache in (KVCache(), KVCache(max_length=N)):
        output = in_chunks(module, x, chunks, cache, causal=True)
        assert_allclose(output, expected, rtol=tolerance, atol=tolerance)
    assert (cache.length, cache.batch) == (N, B)


@pytest.mark.parametrize("chunks", CHUNKS, ids=len)
@pytest.mark.parametrize("options", KINDS, ids=lambda one: "-".join(one) or "plain")
@pytest.mark.parametrize("window", [0, 1, 4, 40])
def test_cached_with_a_window_is_uncached_with_the_window_as_a_mask(chunks, options, window):
    module = built(**options).double()
    near = functional.window_mask(N, N, window=window, causal=True)
    padding = functional.padding_mask(torch.tensor([N, 17]), N)[:, None]
    for mask in (None, padding.expand(-1, -1, N, -1)):
        expected = module(X, mask=near if mask is None else near & mask)
        for causal in (False, True):
            cache = KVCache(window=window)
            output = in_chunks(module, X, chunks, cache, mask=mask, causal=causal)
            assert_allclose(output, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("window", [None, 4])
def test_a_mask_for_all_positions_that_is_the_same_for_every_key(window):
    module = built().double()
    cache = KVCache(window=window)
    closed = torch.zeros(1, 1, dtype=torch.bool)
    nothing = module(X[:, :7], cache=cache, mask=closed, causal=True)
    assert_allclose(nothing, module.output_projection.bias.expand(B, 7, C), rtol=1e-12, atol=1e-13)
    opened = module(X[:, 7:8], cache=cache, mask=~closed[0, 0], causal=True)
    cache.reset()
    in_chunks(module, X[:, :7], [7], cache, causal=True)
    assert_allclose(opened, module(X[:, 7:8], cache=cache, causal=True), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("chunks", CHUNKS, ids=len)
def test_a_mask_and_the_weights_with_a_cache(chunks):
    module = built(n_kv_heads=2).double()
    mask = torch.from_numpy(np.random.default_rng(5).random((B, H, N, N)) < 0.7)
    expected = module(X, mask=mask, causal=True)
    output = in_chunks(module, X, chunks, KVCache(), mask=mask, causal=True, return_weights=True)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-13)


def test_a_step_returns_the_weights_of_all_held_keys():
    module = built().double()
    _, expected = module(X, causal=True, return_weights=True)
    cache = KVCache()
    module(X[:, :22], causal=True, cache=cache)
    _, weights = module(X[:, 22:], causal=True, cache=cache, return_weights=True)
    assert_allclose(weights, expected[:, :, 22:], rtol=1e-12, atol=1e-13)
    windowed = KVCache(window=4)
    module(X[:, :22], cache=windowed)
    _, weights = module(X[:, 22:], cache=windowed, return_weights=True)
    assert weights.shape == (B, H, 1, 5)


def test_without_causal_a_chunk_sees_all_of_itself():
    module, cache = built().double(), KVCache()
    module(X[:, :7], cache=cache)
    output = module(X[:, 7:], cache=cache)
    assert_allclose(output, module(X[:, 7:], X), rtol=1e-12, atol=1e-13)


def test_a_gate_acts_with_a_cache_too():
    module, gate = built().double(), normal(H, seed=4)
    output = in_chunks(module, X, [5, 18], KVCache(), causal=True, head_gate=gate)
    assert_allclose(output, module(X, causal=True, head_gate=gate), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("chunks", CHUNKS[:2], ids=len)
@pytest.mark.parametrize("n_kv_heads", [6, 2])
def test_cross_attention_projects_its_key_once(chunks, n_kv_heads):
    module = built(n_kv_heads=n_kv_heads).double()
    mask = functional.padding_mask(torch.tensor([11, 7]), 11)[:, None]
    expected = module(X, MEMORY, MEMORY.flip(2), mask=mask)
    projected = []
    hooks = [
        layer.register_forward_hook(lambda *_: projected.append(1))
        for layer in (module.key_projection, module.value_projection)
    ]
    cache = MemoryCache()
    outputs = [
        module(part, MEMORY, MEMORY.flip(2), cache=cache, mask=mask) for part in X.split(chunks, 1)
    ]
    for hook in hooks:
        hook.remove()
    assert_allclose(torch.cat(outputs, dim=1), expected, rtol=1e-12, atol=1e-13)
    assert len(projected) == 2
    assert cache.length == 11


@pytest.mark.parametrize("window", [None, 4])
def test_cache_and_masks_live_where_the_module_lives(window):
    module, x, cache = built().to("meta"), X.float().to("meta"), KVCache(window=window)
    for part in (x[:, :7], x[:, 7:8]):
        assert module(part, cache=cache, causal=True).device.type == "meta"
    assert {one.device.type for one in cache.held()} == {"meta"}


def test_cross_attention_after_a_beam_was_reordered():
    module, cache = built().double(), MemoryCache()
    rows = torch.tensor([1, 0, 1])
    module(X[:, :1], MEMORY, cache=cache)
    cache.reorder(rows)
    output = module(X[rows][:, 1:2], MEMORY, cache=cache)
    assert_allclose(output, module(X[rows][:, 1:2], MEMORY[rows]), rtol=1e-12, atol=1e-13)


def crossed(**options):
    cache = MemoryCache()
    built(**options).double()(X, MEMORY, cache=cache)
    return cache


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            lambda: crossed(rotary=RotaryPositionalEncoding(2)),
            "^a cached key has no position relative to the queries of later steps: "
            "cross-attention with a cache takes neither rotary nor position_bias$",
        ),
        (
            lambda: crossed(position_bias=ALiBi(H)),
            "^a cached key has no position relative",
        ),
        (
            lambda: built().double()(X, MEMORY[:, :7], cache=crossed()),
            r"^key must have the 11 rows that the cache holds, got shape \(2, 7, 12\)$",
        ),
        (
            lambda: built().double()(X[:1], MEMORY, cache=crossed()),
            r"^query must have the batch size 2 of what the cache holds, got shape \(1, 23, 12\)$",
        ),
        (
            lambda: built().double()(X, MEMORY[:1], cache=MemoryCache()),
            r"^key must have shape \[B, S, key_width\] with the batch size of query where a cache "
            r"is used, got key \(1, 11, 12\) and query \(2, 23, 12\)$",
        ),
        (
            lambda: built().double()(X, MEMORY[0], cache=MemoryCache()),
            r"^key must have shape .*got key \(11, 12\) and query \(2, 23, 12\)$",
        ),
        (
            lambda: built().double().requires_grad_()(X, MEMORY, cache=crossed()),
            "^key needs a gradient, and none flows through a cache: "
            r"call the model under torch.no_grad\(\) or torch.inference_mode\(\)$",
        ),
        (
            lambda: built().double()(X, MEMORY.clone().requires_grad_(), cache=crossed()),
            "^key needs a gradient, and none flows through a cache",
        ),
        (
            lambda: built().double().requires_grad_()(X, cache=KVCache()),
            "^query needs a gradient, and none flows through a cache",
        ),
        (
            lambda: built().double()(X, cache=KVCache(max_length=22)),
            "^the cache holds at most max_length = 22 positions, got 23 more after 0$",
        ),
    ],
)
def test_what_a_cache_cannot_serve_is_named(run, message):
    with pytest.raises(ValueError, match=message):
        run()


@pytest.mark.parametrize("filled", [False, True])
def test_a_key_of_another_dtype_is_named(filled):
    cache = crossed() if filled else MemoryCache()
    message = "^arguments must share one dtype, got key float32, weight float64$"
    with pytest.raises(TypeError, match=message):
        built().double()(X, MEMORY.float(), cache=cache)


@pytest.mark.parametrize("window", [None, 3])
def test_a_wrong_mask_is_refused_before_anything_is_stored(window):
    module, cache = built().double(), KVCache(window=window)
    module(X[:, :7], cache=cache)
    held = [one.clone() for one in cache.held()]
    message = r"^mask must broadcast to the scores' shape \(2, 6, 2, 9\), got \(2, 5\)$"
    with pytest.raises(ValueError, match=message):
        module(X[:, 7:9], cache=cache, mask=torch.ones(2, 5, dtype=torch.bool))
    with pytest.raises(TypeError, match="causal"):
        module(X[:, 7:9], cache=cache, causal=1)
    with pytest.raises(TypeError, match="return_weights"):
        module(X[:, 7:9], cache=cache, return_weights=1)
    assert cache.length == 7
    for one, again in zip(held, cache.held(), strict=True):
        assert_array_equal(one, again)
