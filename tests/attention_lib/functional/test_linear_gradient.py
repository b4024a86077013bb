"""The gradient of linear attention that is written out, against autograd."""

import itertools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.functional import linear_attention
from attention_lib.functional.linear_gradient import FEATURE_MAPS, SLOPES

D, E = 3, 5


def tensors(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.normal(size=shape)).requires_grad_() for shape in shapes]


def plain(query, key, value, feature_map, mask=None):
    """The weights written out, with the derivative that autograd finds."""
    maps = {
        "elu": lambda x: torch.where(x < 0, x.clamp(max=0).exp(), x + 1),
        "relu": torch.relu,
        "exp": torch.exp,
    }
    weights = maps[feature_map](query) @ maps[feature_map](key).mT
    weights = weights if mask is None else weights * mask
    total = weights.sum(-1, keepdim=True)
    return (weights @ value) / total.masked_fill(total == 0, torch.inf)


@pytest.mark.parametrize("feature_map", FEATURE_MAPS)
@pytest.mark.parametrize(
    "shapes",
    [
        [(7, D), (11, D), (11, E)],
        [(2, 7, D), (2, 11, D), (2, 11, E)],
        [(2, 3, 7, D), (11, D), (3, 11, E)],  # keys and values for several sequences
        [(7, D), (2, 1, 11, D), (3, 11, E)],
        [(130, D), (197, D), (197, E)],
    ],
)
def test_the_gradients_are_those_of_autograd(shapes, feature_map):
    given = tensors(*shapes)
    mask = torch.arange(shapes[1][-2]) % 3 != 1
    for options in ({}, {"mask": mask}):
        output = linear_attention(*given, feature_map=feature_map, **options)
        expected = plain(*given, feature_map, **options)
        assert_allclose(output.detach(), expected.detach(), rtol=1e-11)
        grad = torch.from_numpy(np.random.default_rng(1).normal(size=output.shape))
        found = torch.autograd.grad(output, given, grad)
        for one, other in zip(found, torch.autograd.grad(expected, given, grad), strict=True):
            assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def test_many_segments_give_the_gradients_of_one():
    given = tensors((64, 300, D), (64, 211, D), (64, 211, E))  # 64 positions each
    found = torch.autograd.grad(linear_attention(*given).square().sum(), given)
    one = [part.detach()[:1].requires_grad_() for part in given]
    alone = torch.autograd.grad(linear_attention(*one).square().sum(), one)
    for all_of_them, first in zip(found, alone, strict=True):
        assert_allclose(all_of_them[:1], first, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("wanted", list(itertools.product([False, True], repeat=3)))
def test_only_the_gradients_that_are_wanted_are_computed(wanted):
    given = tensors((7, D), (11, D), (11, E))
    expected = torch.autograd.grad(linear_attention(*given).square().sum(), given)
    again = [one.detach().requires_grad_(needed) for one, needed in zip(given, wanted, strict=True)]
    output = linear_attention(*again)
    assert output.requires_grad is any(wanted)
    if any(wanted):
        output.square().sum().backward()
    for one, needed, gradient in zip(again, wanted, expected, strict=True):
        assert (one.grad is not None) is needed
        if needed:
            assert_array_equal(one.grad, gradient)


@pytest.mark.parametrize("feature_map", FEATURE_MAPS)
def test_a_slope_is_the_derivative_of_its_feature(feature_map):
    x = torch.tensor([-40.0, -2.0, -0.5, 0.0, 0.5, 3.0], dtype=torch.float64, requires_grad=True)
    feature = FEATURE_MAPS[feature_map](x)
    nudge = 1e-6 * torch.ones_like(x)
    nudged = FEATURE_MAPS[feature_map](x + nudge) - FEATURE_MAPS[feature_map](x)
    expected = (nudged / nudge).detach()
    expected[3] = 0 if feature_map == "relu" else 1  # from the left
    assert_allclose(SLOPES[feature_map](feature).detach(), expected, rtol=1e-5)


def test_a_row_whose_features_meet_no_key_has_zero_output_and_passes_zero_gradient():
    query = torch.tensor([[1.0, -1.0], [-1.0, -1.0]], requires_grad=True)
    key = torch.tensor([[2.0, -1.0]], requires_grad=True)
    value = torch.tensor([[3.0]], requires_grad=True)
    output = linear_attention(query, key, value, feature_map="relu")
    assert_array_equal(output.detach(), [[3.0], [0.0]])
    found = torch.autograd.grad(output[1], (query, key, value))
    assert all((one == 0).all() for one in found)


@pytest.mark.parametrize("again", range(3))
def test_it_can_be_differentiated_once_only(again):
    given = tensors((7, D), (11, D), (11, E))
    first = torch.autograd.grad(linear_attention(*given).square().sum(), given, create_graph=True)
    expected = "named feature_map can be differentiated once only; give a function as feature_map"
    with pytest.raises(RuntimeError, match=expected):
        first[again].square().sum().backward()


def test_a_function_as_feature_map_can_be_differentiated_twice():
    given = tensors((5, 2), (5, 2), (5, 2))
    assert torch.autograd.gradgradcheck(
        lambda *given: linear_attention(*given, feature_map=torch.exp), given
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_under_autocast_the_gradients_have_the_dtype_of_their_tensors(dtype):
    given = [one.detach().to(dtype).requires_grad_() for one in tensors((70, D), (70, D), (70, E))]
    exact = [one.detach().double().requires_grad_() for one in given]
    expected = torch.autograd.grad(linear_attention(*exact).square().sum(), exact)
    with torch.autocast("cpu", torch.bfloat16):
        output = linear_attention(*given)
    found = torch.autograd.grad(output.float().square().sum(), given)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == dtype
        assert_allclose(one.double(), other, atol=0.02)


def test_nothing_as_long_as_the_sequence_is_kept_but_input_and_output():
    given = [one.float().detach().requires_grad_() for one in tensors((500, D), (500, D), (500, E))]
    kept = []

    def pack(tensor):
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = linear_attention(*given)
    long = [one for one in kept if one.numel() >= 500]
    assert {one.data_ptr() for one in long} <= {one.data_ptr() for one in (*given, output)}
