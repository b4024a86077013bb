"""What holds of softmax for every input: hypothesis looks for one for which it does not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference

numbers = st.floats(-50, 50, allow_nan=False, width=64)
rows = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=7)


@given(st.data(), rows)
def test_rows_sum_to_one_or_to_zero(data, shape):
    scores = data.draw(arrays(np.float64, shape, elements=numbers))
    mask = data.draw(arrays(bool, shape))
    weights = reference.softmax(scores, mask=mask)
    assert (weights >= 0).all()
    assert_array_equal(weights[~mask], 0)
    assert_allclose(weights.sum(axis=-1), mask.any(axis=-1).astype(float), rtol=1e-12)


@given(st.data(), rows, numbers)
def test_a_shift_of_all_scores_changes_nothing(data, shape, shift):
    scores = data.draw(arrays(np.float64, shape, elements=numbers))
    assert_allclose(
        reference.softmax(scores + shift), reference.softmax(scores), rtol=1e-9, atol=1e-12
    )


@given(arrays(np.float64, 7, elements=st.integers(-9, 9), unique=True))
def test_temperature_limits(scores):
    cold = reference.softmax(scores, temperature=1e-3)
    assert_allclose(cold, np.arange(7) == scores.argmax(), atol=1e-12)
    assert_allclose(reference.softmax(scores, temperature=1e9), 1 / 7, rtol=1e-6)
