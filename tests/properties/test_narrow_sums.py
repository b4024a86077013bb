"""Sums over thousands of numbers in float16 and bfloat16 are as good as their result can be."""

import numpy as np
import pytest
import torch

from attention_lib import functional, training

N = 6007  # float16 counts to 2,048 in steps of 1, bfloat16 to 256
HALVES = [torch.float16, torch.bfloat16]


def drawn(*shape, seed=0, scale=1.0):
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


QUERY, ALL, KEY = drawn(3, 8), drawn(N, 8, seed=1), drawn(N, 8, seed=2)
VALUE = 45_000 + drawn(N, 5, seed=3, scale=3_000)  # their sum is no float16
ROWS = 3_000 + drawn(2, N, scale=300)
F = functional
CASES = {
    "attention": (F.attention, QUERY, KEY, VALUE),
    "softmax": (F.softmax, ROWS / 1000),
    "attend": (F.attend, ROWS / 1000, VALUE),
    "kernel_regression": (F.kernel_regression, QUERY, KEY, VALUE),
    "layer_norm": (F.layer_norm, ROWS, torch.ones(N)),
    "rms_norm": (F.rms_norm, ROWS, torch.ones(N)),
    "next_token_probabilities": (F.next_token_probabilities, ROWS / 1000),
    "tiled_attention": (F.tiled_attention, QUERY, KEY, VALUE),
    "linear_attention": (F.linear_attention, ALL, KEY, VALUE),
    "causal linear_attention": (lambda *a: F.linear_attention(*a, causal=True), ALL, KEY, VALUE),
    "sliding_window_attention": (
        lambda *a: F.sliding_window_attention(*a, window=1500),
        ALL,
        KEY,
        VALUE,
    ),
    "dot_scores": (F.dot_scores, drawn(2, N), drawn(3, N, seed=1)),
    "leave_one_out": (training.leave_one_out, 1 + 0 * VALUE.flatten()),
}


@pytest.mark.whole
@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("case", CASES)
def test_a_long_sum_has_an_error_of_one_rounding(case, dtype):
    function, *arguments = CASES[case]
    narrow = [one.to(dtype) for one in arguments]
    found, exact = (function(*one) for one in (narrow, [each.double() for each in narrow]))
    found, exact = (one[0] if isinstance(one, tuple) else one for one in (found, exact))
    assert found.dtype == dtype
    error = (found.double() - exact).abs().max() / exact.abs().max()
    assert error < 2 * torch.finfo(dtype).eps


def tokens_of(dtype):
    return torch.zeros(1, N, 10, dtype=dtype), torch.zeros(1, N, dtype=torch.int64)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("label_smoothing", [0.0, 0.3])
def test_the_loss_of_a_long_sequence_is_its_mean(dtype, label_smoothing):
    logits, target = tokens_of(dtype)
    options = {"padding": None, "label_smoothing": label_smoothing}
    loss = training.sequence_cross_entropy(logits.requires_grad_(), target, **options)
    loss.backward()
    np.testing.assert_allclose(loss.item(), np.log(10), rtol=1e-6)
    assert loss.dtype == torch.float32
    assert logits.grad.dtype == dtype
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("dtype", HALVES)
def test_the_loss_of_many_examples_and_of_many_draws_is_its_mean(dtype):
    logits, target = tokens_of(dtype)
    loss = training.classification_loss(lambda rows: rows, (logits[0], target[0]))
    np.testing.assert_allclose(loss.item(), np.log(10), rtol=1e-6)
    draws, rewards = torch.full((70_001,), -2.0, dtype=dtype), torch.ones(70_001, dtype=dtype)
    assert training.reinforce_loss(draws, rewards, baseline=0).item() == 2
