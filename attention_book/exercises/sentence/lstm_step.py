"""One step of an LSTM cell."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import expect_close, expect_tuple
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=15)
AXES = ("batch", "unit")


def right(inputs, hidden, cell, input_weight, hidden_weight, bias):
    weights = {"input_weight": input_weight, "hidden_weight": hidden_weight, "input_bias": bias}
    return reference.lstm_cell(inputs, hidden, cell, **weights)


@exercise.compare
def _(given, case, because):
    (hidden, cell), expected = expect_tuple(given, ("hidden", "cell")), right(*case)
    expect_close(cell, expected[1], what="cell states", axes=AXES, because=because)
    because = "output gate times tanh of the new cell state"
    expect_close(hidden, expected[0], what="hidden states", axes=AXES, because=because)


def case(seed, *batch, width, hidden):
    states = [(*batch, width), (*batch, hidden), (*batch, hidden)]
    return normal(seed, [*states, (4 * hidden, width), (4 * hidden, hidden), 4 * hidden])[0]


def case_that_keeps_its_cell():
    *states, input_weight, hidden_weight, _ = case(54, width=3, hidden=2)
    return (*states, 0 * input_weight, 0 * hidden_weight, np.repeat([-60.0, 60.0, 0.0, 0.0], 2))


exercise.agrees(
    "hidden and cell state of one sequence are right",
    [case(51, width=5, hidden=3), case(52, width=2, hidden=7)],
    "it is f times the old one plus i times g, with the gates in the order i, f, g, o",
)
exercise.agrees(
    "a batch of sequences works",
    [case(53, 5, width=3, hidden=2)],
    "every row of the batch is a sequence of its own",
)
exercise.agrees(
    "with the input gate shut and the forget gate open nothing is lost",
    [case_that_keeps_its_cell()],
    "with the input gate shut and the forget gate open the cell state stays",
)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def variant(order="ifgo", squash=np.tanh, forget=True, output=np.tanh, use_bias=True):
    def step(inputs, hidden, cell, input_weight, hidden_weight, bias):
        total = inputs @ input_weight.T + hidden @ hidden_weight.T + (bias if use_bias else 0)
        parts = dict(zip(order, np.split(total, 4, axis=-1), strict=True))
        kept = sigmoid(parts["f"]) * cell if forget else cell
        new_cell = kept + sigmoid(parts["i"]) * squash(parts["g"])
        return sigmoid(parts["o"]) * output(new_cell), new_cell

    return step


exercise.mutant("gates read in the order i, f, o, g", variant(order="ifog"), "i, f, g, o")
exercise.mutant("sigmoid for the candidate", variant(squash=sigmoid), "cell states")
exercise.mutant("never forgets", variant(forget=False), "cell states")
exercise.mutant("no tanh on the way out", variant(output=lambda x: x), "hidden states")
exercise.mutant("forgets the bias", variant(use_bias=False), "cell states")
exercise.mutant("returns cell and hidden exchanged", lambda *a: right(*a)[::-1], "cell states")
exercise.mutant("returns the hidden state alone", lambda *a: right(*a)[0], "2 things")
