"""LinearCache: two sums in the place of all keys and values."""

import pickle
import re

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional
from attention_lib.modules import LinearAttention, LinearCache, MultiHeadAttention
from attention_lib.training import seeded

B, C, H, N, D, E = 2, 12, 3, 17, 5, 7


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


QUERY, KEY = normal(B, H, N, D), normal(B, H, N, D, seed=1)
VALUE, X = normal(B, H, N, E, seed=2), normal(B, N, C, seed=3)


def part(first, stop, rows=slice(None)):
    return [one[rows][:, :, first:stop] for one in (QUERY, KEY, VALUE)]


def built(feature_map="elu", **options):
    with seeded(0):
        module = MultiHeadAttention(
            C, H, mechanism=LinearAttention(feature_map=feature_map), **options
        )
    return module.double().eval().requires_grad_(False)


@pytest.mark.parametrize("feature_map", ["elu", "exp"])
@pytest.mark.parametrize("chunks", [[1] * N, [5, 0, 1, 11], [N]], ids=len)
def test_piece_by_piece_is_the_whole(chunks, feature_map):
    cache = LinearCache(feature_map=feature_map)
    mask = torch.arange(N) % 3 != 1
    expected = functional.linear_attention(
        QUERY, KEY, VALUE, causal=True, feature_map=feature_map, mask=mask
    )
    outputs, done = [], 0
    for length in chunks:
        start, done = done, done + length
        outputs.append(cache.append(*part(start, done), mask=mask[start:done]))
        assert (cache.length, cache.batch) == (done, B)
    assert_allclose(torch.cat(outputs, dim=2), expected, rtol=1e-12, atol=1e-14)


def test_it_holds_two_sums_and_never_more():
    cache = LinearCache()
    assert cache.feature_map == "elu"
    for _ in range(2):
        assert (cache.length, cache.batch, cache.nbytes) == (0, None, 0)
        for count in (1, 2, 3):
            cache.append(*part(0, N))
            assert cache.length == count * N
            assert cache.nbytes == B * H * D * (E + 1) * 8
        cache.reset()
    half = [one.bfloat16() for one in part(0, N)]
    cache.append(*half)
    assert cache.numerator.dtype == cache.normaliser.dtype == torch.float32
    assert cache.nbytes == B * H * D * (E + 1) * 4


@pytest.mark.parametrize("rows", [[1, 1, 0], [0], []])
def test_rows_are_picked_repeated_and_dropped(rows):
    cache = LinearCache()
    cache.append(*part(0, 11))
    cache.reorder(torch.tensor(rows, dtype=torch.int64))
    assert (cache.length, cache.batch) == (11, len(rows))
    with pytest.raises(ValueError, match=r"^query, key and value must have the leading axes"):
        cache.append(*part(11, N, [0, 1, 0, 1]))
    output = cache.append(*part(11, N, rows))
    expected = functional.linear_attention(QUERY, KEY, VALUE, causal=True)[rows][:, :, 11:]
    assert_allclose(output, expected, rtol=1e-12, atol=1e-14)


def test_sums_are_not_rounded_under_autocast():
    cache = LinearCache()
    key, value = torch.ones(1, 1, 1001, 3), torch.ones(1, 1, 1001, 2)
    value[:, :, 700:] = -1
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = cache.append(key, key, value)
    assert output.dtype == torch.float32
    assert_allclose(output[0, 0, -1], torch.full((2,), 399 / 1001), rtol=1e-5)


@pytest.mark.parametrize("n_kv_heads", [3, 1])
def test_generation_costs_the_same_memory_at_every_step(n_kv_heads):
    module = built(n_kv_heads=n_kv_heads)
    expected, cache, sizes = module(X, causal=True), module.new_cache(), set()
    for step in range(N):
        output = module(X[:, step : step + 1], cache=cache, causal=True)
        assert_allclose(output, expected[:, step : step + 1], rtol=1e-12, atol=1e-14)
        sizes.add(cache.nbytes)
    assert sizes == {B * H * 4 * 5 * 8}


@pytest.mark.parametrize(
    "mask",
    [
        functional.padding_mask(torch.tensor([N, 11]), N)[:, None],
        torch.arange(N) % 3 != 1,
        torch.tensor([[True]]),
        torch.tensor(True),
    ],
    ids=lambda mask: str(tuple(mask.shape)),
)
def test_a_mask_counts_all_positions_seen(mask):
    module = built()
    cache, outputs, done = module.new_cache(), [], 0
    for x in X.split([5, 1, 11], 1):
        done += x.shape[1]
        seen = mask[..., :done] if mask.ndim else mask
        outputs.append(module(x, cache=cache, causal=True, mask=seen))
    assert_allclose(
        torch.cat(outputs, dim=1), module(X, causal=True, mask=mask), rtol=1e-12, atol=1e-14
    )


def test_a_mask_with_one_entry_speaks_for_the_new_positions():
    module = built()
    cache = module.new_cache()
    first = module(X[:, :5], cache=cache, causal=True)
    closed = torch.zeros(1, 1, dtype=torch.bool)
    again = module(X[:, 4:5], cache=cache, causal=True, mask=closed)
    assert_allclose(again, first[:, 4:5], rtol=1e-12, atol=1e-14)


def test_gradients_flow_through_the_sums():
    x = X.clone().requires_grad_()
    module = built()
    cache = module.new_cache()
    outputs = [module(one, cache=cache, causal=True) for one in x.split([6, 11], 1)]
    (gradient,) = torch.autograd.grad(torch.cat(outputs, dim=1).square().sum(), x)
    (expected,) = torch.autograd.grad(module(x, causal=True).square().sum(), x)
    assert_allclose(gradient, expected, rtol=1e-9, atol=1e-12)


def filled():
    cache = LinearCache()
    cache.append(*part(0, N))
    return cache


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (
            lambda: LinearCache(feature_map="tanh"),
            ValueError,
            "feature_map must be one of 'elu', 'relu', 'exp', got 'tanh'",
        ),
        (
            lambda: LinearCache().append([1], KEY, VALUE),
            TypeError,
            "query must be a torch.Tensor, got list",
        ),
        (
            lambda: LinearCache().append(QUERY, 2, VALUE),
            TypeError,
            "key must be a torch.Tensor, got int",
        ),
        (
            lambda: LinearCache().append(QUERY, KEY, None),
            TypeError,
            "value must be a torch.Tensor, got NoneType",
        ),
        (
            lambda: LinearCache().append(QUERY[0], KEY, VALUE),
            ValueError,
            "query must have shape [B, H, N, D], got (3, 17, 5)",
        ),
        (
            lambda: LinearCache().append(QUERY, KEY[:1], VALUE),
            ValueError,
            "key must have shape [B, H, N, D] = (2, 3, 17, 5), got (1, 3, 17, 5)",
        ),
        (
            lambda: LinearCache().append(QUERY, KEY, VALUE[:1]),
            ValueError,
            "value must have shape [B, H, N, E] = (2, 3, 17, 7), got (1, 3, 17, 7)",
        ),
        (
            lambda: LinearCache().append(QUERY, KEY, torch.tensor(1.0)),
            ValueError,
            "value must have shape [B, H, N, E] = (2, 3, 17), got ()",
        ),
        (
            lambda: filled().reorder([0]),
            TypeError,
            "rows must be a torch.Tensor, got list",
        ),
        (
            lambda: filled().reorder(torch.tensor([2])),
            ValueError,
            "rows must lie in 0..1, got 2..2",
        ),
        (
            lambda: LinearCache().reorder(torch.tensor([0])),
            ValueError,
            "rows cannot be reordered in a cache to which nothing was appended",
        ),
        (
            lambda: built()(X, cache=LinearCache(), causal=False),
            ValueError,
            "causal must be True with a LinearCache: it gives each position the sum of those "
            "before it",
        ),
        (
            lambda: built("exp")(X, cache=LinearCache(), causal=True),
            ValueError,
            "cache must have the feature_map 'exp' of the mechanism, got 'elu'",
        ),
        (
            lambda: built()(X[0], cache=LinearCache(), causal=True),
            ValueError,
            "query must have shape [B, T, C] where a cache is used, got (17, 12)",
        ),
        (
            lambda: built()(X, X.clone(), cache=LinearCache()),
            TypeError,
            "cache must be a MemoryCache where key or value is not query itself, got LinearCache, "
            "which grows by self-attention",
        ),
        (
            lambda: built()(X[:1], cache=filled(), causal=True),
            ValueError,
            "query, key and value must have the leading axes, widths and dtype of the first call, "
            "((2, 3, 5), (2, 3, 5), (2, 3, 7), 'torch.float64'), got "
            "((1, 3, 4), (1, 3, 4), (1, 3, 4), 'torch.float64')",
        ),
        (
            lambda: LinearAttention().new_cache("7"),
            TypeError,
            "max_length must be an integer, got str",
        ),
        (
            lambda: LinearAttention().new_cache(0),
            ValueError,
            "max_length must be at least 1, got 0",
        ),
        (
            lambda: MultiHeadAttention(C, H)(X.float(), cache=LinearCache()),
            TypeError,
            "cache must be a KVCache, got LinearCache",
        ),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        run()


def test_a_refused_call_changes_nothing():
    module = built()
    cache = module.new_cache()
    module(X[:, :7], cache=cache, causal=True)
    before = cache.numerator.clone()
    mask = torch.ones(2, 9, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"^mask must be the same for every query"):
        module(X[:, 7:9], cache=cache, causal=True, mask=mask)
    assert cache.length == 7
    assert_array_equal(cache.numerator, before)


class LearnedMap(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4))

    def forward(self, x):
        return (x * self.weight).exp()


@torch.no_grad()
def test_a_cache_that_was_saved_serves_its_module_again():
    module = MultiHeadAttention(C, H, mechanism=LinearAttention(feature_map=LearnedMap())).double()
    cache = module.new_cache()
    module(X[:, :3], cache=cache, causal=True)
    loaded = pickle.loads(pickle.dumps(cache))
    expected = module(X[:, 3:5], cache=cache, causal=True)
    assert_array_equal(module(X[:, 3:5], cache=loaded, causal=True), expected)
    loaded.feature_map.weight.mul_(2)
    with pytest.raises(ValueError, match=r"^cache must have the feature_map LearnedMap"):
        module(X[:, 5:6], cache=loaded, causal=True)
