"""Latent attention in NumPy against loops over numbers, its own rules and bad input."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from tests.helpers import loop_oracles

B, T, C, H, D, E, L, R, L_Q = 2, 5, 13, 3, 4, 2, 7, 6, 11
SHAPES = {
    "query_weight": (H * (D + R), C),
    "latent_weight": (L, C),
    "rotary_key_weight": (R, C),
    "key_weight": (H * D, L),
    "value_weight": (H * E, L),
    "output_weight": (C, H * E),
    "latent_gain": (L,),
}
QUERY_LATENT = {
    "query_weight": (H * (D + R), L_Q),
    "query_down_weight": (L_Q, C),
    "query_gain": (L_Q,),
}


def example(shapes, dtype=np.float64):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(B, T, C)).astype(dtype)
    weights = {
        name: (rng.normal(size=shape) / shape[-1] ** (len(shape) / 2 - 0.5)).astype(dtype)
        for name, shape in shapes.items()
    }
    return x, weights


BOTH = pytest.mark.parametrize("shapes", [SHAPES, SHAPES | QUERY_LATENT], ids=["plain", "latent"])


@BOTH
@pytest.mark.parametrize("base", [None, 50.0])
@pytest.mark.parametrize("causal", [False, True])
def test_equals_the_loops(shapes, base, causal):
    x, weights = example(shapes)
    mask = np.random.default_rng(1).random((B, 1, T, T)) < 0.7
    options = {} if base is None else {"base": base}
    output, attended = reference.latent_attention(
        x, **weights, n_heads=H, mask=mask, causal=causal, return_weights=True, **options
    )
    future = np.array(loop_oracles.causal(T, T)) if causal else True
    lists = {name: one.tolist() for name, one in weights.items()}
    for row in range(B):
        allowed = (mask[row, 0] & future).tolist()
        expected, loops = loop_oracles.latent_attention(
            x[row].tolist(), lists, H, allowed, base or 10000.0
        )
        assert_allclose(output[row], expected, rtol=1e-12, atol=1e-13)
        assert_allclose(attended[row], loops, rtol=1e-12, atol=1e-13)
    plain = reference.latent_attention(x, **weights, n_heads=H, mask=mask, causal=causal, **options)
    assert_array_equal(plain, output)


@BOTH
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 4e-3), (np.float32, 4e-6)])
def test_small_dtypes_come_back_and_are_rounded_once(shapes, dtype, tolerance):
    x, weights = example(shapes, dtype)
    output, attended = reference.latent_attention(x, **weights, n_heads=H, return_weights=True)
    assert output.dtype == attended.dtype == dtype
    wide = {name: one.astype(np.float64) for name, one in weights.items()}
    exact = reference.latent_attention(x.astype(np.float64), **wide, n_heads=H)
    assert_allclose(output, exact, rtol=tolerance, atol=tolerance)


@BOTH
def test_zero_sizes_views_and_no_leading_axes(shapes):
    x, weights = example(shapes)
    run = lambda x, **options: reference.latent_attention(x, **weights, n_heads=H, **options)  # noqa: E731
    assert run(x[:0]).shape == (0, T, C)
    assert run(x[:, :0]).shape == (B, 0, C)
    assert_allclose(run(np.asfortranarray(x)), run(x), rtol=1e-12, atol=1e-13)
    assert_allclose(run(x[0]), run(x)[0], rtol=1e-12, atol=1e-13)
    assert_array_equal(run(x), run(x, causal=False))
    empty = run(x, mask=np.arange(T)[:, None] != 2)
    assert_array_equal(empty[:, 2], np.zeros((B, C)))


X, WEIGHTS = example(SHAPES | QUERY_LATENT)


def call(x=X, **options):
    reference.latent_attention(x, **{"n_heads": H, **WEIGHTS, **options})


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: call(n_heads=0), ValueError, "^n_heads must be at least 1, got 0$"),
        (
            lambda: call(n_heads=4),
            ValueError,
            "^n_heads must divide the rows of value_weight, got n_heads 4",
        ),
        (lambda: call(return_weights=1), TypeError, "^return_weights must be True or False"),
        (lambda: call(causal=1), TypeError, "^causal must be True or False, got int$"),
        (lambda: call(base=0), ValueError, "^base must be greater than 0, got 0$"),
        (
            lambda: call(query_gain=None),
            ValueError,
            "^query_down_weight and query_gain must both be given, or neither$",
        ),
        (
            lambda: call(query_down_weight=None),
            ValueError,
            "^query_down_weight and query_gain must both be given, or neither$",
        ),
        (lambda: call(X.tolist()), TypeError, "^x must be a NumPy array, got list$"),
        (
            lambda: call(X.astype(np.float32)),
            TypeError,
            "^arguments must share one dtype, got x",
        ),
        (lambda: call(X[0, 0]), ValueError, r"^x must have at least 2 dimension\(s\)"),
        (
            lambda: call(X[..., :5]),
            ValueError,
            r"^latent_weight must have shape \[out, 5\] for latent of shape \(2, 5, 5\), "
            r"got \(7, 13\)$",
        ),
        (
            lambda: call(rotary_key_weight=WEIGHTS["rotary_key_weight"][:, :3]),
            ValueError,
            r"^rotary_key_weight must have shape \[out, 13\]",
        ),
        (
            lambda: call(rotary_key_weight=WEIGHTS["rotary_key_weight"][:4]),
            ValueError,
            r"^query_weight must have H \(D \+ R\) = 24 rows .* got 30$",
        ),
        (
            lambda: call(rotary_key_weight=WEIGHTS["rotary_key_weight"][:5]),
            ValueError,
            r"^the rows of rotary_key_weight must be even, got 5$",
        ),
        (
            lambda: call(latent_gain=np.ones(5)),
            ValueError,
            r"^latent_gain must have shape .* = \(7,\), got \(5,\)$",
        ),
        (
            lambda: call(key_weight=WEIGHTS["key_weight"][:, :5]),
            ValueError,
            r"^key_weight must have shape \[out, 7\]",
        ),
        (
            lambda: call(value_weight=WEIGHTS["value_weight"][:, :5]),
            ValueError,
            r"^value_weight must have shape \[out, 7\]",
        ),
        (
            lambda: call(query_weight=WEIGHTS["query_weight"][:, :5]),
            ValueError,
            r"^query_weight must have shape \[out, 11\]",
        ),
        (
            lambda: call(query_down_weight=WEIGHTS["query_down_weight"][:, :5]),
            ValueError,
            r"^query_down_weight must have shape \[out, 13\]",
        ),
        (
            lambda: call(output_weight=WEIGHTS["output_weight"][:, :5]),
            ValueError,
            r"^output_weight must have shape \[out, 6\]",
        ),
        (
            lambda: call(mask=np.ones((4, 5), bool)),
            ValueError,
            r"^mask must broadcast to the scores' shape \(2, 3, 5, 5\), got \(4, 5\)$",
        ),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=message):
        run()
