"""One step of an LSTM in PyTorch against the reference."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from attention_lib import functional, reference


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


GATES = {"input_weight": normal(12, 5), "hidden_weight": normal(12, 3)}
BIASES = {"input_bias": normal(12), "hidden_bias": normal(12, seed=1)}


def test_half_precision_of_an_lstm_step_is_rounded_once():
    shapes = [(31, 5), (31, 7), (31, 7), (28, 5), (28, 7)]
    for dtype in (torch.float16, torch.bfloat16):
        arrays = [normal(*s, seed=k).to(dtype) for k, s in enumerate(shapes)]
        weights = {"input_weight": arrays[3], "hidden_weight": arrays[4]}
        wide = {name: weight.double() for name, weight in weights.items()}
        got = functional.lstm_cell(*arrays[:3], **weights)
        expected = functional.lstm_cell(*(array.double() for array in arrays[:3]), **wide)
        for one, exact in zip(got, expected, strict=True):
            assert (one == exact.to(dtype)).double().mean() > 0.99


def test_rows_of_an_lstm_step_that_do_not_fit_are_named():
    weights = {"input_weight": torch.ones(16, 3), "hidden_weight": torch.ones(16, 4)}
    with pytest.raises(ValueError, match=r"inputs \(2, 3\), hidden \(5, 4\)"):
        functional.lstm_gates(torch.ones(2, 3), torch.ones(5, 4), **weights)


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_an_lstm_step_takes_any_leading_axes(leading):
    inputs, hidden, cell = (normal(*leading, n, seed=n) for n in (5, 3, 3))
    given = {name: one.numpy() for name, one in (GATES | BIASES).items()}
    gates = functional.lstm_gates(inputs, hidden, **GATES, **BIASES)
    expected = reference.lstm_gates(inputs.numpy(), hidden.numpy(), **given)
    for ours, exact in zip(gates, expected, strict=True):
        assert_allclose(ours, exact, rtol=1e-13, atol=1e-13)
    state = functional.lstm_cell(inputs, hidden, cell, **GATES, **BIASES)
    expected = reference.lstm_cell(inputs.numpy(), hidden.numpy(), cell.numpy(), **given)
    for ours, exact in zip(state, expected, strict=True):
        assert_allclose(ours, exact, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("names", [(), ("input_bias",), ("hidden_bias",)])
def test_each_bias_of_an_lstm_step_stands_alone(names):
    given = GATES | {name: BIASES[name] for name in names}
    gates = functional.lstm_gates(normal(2, 5), normal(2, 3), **given)
    exact = {name: one.numpy() for name, one in given.items()}
    expected = reference.lstm_gates(normal(2, 5).numpy(), normal(2, 3).numpy(), **exact)
    for ours, one in zip(gates, expected, strict=True):
        assert_allclose(ours, one, rtol=1e-13, atol=1e-13)
