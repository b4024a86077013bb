"""Where a token stands: added to it, rotated into queries and keys, or added to the scores."""

from ..checks import check_count
from .kernels import Run, elementwise, kernel, owning


def sinusoidal_positions(n_tokens, d_model, **run):
    """`modules.SinusoidalPositionalEncoding`: one addition a number; the table is not learned.

    >>> sinusoidal_positions(10, 6).parameters
    0
    """
    return learned_positions(n_tokens, d_model, max_length=0, **run)


def learned_positions(n_tokens, d_model, *, max_length, **run):
    """`modules.LearnedPositionalEncoding`: max_length d_model parameters, n_tokens rows read.

    >>> learned_positions(10, 6, max_length=32).parameters
    192
    """
    check_count(minimum=0, n_tokens=n_tokens, max_length=max_length)
    check_count(d_model=d_model)
    run, table = Run(**run), n_tokens * d_model
    numbers = run.batch * table
    cost = run.kernel(reads=numbers + table, writes=numbers, elementwise=numbers)
    return owning(cost, max_length * d_model, itemsize=run.itemsize)


def rotary_positions(numbers, **each):
    """`modules.RotaryPositionalEncoding` over `numbers` numbers: two products and a sum for each.

    The sines and cosines, one for each position and frequency, are left out. Su et al. (2021),
    section 3.4.2.

    >>> rotary_positions(10).elementwise_flops
    30
    """
    return elementwise(numbers, 3, **each)


def relative_bias(n_queries, n_keys, *, n_heads, n_buckets, **each):
    """`modules.RelativePositionBias`, or `ClippedRelativeBias` with n_buckets = 2 max_distance + 1.

    One learned number for each head and bucket, spread out to H T S. Adding it to the scores is
    counted there (`biased=True`).

    >>> relative_bias(5, 7, n_heads=2, n_buckets=32).parameters
    64
    """
    check_count(n_buckets=n_buckets)
    cost = _bias(n_queries, n_keys, n_heads, 0, each)
    return owning(cost, n_heads * n_buckets, itemsize=each.get("itemsize", 4))


def alibi(n_queries, n_keys, *, n_heads, **each):
    """`modules.ALiBi`: a slope times a distance, H T S products, nothing learned.

    >>> alibi(5, 7, n_heads=2).elementwise_flops
    70
    """
    return _bias(n_queries, n_keys, n_heads, 1, each)


def _bias(n_queries, n_keys, n_heads, flops, each):
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys)
    check_count(n_heads=n_heads)
    distances, numbers = n_queries * n_keys, n_heads * n_queries * n_keys
    return kernel(reads=distances, writes=numbers, elementwise=flops * numbers, **each)
