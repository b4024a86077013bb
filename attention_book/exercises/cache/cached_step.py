"""One step with kept keys and values."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


def step(join=lambda old, new: np.concatenate([old, [new]]), *, values=None, scale=None):
    """A step whose keys, and values unless told otherwise, are joined in this way."""

    def cached_step(query, key, value, kept_keys, kept_values):
        keys, held = join(kept_keys, key), (values or join)(kept_values, value)
        factor = None if scale is None else scale(keys)
        return reference.attention(query[None], keys, held, scale=factor)[0]

    return cached_step


right = step()
exercise.returns(
    "outputs [feature]",
    right,
    because="the new query sees the kept keys and its own, scaled by 1 / sqrt(D)",
)


def cases(seed, *sizes):
    """Query, key, value and what is kept, for (S, D, E)."""
    rng = np.random.default_rng(seed)
    return [
        tuple(rng.normal(size=shape) for shape in ((d,), (d,), (e,), (n, d), (n, e)))
        for n, d, e in sizes
    ]


exercise.agrees("a step after several tokens", cases(71, (3, 4, 2), (6, 2, 5)))
exercise.agrees("the first token, with nothing kept", cases(72, (0, 4, 3)))
exercise.agrees("a step after a single token", cases(73, (1, 5, 1)))


def in_front(old, new):
    return np.concatenate([[new], old])


@exercise.mutant(
    "the new token does not see itself",
    diagnosis="your query does not see its own key: the new row is kept first, then the query asks",
)
def _(query, key, value, kept_keys, kept_values):
    if not len(kept_keys):
        return np.zeros_like(value)
    return reference.attention(query[None], kept_keys, kept_values)[0]


exercise.mutant(
    "the new token sees itself alone",
    lambda q, k, v, keys, values: v,
    diagnosis="your query sees its own key alone: what was kept is not read",
)
exercise.mutant(
    "no scale",
    step(scale=lambda keys: 1.0),
    diagnosis="your scores are not scaled: divide by the square root of D",
)
exercise.mutant(
    "values in another order than keys",
    step(in_front, values=lambda old, new: np.concatenate([old, [new]])),
    diagnosis="your keys and values stand in different orders, so weights meet the wrong values",
)
exercise.mutant(
    "the new row replaces the oldest",
    step(lambda old, new: np.concatenate([old, [new]])[min(1, len(old)) :]),
    diagnosis="your step has lost the oldest row: all rows are kept",
)
exercise.mutant(
    "scales by the number of keys", step(scale=lambda keys: len(keys) ** -0.5), says="outputs are"
)
