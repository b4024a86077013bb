"""How much each output moves with each input."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=12)
STEP = 1e-4


def turning(seed, n_tokens, width, n_out):
    """A smooth layer `[T, C]` -> `[T, E]` in which every output hears every input."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(n_tokens, n_tokens))
    matrix = rng.normal(size=(width, n_out))
    return lambda x: np.tanh(mix @ x @ matrix)


def running_sum(x):
    return np.cumsum(x, axis=0)


def turned_round(x):
    return 2 * x[::-1]


def first_number(x):
    """The outputs move with the first number of an input alone."""
    return x[:, :1] ** 2


def measured(combine=lambda slopes: np.sqrt((slopes**2).sum(axis=(-2, -1))), two_sided=True):
    """A map from the slopes [t, s, number of the output, number of the input]."""

    def gradient_map(layer, x):
        n_tokens, width = x.shape
        slopes = []
        for s in range(n_tokens):
            for c in range(width):
                up, down = x.copy(), x.copy()
                up[s, c] += STEP
                down[s, c] -= STEP if two_sided else 0
                slopes.append((layer(up) - layer(down)) / (2 * STEP))
        found = np.array(slopes).reshape(n_tokens, width, n_tokens, -1)  # [s, c, t, e]
        return combine(found.transpose(2, 0, 3, 1))

    return gradient_map


@exercise.returns("sizes [output, input]")
def right(layer, x):
    return measured()(layer, x)


@exercise.compare
def _(given, case, because):
    rough = np.shape(given) == np.shape(right(*case)) and np.asarray(given).dtype.kind == "f"
    expected = right(*case)
    if rough and np.allclose(given, expected, rtol=1e-3, atol=1e-3):
        given = expected  # a finite step is never exact
    exercise._compare_array(given, case, because)


def inputs(seed, n_tokens, width):
    return np.random.default_rng(seed).normal(size=(n_tokens, width))


exercise.agrees(
    "a running sum hears what came before",
    [(running_sum, inputs(1, 5, 1))],
    "output t is the sum of the inputs up to t: 1 on the diagonal and below, 0 above",
)
exercise.agrees(
    "a layer that turns the order round",
    [(turned_round, inputs(2, 4, 1))],
    "output 0 is twice the last input",
)
exercise.agrees(
    "several numbers in an input",
    [(running_sum, inputs(3, 3, 4)), (turning(4, 4, 3, 1), inputs(5, 4, 3))],
    "the size is the root of the summed squares over the numbers of an input and of an output",
)
exercise.agrees(
    "a layer that bends",
    [(first_number, inputs(6, 4, 2)), (turning(7, 5, 2, 3), inputs(8, 5, 2))],
    "the slope has to be taken at x itself, over a small step",
)


def transposed(layer, x):
    return right(layer, x).T


def one_big_step(layer, x):
    before, found = layer(x), []
    for s in range(len(x)):
        changed = x.copy()
        changed[s] += 1.0
        found.append(np.sqrt(((layer(changed) - before) ** 2).sum(axis=-1)))
    return np.array(found).T


exercise.mutant(
    "a row for each input",
    transposed,
    diagnosis="your map has a row for each input; a row belongs to an output here",
)
exercise.mutant(
    "moves an input by 1",
    one_big_step,
    "sizes are",
)
exercise.mutant(
    "adds the slopes with their signs",
    measured(lambda slopes: abs(slopes.sum(axis=(-2, -1)))),
    diagnosis="your slopes cancel one another: square them before you add",
)
exercise.mutant(
    "forgets the root",
    measured(lambda slopes: (slopes**2).sum(axis=(-2, -1))),
    diagnosis="your map holds squares: take the root of the sum",
)
exercise.mutant(
    "half of a slope that is taken on one side",
    measured(two_sided=False),
    "sizes are",
)
exercise.mutant(
    "the first number of an input alone",
    measured(lambda slopes: np.sqrt((slopes[..., :1] ** 2).sum(axis=(-2, -1)))),
    "root of the summed squares",
)
