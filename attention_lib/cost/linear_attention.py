"""Linear attention: sums over the keys take the place of scores."""

from typing import NamedTuple

from ..checks import check_count, check_flag
from .fused_blocks import check_sizes
from .kernels import in_pieces, kernel, with_inputs

CHUNK = 64  # these three as in `attention_lib.functional`
SEGMENT = 2**18
MOST_CHUNKS = 32
FEATURE_FLOPS = 4  # minimum, maximum, exponential, sum: elu + 1; a Performer's feature has as many


def linear_attention(
    n,
    *,
    causal=False,
    n_features=None,
    d_key,
    d_value=None,
    n_heads=1,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`functional.linear_attention`: M features of each query and key, and sums of M E numbers.

    $$\mathrm{FLOPs} = 4 \, B H n M E, \qquad
    2 \, B H n \, (2 M E + C (M + E)) + \dots \text{ causal}$$

    Causal, positions go in chunks of C = 64 with a small square of scores each. The dots are the
    products that sum up what the chunks before each chunk have left: counted too. The last chunk
    counts as full.

    Args:
        n: tokens; each is a query and a key.
        causal: as in the function.
        n_features: M, of a function as feature_map. None means a feature map with a name: M = D,
            and in training, unless causal, the features are computed anew and not saved.
        d_key, d_value, n_heads, batch, itemsize, training: as for `sliding_window_attention`. B H
            enters the size of the segments that the keys pass in, and so the causal FLOPs.

    Returns:
        `Cost` with the parts features, sums and output, or features and chunks if causal. Products
        with a small constant matrix need one gradient and not two.

    Raises:
        TypeError, ValueError: a size is not an integer, or too small.

    Source: Katharopoulos et al. (2020), sections 3.2 and 3.3.

    >>> linear_attention(8192, d_key=64).matmul_flops
    134217728
    """
    d_value = check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training)
    check_flag(causal=causal)
    width = d_key if n_features is None else n_features
    check_count(n_features=width)
    sizes = Sizes(n, width, d_value, batch * n_heads, itemsize, training)
    if training and not causal and n_features is None:
        return _recomputed(sizes)
    # A feature is a sum of two: both are saved, the exponential and the sum.
    return linear_parts(sizes, d_key, causal, matmul=0, saves=2, widest=max(d_key, d_value))


class Sizes(NamedTuple):
    """n, M, E, B H, and how it is counted."""

    n: int
    n_features: int
    d_value: int
    sequences: int
    itemsize: int
    training: bool


def linear_parts(sizes, d_key, causal, *, matmul, saves, widest):
    """The cost with any features: `matmul` FLOPs make those of a token, `saves` arrays are kept.

    `widest`: of what a segment has to hold.
    """
    n, width, d_value, sequences, itemsize, training = sizes
    shared = {"itemsize": itemsize, "training": training}
    rows, state = sequences * n, sequences * width * (d_value + 1)
    segment = sequences * min(n, _segment(sequences, widest))
    query, value, output = rows * d_key, rows * d_value, rows * d_value
    features = kernel(
        reads=2 * query,
        writes=2 * rows * width,
        matmul=2 * rows * matmul,
        elementwise=2 * rows * width * FEATURE_FLOPS,
        saves=2 * saves * rows * width,
        held=2 * query,
        backward_matmul=2 * rows * matmul,  # random features are constants
        **shared,
    )
    parts = {"features": in_pieces(features, output + state + 2 * segment * width, **shared)}
    if causal:
        parts["chunks"] = _chunks(sizes, segment, saves)
    else:
        sums, ratio = _sums(sizes), _ratio(sizes, saves=output + 2 * rows)
        parts["sums"] = in_pieces(sums, 2 * state + 2 * segment * width, **shared)
        alive = output + state + segment * (2 * width + d_value + 1)
        parts["output"] = in_pieces(ratio, alive, **shared)
    # Products with random features, which are constant, save no query; the square of a key does.
    inputs = (1 if training and matmul else 2) * query + value
    return with_inputs(parts, inputs, **shared)


def _recomputed(sizes):
    """In training, with a feature map whose gradient is known: segment by segment both ways."""
    n, width, d_value, sequences, itemsize, _ = sizes
    rows, state = sequences * n, sequences * width * (d_value + 1)
    segment = sequences * min(n, _segment(sequences, max(width, d_value)))
    shared = {"itemsize": itemsize, "training": True}
    features = kernel(
        reads=2 * rows * width,
        writes=2 * rows * width,
        elementwise=2 * rows * width * FEATURE_FLOPS,
        held=2 * rows * width,
        **shared,
    )
    # Beside both gradients of the keys' sums: one of the sum of the features, a product too.
    ratio = _ratio(sizes, saves=rows * d_value, more=2 * rows * width)
    inputs = rows * (2 * width + d_value)
    working = inputs + state + segment * (4 * width + 2 * d_value)
    parts = {
        "features": in_pieces(features, 2 * segment * width, itemsize=itemsize),
        "sums": in_pieces(_sums(sizes, saves=state), 2 * state, itemsize=itemsize),
        "output": in_pieces(ratio, rows * d_value + working, itemsize=itemsize),
    }
    return with_inputs(parts, inputs, **shared)


def _sums(sizes, saves=0):
    """The sums of features times values, and of the features."""
    n, width, d_value, sequences, itemsize, training = sizes
    rows = sequences * n
    return kernel(
        reads=rows * (width + d_value),
        writes=sequences * width * (d_value + 1),
        matmul=2 * rows * width * d_value,
        elementwise=rows * width,
        saves=saves,
        held=rows * (d_value + width * training),
        itemsize=itemsize,
        training=training,
    )


def _ratio(sizes, saves, more=0):
    """The features of the queries times the sums, and the quotient; `more` FLOPs backward."""
    n, width, d_value, sequences, itemsize, training = sizes
    rows = sequences * n
    matmul = 2 * rows * width * d_value
    return kernel(
        reads=rows * width + sequences * width * (d_value + 1),
        writes=rows * d_value,
        matmul=matmul,
        elementwise=rows * (2 * width + d_value),
        saves=saves,
        held=rows * width * training,
        backward_matmul=2 * matmul + more,
        itemsize=itemsize,
        training=training,
    )


def _segment(sequences, widest):
    """Positions of a segment of `functional.linear_attention`."""
    chunks = SEGMENT // max(1, sequences * CHUNK * max(CHUNK, widest))
    return CHUNK * min(max(1, chunks), MOST_CHUNKS)


def _chunks(sizes, segment, saves):
    """Products in the chunks, and of the sums that all the chunks before have left."""
    n, n_features, d_value, sequences, itemsize, training = sizes
    size = max(1, segment // max(1, sequences))
    tokens = chunks = among = squares = copied = 0  # tokens with those that fill the last chunk
    for start in range(0, n, size):
        length = min(size, n - start)
        chunk = min(CHUNK, length)
        count = -(-length // chunk)
        chunks, tokens = chunks + count, tokens + count * chunk
        among, squares = among + count**2, squares + count * chunk**2
        if count * chunk > length:  # filled up: all three are copied
            copied += count * chunk * (2 * n_features * (2 - saves) + d_value)
        elif n > size:  # values of a segment, once for each product
            copied += 2 * length * d_value
    state = n_features * (d_value + 1)
    inside = 2 * squares * (n_features + d_value)
    across = 4 * tokens * n_features * d_value
    before = 2 * among * state  # with a constant matrix: one gradient, of the same size
    matmul = sequences * (inside + across + before)
    numbers = tokens * (2 * n_features + d_value)
    saved = squares + chunks * state + tokens * (d_value + 2) + copied
    here = max(1, segment)
    alive = here * (4 * n_features + 2 * d_value + CHUNK)
    alive += 4 * sequences * state * (-(-size // CHUNK))
    cost = kernel(
        reads=sequences * numbers,
        writes=sequences * n * d_value,
        matmul=matmul,
        elementwise=sequences * (2 * squares + tokens * (2 * n_features + 2 * d_value)),
        saves=sequences * saved,
        held=sequences * numbers,
        backward_matmul=2 * matmul - sequences * before,
        itemsize=itemsize,
        training=training,
    )
    whole = sequences * n * d_value
    return in_pieces(cost, whole + alive, itemsize=itemsize, training=training)
