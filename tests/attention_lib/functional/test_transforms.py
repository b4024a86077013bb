"""Every function under torch.vmap, torch.func.grad and forward-mode differentiation."""

import pytest
import torch
from torch.testing import assert_close

from attention_lib import functional
from tests.helpers.function_calls import APART, CALLS, function_of

EXACT = {"rtol": 1e-9, "atol": 1e-9}
LABELS = list(CALLS)
# PyTorch's own forward derivatives are compiled by what PyTorch calls deprecated.
TORCH_WARNS = pytest.mark.filterwarnings("ignore:`torch.jit")


def others(tensors, seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(one.shape, generator=generator, dtype=one.dtype) for one in tensors]


def total(call):
    """A number that depends on every result in a way of its own."""

    def number(*tensors):
        results = [one.masked_fill(one.detach().isinf(), 0) for one in call(*tensors)]
        return sum((one.sin() * (1 + k)).sum() for k, one in enumerate(results))

    return number


def gradients(call, tensors):
    leaves = [one.clone().requires_grad_() for one in tensors]
    return torch.autograd.grad(total(call)(*leaves), leaves)


def test_every_function_is_called_or_named_apart():
    assert {label.partition(",")[0] for label in CALLS} == set(functional.__all__) - APART


@pytest.mark.parametrize("label", LABELS)
def test_vmap_equals_a_loop(label):
    call, tensors = function_of(label), CALLS[label][0]
    rows = [tensors, others(tensors, 5), others(tensors, 6)]
    mapped = torch.vmap(call)(*(torch.stack(one) for one in zip(*rows, strict=True)))
    looped = [torch.stack(one) for one in zip(*(call(*row) for row in rows), strict=True)]
    assert_close(mapped, looped, **EXACT)


@pytest.mark.parametrize("label", [label for label in LABELS if len(CALLS[label][0]) > 1])
def test_vmap_over_one_argument_alone(label):
    call, tensors = function_of(label), CALLS[label][0]
    for place, one in enumerate(tensors):
        stacked = torch.stack([one, *others([one], 5)])
        axes = tuple(0 if k == place else None for k in range(len(tensors)))
        given = (*tensors[:place], stacked, *tensors[place + 1 :])
        mapped = torch.vmap(call, in_dims=axes)(*given)
        looped = [call(*tensors[:place], row, *tensors[place + 1 :]) for row in stacked]
        assert_close(mapped, [torch.stack(one) for one in zip(*looped, strict=True)], **EXACT)


@pytest.mark.parametrize("label", LABELS)
def test_the_gradient_of_torch_func_is_that_of_autograd(label):
    call, tensors = function_of(label), CALLS[label][0]
    places = tuple(range(len(tensors)))
    expected = gradients(call, tensors)
    assert_close(torch.func.grad(total(call), places)(*tensors), expected, **EXACT)
    # One gradient for each entry of a batch.
    rows = [tensors, others(tensors, 5)]
    stacked = [torch.stack(one) for one in zip(*rows, strict=True)]
    each = torch.vmap(torch.func.grad(total(call), places))(*stacked)
    for k, row in enumerate(rows):
        assert_close(tuple(one[k] for one in each), gradients(call, row), **EXACT)


@TORCH_WARNS
@pytest.mark.parametrize("label", LABELS)
def test_the_forward_derivative_is_the_gradient_along_a_direction(label):
    call, tensors = function_of(label), CALLS[label][0]
    direction = tuple(others(tensors, 7))
    _, along = torch.func.jvp(total(call), tensors, direction)
    pairs = zip(gradients(call, tensors), direction, strict=True)
    assert_close(along, sum((one * other).sum() for one, other in pairs), **EXACT)


SECOND = ["attention", "linear_attention", "performer_attention, causal", "tiled_attention"]
SECOND += ["sliding_window_attention, causal", "block_sparse_attention", "lsh_attention"]


@TORCH_WARNS
@pytest.mark.parametrize("label", SECOND)
def test_a_second_derivative_by_torch_func(label):
    call, tensors = function_of(label), CALLS[label][0]
    direction = tuple(others(tensors, 7))
    places = tuple(range(len(tensors)))
    slope = torch.func.grad(total(call), places)
    _, along = torch.func.jvp(slope, tensors, direction)
    step = 1e-5
    shifted = [
        slope(*(one + sign * step * way for one, way in zip(tensors, direction, strict=True)))
        for sign in (1, -1)
    ]
    for one, ahead, behind in zip(along, *shifted, strict=True):
        assert_close(one, (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-6)
