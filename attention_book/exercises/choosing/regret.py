"""How much time does a choice by predicted times lose?"""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=9, page="08_5_choosing")


@exercise.returns(
    "factors [setting]",
    because="the measured time of what is predicted to be fastest is divided by the shortest "
    "measured time of that setting",
)
def right(predicted, measured):
    chosen = predicted.argmin(axis=1)
    return measured[np.arange(len(measured)), chosen] / measured.min(axis=1)


def times(seed, settings, mechanisms, spread):
    rng = np.random.default_rng(seed)
    measured = rng.uniform(1, 4, (settings, mechanisms)) * rng.uniform(1, 50, (settings, 1))
    return measured * np.exp(rng.normal(0, spread, measured.shape)), measured


HAND = (
    np.array([[2.0, 3.0, 9.0], [5.0, 4.0, 6.0], [1.0, 2.0, 3.0]]),
    np.array([[2.0, 4.0, 8.0], [4.0, 6.0, 8.0], [5.0, 2.0, 4.0]]),
)
exercise.agrees(
    "three settings by hand",
    [HAND],
    "the choices are the first, the second and the first: 2 / 2, 6 / 4 and 5 / 2",
)
exercise.agrees(
    "predictions with errors",
    [times(121, 7, 5, 0.5), times(122, 11, 3, 0.8)],
    "take the column of the smallest prediction in each row, and divide its measured time by the "
    "smallest measured one",
)
exercise.agrees(
    "good predictions lose nothing",
    [times(123, 5, 4, 0.0)],
    "where the order is right the factor is 1",
)
exercise.agrees(
    "predictions that are all twice too long lose nothing",
    [(2 * times(124, 6, 4, 0.0)[1], times(124, 6, 4, 0.0)[1])],
    "a factor that is the same for all changes no order",
)

exercise.mutant(
    "divides predicted by measured time",
    lambda predicted, measured: predicted.min(axis=1) / measured.min(axis=1),
    diagnosis="you compare a predicted with a measured time: what counts is how long the chosen "
    "mechanism really takes",
)
exercise.mutant(
    "chooses by the measured times",
    lambda predicted, measured: np.ones(len(measured)),
    diagnosis="your factors are all 1: choose by the predictions, and pay the measured times",
)
exercise.mutant(
    "the other way round",
    lambda predicted, measured: 1 / right(predicted, measured),
    diagnosis="your factors are at most 1: divide by the shortest measured time",
)
exercise.mutant(
    "the error of the prediction of the chosen one",
    lambda predicted, measured: np.take_along_axis(
        measured / predicted, predicted.argmin(axis=1)[:, None], axis=1
    )[:, 0],
    diagnosis="this is how wrong the prediction of the chosen mechanism is; a prediction may be "
    "wrong by a factor that is the same for all, and the choice is right",
)
exercise.mutant(
    "one choice for all settings",
    lambda predicted, measured: measured[:, predicted.sum(axis=0).argmin()] / measured.min(axis=1),
    diagnosis="you choose one mechanism for all settings: each row has its own",
)
exercise.mutant(
    "a mean over the settings",
    lambda predicted, measured: right(predicted, measured).mean(),
    says="shape",
)
