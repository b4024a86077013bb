"""One step of an LSTM."""

from ..checks import check_dimensions, check_floating, check_kind, check_rows, check_shape
from .precision import widen


def lstm_gates(inputs, hidden, *, input_weight, hidden_weight, input_bias=None, hidden_bias=None):
    """The four gates (i, f, g, o) of an LSTM step, each `[..., H]`.

    Arguments, returns, raises, cost and source as `attention_lib.reference.lstm_gates`, for
    tensors. Chapter: 02_1_sentence.

    >>> import torch
    >>> lstm_gates(torch.ones(1), torch.ones(1), input_weight=torch.zeros(4, 1),
    ... hidden_weight=torch.zeros(4, 1))
    (tensor([0.5000]), tensor([0.5000]), tensor([0.]), tensor([0.5000]))
    """
    dtype, gates = _gates(inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias)
    return tuple(gate.to(dtype) for gate in gates)


def lstm_cell(
    inputs, hidden, cell, *, input_weight, hidden_weight, input_bias=None, hidden_bias=None
):
    """One step of an LSTM: (hidden, cell) `[..., H]` after the step.

    Arguments, returns, raises, cost and source as `attention_lib.reference.lstm_cell`, for tensors.
    Chapter: 02_1_sentence.

    >>> import torch
    >>> zero = torch.zeros(4, 1)
    >>> lstm_cell(torch.ones(1), torch.ones(1), torch.ones(1), input_weight=zero,
    ... hidden_weight=zero)
    (tensor([0.2311]), tensor([0.5000]))
    """
    check_kind("torch", hidden=hidden, cell=cell)
    check_floating(hidden=hidden, cell=cell)
    check_shape("cell", cell, hidden.shape, "the shape of hidden")
    dtype, (write, keep, candidate, show) = _gates(
        inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias
    )
    cell = keep * cell.to(keep.dtype) + write * candidate
    return (show * cell.tanh()).to(dtype), cell.to(dtype)


def _gates(inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias):
    """The dtype of the arguments, and the four gates before they are rounded to it."""
    given = {
        "inputs": inputs,
        "hidden": hidden,
        "input_weight": input_weight,
        "hidden_weight": hidden_weight,
    }
    biases = {"input_bias": input_bias, "hidden_bias": hidden_bias}
    given |= {name: bias for name, bias in biases.items() if bias is not None}
    dtype, inputs, hidden, input_weight, hidden_weight, *rest = widen(**given)
    check_dimensions(1, inputs=inputs, hidden=hidden)
    check_rows(inputs=inputs, hidden=hidden)
    width = hidden.shape[-1]
    check_shape("input_weight", input_weight, (4 * width, inputs.shape[-1]), "[4H, X]")
    check_shape("hidden_weight", hidden_weight, (4 * width, width), "[4H, H]")
    sums = inputs @ input_weight.mT + hidden @ hidden_weight.mT  # [..., 4H]
    for name, bias in zip([name for name in biases if name in given], rest, strict=True):
        check_shape(name, bias, (4 * width,), "[4H]")
        sums = sums + bias
    write, keep, candidate, show = sums.chunk(4, dim=-1)  # each [..., H]
    return dtype, (write.sigmoid(), keep.sigmoid(), candidate.tanh(), show.sigmoid())
