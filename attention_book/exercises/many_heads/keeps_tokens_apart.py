"""Find a split that mixes tokens, by its effect."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)
N_HEADS, N_TOKENS = 3, 4
X = np.random.default_rng(55).normal(size=(N_TOKENS, 6))


def cut(x, n_heads):
    return np.swapaxes(x.reshape(len(x), n_heads, -1), 0, 1)  # [H, T, D]


def viewed(x, n_heads):
    return x.reshape(n_heads, len(x), -1)


def interleaved(x, n_heads):
    """Head h gets every n_heads-th number: unusual, and the tokens stay apart."""
    return np.moveaxis(x.reshape(len(x), -1, n_heads), -1, 0)


def last_head_mixed(x, n_heads):
    heads = cut(x, n_heads).copy()
    heads[-1, 2] += heads[-1, 0]
    return heads


def one_number_mixed(x, n_heads):
    heads = cut(x, n_heads).copy()
    heads[0, 0, -1] += heads[0, 1, -1]
    return heads


def turned_round(x, n_heads):
    return cut(x, n_heads)[:, ::-1]


def forgetful(x, n_heads):
    heads = cut(x, n_heads).copy()
    heads[:, 1] = 0
    return heads


SPLITS = [
    ("cuts and exchanges the axes", cut, True),
    ("gives each head every third number", interleaved, True),
    ("takes the view alone", viewed, False),
    ("mixes two tokens in the last head", last_head_mixed, False),
    ("mixes one number of two tokens", one_number_mixed, False),
    ("keeps the tokens apart and turns their order round", turned_round, False),
    ("loses a token", forgetful, False),
]


def behaviour(words, split, expected):
    @exercise.behaviour(f"a split that {words}: {expected}")
    def _(answer):
        given = answer(split, X, N_HEADS)
        if not isinstance(given, bool | np.bool_):
            raise Problem(f"your answer should be True or False, but is {describe(given)}")
        if bool(given) != expected:
            raise Problem(f"you return {bool(given)} for a split that {words}: not so")


for one in SPLITS:
    behaviour(*one)


def probe(tokens=range(N_TOKENS), heads=slice(None), numbers=slice(None), place=True):
    def keeps_tokens_apart(split, x, n_heads):
        before = split(x, n_heads)
        for t in tokens:
            changed = x.copy()
            changed[t] += 1
            differs = split(changed, n_heads) != before
            moved = differs[heads, :, numbers].any(axis=(0, 2))
            wrong = moved != (np.arange(len(x)) == t) if place else moved.sum() > 1
            if np.any(wrong):
                return False
        return True

    return keeps_tokens_apart


def same_numbers(split, x, n_heads):
    return bool(np.allclose(np.sort(split(x, n_heads), axis=None), np.sort(x, axis=None)))


def same_as_cut(split, x, n_heads):
    return np.array_equal(split(x, n_heads), cut(x, n_heads))


def shape_alone(split, x, n_heads):
    return split(x, n_heads).shape == (n_heads, len(x), x.shape[1] // n_heads)


exercise.right = probe()
exercise.mutant("looks at the shape alone", shape_alone, "view alone")
exercise.mutant("looks at which numbers there are", same_numbers, "view alone")
exercise.mutant("changes the last token alone", probe(tokens=[N_TOKENS - 1]), "you return True")
exercise.mutant("looks at the first head alone", probe(heads=slice(1)), "last head")
exercise.mutant("looks at the first number alone", probe(numbers=slice(1)), "one number")
exercise.mutant("counts the rows that move", probe(place=False), "order round")
exercise.mutant("compares with its own split", same_as_cut, "every third number")
exercise.mutant("returns a count", lambda *given: int(probe()(*given)), "True or False")
