"""One step of an LSTM, gate by gate. Weights lie as in torch.nn.LSTMCell."""

import numpy as np

from ..checks import check_dimensions, check_floating, check_kind, check_rows, check_shape
from .precision import widen


def lstm_gates(inputs, hidden, *, input_weight, hidden_weight, input_bias=None, hidden_bias=None):
    r"""Compute the four gates of an LSTM step.

    $$(i, f, g, o) = (\sigma, \sigma, \tanh, \sigma)(W x + b + U h + c)$$

    Args:
        inputs: x, `[..., X]`, float16, float32 or float64.
        hidden: h, `[..., H]`, same dtype.
        input_weight: W, `[4H, X]`; the rows of i, f, g, o in this order.
        hidden_weight: U, `[4H, H]`.
        input_bias, hidden_bias: b and c, `[4H]`, or None for zero.

    Returns:
        (i, f, g, o), each `[..., H]`: how much of the candidate to write, how much of the cell to
        keep, the candidate, and how much of the cell to show.

    Raises:
        TypeError: not floating NumPy arrays of one dtype.
        ValueError: a weight or bias does not fit.

    Cost: 8 H (X + H) FLOPs a row.
    Source: Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000); torch's
    order of the gates.
    Chapter: 02_1_sentence.

    >>> zero = np.zeros((4, 1))
    >>> lstm_gates(np.ones(1), np.ones(1), input_weight=zero, hidden_weight=zero)
    (array([0.5]), array([0.5]), array([0.]), array([0.5]))
    """
    dtype, *arrays = _widen_step(
        inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias
    )
    return tuple(gate.astype(dtype) for gate in _gates(*arrays))


def lstm_cell(
    inputs, hidden, cell, *, input_weight, hidden_weight, input_bias=None, hidden_bias=None
):
    r"""Take one step of an LSTM.

    $$c' = f \odot c + i \odot g, \qquad h' = o \odot \tanh(c')$$

    with the gates i, f, g, o of `lstm_gates`.

    Args:
        inputs: `[..., X]`, float16, float32 or float64.
        hidden, cell: `[..., H]`, same dtype; the state before the step.
        input_weight, hidden_weight, input_bias, hidden_bias: as for `lstm_gates`.

    Returns:
        (hidden, cell) after the step, each `[..., H]`.

    Raises:
        TypeError: not floating NumPy arrays of one dtype.
        ValueError: a weight, a bias or the cell does not fit.

    Cost: 8 H (X + H) FLOPs a row.
    Source: as `lstm_gates`; the same numbers as torch.nn.LSTMCell.
    Chapter: 02_1_sentence.

    >>> zero = np.zeros((4, 1))
    >>> hidden, cell = lstm_cell(np.ones(1), np.ones(1), np.ones(1), input_weight=zero,
    ... hidden_weight=zero)
    >>> hidden.round(3), cell
    (array([0.231]), array([0.5]))
    """
    check_kind("numpy", hidden=hidden, cell=cell)
    check_floating(hidden=hidden, cell=cell)
    check_shape("cell", cell, hidden.shape, "the shape of hidden")
    dtype, *arrays = _widen_step(
        inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias
    )
    write, keep, candidate, show = _gates(*arrays)
    cell = keep * cell + write * candidate
    return (show * np.tanh(cell)).astype(dtype), cell.astype(dtype)


def _widen_step(inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias):
    given = {
        "inputs": inputs,
        "hidden": hidden,
        "input_weight": input_weight,
        "hidden_weight": hidden_weight,
    }
    biases = {"input_bias": input_bias, "hidden_bias": hidden_bias}
    given |= {name: bias for name, bias in biases.items() if bias is not None}
    check_kind("numpy", **given)
    check_floating(**given)
    check_dimensions(1, inputs=inputs, hidden=hidden)
    check_rows(inputs=inputs, hidden=hidden)
    width = hidden.shape[-1]
    check_shape("input_weight", input_weight, (4 * width, inputs.shape[-1]), "[4H, X]")
    check_shape("hidden_weight", hidden_weight, (4 * width, width), "[4H, H]")
    zero = np.zeros(4 * width, dtype=inputs.dtype)
    biases = {name: zero if bias is None else bias for name, bias in biases.items()}
    for name, bias in biases.items():
        check_shape(name, bias, (4 * width,), "[4H]")
    return widen(**{**given, **biases})


def _gates(inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias):
    sums = (
        inputs @ input_weight.T + input_bias + hidden @ hidden_weight.T + hidden_bias
    )  # [..., 4H]
    write, keep, candidate, show = np.split(sums, 4, axis=-1)  # each [..., H]
    return _sigmoid(write), _sigmoid(keep), np.tanh(candidate), _sigmoid(show)


def _sigmoid(x):
    """tanh form: no overflow for large |x|."""
    return 0.5 * (1 + np.tanh(x / 2))
