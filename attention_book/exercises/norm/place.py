"""Run a stack with the norm in either place."""

import numpy as np

from attention_book.exercises.cases import normal
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


@exercise.returns("vectors [token, number]")
def right(x, sublayers, norm, norm_first):
    for sublayer in sublayers:
        x = x + sublayer(norm(x)) if norm_first else norm(x + sublayer(x))
    return norm(x) if norm_first else x


def bent(matrix):
    return lambda x: np.tanh(x @ matrix)


def halve(x):
    return x / 2


def add_one(x):
    return x + 1


def scaled(gain):
    """A layer norm with a gain: applied twice it is not the same as once."""

    def norm(x):
        centred = x - x.mean(axis=-1, keepdims=True)
        return gain * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5) + 0.5

    return norm


def cases(norm_first, seed):
    (x, one, two, three), (y, four) = normal(seed, [(3, 5), *[(5, 5)] * 3], [(2, 7), (7, 7)])
    return [
        (x, [bent(one), bent(two), bent(three)], scaled(2.0), norm_first),
        (y, [bent(four)], scaled(0.5), norm_first),
    ]


ONE = np.array([[2.0, 4.0]])
exercise.agrees(
    "pre-LN by hand",
    [(ONE, [add_one], halve, True)],
    "the sublayer adds 1, the norm halves: 2 + (2/2 + 1) = 4, and halved at the end 2",
)
exercise.agrees(
    "post-LN by hand",
    [(ONE, [add_one], halve, False)],
    "the sublayer adds 1, the norm halves: (2 + 2 + 1)/2 = 2.5",
)
exercise.agrees(
    "a pre-LN stack",
    cases(True, 64),
    "each sublayer reads norm(x) and adds to x; one more norm at the end",
)
exercise.agrees(
    "a post-LN stack",
    cases(False, 65),
    "each sublayer reads x; the norm takes the sum; nothing more at the end",
)
exercise.agrees(
    "no sublayer at all",
    [(ONE, [], halve, True), (ONE, [], halve, False)],
    "without sublayers pre-LN has its last norm left, post-LN has nothing",
)


def stack(pre, post, final=(True, False)):
    def run(x, sublayers, norm, norm_first):
        step = pre if norm_first else post
        for sublayer in sublayers:
            x = step(x, sublayer, norm)
        return norm(x) if final[not norm_first] else x

    return run


def before(x, f, norm):
    return x + f(norm(x))


def after(x, f, norm):
    return norm(x + f(x))


def stream_too(x, f, norm):
    return norm(x) + f(norm(x))


def update_alone(x, f, norm):
    return x + norm(f(x))


def no_residual(x, f, norm):
    return norm(f(x))


def parallel(x, sublayers, norm, norm_first):
    if not norm_first:
        return right(x, sublayers, norm, norm_first)
    return norm(x + sum(sublayer(norm(x)) for sublayer in sublayers))


exercise.mutant(
    "forgets the final norm",
    stack(before, after, final=(False, False)),
    diagnosis="the pre-LN stream leaves your stack as it was added up: after the last sublayer "
    "comes one more norm",
)
exercise.mutant(
    "normalises the stream",
    stack(stream_too, after),
    diagnosis="you add to norm(x): then the norm stands on the stream itself. Add to x",
)
exercise.mutant(
    "a final norm for both",
    stack(before, after, final=(True, True)),
    diagnosis="your post-LN stack ends with one norm too many: its last sum is normalised already",
)
exercise.mutant(
    "normalises the update alone",
    stack(before, update_alone),
    diagnosis="you normalise what the sublayer gives; post-LN normalises the sum",
)
exercise.mutant("always pre-LN", stack(before, before, final=(True, True)), "2.5")
exercise.mutant("always post-LN", stack(after, after, final=(False, False)), "at the end 2")
exercise.mutant("forgets to add x", stack(before, no_residual), "2.5")
exercise.mutant("no sublayer hears another", parallel, "each sublayer reads")
exercise.mutant("the final norm at the start", lambda x, s, n, f: right(n(x), s, n, f), "at the")
