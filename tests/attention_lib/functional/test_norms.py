"""The torch norms against the reference, torch's modules, gradcheck, and what they refuse."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import functional, reference

RNG = np.random.default_rng(0)
X, GAIN, SHIFT = RNG.normal(size=(2, 3, 7)), RNG.normal(size=7), RNG.normal(size=7)
TOLERANCES = {
    torch.float16: 2e-3,
    torch.bfloat16: 2e-2,
    torch.float32: 2e-6,
    torch.float64: 1e-12,
}
CALLS = [
    ("layer_norm", (X, GAIN, SHIFT), {}),
    ("layer_norm", (X, GAIN), {"eps": 0.3}),
    ("rms_norm", (X, GAIN), {}),
    ("rms_norm", (X, GAIN), {"eps": 0.3}),
    ("layer_norm", (X * 1e-3, GAIN, SHIFT), {}),
    ("rms_norm", (X * 1e-3, GAIN), {}),
]


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("name", "arrays", "options"), CALLS)
def test_equals_the_reference(name, arrays, options, dtype):
    tensors = [torch.from_numpy(one).to(dtype) for one in arrays]
    ours = getattr(functional, name)(*tensors, **options)
    exact = getattr(reference, name)(*(one.double().numpy() for one in tensors), **options)
    assert ours.dtype == dtype
    assert_allclose(ours.double(), exact, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])


@pytest.mark.parametrize(("name", "arrays", "options"), CALLS[:4])
def test_gradcheck(name, arrays, options):
    tensors = [torch.from_numpy(one).requires_grad_() for one in arrays]
    call = getattr(functional, name)
    assert torch.autograd.gradcheck(lambda *given: call(*given, **options), tensors)


def test_defaults_are_those_of_the_modules_of_torch():
    x = torch.from_numpy(X * 1e-3)
    ones = torch.ones(7, dtype=torch.float64)
    theirs = nn.LayerNorm(7, dtype=torch.float64)(x)
    assert_allclose(functional.layer_norm(x, ones), theirs.detach(), rtol=1e-12, atol=1e-13)
    theirs = nn.RMSNorm(7, eps=1e-6, dtype=torch.float64)(x)
    assert_allclose(functional.rms_norm(x, ones), theirs.detach(), rtol=1e-12, atol=1e-13)


def test_zero_sizes_and_views():
    x, gain, shift = (torch.from_numpy(one) for one in (X, GAIN, SHIFT))
    assert functional.layer_norm(x[:0], gain, shift).shape == (0, 3, 7)
    assert functional.rms_norm(x[:, :0], gain).shape == (2, 0, 7)
    turned = x.mT.contiguous().mT
    assert_array_equal(functional.layer_norm(turned, gain), functional.layer_norm(x, gain))
    assert_array_equal(functional.rms_norm(turned, gain), functional.rms_norm(x, gain))


x, gain, shift = (torch.from_numpy(one) for one in (X, GAIN, SHIFT))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: functional.layer_norm(X, gain), TypeError, "x must be a torch.Tensor, got ndarr"),
        (lambda: functional.layer_norm(x, GAIN), TypeError, "gain must be a torch.Tensor"),
        (lambda: functional.layer_norm(x, gain, SHIFT), TypeError, "shift must be a torch.Tensor"),
        (lambda: functional.layer_norm(x, gain.float()), TypeError, "x float64, gain float32"),
        (lambda: functional.layer_norm(x, gain, gain.float()), TypeError, "shift float32"),
        (lambda: functional.layer_norm(x.long(), gain.long()), TypeError, "x must have a floating"),
        (lambda: functional.layer_norm(x, gain[:5]), ValueError, r"gain must have shape \[C\]"),
        (lambda: functional.layer_norm(x, gain, shift[:5]), ValueError, r"shift must have shape"),
        (lambda: functional.layer_norm(x, gain, eps=0.0), ValueError, "eps must be greater than 0"),
        (lambda: functional.rms_norm(x, gain.float()), TypeError, "x float64, gain float32"),
        (lambda: functional.rms_norm(x, gain, eps=0.0), ValueError, "eps must be greater than 0"),
        (lambda: functional.rms_norm(X, gain), TypeError, "x must be a torch.Tensor, got ndarray"),
        (
            lambda: functional.rms_norm(x[..., :0], gain[:0]),
            ValueError,
            "the width of x must be at least 1, got 0",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
