"""The two paths of attention, the fused kernel and the single steps: when which of them runs."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


Q, K, V = normal(3, 5), normal(7, 5, seed=1), normal(7, 11, seed=2)


def test_attend_at_the_temperature_of_one_and_with_the_dropout_that_is_given():
    scores = normal(3, 7)
    output, weights = functional.attend(scores, V)
    assert_allclose(weights, reference.softmax(scores.numpy()), rtol=1e-14, atol=1e-13)
    assert_allclose(output, weights @ V, rtol=1e-14, atol=1e-13)
    torch.manual_seed(0)
    _, dropped = functional.attend(scores, V, dropout=0.25)
    kept = dropped != 0
    assert 0 < kept.sum() < kept.numel()
    assert_allclose(dropped[kept], weights[kept] / 0.75, rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize(("n_queries", "n_keys"), [(1, 1), (1, 5), (2, 2), (2, 5), (3, 2)])
def test_both_paths_align_the_last_query_with_the_last_key(n_queries, n_keys):
    given = [one.numpy() for one in (Q[:n_queries], K[:n_keys], V[:n_keys])]
    expected = reference.attention(*given, causal=True)
    tensors = [torch.from_numpy(one) for one in given]
    assert_allclose(functional.attention(*tensors, causal=True), expected, rtol=1e-13, atol=1e-13)
    stepwise, _ = functional.attention(*tensors, causal=True, return_weights=True)
    assert_allclose(stepwise, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("options", "fused", "is_causal"),
    [
        ({}, 1, False),
        ({"mask": torch.ones(3, 3, dtype=torch.bool)}, 1, False),
        ({"causal": True}, 1, True),
        ({"causal": True, "bias": normal(3, 3)}, 1, False),
        ({"bias": normal(3, 3)}, 1, False),
        ({"temperature": 2.0}, 0, None),
        ({"return_weights": True}, 0, None),
    ],
)
def test_the_fused_kernel_does_the_work_where_it_can(options, fused, is_causal, monkeypatch):
    calls, kernel = [], torch.nn.functional.scaled_dot_product_attention

    def counted(*args, **given):
        calls.append(given["is_causal"])
        return kernel(*args, **given)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", counted)
    functional.attention(Q, K[:3], V[:3], **options)
    assert calls == [is_causal] * fused


def test_without_a_size_no_kernel_is_called(monkeypatch):
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", None)
    assert functional.attention(Q[:0], K, V).shape == (0, 11)
    assert_array_equal(functional.attention(Q, K[:0], V[:0]), np.zeros((3, 11)))
