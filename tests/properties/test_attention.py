"""What holds of attention for every input: hypothesis looks for one for which it does not."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attention_lib import functional, reference


@st.composite
def attention_inputs(draw, n_queries=None):
    n_queries = n_queries or draw(st.integers(1, 5))
    n_keys, width, value_width = (draw(st.integers(1, 7)) for _ in range(3))
    shapes = ((n_queries, width), (n_keys, width), (n_keys, value_width))
    small = st.floats(-5, 5, allow_nan=False, width=64)
    return tuple(draw(arrays(np.float64, shape, elements=small)) for shape in shapes)


@given(attention_inputs(), st.randoms(use_true_random=False))
def test_keys_and_values_permuted_together_change_nothing(inputs, random):
    query, key, value = inputs
    order = random.sample(range(len(key)), len(key))
    permuted = reference.attention(query, key[order], value[order])
    assert_allclose(permuted, reference.attention(query, key, value), rtol=1e-9, atol=1e-12)


@given(attention_inputs(), st.randoms(use_true_random=False))
def test_outputs_follow_their_queries(inputs, random):
    query, key, value = inputs
    order = random.sample(range(len(query)), len(query))
    moved = reference.attention(query[order], key, value)
    assert_allclose(moved, reference.attention(query, key, value)[order], rtol=1e-9, atol=1e-12)


@given(attention_inputs())
def test_outputs_stay_inside_the_range_of_the_values(inputs):
    output = reference.attention(*inputs)
    value = inputs[2]
    assert (output <= value.max(axis=0) + 1e-9).all()
    assert (output >= value.min(axis=0) - 1e-9).all()


@given(attention_inputs(), st.integers(0, 4), st.floats(-9, 9))
def test_causal_outputs_do_not_know_the_future(inputs, cut, change):
    query, key, value = inputs
    seen = cut + len(key) - len(query) + 1  # keys up to the query at `cut`
    later_key, later_value = key.copy(), value.copy()
    later_key[max(seen, 0) :] += change
    later_value[max(seen, 0) :] -= change
    before = reference.attention(query, key, value, causal=True)
    after = reference.attention(query, later_key, later_value, causal=True)
    assert_allclose(after[: cut + 1], before[: cut + 1], rtol=1e-12, atol=1e-13)


@given(st.data(), attention_inputs(), st.booleans())
def test_torch_agrees_on_both_paths(data, inputs, causal):
    mask = data.draw(arrays(bool, (len(inputs[0]), len(inputs[1]))))
    expected = reference.attention(*inputs, mask=mask, causal=causal)
    tensors = [torch.from_numpy(one) for one in inputs]
    options = {"mask": torch.from_numpy(mask), "causal": causal}
    fused = functional.attention(*tensors, **options)
    stepwise, _ = functional.attention(*tensors, return_weights=True, **options)
    assert_allclose(fused, expected, rtol=1e-9, atol=1e-12)
    assert_allclose(stepwise, expected, rtol=1e-9, atol=1e-12)
