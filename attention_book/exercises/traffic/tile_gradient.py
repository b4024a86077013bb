"""The gradient of the scores of one tile."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_lib import reference

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def gradient(scores, log_sum_exp, value, grad, output):
    weights = np.exp(scores - log_sum_exp[:, None])
    return weights * (grad @ value.T - (grad * output).sum(axis=1, keepdims=True))


exercise.returns(
    "gradients [query, key]",
    gradient,
    because="it is the weight times (G_i . v_j - G_i . O_i), with the weight computed anew as "
    "exp(score - log-sum-exp)",
)


def cases(seed, *sizes, shift=0.0):
    """The last S2 of S1 + S2 keys: T queries, values of E numbers."""
    rng = np.random.default_rng(seed)
    found = []
    for t, s1, s2, e in sizes:
        scores = rng.normal(size=(t, s1 + s2)) + shift
        value, grad = rng.normal(size=(s1 + s2, e)), rng.normal(size=(t, e))
        state = reference.online_softmax(scores, value)
        tile = scores[:, s1:], state.log_sum_exp(), value[s1:]
        found.append((*tile, grad, state.output()))
    return found


exercise.agrees("one tile of several", cases(91, (3, 4, 5, 2), (4, 6, 2, 3)))
exercise.agrees("a single tile", cases(92, (3, 0, 4, 2), (2, 0, 5, 5)))
exercise.agrees("large scores", cases(93, (3, 4, 5, 2), shift=800.0))


def from_weights(weights_of, mean_of=None):
    def tile_gradient(scores, log_sum_exp, value, grad, output):
        weights = weights_of(scores, log_sum_exp)
        inner = grad @ value.T
        mean = (grad * output).sum(axis=1, keepdims=True)
        return weights * (inner - (mean if mean_of is None else mean_of(weights, inner)))

    return tile_gradient


def anew(scores, log_sum_exp):
    return np.exp(scores - log_sum_exp[:, None])


exercise.mutant(
    "a softmax of the tile",
    from_weights(lambda scores, _: reference.softmax(scores)),
    diagnosis="your weights sum to one in the tile: the log-sum-exp is that of the whole row",
)
exercise.mutant(
    "the mean of the tile",
    from_weights(anew, lambda weights, inner: (weights * inner).sum(axis=1, keepdims=True)),
    diagnosis="you take the sum of weight times G . v over the tile; it belongs over the whole "
    "row, and there it is G . O",
)
exercise.mutant(
    "no mean",
    from_weights(anew, lambda weights, inner: 0.0),
    diagnosis="you leave out G . O: the weights of a row cannot all grow",
)
exercise.mutant(
    "no weights",
    from_weights(lambda scores, _: np.ones_like(scores)),
    diagnosis="you leave out the weight in front of the bracket",
)
exercise.mutant(
    "the gradient of the weights",
    lambda scores, log_sum_exp, value, grad, output: grad @ value.T,
    diagnosis="this is the gradient of the weights, G . v: the softmax lies between them and the "
    "scores",
)
