"""The filters of sampling in torch: against NumPy and loops, at ties, under differentiation."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.functional import next_token_probabilities, top_k_logits, top_p_logits
from tests.helpers.loop_oracles import nucleus_row

INF = torch.inf
LOGITS = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 7)))
EIGHTHS = torch.tensor([0.125, 0.5, 0.25, 0.125]).log()
TOLERANCES = {
    torch.float16: 1e-3,
    torch.bfloat16: 1e-2,
    torch.float32: 1e-6,
    torch.float64: 1e-12,
}


def kept(filtered):
    return (filtered > -INF).nonzero()[:, 0].tolist()


@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_top_k_equals_the_loop_and_the_reference(k):
    filtered = top_k_logits(LOGITS, k)
    assert_array_equal(filtered, reference.top_k_logits(LOGITS.numpy(), k))
    for row, ours in zip(LOGITS.flatten(0, 1), filtered.flatten(0, 1), strict=True):
        assert kept(ours) == nucleus_row(row.tolist(), k, INF)


@pytest.mark.parametrize("p", [1e-9, 0.2, 0.5, 0.77, 0.999, 1])
def test_top_p_equals_the_loop_and_the_reference(p):
    filtered = top_p_logits(LOGITS, p)
    assert_array_equal(filtered, reference.top_p_logits(LOGITS.numpy(), p))
    for row, ours in zip(LOGITS.flatten(0, 1), filtered.flatten(0, 1), strict=True):
        assert kept(ours) == nucleus_row(row.tolist(), 7, p if p < 1 else INF)


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.25, [1]), (0.5, [1]), (0.625, [1, 2]), (0.75, [1, 2]), (0.8, [0, 1, 2]), (1, range(4))],
)
def test_top_p_ends_with_the_token_that_reaches_p(p, expected):
    assert kept(top_p_logits(EIGHTHS, p)) == list(expected)


def test_equal_logits_are_kept_from_the_smaller_token_id_on():
    ties = torch.tensor([2.0, 5.0, 2.0, 5.0, 2.0])
    assert [kept(top_k_logits(ties, k)) for k in (1, 2, 3, 4)] == [
        [1],
        [1, 3],
        [0, 1, 3],
        [0, 1, 2, 3],
    ]
    assert kept(top_k_logits(torch.zeros(1001), 500)) == list(range(500))
    assert kept(top_p_logits(torch.zeros(1024), 0.5)) == list(range(512))
    shifted = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    assert_array_equal(top_k_logits(shifted, 1) > -INF, [[0, 1, 0], [1, 0, 0]])


def test_p_of_1_keeps_even_what_rounding_would_drop():
    """In float32 the first token alone has probability 1."""
    logits = torch.tensor([40.0, 0.0, 1.0])
    assert_array_equal(top_p_logits(logits, 1), logits)
    assert_array_equal(top_p_logits(logits, 1.0), logits)
    assert kept(top_p_logits(logits, 0.999999)) == [0]


def test_tokens_of_no_probability_stay_out():
    logits = torch.tensor([-INF, 1.0, -INF, 0.0])
    for filtered in (top_k_logits(logits, 3), top_p_logits(logits, 0.999), top_p_logits(logits, 1)):
        assert_array_equal(filtered, logits)
    nothing = torch.full((1, 3), -INF)
    assert_array_equal(top_k_logits(nothing, 2), nothing)
    assert_array_equal(top_p_logits(nothing, 0.5), nothing)
    assert_array_equal(next_token_probabilities(nothing, top_k=2, top_p=0.5), np.zeros((1, 3)))
    assert kept(top_k_logits(torch.tensor([INF, 0.0, INF]), 1)) == [0]
    assert kept(top_p_logits(torch.tensor([INF, 0.0, INF]), 0.6)) == [0, 2]


OPTIONS = [
    {},
    {"temperature": 0.5},
    {"top_k": 3},
    {"top_p": 0.6},
    {"top_p": 1},
    {"temperature": 0.5, "top_k": 4, "top_p": 0.7},
    {"temperature": 3.0, "top_k": 4, "top_p": 0.7},
    {"temperature": 1e-300},
]


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("options", OPTIONS)
def test_probabilities_equal_the_reference_in_every_dtype(dtype, options):
    logits = LOGITS.to(dtype)
    before = logits.clone()
    ours = next_token_probabilities(logits, **options)
    expected = reference.next_token_probabilities(logits.double().numpy(), **options)
    assert ours.dtype == dtype
    tolerance = TOLERANCES[dtype]
    assert_allclose(ours.double(), expected, rtol=tolerance, atol=tolerance)
    assert_array_equal(logits.double(), before.double())


def test_temperature_acts_before_the_nucleus_and_top_k_too():
    cold = next_token_probabilities(EIGHTHS, temperature=0.5, top_p=0.7)
    assert_array_equal(cold, [0, 1, 0, 0])
    both = next_token_probabilities(EIGHTHS, top_k=2, top_p=0.6)
    assert_array_equal(both, [0, 1, 0, 0])
    ties = next_token_probabilities(torch.tensor([1.0, 0.0, 1.0]), temperature=1e-300)
    assert_array_equal(ties, [0.5, 0, 0.5])


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_the_filters_keep_dtype_and_values(dtype):
    logits = LOGITS.to(dtype)
    for filtered in (top_k_logits(logits, 3), top_p_logits(logits, 0.7), top_p_logits(logits, 1)):
        assert filtered.dtype == dtype
        chosen = filtered > -INF
        assert torch.equal(filtered[chosen], logits[chosen])


def test_views_no_rows_and_the_input_is_left_alone():
    turned = LOGITS.transpose(0, 2)
    assert torch.equal(top_k_logits(turned, 1), top_k_logits(turned.contiguous(), 1))
    assert torch.equal(top_p_logits(turned, 0.6), top_p_logits(turned.contiguous(), 0.6))
    for empty in (top_k_logits(LOGITS[:0], 2), top_p_logits(LOGITS[:0], 0.5)):
        assert empty.shape == (0, 3, 7)
    whole = top_p_logits(LOGITS, 1)
    assert whole.data_ptr() != LOGITS.data_ptr()


@pytest.mark.parametrize("options", OPTIONS[:-1])
def test_gradients(options):
    logits = LOGITS[0].clone().requires_grad_()

    def probabilities(one):
        return next_token_probabilities(one, **options)

    assert torch.autograd.gradcheck(probabilities, logits)


@pytest.mark.parametrize("call", [lambda x: top_k_logits(x, 2), lambda x: top_p_logits(x, 0.6)])
def test_gradients_reach_what_was_kept(call):
    logits = LOGITS.clone().requires_grad_()
    filtered = call(logits)
    chosen = filtered > -INF
    filtered[chosen].sum().backward()
    assert_array_equal(logits.grad, chosen)


def test_draws_have_the_frequencies_of_the_probabilities():
    probabilities = next_token_probabilities(EIGHTHS, temperature=0.8, top_k=3, top_p=0.95)
    rows = probabilities.expand(20_000, 4)
    drawn = functional.draw(rows, rng=torch.Generator().manual_seed(0))
    frequencies = torch.bincount(drawn, minlength=4) / 20_000
    assert frequencies[3] == 0
    spread = (probabilities * (1 - probabilities) / 20_000).sqrt()
    assert ((frequencies - probabilities).abs() <= 4 * spread).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: top_k_logits(np.ones(3), 1),
            TypeError,
            r"logits must be a torch.Tensor, got ndarray",
        ),
        (
            lambda: top_p_logits(np.ones(3), 0.5),
            TypeError,
            r"logits must be a torch.Tensor, got ndarray",
        ),
        (
            lambda: next_token_probabilities(np.ones(3)),
            TypeError,
            r"logits must be a torch.Tensor, got ndarray",
        ),
        (
            lambda: top_k_logits(torch.arange(3), 1),
            TypeError,
            "logits must have a floating dtype.*got int64",
        ),
        (
            lambda: top_p_logits(torch.arange(3), 0.5),
            TypeError,
            "logits must have a floating dtype.*got int64",
        ),
        (
            lambda: top_k_logits(torch.ones(()), 1),
            ValueError,
            r"logits must have at least 1 dimension\(s\), got shape \(\)",
        ),
        (
            lambda: top_p_logits(torch.ones(2, 0), 0.5),
            ValueError,
            r"logits must have at least one token on the last axis, got shape \(2, 0\)",
        ),
        (
            lambda: top_k_logits(torch.tensor([0, torch.nan]), 1),
            ValueError,
            "logits must not be NaN, got NaN",
        ),
        (
            lambda: top_p_logits(torch.tensor([0, torch.nan]), 0.5),
            ValueError,
            "logits must not be NaN, got NaN",
        ),
        (
            lambda: next_token_probabilities(torch.tensor([0, torch.nan])),
            ValueError,
            "logits must not be NaN, got NaN",
        ),
        (
            lambda: top_k_logits(LOGITS, 8),
            ValueError,
            "top_k must be at most the 7 tokens there are, got 8",
        ),
        (lambda: top_k_logits(LOGITS, 0), ValueError, "top_k must be at least 1, got 0"),
        (lambda: top_k_logits(LOGITS, True), TypeError, "top_k must be an integer, got bool"),
        (lambda: top_p_logits(LOGITS, 0.0), ValueError, r"top_p must lie in \(0, 1\], got 0.0"),
        (lambda: top_p_logits(LOGITS, 1.5), ValueError, r"top_p must lie in \(0, 1\], got 1.5"),
        (lambda: top_p_logits(LOGITS, None), TypeError, "top_p must be a real number, got None"),
        (
            lambda: next_token_probabilities(LOGITS, temperature=0.0),
            ValueError,
            "temperature must be greater than 0, got 0.0",
        ),
        (
            lambda: next_token_probabilities(LOGITS, top_k=8),
            ValueError,
            "top_k must be at most the 7 tokens there are, got 8",
        ),
        (
            lambda: next_token_probabilities(LOGITS, top_p=2),
            ValueError,
            r"top_p must lie in \(0, 1\], got 2",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
