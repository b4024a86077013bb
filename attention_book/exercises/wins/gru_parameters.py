"""The parameters of a stack of GRU layers."""

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


def count(gates=3, biases=2, second_input=None, directions=None):
    def gru_parameters(width, hidden, n_layers, both_ways):
        ways = directions or (2 if both_ways else 1)
        total, reads = 0, width
        for _ in range(n_layers):
            one = gates * (hidden * reads + hidden * hidden + biases * hidden)
            total += ways * one
            reads = second_input(hidden, ways) if second_input else ways * hidden
        return total

    return gru_parameters


@exercise.returns("counts")
def right(width, hidden, n_layers, both_ways):
    return count()(width, hidden, n_layers, both_ways)


exercise.agrees(
    "one layer, one way",
    [(2, 3, 1, False), (64, 56, 1, False)],
    "three gates, each with a matrix for the input, one for the state and two biases",
)
exercise.agrees("one layer, both ways", [(5, 7, 1, True)], "each way has weights of its own")
exercise.agrees(
    "several layers, one way",
    [(5, 7, 3, False)],
    "a layer above the first reads the states of the one below",
)
exercise.agrees(
    "several layers, both ways",
    [(64, 56, 2, True), (3, 5, 4, True)],
    "a layer above the first reads the states of both ways below it",
)
exercise.mutant(
    "one gate",
    count(gates=1),
    diagnosis="you count one gate: a GRU has two gates and a new state, three of everything",
)
exercise.mutant(
    "the four gates of an LSTM",
    count(gates=4),
    diagnosis="you count four gates, as an LSTM has: a GRU has three of everything",
)
exercise.mutant(
    "one bias",
    count(biases=1),
    diagnosis="you count one bias a gate: PyTorch keeps one for the input and one for the state",
)
exercise.mutant("no biases", count(biases=0), "counts")
exercise.mutant("one way alone", count(directions=1), "each way has weights of its own")
exercise.mutant(
    "the second layer reads one way",
    count(second_input=lambda hidden, ways: hidden),
    "both ways below it",
)
exercise.mutant(
    "every layer reads the first input",
    lambda width, hidden, n, both: n * count()(width, hidden, 1, both),
    "reads the states",
)
