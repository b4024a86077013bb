"""Alignment accuracy."""

import numpy as np

from attention_book.exercises.cases import weighted
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


@exercise.returns("accuracies")
def right(weights, alignment):
    return (weights.argmax(-1) == alignment)[alignment >= 0].mean()


def case_with_steps_without_truth():
    ((weights,),) = weighted(51, [(3, 5, 4)])
    alignment = weights.argmax(-1)
    alignment[0, 3:] = -1
    return weights, alignment


exercise.agrees(
    "the share of steps whose largest weight is at the true position",
    [(np.array([[[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.6, 0.3, 0.1]]]), np.array([[2, 1, 0]]))],
    "steps 0 and 2 have their largest weight at the true position, step 1 has not",
)
exercise.agrees(
    "steps without a true position (-1) are left out",
    [case_with_steps_without_truth()],
    "steps whose alignment is -1 have no true position and do not count",
)
exercise.agrees(
    "every step counts the same",
    [(np.full((2, 4, 2), [0.8, 0.2]), np.array([[1, -1, -1, -1], [0, 0, 0, 0]]))],
    "every step counts the same, whichever sentence it belongs to",
)

exercise.mutant(
    "counts EOS and padding as misses",
    lambda weights, alignment: (weights.argmax(-1) == alignment).mean(),
    "do not count",
)
exercise.mutant(
    "averages over sentences, not over steps",
    lambda *case: np.mean([right(*sentence) for sentence in zip(*case, strict=True)]),
    "every step",
)


@exercise.mutant("takes the largest weight over the queries", says="largest weight")
def _(weights, alignment):
    size = min(weights.shape[1:])
    hits = weights.argmax(-2)[:, :size] == alignment[:, :size]
    return hits[alignment[:, :size] >= 0].mean()


@exercise.mutant("averages the weight at the true position", says="largest weight")
def _(weights, alignment):
    mass = np.take_along_axis(weights, np.maximum(alignment, 0)[..., None], axis=-1)[..., 0]
    return mass[alignment >= 0].mean()
