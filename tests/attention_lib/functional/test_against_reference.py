"""Scores, softmax, kernel regression and the LSTM cell against the reference, and gradients."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from attention_lib import functional, reference


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


Q, K, V = normal(2, 3, 5), normal(2, 7, 5, seed=1), normal(2, 7, 11, seed=2)
NARROW = normal(2, 7, 2, seed=3)
CALLS = {
    "dot_scores": ((Q, K), {}),
    "scaled_dot_scores": ((Q, K), {"scale": 0.3}),
    "general_scores": ((Q, NARROW, normal(5, 2)), {}),
    "additive_scores": (
        (Q, NARROW, normal(13, 5), normal(13, 2), normal(13)),
        {"bias": normal(13, seed=4)},
    ),
    "concat_scores": ((Q, NARROW, normal(13, 7), normal(13)), {}),
    "kernel_regression": ((Q, K, V), {"bandwidth": 0.7}),
    "softmax": ((Q,), {"temperature": 0.3, "mask": Q > -1}),
    "lstm_cell": (
        (Q[0], normal(3, 3), normal(3, 3, seed=5)),
        {
            "input_weight": normal(12, 5),
            "hidden_weight": normal(12, 3),
            "input_bias": normal(12),
            "hidden_bias": normal(12, seed=6),
        },
    ),
    "attend": ((Q, normal(2, 5, 11)), {"mask": Q > 0}),
}


def tensor(one, dtype=torch.float64):
    if not isinstance(one, np.ndarray):
        return one
    made = torch.from_numpy(one)
    return made if made.dtype == torch.bool else made.to(dtype)


def first(result):
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("name", CALLS)
def test_equals_the_reference(name, dtype):
    arguments, options = CALLS[name]
    given = [tensor(one, dtype) for one in arguments]
    given_options = {key: tensor(one, dtype) for key, one in options.items()}
    widened = [one.double().numpy() for one in given]
    wide_options = {
        key: one.double().numpy()
        if torch.is_tensor(one) and one.is_floating_point()
        else options[key]
        for key, one in given_options.items()
    }
    ours = first(getattr(functional, name)(*given, **given_options))
    expected = first(getattr(reference, name)(*widened, **wide_options))
    assert ours.dtype == dtype
    tolerance = {torch.float16: 3e-3, torch.bfloat16: 2e-2, torch.float32: 1e-5}.get(dtype, 1e-12)
    assert_allclose(ours.double(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", CALLS)
def test_gradcheck(name):
    arguments, options = CALLS[name]
    given = [tensor(one).requires_grad_() for one in arguments]
    options = {key: tensor(one) for key, one in options.items()}
    assert torch.autograd.gradcheck(
        lambda *inputs: first(getattr(functional, name)(*inputs, **options)), given
    )
