"""A block with one part taken away."""

import numpy as np

from attention_book.exercises.exercise import Exercise

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=10)
PARTS = ("nothing", "residual", "norm", "attention", "feed-forward")


def norm(x):
    return (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1e-5)


def builder(sums=2, norms=2, skip="stream", order="attention first", clean=norm):
    """A block in which the first sums keep the residual, the first norms go when asked."""

    def block_without(x, weights, up, down, removed):
        def sublayer(k, x, name, f):
            if removed == name:
                return x if skip == "stream" else np.zeros_like(x)
            seen = x if removed == "norm" and k < norms else clean(x)
            return f(seen) if removed == "residual" and k < sums else x + f(seen)

        sublayers = [
            ("attention", lambda x: weights @ x),
            ("feed-forward", lambda x: np.maximum(x @ up, 0) @ down),
        ]
        for k, (name, f) in enumerate(sublayers if order == "attention first" else sublayers[::-1]):
            x = sublayer(k, x, name, f)
        return x

    return block_without


exercise.returns("rows of the stream [token, number]", builder())


def case(seed, n_tokens, width, inner, removed):
    rng = np.random.default_rng(seed)
    weights = rng.random((n_tokens, n_tokens))
    weights /= weights.sum(-1, keepdims=True)
    x, up, down = (rng.normal(size=s) for s in ((n_tokens, width), (width, inner), (inner, width)))
    return x, weights, up, down, removed


for part, statement, because in (
    ("nothing", "the whole block is right", "each sublayer adds what it found in the normed rows"),
    ("residual", "without the residual", "neither sublayer adds the stream to its result"),
    ("norm", "without the norms", "both sublayers read the stream as it is"),
    ("attention", "without attention", "the stream passes the missing sublayer unchanged"),
    ("feed-forward", "without the network", "the stream passes the missing sublayer unchanged"),
):
    exercise.agrees(statement, [case(61, 3, 5, 7, part), case(62, 5, 2, 3, part)], because)

exercise.mutant(
    "no switch at all",
    lambda x, w, up, down, removed: builder()(x, w, up, down, "nothing"),
    "neither sublayer adds",
)
exercise.mutant("the residual stays in the second sum", builder(sums=1), "neither sublayer adds")
exercise.mutant("the norm stays in the second sublayer", builder(norms=1), "as it is")
exercise.mutant("a missing sublayer gives zeros", builder(skip="zero"), "unchanged")
exercise.mutant(
    "the network before attention", builder(order="network first"), "each sublayer adds"
)
exercise.mutant("no norm at all", builder(clean=lambda x: x), "each sublayer adds")
exercise.mutant(
    "one norm for all tokens",
    builder(clean=lambda x: (x - x.mean()) / (x.std() + 1e-5)),
    "each sublayer adds",
)
