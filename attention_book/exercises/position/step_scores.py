"""A cache that goes on where it stands."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_lib.reference import rotate

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def scores(query_place, key_place, again=0):
    """A step that puts the new query and key at these places after the first of the cache."""

    def step_scores(query, key, cached):
        n = len(cached)
        keys = np.concatenate([rotate(cached, offset=again), rotate(key, offset=key_place(n))])
        return rotate(query, offset=query_place(n)) @ keys.T

    return step_scores


@exercise.returns(
    "scores [query, key]",
    because="the new word stands right after those of the cache, with its query and with its key",
)
def right(query, key, cached):
    place = len(cached)
    keys = np.concatenate([cached, rotate(key, offset=place)])
    return rotate(query, offset=place) @ keys.T


def cases(seed, *sizes):
    rng = np.random.default_rng(seed)
    draw = [[rng.normal(size=(m, width)) for m in (1, 1, n)] for n, width in sizes]
    return [(query, key, rotate(keys)) for query, key, keys in draw]


exercise.agrees("the first word, with an empty cache, is right", cases(91, (0, 4)))
exercise.agrees("a word after others is right", cases(92, (3, 2), (5, 6), (1, 4)))
exercise.agrees("a word after many others is right", cases(93, (200, 4)))


def here(n):
    return n


def zero(n):
    return 0


exercise.mutant(
    "restarts at zero",
    scores(zero, zero),
    diagnosis="your new query and key stand at place 0: the cache has taken the places before them",
)
exercise.mutant(
    "the key restarts at zero",
    scores(here, zero),
    diagnosis="your new key stands at place 0 and the new query does not: they are one word",
)
exercise.mutant(
    "the query restarts at zero",
    scores(zero, here),
    diagnosis="your new query stands at place 0 and the new key does not: they are one word",
)
exercise.mutant("one place too far", scores(lambda n: n + 1, lambda n: n + 1), "right after those")
exercise.mutant("one place too early", scores(lambda n: n - 1, lambda n: n - 1), "right after")


@exercise.mutant(
    "turns the cached keys once more",
    diagnosis="your keys of the cache are turned twice: they were turned when they came in",
)
def twice(query, key, cached):
    keys = rotate(np.concatenate([cached, key]))
    return rotate(query, offset=len(cached)) @ keys.T


exercise.mutant(
    "leaves the new key out", lambda q, k, cached: rotate(q, offset=len(cached)) @ cached.T, "shape"
)
exercise.mutant(
    "does not turn the new ones", lambda q, k, c: q @ np.concatenate([c, k]).T, "right after those"
)
