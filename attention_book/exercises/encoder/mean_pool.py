"""The mean that ignores padding."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=8)


@exercise.returns(
    "means [sentence, number]", because="the mean is over the real tokens of a sentence alone"
)
def right(states, lengths):
    return np.stack([one[:n].mean(axis=0) for one, n in zip(states, lengths, strict=True)])


def case(seed, lengths, width, padding):
    states = np.random.default_rng(seed).normal(size=(len(lengths), max(lengths), width))
    for one, n in zip(states, lengths, strict=True):
        one[n:] = padding
    return states, np.array(lengths)


exercise.agrees("sentences of one length", [case(94, [3, 3], 4, 0)])
exercise.agrees("zeros at the padding", [case(95, [5, 2, 3], 4, 0)])
exercise.agrees("large numbers at the padding", [case(96, [1, 4], 3, 99.0)])
exercise.agrees(
    "infinity at the padding",
    [case(97, [2, 5, 4], 3, np.inf)],
    "what stands at the padding may be anything, and zero times infinity is no number",
)


def real(states, lengths):
    return (np.arange(states.shape[1]) < lengths[:, None])[..., None]


exercise.mutant(
    "divides by the longest length",
    lambda states, lengths: np.where(real(states, lengths), states, 0).mean(axis=1),
    diagnosis="you divide each sum by the longest length: divide by the sentence's own",
)
exercise.mutant(
    "adds the padding as well",
    lambda states, lengths: states.sum(axis=1) / lengths[:, None],
    says="means are",
)
exercise.mutant(
    "multiplies by the mask",
    lambda states, lengths: (states * real(states, lengths)).sum(axis=1) / lengths[:, None],
    says="means are nan",
)
exercise.mutant(
    "the sum",
    lambda states, lengths: np.where(real(states, lengths), states, 0).sum(axis=1),
    diagnosis="you add without dividing",
)
exercise.mutant(
    "the last real token",
    lambda states, lengths: states[np.arange(len(lengths)), lengths - 1],
    diagnosis="you return the last real token of each sentence",
)
