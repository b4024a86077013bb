"""What works on each token by itself: the norms and the feed-forward network."""

from ..checks import check_choice, check_count, check_flag
from .kernels import elementwise, kernel, linear, with_inputs

_ACTIVATION_FLOPS = {"relu": 1, "gelu": 5, "gelu_tanh": 9, "swiglu": 2}


def layer_norm(n_tokens, d_model, *, bias=True, batch=1, itemsize=4, training=False):
    """`modules.LayerNorm`: mean, difference, square, sum, quotient, gain, shift: 7 FLOPs a number.

    Training saves the input and two statistics for each token.

    >>> layer_norm(10, 6).parameters
    12
    """
    check_flag(bias=bias)
    return _norm(n_tokens, d_model, 1 + bias, 6 + bias, 2, batch, itemsize, training)


def rms_norm(n_tokens, d_model, *, batch=1, itemsize=4, training=False):
    """`modules.RMSNorm`: square, sum, quotient, gain: 4 FLOPs a number.

    Training saves the input and one statistic for each token.

    >>> rms_norm(10, 6).parameters
    6
    """
    return _norm(n_tokens, d_model, 1, 4, 1, batch, itemsize, training)


def feed_forward(
    n_tokens, *, d_model, d_ff, activation="relu", bias=True, batch=1, itemsize=4, training=False
):
    r"""`modules.PositionwiseFeedForward`: 4 B T C F FLOPs in products, 6 with a gate ("swiglu").

    The activation takes 1 FLOP for each inner number ("relu"), 5 ("gelu", one of them an erf), 9
    ("gelu_tanh"), or 3 ("swiglu": a sigmoid and two products).

    Args:
        n_tokens: T.
        d_model, d_ff, activation, bias: as in the module; C and F.
        batch, itemsize, training: as for `attention`.

    Returns:
        `Cost` with the parts up_projection, gate_projection, activation, down_projection.

    Raises:
        TypeError, ValueError: a size is not a positive integer, an unknown activation.

    Source: Vaswani et al. (2017), equation 2; Shazeer (2020) for swiglu.

    >>> feed_forward(10, d_model=6, d_ff=24).matmul_flops
    5760
    """
    check_count(minimum=0, n_tokens=n_tokens, batch=batch)
    check_count(d_model=d_model, d_ff=d_ff)
    check_choice("activation", activation, tuple(_ACTIVATION_FLOPS))
    rows, shared = batch * n_tokens, {"itemsize": itemsize, "training": training}
    inner, flops = rows * d_ff, _ACTIVATION_FLOPS[activation]
    wide = {"bias": bias, "held": rows * d_model, **shared}
    parts = {"up_projection": linear(rows, d_model, d_ff, **wide)}
    if activation == "swiglu":
        parts["gate_projection"] = linear(rows, d_model, d_ff, live=inner, **wide)
        bent = elementwise(inner, flops, saves=inner, live=inner, **shared)
        parts["activation"] = bent + elementwise(inner, operands=2, saves=2 * inner, **shared)
    else:  # relu: in place at inference; backward needs its result, which the next product saves
        relu = activation == "relu"
        parts["activation"] = elementwise(
            inner, flops, saves=0 if relu else inner, held=inner * relu, **shared
        )
    parts["down_projection"] = linear(rows, d_ff, d_model, bias=bias, **shared)
    return with_inputs(parts, rows * d_model, **shared)


def _norm(n_tokens, d_model, vectors, flops, statistics, batch, itemsize, training):
    check_count(minimum=0, n_tokens=n_tokens, batch=batch)
    check_count(d_model=d_model)
    rows = batch * n_tokens
    return kernel(
        reads=rows * d_model,
        writes=rows * d_model,
        parameters=vectors * d_model,
        elementwise=flops * rows * d_model,
        saves=rows * (d_model + statistics),
        itemsize=itemsize,
        training=training,
    )
