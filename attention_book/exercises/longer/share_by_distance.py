"""How often the answer is right, by the distance of the last mark."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=12)


def distances(marks):
    """How many places back the last mark lies, `[n, T]`; -1 where there is none yet."""
    place = np.arange(marks.shape[1])
    last = np.maximum.accumulate(np.where(marks > 0, place, -1), axis=1)
    return np.where(last >= 0, place - last, -1)


@exercise.returns("shares [entry]")
def right(marks, correct, farthest):
    back = distances(marks)
    counts = [(back == d).sum() for d in range(1, farthest + 1)]
    hits = [((back == d) & (correct > 0)).sum() for d in range(1, farthest + 1)]
    return np.array(hits) / np.maximum(counts, 1)


def drawn(seed, n, length, farthest):
    rng = np.random.default_rng(seed)
    marks = rng.random((n, length)) < 0.2
    return marks.astype(int), rng.integers(0, 2, (n, length)), farthest


ONE = (np.array([[0, 1, 0, 0, 0]]), np.array([[1, 1, 1, 0, 1]]), 3)
TWO = (np.array([[1, 0, 0, 1, 0, 0]]), np.array([[0, 1, 0, 0, 0, 1]]), 2)
EARLY = (np.array([[0, 0, 0, 0, 1, 0]]), np.array([[1, 1, 1, 1, 1, 0]]), 2)
exercise.agrees(
    "one mark in one sequence",
    [ONE],
    "the mark stands at place 1, so places 2, 3 and 4 lie one, two and three back from it",
)
exercise.agrees(
    "places before the first mark count for nothing",
    [EARLY],
    "the only mark stands at place 4: place 5 has the distance 1, and no place has the distance 2",
)
exercise.agrees(
    "of several marks the last one counts",
    [TWO],
    "after a second mark the distances begin again at 1",
)
exercise.agrees(
    "many sequences are pooled place by place",
    [drawn(5, 7, 11, 4), drawn(6, 13, 5, 3)],
    "a share is over all places of that distance, in all sequences together",
)


def pooled(back, correct, farthest, shift=0):
    found = [correct[back == d + shift] > 0 for d in range(1, farthest + 1)]
    return np.array([one.mean() if one.size else 0.0 for one in found])


def from_first(marks):
    first = np.where(marks.any(1), marks.argmax(1), marks.shape[1])
    return np.arange(marks.shape[1]) - first[:, None]


exercise.mutant(
    "counts from the first mark",
    lambda m, c, f: pooled(from_first(m), c, f),
    diagnosis="you count from the first mark of a sequence: the last one before a place decides",
)
exercise.mutant(
    "begins with the distance 0",
    lambda m, c, f: pooled(distances(m), c, f, shift=-1),
    diagnosis="your first share is that of the marked places themselves: begin with the distance 1",
)
exercise.mutant(
    "takes the start for a mark",
    lambda m, c, f: pooled(distances(np.maximum(m, np.arange(m.shape[1]) == 0)), c, f),
    diagnosis="you count places before the first mark, as if place 0 were marked",
)
exercise.mutant(
    "a mean of means over the sequences",
    lambda m, c, f: np.mean(
        [pooled(distances(m[k : k + 1]), c[k : k + 1], f) for k in range(len(m))], axis=0
    ),
    "all sequences together",
)
exercise.mutant(
    "the share of all places",
    lambda m, c, f: right(m, c, f) * [(distances(m) == d).mean() for d in range(1, f + 1)],
    "your shares are",
)
exercise.mutant(
    "not a number where no place has the distance",
    lambda m, c, f: np.array(
        [
            (c[distances(m) == d] > 0).sum() / n if (n := (distances(m) == d).sum()) else np.nan
            for d in range(1, f + 1)
        ]
    ),
    "nan",
)
