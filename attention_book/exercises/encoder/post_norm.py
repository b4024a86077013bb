"""A post-norm layer."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


@exercise.returns("outputs [token, number]")
def right(x, attention, network, norm_1, norm_2):
    h = norm_1(x + attention(x))
    return norm_2(h + network(h))


def normed(gain):
    def norm(x):
        centred = x - x.mean(axis=-1, keepdims=True)
        return gain * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)

    return norm


def case(seed, n_tokens, width):
    rng = np.random.default_rng(seed)
    mixing, *matrices = (rng.normal(size=(size, width)) for size in (n_tokens, width, width, width))
    gains = rng.uniform(0.5, 2, size=(2, width))

    def attention(x):
        weights = np.exp(mixing @ x.T)
        return weights / weights.sum(axis=-1, keepdims=True) @ x @ matrices[0]

    def network(x):
        return np.maximum(x @ matrices[1], 0) @ matrices[2]

    return rng.normal(size=(n_tokens, width)), attention, network, *map(normed, gains)


exercise.agrees(
    "three tokens of width 4",
    [case(91, 3, 4)],
    "each norm stands behind a sum, and the second sum is of h and what the network makes of h",
)
exercise.agrees("other sizes", [case(92, 5, 7), case(93, 2, 3)])


def pre_norm(x, attention, network, norm_1, norm_2):
    h = x + attention(norm_1(x))
    return h + network(norm_2(h))


def updates_alone(x, attention, network, norm_1, norm_2):
    h = x + norm_1(attention(x))
    return h + norm_2(network(h))


def without_residual(x, attention, network, norm_1, norm_2):
    return norm_2(network(norm_1(attention(x))))


def adds_the_input_twice(x, attention, network, norm_1, norm_2):
    return norm_2(x + network(norm_1(x + attention(x))))


def side_by_side(x, attention, network, norm_1, norm_2):
    h = norm_1(x + attention(x))
    return norm_2(h + network(x))


def one_norm(x, attention, network, norm_1, norm_2):
    return right(x, attention, network, norm_1, norm_1)


exercise.mutant(
    "pre-norm",
    pre_norm,
    diagnosis="you norm what goes into a sublayer: that is pre-norm; post-norm norms the sum",
)
exercise.mutant(
    "norms the update alone",
    updates_alone,
    diagnosis="you norm what a sublayer adds; in post-norm x is inside the norm too",
)
exercise.mutant(
    "no residual",
    without_residual,
    diagnosis="nothing is added to the stream: x and h go into the sums",
)
exercise.mutant(
    "the second sum starts from x",
    adds_the_input_twice,
    diagnosis="your second sum starts from x, so what attention found reaches the output only "
    "through the network: it starts from h",
)
exercise.mutant("the network reads x", side_by_side, says="outputs are")
exercise.mutant("the first norm twice", one_norm, says="outputs are")
