"""The torch feed-forward network against the reference, gradcheck, dropout, and what it refuses."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.training import seeded

C, F, OUT = 5, 7, 3
RNG = np.random.default_rng(0)
ARRAYS = {
    "x": RNG.normal(size=(2, 11, C)),
    "up_weight": RNG.normal(size=(F, C)),
    "down_weight": RNG.normal(size=(OUT, F)),
    "up_bias": RNG.normal(size=F),
    "down_bias": RNG.normal(size=OUT),
}
GATE = {"gate_weight": RNG.normal(size=(F, C)), "gate_bias": RNG.normal(size=F)}
ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "swiglu")
TOLERANCES = {
    torch.float16: 1e-2,
    torch.bfloat16: 8e-2,  # the inner layer is rounded too
    torch.float32: 1e-5,
    torch.float64: 1e-12,
}


def given(activation, dtype=torch.float64):
    arrays = ARRAYS | (GATE if activation == "swiglu" else {})
    return {name: torch.from_numpy(one).to(dtype) for name, one in arrays.items()}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equals_the_reference(activation, dtype):
    tensors = given(activation, dtype)
    ours = functional.feed_forward(**tensors, activation=activation)
    exact = {name: one.double().numpy() for name, one in tensors.items()}
    expected = reference.feed_forward(**exact, activation=activation)
    assert ours.dtype == dtype
    assert_allclose(ours.double(), expected, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equals_the_reference_without_biases(activation):
    tensors = {name: one for name, one in given(activation).items() if not name.endswith("bias")}
    ours = functional.feed_forward(**tensors, activation=activation)
    exact = {name: one.numpy() for name, one in tensors.items()}
    expected = reference.feed_forward(**exact, activation=activation)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_relu_and_no_dropout_are_the_defaults():
    tensors = given("relu")
    expected = functional.feed_forward(**tensors, activation="relu", dropout=0.0)
    assert_array_equal(functional.feed_forward(**tensors), expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradcheck(activation):
    tensors = {name: one.requires_grad_() for name, one in given(activation).items()}
    tensors["x"] = tensors["x"][:1, :2].detach().requires_grad_()

    def output(*values):
        named = dict(zip(tensors, values, strict=True))
        return functional.feed_forward(**named, activation=activation)

    assert torch.autograd.gradcheck(output, list(tensors.values()))


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_activations_equal_the_reference(dtype):
    tensor = torch.linspace(-9, 9, 101).to(dtype)
    exact = tensor.double().numpy()
    pairs = [
        (functional.gelu(tensor), reference.gelu(exact)),
        (functional.gelu(tensor, approximate=True), reference.gelu(exact, approximate=True)),
        (functional.silu(tensor), reference.silu(exact)),
    ]
    tolerance = {torch.float16: 1e-3, torch.bfloat16: 1e-2, torch.float32: 1e-6}.get(dtype, 1e-13)
    for ours, expected in pairs:
        assert ours.dtype == dtype
        assert_allclose(ours.double(), expected, rtol=tolerance, atol=tolerance)


def test_dropout_scales_what_is_kept_of_the_inner_layer():
    ones = torch.ones(1, 1)
    with seeded(0):
        output = functional.feed_forward(ones, torch.ones(1000, 1), torch.eye(1000), dropout=0.25)
    assert_allclose(output.unique(), [0.0, 4 / 3], rtol=1e-6)
    assert 0.2 < float((output == 0).float().mean()) < 0.3


def test_zero_sizes_and_views():
    tensors = given("relu")
    assert functional.feed_forward(**tensors | {"x": tensors["x"][:0]}).shape == (0, 11, OUT)
    turned = tensors["x"].mT.contiguous().mT
    expected = functional.feed_forward(**tensors)
    assert_allclose(
        functional.feed_forward(**tensors | {"x": turned}), expected, rtol=1e-13, atol=1e-13
    )


GOOD = given("relu")
GATES = {name: torch.from_numpy(one) for name, one in GATE.items()}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": ARRAYS["x"]}, TypeError, "x must be a torch.Tensor, got ndarray"),
        ({"up_weight": None}, TypeError, "up_weight must be a torch.Tensor, got NoneType"),
        ({"down_weight": None}, TypeError, "down_weight must be a torch.Tensor, got NoneType"),
        ({"up_bias": ARRAYS["up_bias"]}, TypeError, "up_bias must be a torch.Tensor"),
        ({"down_bias": GOOD["down_bias"].float()}, TypeError, "share one dtype.*down_bias float32"),
        ({"x": GOOD["x"].long()}, TypeError, "x must have a floating dtype.*int64"),
        ({"activation": "swiglu"}, ValueError, 'gate_weight must be given for activation="swiglu"'),
        ({"gate_weight": GATES["gate_weight"]}, ValueError, "gate_weight must be given"),
        ({"gate_bias": GATES["gate_bias"]}, ValueError, "gate_bias must be None"),
        (
            {"activation": "swiglu", "gate_weight": GATE["gate_weight"]},
            TypeError,
            "gate_weight must be a torch.Tensor",
        ),
        ({"activation": "tanh"}, ValueError, "activation must be one of 'relu'"),
        ({"dropout": 1.0}, ValueError, r"dropout must lie in \[0, 1\), got 1.0"),
        ({"x": GOOD["x"][..., :2]}, ValueError, r"up_weight must have shape \[F, C\] = \(7, 2\)"),
    ],
)
def test_bad_input_is_named(change, error, message):
    with pytest.raises(error, match=message):
        functional.feed_forward(**GOOD | change)


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_bad_input_of_the_activations_is_named(name):
    function = getattr(functional, name)
    with pytest.raises(TypeError, match=r"x must be a torch.Tensor, got float"):
        function(1.0)
    with pytest.raises(TypeError, match=r"x must have a floating dtype.*int64"):
        function(torch.arange(3))


def test_approximate_is_a_flag():
    with pytest.raises(TypeError, match=r"approximate must be True or False, got str"):
        functional.gelu(GOOD["x"], approximate="tanh")
