"""What holds of masks, biases, scale and temperature for every input, in NumPy and in torch."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference

FEW = settings(max_examples=25)  # quick, for most laws run on three paths
SMALL = st.floats(-5, 5, allow_nan=False, width=64)
CLOSE = {"rtol": 1e-9, "atol": 1e-11}


def fused(query, key, value, **options):
    return in_torch(query, key, value, options)


def stepwise(query, key, value, **options):
    return in_torch(query, key, value, options | {"return_weights": True})[0]


def in_torch(query, key, value, options):
    given = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    tensors = (torch.from_numpy(np.ascontiguousarray(one)) for one in (query, key, value))
    result = functional.attention(*tensors, **given)
    return [one.numpy() for one in result] if isinstance(result, tuple) else result.numpy()


EVERY = pytest.mark.parametrize("attention", [reference.attention, fused, stepwise])


@st.composite
def inputs(draw, min_keys=1):
    n_queries, width, value_width = (draw(st.integers(1, 5)) for _ in range(3))
    n_keys = draw(st.integers(min_keys, 7))
    shapes = ((n_queries, width), (n_keys, width), (n_keys, value_width))
    return tuple(draw(arrays(np.float64, shape, elements=SMALL)) for shape in shapes)


def drawn_mask(data, query, key):
    return data.draw(arrays(bool, (len(query), len(key))), label="mask")


def drawn_bias(data, query, key):
    return data.draw(arrays(np.float64, (len(query), len(key)), elements=SMALL), label="bias")


@EVERY
@FEW
@given(data=st.data(), some=inputs(), causal=st.booleans())
def test_weights_of_a_row_sum_to_one_or_to_zero(attention, data, some, causal):
    """Values of one make the output the sum of the weights."""
    query, key, _ = some
    mask = drawn_mask(data, query, key)
    output = attention(query, key, np.ones((len(key), 1)), mask=mask, causal=causal)
    allowed = mask & reference.causal_mask(len(query), len(key)) if causal else mask
    assert_allclose(output[:, 0], allowed.any(axis=-1).astype(float), rtol=1e-12)


@EVERY
@FEW
@given(data=st.data(), some=inputs(), causal=st.booleans())
def test_a_bias_that_is_the_same_for_a_whole_row_changes_nothing(attention, data, some, causal):
    query, key, value = some
    bias = drawn_bias(data, query, key)
    shift = data.draw(arrays(np.float64, (len(query), 1), elements=SMALL), label="shift")
    before = attention(query, key, value, bias=bias, causal=causal)
    assert_allclose(attention(query, key, value, bias=bias + shift, causal=causal), before, **CLOSE)
    flat = np.broadcast_to(shift, bias.shape).copy()
    plain = attention(query, key, value, causal=causal)
    assert_allclose(attention(query, key, value, bias=flat, causal=causal), plain, **CLOSE)


@EVERY
@FEW
@given(data=st.data(), some=inputs())
def test_a_key_moved_along_a_query_is_a_bias(attention, data, some):
    """One more coordinate of query and key adds its product to the score, as a bias does."""
    query, key, value = some
    extra = data.draw(arrays(np.float64, len(key), elements=SMALL), label="extra")
    longer_query = np.concatenate([query, np.ones((len(query), 1))], axis=1)
    longer_key = np.concatenate([key, extra[:, None]], axis=1)
    bias = np.broadcast_to(extra, (len(query), len(key))).copy()
    expected = attention(longer_query, longer_key, value, scale=1.0)
    assert_allclose(attention(query, key, value, bias=bias, scale=1.0), expected, **CLOSE)


@EVERY
@FEW
@given(data=st.data(), some=inputs())
def test_a_bias_of_minus_infinity_is_a_mask(attention, data, some):
    query, key, value = some
    mask = drawn_mask(data, query, key)
    bias = np.where(mask, 0.0, -np.inf)
    expected = attention(query, key, value, mask=mask)
    assert_allclose(attention(query, key, value, bias=bias), expected, **CLOSE)


@EVERY
@FEW
@given(some=inputs(), factor=st.floats(0.1, 10))
def test_temperature_divides_and_scale_multiplies_the_scores(attention, some, factor):
    query, key, value = some
    bias = query.sum(axis=-1, keepdims=True) * key.sum(axis=-1)
    hot = attention(query, key, value, scale=0.3, bias=bias, temperature=factor)
    same = attention(query, key, value, scale=0.3 / factor, bias=bias / factor)
    assert_allclose(hot, same, **CLOSE)
    larger = attention(query * factor, key, value, scale=0.3 / factor, bias=bias)
    assert_allclose(larger, attention(query, key, value, scale=0.3, bias=bias), **CLOSE)


@EVERY
@FEW
@given(data=st.data(), some=inputs(), causal=st.booleans())
def test_padding_changes_nothing_elsewhere(attention, data, some, causal):
    """Masked keys in front move the positions of queries and keys alike, whatever they hold."""
    query, key, value = some
    n_padding = data.draw(st.integers(1, 3), label="padding")
    junk = data.draw(arrays(np.float64, 1, elements=SMALL), label="junk")[0]
    mask = drawn_mask(data, query, key)
    longer_key = np.concatenate([np.full((n_padding, key.shape[1]), junk), key])
    longer_value = np.concatenate([np.full((n_padding, value.shape[1]), -junk), value])
    longer_mask = np.concatenate([np.zeros((len(query), n_padding), bool), mask], axis=1)
    before = attention(query, key, value, mask=mask, causal=causal)
    after = attention(query, longer_key, longer_value, mask=longer_mask, causal=causal)
    assert_allclose(after, before, **CLOSE)
    more_queries = np.concatenate([np.full((1, query.shape[1]), junk), query])
    more_mask = np.concatenate([np.ones((1, len(key)), bool), mask])
    rest = attention(more_queries, key, value, mask=more_mask, causal=causal)[1:]
    assert_allclose(rest, before, **CLOSE)


@EVERY
@FEW
@given(data=st.data(), some=inputs())
def test_the_output_is_linear_in_the_values(attention, data, some):
    query, key, value = some
    other = data.draw(arrays(np.float64, value.shape, elements=SMALL), label="other")
    mask = drawn_mask(data, query, key)
    parts = [attention(query, key, one, mask=mask) for one in (value, other)]
    together = attention(query, key, 2 * value - 3 * other, mask=mask)
    assert_allclose(together, 2 * parts[0] - 3 * parts[1], rtol=1e-9, atol=1e-9)


@FEW
@given(data=st.data(), some=inputs(), cut=st.integers(0, 4))
def test_no_gradient_reaches_the_future(data, some, cut):
    """Of the queries up to `cut`, and of every path."""
    query, key, value = some
    assume(cut < len(query))
    seen = max(cut + len(key) - len(query) + 1, 0)
    grad_output = np.zeros((len(query), value.shape[1]))
    grad_output[: cut + 1] = 1.0
    _, by_hand_key, by_hand_value = reference.attention_backward(
        query, key, value, grad_output, causal=True
    )
    assert_array_equal(by_hand_key[seen:], 0)
    assert_array_equal(by_hand_value[seen:], 0)
    for return_weights in (False, True):
        tensors = [torch.from_numpy(one).requires_grad_() for one in (query, key, value)]
        output = functional.attention(*tensors, causal=True, return_weights=return_weights)
        output = output[0] if return_weights else output
        output.backward(torch.from_numpy(grad_output))
        for ours, expected in ((tensors[1], by_hand_key), (tensors[2], by_hand_value)):
            assert_array_equal(ours.grad[seen:], 0)
            assert_allclose(ours.grad, expected, rtol=1e-8, atol=1e-10)


@FEW
@given(arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 5)), elements=SMALL))
def test_the_jacobian_is_symmetric_and_its_rows_sum_to_zero(scores):
    jacobian = reference.softmax_jacobian(reference.softmax(scores))
    assert_allclose(jacobian, np.swapaxes(jacobian, -1, -2), rtol=1e-12)
    assert_allclose(jacobian.sum(axis=-1), 0, atol=1e-14)


sizes = st.integers(0, 11)


@FEW
@given(sizes, sizes, st.integers(1, 7), st.integers(0, 3), st.booleans())
def test_blocks_grow_with_their_neighbours_and_agree_in_torch(t, s, size, neighbours, causal):
    options = {"block_size": size, "neighbours": neighbours, "causal": causal}
    mask = reference.block_mask(t, s, **options)
    assert_array_equal(functional.block_mask(t, s, **options), mask)
    wider = reference.block_mask(t, s, **options | {"neighbours": neighbours + 1})
    assert (wider >= mask).all()
    both_ways = reference.block_mask(t, s, **options | {"causal": False})
    allowed = reference.causal_mask(t, s) if causal else np.ones((t, s), bool)
    assert_array_equal(mask, both_ways & allowed)
    everything = reference.block_mask(t, s, block_size=size, neighbours=t + s)
    assert everything.all()
    if t == s and not causal:
        assert_array_equal(mask, mask.T)


@FEW
@given(sizes, sizes, st.integers(0, 5), st.booleans())
def test_the_last_rows_of_a_mask_do_not_depend_on_the_queries_before_them(t, s, window, causal):
    """A step of generation has one query; it sees what the last row of the whole sees."""
    assume(t > 0)
    for mask in (
        lambda n: reference.causal_mask(n, s),
        lambda n: reference.window_mask(n, s, window=window, causal=causal),
        lambda n: reference.block_mask(n, s, block_size=window + 1, causal=causal),
    ):
        assert_array_equal(mask(t)[-1:], mask(1))


@FEW
@given(st.data(), st.integers(1, 4), st.integers(1, 4), sizes, sizes)
def test_masks_of_torch_come_back(data, batch, heads, t, s):
    mask = torch.from_numpy(data.draw(arrays(bool, (batch, heads, t, s))))
    for dtype in (None, torch.float16, torch.float64):
        written = functional.to_sdpa_mask(mask, dtype=dtype)
        assert torch.equal(functional.from_sdpa_mask(written), mask)
        blocked = functional.to_multihead_mask(mask, (batch, heads, t, s), dtype=dtype)
        assert torch.equal(functional.from_multihead_mask(blocked, n_heads=heads), mask)
        padding = functional.to_key_padding_mask(mask[:, 0, :1, :], dtype=dtype) if t else None
        if padding is not None:
            back = functional.from_multihead_mask(key_padding_mask=padding)
            assert torch.equal(back[:, 0], mask[:, 0, :1, :])


@FEW
@given(st.data(), st.integers(0, 3), sizes, sizes)
def test_masks_of_keras_come_back(data, batch, t, s):
    mask = torch.from_numpy(data.draw(arrays(bool, (batch, t, s))))
    written = functional.to_keras_mask(mask, (batch, t, s))
    assert torch.equal(functional.from_keras_mask(written), mask)
    assert torch.equal(functional.from_keras_mask(written.int()), mask)
