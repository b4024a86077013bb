"""Rollout through a stack of layers."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)
right = exercise.returns(
    "rollouts [position, input]", lambda layers: reference.attention_rollout(list(layers))
)


def stack(seed, *shape):
    return reference.softmax(np.random.default_rng(seed).normal(size=shape))


FIRST, SECOND = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])
exercise.agrees(
    "two layers with one head, by hand",
    [(np.stack([FIRST, SECOND])[:, None],)],
    "with half of itself in each layer the first becomes [[1, 0], [1/2, 1/2]] and the second "
    "[[1/2, 1/2], [0, 1]]; the second stands at the left of the product",
)
exercise.agrees(
    "one layer with several heads is right",
    [(stack(61, 1, 3, 5, 5),)],
    "one half of the identity and one half of the mean of the heads",
)
exercise.agrees(
    "several layers are right",
    [(stack(62, 3, 2, 5, 5),), (stack(63, 2, 5, 3, 3),)],
    "the last layer stands at the left of the product",
)


def product(layers, own=0.5, heads=np.mean, order=1):
    reached = np.eye(layers.shape[-1])
    for layer in layers[::order]:
        step = own * np.eye(layers.shape[-1]) + (1 - own) * heads(layer, axis=0)
        reached = step @ reached
    return reached


exercise.mutant(
    "forgets that a position keeps itself",
    lambda layers: product(layers, own=0.0),
    diagnosis="you multiply the weights alone: the residual stream keeps each position, one half "
    "of the identity in every layer",
)
exercise.mutant(
    "the product in the other order",
    lambda layers: product(layers, order=-1),
    diagnosis="your product has the first layer at the left: what the last layer reads has gone "
    "through the first, so the last stands at the left",
)
exercise.mutant("adds the heads up", lambda layers: product(layers, heads=np.sum), "heads")
exercise.mutant(
    "takes the first head alone", lambda layers: product(layers[:, :1]), "mean of the heads"
)
exercise.mutant(
    "adds the identity and does not halve",
    lambda layers: product(layers) * 2.0 ** len(layers),
    diagnosis="your rows sum to more than one: take one half of the identity and one half of the "
    "weights",
)
exercise.mutant("the mean of the layers", lambda layers: layers.mean(axis=(0, 1)), "half of itself")
