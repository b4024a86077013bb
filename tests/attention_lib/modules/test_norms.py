"""The norm modules against the reference and torch's modules, and what they refuse."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import reference
from attention_lib.modules import LayerNorm, RMSNorm

RNG = np.random.default_rng(0)
X = torch.from_numpy(RNG.normal(size=(2, 3, 7)))
GAIN, SHIFT = (torch.from_numpy(RNG.normal(size=7)) for _ in range(2))


def drawn(module):
    """The module in float64 with parameters that are not those of the start."""
    module.double()
    with torch.no_grad():
        for parameter, values in zip(module.parameters(), (GAIN, SHIFT), strict=False):
            parameter.copy_(values)
    return module


@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_layer_norm_equals_the_reference(eps):
    expected = reference.layer_norm(X.numpy(), GAIN.numpy(), SHIFT.numpy(), eps=eps)
    assert_allclose(drawn(LayerNorm(7, eps=eps))(X).detach(), expected, rtol=1e-12, atol=1e-13)
    expected = reference.layer_norm(X.numpy(), GAIN.numpy(), eps=eps)
    ours = drawn(LayerNorm(7, eps=eps, bias=False))(X).detach()
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("eps", [1e-6, 0.3])
def test_rms_norm_equals_the_reference(eps):
    expected = reference.rms_norm(X.numpy(), GAIN.numpy(), eps=eps)
    assert_allclose(drawn(RMSNorm(7, eps=eps))(X).detach(), expected, rtol=1e-12, atol=1e-13)


def test_start_defaults_and_names():
    norm = LayerNorm(7)
    assert {name: one.tolist() for name, one in norm.named_parameters()} == {
        "gain": [1.0] * 7,
        "shift": [0.0] * 7,
    }
    assert norm.eps == 1e-5
    assert repr(norm) == "LayerNorm(7, eps=1e-05, bias=True)"
    without = LayerNorm(7, bias=False)
    assert [name for name, _ in without.named_parameters()] == ["gain"]
    assert repr(without) == "LayerNorm(7, eps=1e-05, bias=False)"
    norm = RMSNorm(7)
    assert {name: one.tolist() for name, one in norm.named_parameters()} == {"gain": [1.0] * 7}
    assert norm.eps == 1e-6
    assert repr(norm) == "RMSNorm(7, eps=1e-06)"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (LayerNorm, nn.LayerNorm(7)),
        (LayerNorm, nn.LayerNorm(7, eps=0.3, bias=False)),
        (RMSNorm, nn.RMSNorm(7)),
        (RMSNorm, nn.RMSNorm(7, eps=0.3)),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_from_torch_gives_the_same_outputs_and_gradients(ours, theirs, dtype):
    theirs = drawn(theirs).to(dtype).eval()
    copy = ours.from_torch(theirs)
    assert not copy.training
    assert copy.gain.dtype == dtype
    assert all(one.requires_grad and one.is_leaf for one in copy.parameters())
    x = (X * 1e-2).to(dtype)  # small enough for eps to count
    output, expected = copy(x), theirs(x)
    tolerance = 1e-10 if dtype == torch.float64 else 1e-5
    assert_allclose(output.detach(), expected.detach(), rtol=tolerance, atol=tolerance)
    theirs.zero_grad()
    output.square().sum().backward()
    expected.square().sum().backward()
    for one, other in zip(copy.parameters(), theirs.parameters(), strict=True):
        assert_allclose(one.grad, other.grad, rtol=tolerance, atol=tolerance)
    with torch.no_grad():
        theirs.weight.add_(1)
    assert_array_equal(copy.gain.detach(), GAIN.to(dtype))
    assert ours.from_torch(theirs.train()).training


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("theirs", [nn.LayerNorm(7), nn.RMSNorm(7), nn.RMSNorm(7, eps=0.3)])
def test_from_torch_in_lower_precision_has_the_eps_of_theirs(theirs, dtype):
    theirs = drawn(theirs).to(dtype)
    ours = LayerNorm if isinstance(theirs, nn.LayerNorm) else RMSNorm
    x = (X * 1e-3).to(dtype)  # so small that the eps of the dtype itself would rule
    output, expected = ours.from_torch(theirs)(x), theirs(x)
    assert output.dtype == dtype
    assert_allclose(output.detach().float(), expected.detach().float(), rtol=0.02, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LayerNorm(0), ValueError, "^d_model must be at least 1, got 0$"),
        (lambda: LayerNorm(7, eps=0), ValueError, "^eps must be greater than 0, got 0$"),
        (lambda: LayerNorm(7, bias=1), TypeError, "^bias must be True or False, got int$"),
        (lambda: RMSNorm(7.0), TypeError, "^d_model must be an integer, got float$"),
        (lambda: RMSNorm(7, eps=-1), ValueError, "^eps must be greater than 0, got -1$"),
        (lambda: LayerNorm(7)(X), TypeError, "got x float64, gain float32$"),
        (
            lambda: RMSNorm(5).double()(X),
            ValueError,
            r"^x must have width 5 on its last axis, got shape \(2, 3, 7\)$",
        ),
        (
            lambda: LayerNorm.from_torch(nn.RMSNorm(7)),
            TypeError,
            r"^module must be a torch\.nn\.LayerNorm, got RMSNorm$",
        ),
        (
            lambda: RMSNorm.from_torch(nn.LayerNorm(7)),
            TypeError,
            r"^module must be a torch\.nn\.RMSNorm, got LayerNorm$",
        ),
        (
            lambda: LayerNorm.from_torch(nn.LayerNorm((3, 7))),
            ValueError,
            r"^module must normalise the last axis alone, got normalized_shape=\(3, 7\)$",
        ),
        (
            lambda: RMSNorm.from_torch(nn.RMSNorm(7, elementwise_affine=False)),
            ValueError,
            "^module must have a weight, got elementwise_affine=False$",
        ),
        (
            lambda: LayerNorm.from_torch(nn.LayerNorm(7, eps=0.0)),
            ValueError,
            r"^eps must be greater than 0, got 0\.0$",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
