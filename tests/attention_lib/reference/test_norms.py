"""Layer norm and RMS norm against loops, by their laws, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import layer_norm, rms_norm
from tests.helpers import loop_oracles

RNG = np.random.default_rng(0)
X, GAIN, SHIFT = RNG.normal(size=(2, 3, 7)), RNG.normal(size=7), RNG.normal(size=7)


def rows(function, *arguments):
    flat = [function(row.tolist(), *arguments) for row in X.reshape(-1, 7)]
    return np.array(flat).reshape(X.shape)


@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_layer_norm_equals_the_loops(eps):
    expected = rows(loop_oracles.layer_norm, GAIN.tolist(), SHIFT.tolist(), eps)
    assert_allclose(layer_norm(X, GAIN, SHIFT, eps=eps), expected, rtol=1e-12, atol=1e-13)
    expected = rows(loop_oracles.layer_norm, GAIN.tolist(), [0.0] * 7, eps)
    assert_allclose(layer_norm(X, GAIN, eps=eps), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("eps", [1e-6, 0.3])
def test_rms_norm_equals_the_loops(eps):
    expected = rows(loop_oracles.rms_norm, GAIN.tolist(), eps)
    assert_allclose(rms_norm(X, GAIN, eps=eps), expected, rtol=1e-12, atol=1e-13)


def test_defaults_of_eps():
    tiny = X[0] * 1e-3
    assert_array_equal(layer_norm(tiny, GAIN, SHIFT), layer_norm(tiny, GAIN, SHIFT, eps=1e-5))
    assert_array_equal(rms_norm(tiny, GAIN), rms_norm(tiny, GAIN, eps=1e-6))


def test_mean_variance_and_root_mean_square_are_what_they_are_called():
    normed = layer_norm(X, np.ones(7), eps=1e-14)
    assert_allclose(normed.mean(axis=-1), np.zeros((2, 3)), atol=1e-14)
    assert_allclose(normed.var(axis=-1), np.ones((2, 3)), rtol=1e-12, atol=1e-13)
    assert_allclose((rms_norm(X, np.ones(7), eps=1e-14) ** 2).mean(axis=-1), np.ones((2, 3)))


@given(st.floats(0.1, 10), st.floats(-10, 10))
def test_layer_norm_forgets_scale_and_mean_and_rms_norm_forgets_scale(scale, move):
    ones = np.ones(7)
    moved = layer_norm(scale * X + move, ones, eps=1e-12)
    assert_allclose(moved, layer_norm(X, ones, eps=1e-12), rtol=1e-6, atol=1e-8)
    scaled = rms_norm(scale * X, ones, eps=1e-12)
    assert_allclose(scaled, rms_norm(X, ones, eps=1e-12), rtol=1e-6, atol=1e-8)


def test_a_constant_vector_gives_the_shift():
    constant = np.full((3, 7), 5.0)
    assert_allclose(
        layer_norm(constant, GAIN, SHIFT), np.tile(SHIFT, (3, 1)), rtol=1e-12, atol=1e-13
    )
    assert_array_equal(rms_norm(np.zeros((3, 7)), GAIN), np.zeros((3, 7)))


def test_float16_is_computed_in_float32_and_rounded_once():
    x, gain, shift = (one.astype(np.float16) for one in (300 * X, GAIN, SHIFT))
    wide = [one.astype(np.float32) for one in (x, gain, shift)]
    ours = layer_norm(x, gain, shift)
    assert ours.dtype == np.float16
    assert_array_equal(ours, layer_norm(*wide).astype(np.float16))
    ours = rms_norm(x, gain)
    assert ours.dtype == np.float16
    assert_array_equal(ours, rms_norm(*wide[:2]).astype(np.float16))


def test_views_zero_sizes_and_a_single_vector():
    assert_allclose(
        layer_norm(X.swapaxes(1, 2)[:, ::2].swapaxes(1, 2), GAIN[::2]),
        layer_norm(X[..., ::2], GAIN[::2]),
    )
    assert layer_norm(X[:0], GAIN, SHIFT).shape == (0, 3, 7)
    assert rms_norm(X[:, :0], GAIN).shape == (2, 0, 7)
    assert_array_equal(layer_norm(X[0, 0], GAIN, SHIFT), layer_norm(X, GAIN, SHIFT)[0, 0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: layer_norm(X.tolist(), GAIN), TypeError, "^x must be a NumPy array, got list$"),
        (lambda: layer_norm(X, None), TypeError, "^gain must be a NumPy array, got NoneType$"),
        (lambda: layer_norm(X, GAIN, 0.0), TypeError, "^shift must be a NumPy array, got float$"),
        (
            lambda: layer_norm(X, GAIN, SHIFT.astype(np.float32)),
            TypeError,
            "^arguments must share one dtype, got x float64, gain float64, shift float32$",
        ),
        (
            lambda: layer_norm(X, GAIN[:5]),
            ValueError,
            r"^gain must have shape \[C\] = \(7,\), got \(5,\)$",
        ),
        (
            lambda: layer_norm(X, GAIN, SHIFT[None]),
            ValueError,
            r"^shift must have shape \[C\] = \(7,\), got \(1, 7\)$",
        ),
        (
            lambda: layer_norm(np.array(1.0), GAIN),
            ValueError,
            r"^x must have at least 1 dimension\(s\), got shape \(\)$",
        ),
        (
            lambda: layer_norm(X[..., :0], GAIN[:0]),
            ValueError,
            "^the width of x must be at least 1, got 0$",
        ),
        (lambda: layer_norm(X, GAIN, eps=0), ValueError, "^eps must be greater than 0, got 0$"),
        (lambda: layer_norm(X, GAIN, eps="a"), TypeError, "^eps must be a real number, got str$"),
        (lambda: rms_norm(X, GAIN, eps=-1.0), ValueError, "^eps must be greater than 0, got -1.0$"),
        (lambda: rms_norm(X, GAIN[:5]), ValueError, r"^gain must have shape \[C\] = \(7,\)"),
        (lambda: rms_norm(X, 1.0), TypeError, "^gain must be a NumPy array, got float$"),
        (lambda: rms_norm(X[..., :0], GAIN[:0]), ValueError, "^the width of x must be at least 1"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
