"""The feed-forward module against the reference, its dropout, and what it refuses."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.modules import PositionwiseFeedForward
from attention_lib.training import seeded

X = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 11, 5)))
ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "swiglu")


def built(*sizes, **options):
    with seeded(0):
        return PositionwiseFeedForward(*sizes, **options).double()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equals_the_reference(activation, bias):
    module = built(5, 7, activation=activation, bias=bias)
    arrays = {}
    for name, one in module.state_dict().items():
        layer, kind = name.split(".")
        arrays[f"{layer.removesuffix('_projection')}_{kind}"] = one.numpy()
    assert len(arrays) == (3 if activation == "swiglu" else 2) * (1 + bias)
    expected = reference.feed_forward(X.numpy(), **arrays, activation=activation)
    assert_allclose(module(X).detach(), expected, rtol=1e-12, atol=1e-12)


def test_defaults_shapes_and_name():
    module = PositionwiseFeedForward(5, 7)
    assert (module.activation, module.dropout, module.gate_projection) == ("relu", 0.0, None)
    assert {name: tuple(one.shape) for name, one in module.named_parameters()} == {
        "up_projection.weight": (7, 5),
        "up_projection.bias": (7,),
        "down_projection.weight": (5, 7),
        "down_projection.bias": (5,),
    }
    assert "activation='relu', dropout=0.0" in repr(module)
    gated = PositionwiseFeedForward(5, 7, activation="swiglu")
    assert gated.gate_projection.weight.shape == (7, 5)


def test_dropout_acts_in_training_only():
    module = built(5, 70, dropout=0.3)
    with seeded(1):
        output = module(X)
    weights = {
        "up_weight": module.up_projection.weight,
        "down_weight": module.down_projection.weight,
        "up_bias": module.up_projection.bias,
        "down_bias": module.down_projection.bias,
    }
    with seeded(1):
        expected = functional.feed_forward(X, **weights, dropout=0.3)
    assert_array_equal(output.detach(), expected.detach())
    rested = module.eval()(X)
    assert not torch.allclose(output, rested)
    assert_array_equal(rested.detach(), functional.feed_forward(X, **weights).detach())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: built(0, 7), ValueError, "^d_model must be at least 1, got 0$"),
        (lambda: built(5, 7.0), TypeError, "^d_ff must be an integer, got float$"),
        (lambda: built(5, 7, activation="tanh"), ValueError, "^activation must be one of 'relu'"),
        (lambda: built(5, 7, dropout=1), ValueError, r"^dropout must lie in \[0, 1\), got 1$"),
        (lambda: built(5, 7, bias=None), TypeError, "^bias must be True or False, got NoneType$"),
        (
            lambda: built(3, 7)(X),
            ValueError,
            r"^x must have width 3 on its last axis, got shape \(2, 11, 5\)$",
        ),
        (lambda: built(5, 7)(X.float()), TypeError, "^arguments must share one dtype, got x flo"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
