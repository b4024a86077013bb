"""One step of the delta rule."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


def written(state, key, correction):
    return state + np.outer(key, correction)


@exercise.returns(
    "states [key channel, value channel]",
    because="the state moves by b k (v - S^T k)^T: what the key reads is replaced by the value",
)
def right(state, key, value, strength):
    return written(state, key, strength * (value - key @ state))


def cases(seed, *sizes):
    """State, key of length 1, value and a strength below 1, for (D, E)."""
    rng = np.random.default_rng(seed)
    found = []
    for d, e in sizes:
        key = rng.normal(size=d)
        key /= np.linalg.norm(key)
        found.append((rng.normal(size=(d, e)), key, rng.normal(size=e), rng.uniform(0.2, 0.8)))
    return found


exercise.agrees(
    "an empty state",
    [(np.zeros((2, 3)), np.array([0.0, 1.0]), np.array([5.0, 1.0, -2.0]), 1.0)],
    "nothing is there to correct: the second row of the state becomes the value",
)
exercise.agrees(
    "the example of the page: 3 replaces 8",
    [(np.array([[8.0], [1.0]]), np.array([1.0, 0.0]), np.array([3.0]), 1.0)],
    "the key (1, 0) reads 8 before the step and 3 after it; the other row stays",
)
exercise.agrees("any key of length 1, a strength below 1", cases(91, (4, 3), (2, 5)))


exercise.agrees(
    "strength 1 and a full state",
    [(*case[:3], 1.0) for case in cases(92, (5, 2), (3, 3))],
    "after a step of strength 1 the key reads exactly the value",
)

exercise.mutant(
    "adds, as linear attention does",
    lambda state, key, value, strength: written(state, key, strength * value),
    diagnosis="you add the value to what is there: take away what the key reads first",
)
exercise.mutant(
    "the strength on the value alone",
    lambda state, key, value, strength: written(state, key, strength * value - key @ state),
    diagnosis="your strength scales the value alone; it scales the whole correction",
)
exercise.mutant(
    "the strength is forgotten",
    lambda state, key, value, strength: written(state, key, value - key @ state),
    diagnosis="your step ignores the strength: it is always 1",
)
exercise.mutant(
    "the sign turned",
    lambda state, key, value, strength: written(state, key, strength * (key @ state - value)),
    diagnosis="your correction has the wrong sign: the state moves away from the value",
)
exercise.mutant(
    "shrinks everything",
    lambda state, key, value, strength: written((1 - strength) * state, key, strength * value),
    diagnosis="you shrink the whole state: what lies under other keys has to stay",
)
exercise.mutant(
    "an outer product the other way round",
    lambda state, key, value, strength: np.outer(strength * (value - key @ state), key),
    says="states",
)
