"""What holds of multi-head attention for every size: hypothesis looks for one where it does not."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attention_lib import functional, reference
from attention_lib.modules import KVCache, MultiHeadAttention, RotaryPositionalEncoding
from attention_lib.training import seeded

small = st.integers(1, 4)
seeds = st.integers(0, 10**6)


@st.composite
def calls(draw, self_attention=False):
    """Arrays, weights and head counts of one call of `multi_head_attention`."""
    n_groups, share, d_key, d_value, width = (draw(small) for _ in range(5))
    n_queries = draw(st.integers(1, 6))
    n_keys = n_queries if self_attention else draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(seeds))
    n_heads = n_groups * share
    shapes = ((n_queries, width), (n_keys, width), (n_keys, width))
    arrays = [rng.normal(size=(2, *shape)) for shape in shapes]
    rows = ((n_heads * d_key, width), (n_groups * d_key, width), (n_groups * d_value, width))
    weights = [rng.normal(size=shape) for shape in (*rows, (width, n_heads * d_value))]
    if self_attention:
        arrays = [arrays[0]] * 3
    return arrays, weights, {"n_heads": n_heads, "n_kv_heads": n_groups}


def close(left, right, rtol=1e-9):
    assert_allclose(left, right, rtol=rtol, atol=1e-11)


@given(calls(), st.booleans(), seeds)
def test_torch_agrees_on_both_paths(call, causal, seed):
    arrays, weights, sizes = call
    shape = (2, sizes["n_heads"], arrays[0].shape[1], arrays[1].shape[1])
    mask = np.random.default_rng(seed).random(shape) < 0.7
    expected = reference.multi_head_attention(*arrays, *weights, **sizes, mask=mask, causal=causal)
    tensors = [torch.from_numpy(one) for one in (*arrays, *weights)]
    options = {**sizes, "mask": torch.from_numpy(mask), "causal": causal}
    close(functional.multi_head_attention(*tensors, **options), expected)
    close(functional.multi_head_attention(*tensors, **options, return_weights=True)[0], expected)


@given(calls())
def test_groups_are_heads_whose_key_and_value_weights_are_repeated(call):
    arrays, (query, key, value, output), sizes = call
    n_groups, share = sizes["n_kv_heads"], sizes["n_heads"] // sizes["n_kv_heads"]
    repeated = [
        np.repeat(one.reshape(n_groups, -1, one.shape[-1]), share, axis=0).reshape(
            -1, one.shape[-1]
        )
        for one in (key, value)
    ]
    wide = reference.multi_head_attention(
        *arrays, query, *repeated, output, n_heads=sizes["n_heads"]
    )
    close(reference.multi_head_attention(*arrays, query, key, value, output, **sizes), wide)


@given(calls(), st.randoms(use_true_random=False))
def test_keys_may_come_in_any_order_and_outputs_follow_their_queries(call, random):
    (query, key, value), weights, sizes = call
    plain = reference.multi_head_attention(query, key, value, *weights, **sizes)
    order = random.sample(range(key.shape[1]), key.shape[1])
    moved = reference.multi_head_attention(query, key[:, order], value[:, order], *weights, **sizes)
    close(moved, plain)
    order = random.sample(range(query.shape[1]), query.shape[1])
    moved = reference.multi_head_attention(query[:, order], key, value, *weights, **sizes)
    close(moved, plain[:, order])


@given(calls(), seeds)
def test_heads_may_change_places_together_with_their_weights(call, seed):
    arrays, (query, key, value, output), sizes = call
    n_heads, share = sizes["n_heads"], sizes["n_heads"] // sizes["n_kv_heads"]
    order = np.random.default_rng(seed).permutation(sizes["n_kv_heads"])
    heads = (order[:, None] * share + np.arange(share)).ravel()
    swap = lambda weight, order: weight.reshape(len(order), -1, weight.shape[-1])[order].reshape(  # noqa: E731
        weight.shape
    )
    swapped = (swap(query, heads), swap(key, order), swap(value, order), swap(output.T, heads).T)
    assert len(heads) == n_heads
    close(
        reference.multi_head_attention(*arrays, *swapped, **sizes),
        reference.multi_head_attention(*arrays, query, key, value, output, **sizes),
    )


@given(calls(self_attention=True), st.integers(0, 5), st.floats(-9, 9))
def test_causal_outputs_do_not_know_the_future(call, cut, change):
    (x, _, _), weights, sizes = call
    before = reference.multi_head_attention(x, x, x, *weights, **sizes, causal=True)
    later = x.copy()
    later[:, cut + 1 :] += change
    after = reference.multi_head_attention(later, later, later, *weights, **sizes, causal=True)
    close(after[:, : cut + 1], before[:, : cut + 1], rtol=1e-12)


@given(calls(), st.integers(1, 3), seeds)
def test_padding_changes_nothing_elsewhere(call, extra, seed):
    (query, key, value), weights, sizes = call
    rng = np.random.default_rng(seed)
    padding = rng.normal(size=(2, extra, key.shape[2]), scale=100)
    longer = [np.concatenate([one, padding], axis=1) for one in (key, value)]
    n_keys = key.shape[1]
    mask = reference.padding_mask(np.array([n_keys, n_keys]), n_keys + extra)[:, None]
    padded = reference.multi_head_attention(query, *longer, *weights, **sizes, mask=mask)
    close(padded, reference.multi_head_attention(query, key, value, *weights, **sizes))


@given(
    st.sampled_from([(4, 4), (4, 2), (4, 1)]),
    st.booleans(),
    st.one_of(st.none(), st.integers(0, 5)),
    st.lists(st.integers(0, 5), min_size=1, max_size=5),
    seeds,
)
def test_cached_is_uncached(heads, turned, window, chunks, seed):
    n_heads, n_groups = heads
    rotary = RotaryPositionalEncoding(2) if turned else None
    with seeded(seed), torch.no_grad():
        module = MultiHeadAttention(8, n_heads, n_kv_heads=n_groups, rotary=rotary).double().eval()
        x = torch.randn(2, sum(chunks), 8, dtype=torch.float64)
        cache = KVCache(window=window)
        parts = [module(part, causal=True, cache=cache) for part in x.split(chunks, 1)]
        n = sum(chunks)
        mask = functional.window_mask(n, n, window=n if window is None else window)
        close(torch.cat(parts, dim=1), module(x, causal=True, mask=mask))
