"""Linear attention and the Performer: sums over the keys take the place of scores."""

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
    r"""`functional.linear_attention`: features of queries and keys, and sums of M E numbers.

    $$\mathrm{FLOPs} = 4 \, B H n M E, \qquad
    2 \, B H n \, (2 M E + C (M + E)) + \dots \text{ causal}$$

    Causal, positions go in chunks of C = 64 with a small square of scores each, and the sums before
    each chunk are a product of their own, here counted too; the last chunk counts as full.

    Args:
        n: tokens; each is a query and a key.
        causal: as in the function.
        n_features: M; None means D, as for all feature maps with a name.
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
    n_features = d_key if n_features is None else n_features
    check_count(n_features=n_features)
    sizes = _Sizes(n, n_features, d_value, batch * n_heads, itemsize, training)
    # A feature is a sum of two: both are saved, the exponential and the sum.
    features = {"matmul": 0, "saves": 2, "working": 2}
    return _linear(sizes, d_key, d_key, causal, **features)


def performer_attention(
    n,
    *,
    n_features,
    causal=False,
    seed=0,
    d_key,
    d_value=None,
    n_heads=1,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`functional.performer_attention`: `linear_attention` of M random features.

    $$\mathrm{FLOPs} = 4 \, B H n M (D + E)$$

    more if causal, as for `linear_attention`. Drawing the features is left out: they do not grow
    with n, and a module keeps them.

    Args:
        n: tokens; each is a query and a key.
        n_features: M.
        seed: as in the function; it changes no count.
        causal, d_key, d_value, n_heads, batch, itemsize, training: as for `linear_attention`.

    Returns:
        `Cost` with the parts of `linear_attention`.

    Raises:
        TypeError, ValueError: a size is not an integer, or too small.

    Source: Choromanski et al. (2021), section 2.

    >>> performer_attention(8192, n_features=256, d_key=64).matmul_flops
    1073741824
    """
    d_value = check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training)
    check_count(n_features=n_features)
    check_count(minimum=0, seed=seed)
    sizes = _Sizes(n, n_features, d_value, batch * n_heads, itemsize, training)
    features = {"matmul": 2 * d_key * n_features, "saves": 1, "working": 2}
    return _linear(sizes, d_key, d_key, causal, **features)


class _Sizes(NamedTuple):
    n: int
    n_features: int
    d_value: int
    sequences: int
    itemsize: int
    training: bool


def _linear(sizes, d_key, segment_width, causal, *, matmul, saves, working):
    """The parts that both have; `matmul`, `saves`, `working`: of the features of one token."""
    check_flag(causal=causal)
    n, n_features, d_value, sequences, itemsize, training = sizes
    shared = {"itemsize": itemsize, "training": training}
    rows = sequences * n
    state = sequences * n_features * (d_value + 1)
    segment = sequences * min(n, _segment(sequences, n_features, segment_width, d_value))
    query, value, output = rows * d_key, rows * d_value, rows * d_value
    made = kernel(
        reads=2 * query,
        writes=2 * rows * n_features,
        matmul=2 * rows * matmul,
        elementwise=2 * rows * n_features * FEATURE_FLOPS,
        saves=2 * saves * rows * n_features,
        held=2 * query,
        backward_matmul=2 * rows * matmul,  # random features are constants
        **shared,
    )
    width = n_features
    parts = {"features": in_pieces(made, output + state + segment * working * width, **shared)}
    if causal:
        parts["chunks"] = _chunks(sizes, segment, working, saves)
    else:
        summed = kernel(
            reads=rows * n_features + value,
            writes=state,
            matmul=2 * rows * n_features * d_value,
            elementwise=rows * n_features,
            held=value + rows * n_features * training,
            **shared,
        )
        ratio = kernel(
            reads=rows * n_features + state,
            writes=output,
            matmul=2 * rows * n_features * d_value,
            elementwise=rows * (2 * n_features + d_value),
            saves=output + 2 * rows,
            held=rows * n_features * training,
            **shared,
        )
        alive = segment * (working * width)
        parts["sums"] = in_pieces(summed, 2 * state + alive, **shared)
        alive = segment * (2 * width + d_value + 1)
        parts["output"] = in_pieces(ratio, output + state + alive, **shared)
    # Products with random features, which are constant, save no query; the square of a key does.
    inputs = (1 if training and matmul else 2) * query + value
    return with_inputs(parts, inputs, **shared)


def _segment(sequences, *widths):
    """Positions of a segment of `functional.linear_attention`."""
    chunks = SEGMENT // max(1, sequences * CHUNK * max(CHUNK, *widths))
    return CHUNK * min(max(1, chunks), MOST_CHUNKS)


def _chunks(sizes, segment, working, saves):
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
    alive = here * (working * 2 * n_features + 2 * d_value + CHUNK)
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
