"""The scale that these queries and keys need."""

import numpy as np

from attention_book.exercises.cases import normal, swapped
from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def spread_in_rows(query, key):
    return np.sqrt((query @ swapped(key)).var(axis=-1).mean())


right = exercise.returns("scales", lambda query, key: 1 / spread_in_rows(query, key))
PAIR = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[3.0, 1.0], [-3.0, -1.0]])
exercise.agrees(
    "two queries and two keys by hand",
    [PAIR],
    "the scores are 3 and -3 for the first query, 2 and -2 for the second: variances of 9 and 4, "
    "and the scale is one over the square root of their mean",
)
exercise.agrees(
    "sizes T, S and D that all differ are right",
    normal(91, [(3, 5), (7, 5)], [(11, 2), (5, 2)], [(2, 13), (3, 13)]),
    "one over the square root of the mean, over the queries, of the variance over the keys",
)
exercise.agrees(
    "wider entries need a smaller scale",
    [(5 * query, 3 * key) for query, key in normal(92, [(5, 7), (11, 7)])],
    "entries fifteen times as wide in all need a fifteenth of the scale",
)
exercise.agrees(
    "what all keys have in common changes nothing",
    [(query, key + 7) for query, key in normal(93, [(5, 3), (11, 3)])],
    "the same vector added to all keys moves all scores of a query by the same number",
)


def one_over_root_of_width(query, key):
    return query.shape[-1] ** -0.5


def mean_of_rows(query, key):
    return 1 / (query @ swapped(key)).std(axis=-1).mean()


exercise.mutant(
    "does not look at the numbers",
    one_over_root_of_width,
    diagnosis="this is one over the square root of D, right for entries of variance one: measure "
    "the scores of these queries and keys instead",
)
exercise.mutant(
    "the variance over all pairs",
    lambda query, key: 1 / (query @ swapped(key)).std(),
    diagnosis="you take the spread over all scores; the softmax works on each row, and what the "
    "rows differ by counts for nothing: take the variance over the keys of each query",
)
exercise.mutant(
    "over the queries instead of the keys",
    lambda query, key: 1 / np.sqrt((query @ swapped(key)).var(axis=0).mean()),
    diagnosis="you take the variance over the queries: each query has a softmax over the keys",
)
exercise.mutant(
    "divides by the variance, not by its root",
    lambda query, key: right(query, key) ** 2,
    diagnosis="this is one over the variance; a scale multiplies the scores, so it multiplies "
    "their variance by its square",
)
exercise.mutant("the spread itself, not one over it", spread_in_rows, "right")
exercise.mutant("the mean of the standard deviations", mean_of_rows, "right")
exercise.mutant(
    "counts from zero instead of from the mean",
    lambda query, key: 1 / np.sqrt(((query @ swapped(key)) ** 2).mean()),
    diagnosis="you take the mean of the squares; the variance is counted from the mean of the "
    "row, which the softmax drops",
)
