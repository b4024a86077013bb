"""Softmax in PyTorch: the limits and what it refuses."""

import pytest
import torch
from numpy.testing import assert_array_equal

from attention_lib import functional
from attention_lib.functional.softmax import exp_in_place


def test_softmax_of_infinite_scores_and_its_gradient():
    inf = torch.inf
    scores = torch.tensor([[inf, 1.0, inf], [-inf, 2.0, 2.0], [-inf, -inf, -inf]])
    scores.requires_grad_()
    weights = functional.softmax(scores)
    assert_array_equal(weights.detach(), [[0.5, 0, 0.5], [0, 0.5, 0.5], [0, 0, 0]])
    (weights**2).sum().backward()
    assert torch.isfinite(scores.grad).all()
    assert_array_equal(scores.grad[2], [0, 0, 0])
    assert torch.isnan(functional.softmax(torch.tensor([1.0, torch.nan]))).all()


def test_a_tiny_temperature_takes_the_largest_score():
    for dtype in (torch.float32, torch.float64):
        for temperature in (1e-40, 1e-300, 5e-324):
            weights = functional.softmax(
                torch.tensor([1.0, 3.0, 2.0], dtype=dtype), temperature=temperature
            )
            assert weights.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: functional.softmax([1.0]), TypeError, "scores must be a torch.Tensor, got list"),
        (lambda: functional.softmax(torch.ones(2), temperature=0), ValueError, "temperature"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_exp_in_place_is_exp_of_what_is_at_most_zero(dtype):
    x = -torch.linspace(0, 80, 4001, dtype=dtype)
    expected = x.double().exp()
    given = x.clone()
    found = exp_in_place(given)
    assert found is given
    error = (found.double() - expected).abs()
    rounding = torch.finfo(dtype).eps
    assert (error <= rounding * (1 + x.abs()) * expected).all()
    assert error.max() < rounding
    ends = exp_in_place(torch.tensor([0.0, -torch.inf, -3e38, torch.nan], dtype=dtype))
    assert ends[:3].tolist() == [1, 0, 0]
    assert ends[3].isnan()
