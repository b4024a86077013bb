"""The feed-forward network and its activations against loops and known values."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import feed_forward, gelu, silu
from tests.helpers import loop_oracles

C, F, OUT = 5, 7, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 11, C))
UP, UP_BIAS = RNG.normal(size=(F, C)), RNG.normal(size=F)
DOWN, DOWN_BIAS = RNG.normal(size=(OUT, F)), RNG.normal(size=OUT)
GATE, GATE_BIAS = RNG.normal(size=(F, C)), RNG.normal(size=F)
BIASES = {"up_bias": UP_BIAS, "down_bias": DOWN_BIAS}


def loops(activation, up_bias, down_bias, gate_bias):
    gate = (GATE.tolist(), gate_bias.tolist())
    flat = [
        loop_oracles.feed_forward(
            row.tolist(),
            UP.tolist(),
            up_bias.tolist(),
            DOWN.tolist(),
            down_bias.tolist(),
            activation,
            gate,
        )
        for row in X.reshape(-1, C)
    ]
    return np.array(flat).reshape(2, 11, OUT)


@pytest.mark.parametrize("activation", ["relu", "gelu", "gelu_tanh", "swiglu"])
def test_equals_the_loops(activation):
    gate = {"gate_weight": GATE} if activation == "swiglu" else {}
    gate_bias = {"gate_bias": GATE_BIAS} if activation == "swiglu" else {}
    ours = feed_forward(X, UP, DOWN, activation=activation, **BIASES, **gate, **gate_bias)
    expected = loops(activation, UP_BIAS, DOWN_BIAS, GATE_BIAS)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)
    ours = feed_forward(X, UP, DOWN, activation=activation, **gate)
    expected = loops(activation, 0 * UP_BIAS, 0 * DOWN_BIAS, 0 * GATE_BIAS)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_relu_is_the_default():
    assert_array_equal(feed_forward(X, UP, DOWN), feed_forward(X, UP, DOWN, activation="relu"))


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)])
@pytest.mark.parametrize("function", [gelu, silu])
def test_activations_keep_the_shape(function, shape):
    assert function(np.zeros(shape)).shape == shape


def test_activations_equal_the_loops():
    x = np.linspace(-9, 9, 101)
    for ours, oracle in (
        (gelu(x), loop_oracles.gelu),
        (gelu(x, approximate=True), loop_oracles.gelu_tanh),
        (silu(x), loop_oracles.silu),
    ):
        assert_allclose(ours, [oracle(one) for one in x], rtol=1e-12, atol=1e-15)


def test_gelu_is_x_times_the_normal_distribution_function():
    """Quantiles of the standard normal distribution from its table."""
    quantiles = np.array([-1.644853627, 0.0, 0.6744897502, 1.959963985])
    assert_allclose(gelu(quantiles), quantiles * [0.05, 0.5, 0.75, 0.975], rtol=1e-8)


def test_the_approximation_is_as_near_as_promised():
    x = np.linspace(-10, 10, 20_001)
    error = np.abs(gelu(x, approximate=True) - gelu(x)).max()
    assert 4e-4 < error < 5e-4


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_limits_of_the_activations(dtype):
    ends = np.array([-np.inf, -2000.0, 2000.0, np.inf, np.nan], dtype=dtype)
    expected = np.array([0, 0, 2000, np.inf, np.nan])
    for ours in (gelu(ends), gelu(ends, approximate=True), silu(ends)):
        assert ours.dtype == dtype
        assert_array_equal(ours, expected)


@pytest.mark.parametrize("activation", ["relu", "gelu", "gelu_tanh", "swiglu"])
def test_float16_is_computed_in_float32_and_rounded_once(activation):
    gate = {"gate_weight": GATE, "gate_bias": GATE_BIAS} if activation == "swiglu" else {}
    options = {**BIASES, **gate}
    arrays = [one.astype(np.float16) for one in (X, UP, DOWN)]
    halved = {name: one.astype(np.float16) for name, one in options.items()}
    ours = feed_forward(*arrays, activation=activation, **halved)
    wide = {name: one.astype(np.float32) for name, one in halved.items()}
    expected = feed_forward(
        *(one.astype(np.float32) for one in arrays), activation=activation, **wide
    )
    assert ours.dtype == np.float16
    assert_array_equal(ours, expected.astype(np.float16))
    x = X.astype(np.float16)
    assert_array_equal(gelu(x), gelu(x.astype(np.float64)).astype(np.float16))
    assert silu(x).dtype == np.float16


def test_positions_do_not_see_each_other_and_views_and_zero_sizes_work():
    whole = feed_forward(X, UP, DOWN, **BIASES)
    assert_allclose(
        feed_forward(X[:, 3:4], UP, DOWN, **BIASES), whole[:, 3:4], rtol=1e-12, atol=1e-13
    )
    assert_allclose(
        feed_forward(X[:, ::-2], UP, DOWN, **BIASES), whole[:, ::-2], rtol=1e-12, atol=1e-13
    )
    assert feed_forward(X[:0], UP, DOWN).shape == (0, 11, OUT)
    assert_array_equal(feed_forward(X, UP[:0], DOWN[:, :0]), np.zeros((2, 11, OUT)))
    assert_allclose(feed_forward(X[0, 0], UP, DOWN, **BIASES), whole[0, 0], rtol=1e-12, atol=1e-13)


ERRORS = [
    ({"x": X.tolist()}, TypeError, "^x must be a NumPy array, got list$"),
    ({"up_weight": None}, TypeError, "^up_weight must be a NumPy array, got NoneType$"),
    ({"down_bias": DOWN_BIAS.astype(np.float32)}, TypeError, "share one dtype.*down_bias float32"),
    ({"x": np.array(1.0)}, ValueError, r"^x must have at least 1 dimension\(s\), got shape \(\)$"),
    ({"up_weight": UP[0]}, ValueError, r"^up_weight must have at least 2 dimension\(s\)"),
    ({"down_weight": DOWN[0]}, ValueError, r"^down_weight must have at least 2 dimension\(s\)"),
    (
        {"up_weight": UP.T},
        ValueError,
        r"^up_weight must have shape \[F, C\] = \(5, 5\), got \(5, 7\)$",
    ),
    (
        {"down_weight": DOWN[:, :2]},
        ValueError,
        r"^down_weight must have shape \[C_out, F\] = \(3, 7\), got \(3, 2\)$",
    ),
    ({"up_bias": DOWN_BIAS}, ValueError, r"^up_bias must have shape \[F\] = \(7,\), got \(3,\)$"),
    (
        {"down_bias": UP_BIAS},
        ValueError,
        r"^down_bias must have shape \[C_out\] = \(3,\), got \(7,\)$",
    ),
    (
        {"activation": "tanh"},
        ValueError,
        "^activation must be one of 'relu', 'gelu', 'gelu_tanh', 'swiglu', got 'tanh'$",
    ),
    (
        {"activation": "swiglu"},
        ValueError,
        '^gate_weight must be given for activation="swiglu" and for no other, '
        "got activation='swiglu'$",
    ),
    (
        {"gate_weight": GATE},
        ValueError,
        '^gate_weight must be given for activation="swiglu" and for no other, '
        "got activation='relu'$",
    ),
    (
        {"gate_bias": GATE_BIAS},
        ValueError,
        "^gate_bias must be None where there is no gate_weight$",
    ),
    (
        {"activation": "swiglu", "gate_weight": GATE[:2]},
        ValueError,
        r"^gate_weight must have shape \[F, C\] = \(7, 5\), got \(2, 5\)$",
    ),
    (
        {"activation": "swiglu", "gate_weight": GATE, "gate_bias": DOWN_BIAS},
        ValueError,
        r"^gate_bias must have shape \[F\] = \(7,\), got \(3,\)$",
    ),
]


@pytest.mark.parametrize(("change", "error", "message"), ERRORS)
def test_bad_input_is_named(change, error, message):
    arguments = {"x": X, "up_weight": UP, "down_weight": DOWN} | change
    with pytest.raises(error, match=message):
        feed_forward(**arguments)


def test_bad_input_of_the_activations_is_named():
    with pytest.raises(TypeError, match=r"^x must be a NumPy array, got float$"):
        gelu(math.pi)
    with pytest.raises(TypeError, match=r"^approximate must be True or False, got int$"):
        gelu(X, approximate=1)
    with pytest.raises(TypeError, match=r"^x must have a floating dtype.*got int64$"):
        silu(np.arange(3))
