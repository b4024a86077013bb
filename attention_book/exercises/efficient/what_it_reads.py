"""Which values does each output depend on?"""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=3, minutes=12)


def what_it_reads(mechanism, query, key):
    n = len(key)
    return ~np.isclose(mechanism(query, key, np.eye(n)), mechanism(query, key, np.zeros((n, n))))


exercise.right = what_it_reads


def windowed(query, key, value):
    return reference.attention(
        query, key, value, mask=reference.window_mask(len(query), len(key), window=2)
    )


def causal(query, key, value):
    return reference.attention(query, key, value, causal=True)


def plus_one(query, key, value):
    """A layer with a bias behind it."""
    return windowed(query, key, value) + 1


def differences(query, key, value):
    """Each token gets its left neighbour minus itself; the first one nothing."""
    return np.vstack([0 * value[:1], value[:-1] - value[1:]])


def shared(query, key, value):
    """The mean of the first three values, for every token."""
    return np.broadcast_to(value[:3].mean(axis=0), (len(query), value.shape[1]))


def behaviour(statement, mechanism, why, seed, n):
    @exercise.behaviour(statement)
    def _(answer):
        rng = np.random.default_rng(seed)
        query, key = rng.normal(size=(2, n, 3))
        given, wanted = answer(mechanism, query, key), what_it_reads(mechanism, query, key)
        try:
            found = np.asarray(given)
        except ValueError:
            found = np.array(None)
        if found.dtype != bool:
            raise Problem(f"your answer should be truth values, but is {describe(given)}")
        if found.shape != (n, n):
            raise Problem(
                f"your answer has the shape {found.shape}, where {(n, n)} is right: {why}"
            )
        if (found != wanted).any():
            t, j = (int(one) for one in np.argwhere(found != wanted)[0])
            said, right = found[t, j], wanted[t, j]
            raise Problem(f"you say {said} at query {t}, value {j}, where {right} is right: {why}")


behaviour("a window", windowed, "a query reads the values at most two places away", 81, 7)
behaviour("a causal mask", causal, "a query reads its own value and those before it", 82, 5)
behaviour("negative weights", differences, "a value that is subtracted is read too", 83, 6)
behaviour("a bias", plus_one, "the bias is there whatever the values are", 84, 8)
behaviour("the same values for all", shared, "every query reads the first three values", 85, 6)


def probe(values, judge):
    def wrong(mechanism, query, key):
        return judge(mechanism(query, key, values(query, key)))

    return wrong


def one_hot(query, key):
    return np.eye(len(key))


exercise.mutant(
    "values as wide as the keys",
    lambda m, q, k: np.abs(m(q, k, np.eye(*k.shape))) > 1e-9,
    says="has the shape",
)
exercise.mutant(
    "queries and values exchanged", lambda m, q, k: what_it_reads(m, q, k).T, says="its own value"
)
exercise.mutant("what is positive", probe(one_hot, lambda x: x > 1e-9), says="subtracted")
exercise.mutant("no comparison with zeros", probe(one_hot, lambda x: abs(x) > 1e-9), says="bias")
exercise.mutant("the weights themselves", probe(one_hot, lambda x: x), says="truth values")
exercise.mutant(
    "above an even share",
    lambda m, q, k: m(q, k, one_hot(q, k)) > 1 / len(k),
    says="at most two places",
)
exercise.mutant(
    "asks what moves when a key moves",
    lambda m, q, k: ~np.isclose(m(q, k, np.eye(len(k))), m(q, 2 * k, np.eye(len(k)))),
    says="right",
)
