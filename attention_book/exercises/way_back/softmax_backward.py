"""Backward through softmax."""

import numpy as np

from attention_book.exercises.cases import weighted
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import NARROW_TOLERANCE, Problem
from attention_book.exercises.words import number
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=15)


@exercise.returns("gradients [batch, query, key]")
def right(weights, grad_weights):
    return np.einsum("...i,...ij->...j", grad_weights, reference.softmax_jacobian(weights))


exercise.agrees(
    "the example's row is right",
    [(reference.softmax(np.array([[1.5, 3.5]])), np.array([[3.0, 7.0]]))],
    "every score lowers the weights of the other keys too",
)
exercise.agrees(
    "rows of matrices and batches are right",
    weighted(61, [(3, 5)] * 2, [(5, 2)] * 2, [(2, 3, 7)] * 2),
    "each row has a Jacobian of its own; the sum runs over its keys alone",
)


@exercise.law("each row of gradients sums to zero", weighted(62, [(3, 7)] * 2))
def _(gradients, weights, grad_weights):
    sums = gradients.sum(axis=-1)
    tolerance = NARROW_TOLERANCE if gradients.dtype == np.float32 else 1e-9
    for index in np.flatnonzero(np.abs(sums) > tolerance):
        raise Problem(
            f"your gradients do not sum to zero over keys: row {index} gives {number(sums[index])}"
        )


exercise.agrees(
    "an empty row has no gradient",
    [(np.array([[0.0, 0.0, 0.0], [0.25, 0.75, 0.0]]), np.array([[1.0, -2.0, 5.0]] * 2))],
    "a weight of 0 has gradient 0",
)

ARE = "gradients are"
exercise.mutant("forgets the term that couples the keys", lambda w, g: w * g, "other keys too")
exercise.mutant(
    "uses the diagonal of the Jacobian alone", lambda w, g: w * (1 - w) * g, "other keys too"
)
exercise.mutant("sums over the whole matrix", lambda w, g: w * (g - (w * g).sum()), "of its own")
exercise.mutant("sums over the wrong axis", lambda w, g: w * (g - (w * g).sum(axis=0)), ARE)
exercise.mutant(
    "a plain mean, not the weighted one", lambda w, g: w * (g - g.mean(-1, keepdims=True)), ARE
)
exercise.mutant("divides by the weights, 0 for an empty row", lambda w, g: right(w, g) / w, ARE)
exercise.mutant("the sign is wrong", lambda w, g: -right(w, g), ARE)
