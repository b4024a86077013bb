"""Rollout in torch: the numbers of the reference, its dtype, gradients, and what it refuses."""

import numpy as np
import pytest
import torch

from attention_lib import functional, reference
from attention_lib.modules import TransformerEncoder


def stochastic(*shape, seed=0):
    return reference.softmax(np.random.default_rng(seed).normal(size=shape))


STACK = [stochastic(2, 3, 5, 5, seed=seed) for seed in range(3)]


@pytest.mark.parametrize("options", [{}, {"residual": 0.0}, {"residual": 0.3}])
def test_rollout_agrees_with_the_reference(options):
    found = functional.attention_rollout([torch.from_numpy(one) for one in STACK], **options)
    expected = torch.from_numpy(reference.attention_rollout(STACK, **options))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_one_layer_is_a_stack():
    found = functional.attention_rollout([torch.from_numpy(STACK[0])])
    expected = torch.from_numpy(reference.attention_rollout(STACK[:1]))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_half_precision_is_rounded_once(dtype):
    layers = [torch.from_numpy(one).to(dtype) for one in STACK]
    wide = functional.attention_rollout([one.float() for one in layers])
    found = functional.attention_rollout(layers)
    assert found.dtype == dtype
    torch.testing.assert_close(found, wide.to(dtype), rtol=0, atol=0)


def test_gradients_reach_every_layer():
    layers = [torch.from_numpy(one[0]).requires_grad_() for one in STACK]
    assert torch.autograd.gradcheck(lambda *one: functional.attention_rollout(one), layers)


def test_it_takes_the_weights_of_an_encoder():
    torch.manual_seed(0)
    _, weights = TransformerEncoder(2, 6, 2, 24)(torch.randn(3, 5, 6), return_weights=True)
    found = functional.attention_rollout(weights)
    torch.testing.assert_close(found.sum(-1), torch.ones(3, 5))


def test_a_bad_argument_is_named():
    with pytest.raises(TypeError, match=r"^weights\[0\] must be a torch\.Tensor, got ndarray$"):
        functional.attention_rollout(STACK)
    with pytest.raises(TypeError, match=r"^weights\[0\] must be a torch\.Tensor, got list$"):
        functional.attention_rollout([[[1.0]]])
    with pytest.raises(ValueError, match=r"^residual must lie in \[0, 1\), got -0\.1$"):
        functional.attention_rollout([torch.from_numpy(STACK[0])], residual=-0.1)
