"""One step of an LSTM in NumPy against a loop and PyTorch."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from attention_lib import reference
from tests.helpers import loop_oracles


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def lstm_example():
    names = ("input_weight", "hidden_weight", "input_bias", "hidden_bias")
    shapes = ((12, 5), (12, 3), (12,), (12,))
    weights = {n: normal(*s, seed=i) for i, (n, s) in enumerate(zip(names, shapes, strict=True))}
    return normal(2, 5, seed=7), normal(2, 3, seed=8), normal(2, 3, seed=9), weights


def test_lstm_equals_the_loop_and_torch():
    inputs, hidden, cell, weights = lstm_example()
    new_hidden, new_cell = reference.lstm_cell(inputs, hidden, cell, **weights)
    loop = loop_oracles.lstm_step(inputs[0], hidden[0], cell[0], *weights.values())
    assert_allclose((new_hidden[0], new_cell[0]), loop, rtol=1e-12, atol=1e-13)
    torch_cell = torch.nn.LSTMCell(5, 3, dtype=torch.float64)
    state = {"weight_ih": "input_weight", "weight_hh": "hidden_weight"}
    state |= {"bias_ih": "input_bias", "bias_hh": "hidden_bias"}
    torch_cell.load_state_dict({n: torch.from_numpy(weights[o]) for n, o in state.items()})
    before = (torch.from_numpy(hidden), torch.from_numpy(cell))
    expected = torch_cell(torch.from_numpy(inputs), before)
    assert_allclose(new_hidden, expected[0].detach(), rtol=1e-12, atol=1e-13)
    assert_allclose(new_cell, expected[1].detach(), rtol=1e-12, atol=1e-13)


def test_lstm_without_bias_is_lstm_with_zero_bias_and_large_sums_do_not_overflow():
    inputs, hidden, cell, weights = lstm_example()
    bare = {name: weights[name] for name in ("input_weight", "hidden_weight")}
    zeros = {"input_bias": np.zeros(12), "hidden_bias": np.zeros(12)}
    without = reference.lstm_gates(inputs, hidden, **bare)
    assert_allclose(
        without, reference.lstm_gates(inputs, hidden, **bare, **zeros), rtol=1e-14, atol=1e-13
    )
    assert np.isfinite(reference.lstm_cell(inputs * 1e4, hidden, cell, **weights)).all()
    with pytest.raises(ValueError, match=r"input_weight must have shape \[4H, X\] = \(12, 5\)"):
        reference.lstm_cell(inputs, hidden, cell, **{**weights, "input_weight": normal(12, 4)})
    with pytest.raises(ValueError, match="cell must have shape the shape of hidden"):
        reference.lstm_cell(inputs, hidden, cell[:1], **weights)


def test_rows_of_an_lstm_step_that_do_not_fit_are_named():
    weights = {"input_weight": np.ones((16, 3)), "hidden_weight": np.ones((16, 4))}
    with pytest.raises(ValueError, match=r"inputs \(2, 3\), hidden \(5, 4\)"):
        reference.lstm_gates(np.ones((2, 3)), np.ones((5, 4)), **weights)


GATES = {"input_weight": normal(12, 5), "hidden_weight": normal(12, 3)}
BIASES = {"input_bias": normal(12), "hidden_bias": normal(12, seed=1)}


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_an_lstm_step_takes_any_leading_axes(leading):
    """One row at a time gives the same as all at once, and the gates are i, f, g, o."""
    inputs, hidden, cell = (normal(*leading, n, seed=n) for n in (5, 3, 3))
    gates = reference.lstm_gates(inputs, hidden, **GATES, **BIASES)
    state = reference.lstm_cell(inputs, hidden, cell, **GATES, **BIASES)
    assert all(one.shape == (*leading, 3) for one in (*gates, *state))
    for row in np.ndindex(leading):
        expected = loop_oracles.lstm_step(
            *(one[row].tolist() for one in (inputs, hidden, cell)),
            *(one.tolist() for one in (*GATES.values(), *BIASES.values())),
        )
        assert_allclose([one[row] for one in state], expected, rtol=1e-12, atol=1e-13)
    write, keep, candidate, show = gates
    assert_allclose(state[1], keep * cell + write * candidate, rtol=1e-12, atol=1e-13)
    assert_allclose(state[0], show * np.tanh(state[1]), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", BIASES)
def test_each_bias_of_an_lstm_step_stands_alone(name):
    given = {"inputs": normal(2, 5), "hidden": normal(2, 3)} | GATES
    one = reference.lstm_gates(**given | {name: BIASES[name]})
    none = reference.lstm_gates(**given)
    zeros = {"input_bias": np.zeros(12), "hidden_bias": np.zeros(12)}
    with_zeros = reference.lstm_gates(**given | zeros | {name: BIASES[name]})
    assert_allclose(one, with_zeros, rtol=1e-14, atol=1e-13)
    assert not np.allclose(one, none)
