"""What works on each token by itself: the norms and the feed-forward network."""

from ..checks import check_choice, check_count, check_flag
from .kernels import Run

_ACTIVATION_FLOPS = {"relu": 1, "gelu": 5, "gelu_tanh": 9, "swiglu": 2}


def layer_norm(n_tokens, d_model, *, bias=True, **run):
    """`modules.LayerNorm`: mean, difference, square, sum, quotient, gain, shift: 7 FLOPs a number.

    Training saves the input and two statistics for each token.

    >>> layer_norm(10, 6).parameters
    12
    """
    check_flag(bias=bias)
    return _norm(n_tokens, d_model, Run(**run), vectors=1 + bias, flops=6 + bias, statistics=2)


def rms_norm(n_tokens, d_model, **run):
    """`modules.RMSNorm`: square, sum, quotient, gain: 4 FLOPs a number.

    Training saves the input and one statistic for each token.

    >>> rms_norm(10, 6).parameters
    6
    """
    return _norm(n_tokens, d_model, Run(**run), vectors=1, flops=4, statistics=1)


def feed_forward(n_tokens, *, d_model, d_ff, activation="relu", bias=True, **run):
    r"""`modules.PositionwiseFeedForward`: 4 B T C F FLOPs in products, 6 with a gate ("swiglu").

    The activation takes 1 FLOP for each inner number ("relu"), 5 ("gelu", one of them an erf), 9
    ("gelu_tanh"), or 3 ("swiglu": a sigmoid and two products).

    Args:
        n_tokens: T.
        d_model, d_ff, activation, bias: as in the module; C and F.
        run: as for `attention`.

    Parts: up_projection, gate_projection, activation, down_projection.

    Source: Vaswani et al. (2017), equation 2; Shazeer (2020) for swiglu.

    >>> feed_forward(10, d_model=6, d_ff=24).matmul_flops
    5760
    """
    check_count(minimum=0, n_tokens=n_tokens)
    check_count(d_model=d_model, d_ff=d_ff)
    check_choice("activation", activation, tuple(_ACTIVATION_FLOPS))
    run = Run(**run)
    rows, flops = run.batch * n_tokens, _ACTIVATION_FLOPS[activation]
    x, inner = rows * d_model, rows * d_ff
    parts = {"up_projection": run.linear(rows, d_model, d_ff, bias=bias, held=x)}
    if activation == "swiglu":
        gate = run.linear(rows, d_model, d_ff, bias=bias, held=x, live=inner)
        parts["gate_projection"] = gate
        bent = run.elementwise(inner, flops, saves=inner, live=inner)
        parts["activation"] = bent + run.elementwise(inner, operands=2, saves=2 * inner)
    else:  # relu: in place at inference; backward needs its result, which the next product saves
        kept = "held" if activation == "relu" else "saves"
        parts["activation"] = run.elementwise(inner, flops, **{kept: inner})
    parts["down_projection"] = run.linear(rows, d_ff, d_model, bias=bias)
    return run.with_inputs(parts, x)


def _norm(n_tokens, d_model, run, *, vectors, flops, statistics):
    check_count(minimum=0, n_tokens=n_tokens)
    check_count(d_model=d_model)
    rows = run.batch * n_tokens
    x = rows * d_model
    saves, parameters = x + rows * statistics, vectors * d_model
    return run.elementwise(x, flops, saves=saves, parameters=parameters)
