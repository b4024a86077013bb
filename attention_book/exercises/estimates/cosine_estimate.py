"""Another unbiased estimate of exp(q . k), made of cosines."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)


def half_squares(query, key):
    """(|q|^2 + |k|^2) / 2 of every pair [query, key]."""
    return ((query**2).sum(-1)[:, None] + (key**2).sum(-1)) / 2


def projected(query, key, features):
    """The angles w . q and w . k, as [query, 1, feature] and [1, key, feature]."""
    return (query @ features.T)[:, None], (key @ features.T)[None]


@exercise.returns("estimates [query, key]")
def right(query, key, features):
    of_query, of_key = projected(query, key, features)
    return np.exp(half_squares(query, key)) * np.cos(of_query - of_key).mean(axis=-1)


def drawn(seed, n_queries, n_keys, width, n_features):
    rng = np.random.default_rng(seed)
    query, key = (0.7 * rng.normal(size=(n, width)) for n in (n_queries, n_keys))
    return query, key, rng.normal(size=(n_features, width))


exercise.agrees(
    "a query that is its own key",
    [(np.array([[0.6, 0.8]]), np.array([[0.6, 0.8]]), np.array([[0.3, -1.0], [2.0, 0.5]]))],
    "q - k is zero, every cosine is 1, and what is left is exp(|q|^2): the truth, without error",
)
exercise.agrees("one feature", [drawn(41, 3, 5, 2, 1)])
exercise.agrees(
    "several features",
    [drawn(43, 3, 5, 2, 7), drawn(45, 2, 3, 5, 11)],
    "the mean over the features",
)


def scorer(sign=-1, wave=np.cos, take=np.mean, factor=half_squares):
    def cosine_estimate(query, key, features):
        of_query, of_key = projected(query, key, features)
        return np.exp(factor(query, key)) * take(wave(of_query + sign * of_key), axis=-1)

    return cosine_estimate


exercise.mutant(
    "the sum instead of the difference",
    scorer(sign=1),
    diagnosis="your cosines are of w . (q + k): the angle is w . (q - k)",
)
exercise.mutant(
    "no factor in front",
    scorer(factor=lambda query, key: 0.0),
    diagnosis="the mean of the cosines estimates exp(-|q - k|^2 / 2): the factor in front is "
    "missing",
)
exercise.mutant(
    "the factor of the positive features",
    scorer(factor=lambda query, key: -half_squares(query, key)),
    diagnosis="you divide by exp((|q|^2 + |k|^2) / 2), as positive features do; cosines are "
    "multiplied by it",
)
exercise.mutant("sums the features", scorer(take=np.sum), "every cosine is 1")
exercise.mutant("takes sines", scorer(wave=np.sin), "estimates are")
exercise.mutant("one number a query", lambda q, k, w: right(q, k, w).mean(axis=-1), "shape")
