"""The torch position functions against the reference, in every dtype, and under differentiation."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.functional.positions import angles, with_float64

EPSILON = {
    torch.float16: 2**-10,
    torch.bfloat16: 2**-7,
    torch.float32: 2**-23,
    torch.float64: 1e-10,  # of the angle, at position 100,000
}
PAIRINGS = ["interleaved", "half"]


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.parametrize("offset", [0, -7, 100_000])
@pytest.mark.parametrize("dtype", EPSILON)
def test_sinusoidal_positions_equal_the_reference(dtype, offset):
    made = functional.sinusoidal_positions(5, 14, offset=offset, dtype=dtype)
    assert made.dtype == dtype
    expected = reference.sinusoidal_positions(5, 14, offset=offset)
    assert_allclose(made.double(), expected, atol=EPSILON[dtype], rtol=0)


def test_sinusoidal_positions_of_a_batch():
    made = functional.sinusoidal_positions(5, 6, offset=torch.tensor([3, -2]), dtype=torch.float64)
    expected = reference.sinusoidal_positions(5, 6, offset=np.array([3, -2]))
    assert_allclose(made, expected, atol=1e-14)


BUCKETS = [
    {},
    {"bidirectional": False},
    {"n_buckets": 4, "max_distance": 2},
    {"n_buckets": 2, "max_distance": 2, "bidirectional": False},
    {"n_buckets": 7, "max_distance": 29, "bidirectional": False},
    {"n_buckets": 9, "max_distance": 128, "bidirectional": False},
    {"n_buckets": 38, "max_distance": 1000},
]


@pytest.mark.parametrize("options", BUCKETS)
@pytest.mark.parametrize("sizes", [(157, 311), (5, 3), (1, 0), (0, 7)])
def test_buckets_equal_the_reference(sizes, options):
    made = functional.relative_buckets(*sizes, **options)
    assert made.dtype == torch.int64
    assert_array_equal(made, reference.relative_buckets(*sizes, **options))


@pytest.mark.parametrize("sizes", [(7, 11), (5, 3), (0, 7)])
def test_clipped_distances_equal_the_reference(sizes):
    made = functional.clipped_distances(*sizes, max_distance=3)
    assert made.dtype == torch.int64
    assert_array_equal(made, reference.clipped_distances(*sizes, max_distance=3))


@pytest.mark.parametrize("dtype", EPSILON)
@pytest.mark.parametrize("n_heads", [1, 2, 3, 8, 23])
def test_alibi_equals_the_reference(n_heads, dtype):
    slopes = functional.alibi_slopes(n_heads, dtype=dtype)
    bias = functional.alibi_bias(n_heads, 3, 1009, dtype=dtype)
    assert slopes.dtype == bias.dtype == dtype
    epsilon = EPSILON[dtype] if dtype != torch.float64 else 1e-15
    assert_allclose(slopes.double(), reference.alibi_slopes(n_heads), rtol=epsilon)
    assert_allclose(bias.double(), reference.alibi_bias(n_heads, 3, 1009), rtol=epsilon)


def test_alibi_bias_is_rounded_once():
    made = functional.alibi_bias(3, 1, 1009, dtype=torch.bfloat16)
    exact = torch.from_numpy(reference.alibi_bias(3, 1, 1009))
    assert_array_equal(made.float(), exact.to(torch.bfloat16).float())


@pytest.mark.parametrize("offset", [0, -3, 100_000])
@pytest.mark.parametrize("pairing", PAIRINGS)
@pytest.mark.parametrize("dtype", EPSILON)
def test_rotate_equals_the_reference(dtype, pairing, offset):
    x = normal(2, 3, 5, 14).to(dtype)
    made = functional.rotate(x, offset=offset, base=500, pairing=pairing)
    assert made.dtype == dtype
    exact = x.double().numpy()
    expected = reference.rotate(exact, offset=offset, base=500, pairing=pairing)
    assert_allclose(made.double(), expected, atol=2 * EPSILON[dtype], rtol=EPSILON[dtype])


@pytest.mark.parametrize("pairing", PAIRINGS)
@pytest.mark.parametrize("dtype", EPSILON)
def test_rotate_with_given_frequencies_equals_the_reference(dtype, pairing):
    x, given = normal(2, 3, 5, 6).to(dtype), torch.tensor([0.7, -0.2, 0.0], dtype=torch.float32)
    made = functional.rotate(x, offset=100_000, pairing=pairing, frequencies=given)
    assert made.dtype == dtype
    options = {"offset": 100_000, "pairing": pairing, "frequencies": given.numpy()}
    expected = reference.rotate(x.double().numpy(), **options)
    assert_allclose(made.double(), expected, atol=2 * EPSILON[dtype], rtol=EPSILON[dtype])


def test_frequencies_can_be_learned():
    x, given = normal(2, 3, 6), torch.tensor([0.7, -0.2, 0.1], dtype=torch.float64)

    def rotate(frequencies):
        return functional.rotate(x, offset=4, frequencies=frequencies)

    assert torch.autograd.gradcheck(rotate, given.requires_grad_())


def test_rotate_has_the_defaults_of_the_reference():
    x = normal(5, 6)
    assert_allclose(functional.rotate(x), reference.rotate(x.numpy()), rtol=1e-12, atol=1e-13)
    stated = functional.rotate(x, offset=0, base=10000.0, pairing="interleaved")
    assert torch.equal(functional.rotate(x), stated)


@pytest.mark.parametrize("pairing", PAIRINGS)
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 3, 5, 6), (2, 3, 1, 5, 6)])
def test_rotate_with_an_offset_for_each_row_of_the_batch(shape, dtype, pairing):
    x = normal(*shape)
    made = functional.rotate(x, offset=torch.tensor([13, 254], dtype=dtype), pairing=pairing)
    for row, offset in enumerate((13, 254)):
        alone = reference.rotate(x[row].numpy(), offset=offset, pairing=pairing)
        assert_allclose(made[row], alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_angles_are_right_at_position_one_hundred_thousand(dtype):
    one = torch.zeros(1, 64, dtype=dtype)
    one[:, 0::2] = 1.0
    made = functional.rotate(one, offset=100_000).double()
    exact = 100_000 * 10000.0 ** (-np.arange(0, 64, 2) / 64)
    assert_allclose(made[0, 0::2], np.cos(exact), atol=EPSILON[dtype] / 2)
    assert_allclose(made[0, 1::2], np.sin(exact), atol=EPSILON[dtype] / 2)


def test_neighbours_far_away_still_differ_by_one_step():
    query = functional.rotate(torch.ones(1, 64), offset=100_001)
    key = functional.rotate(torch.ones(1, 64), offset=100_000)
    near = functional.rotate(torch.ones(1, 64), offset=1) @ torch.ones(64)
    assert_allclose(query @ key[0], near, rtol=1e-5)


def test_angles_are_float64_also_where_the_device_has_none():
    frequencies = torch.ones(2, dtype=torch.float32)
    assert angles(3, 0, frequencies, torch.device("cpu")).dtype == torch.float64
    assert with_float64(torch.device("cpu")) == torch.device("cpu")
    assert with_float64(torch.device("meta")) == torch.device("meta")
    assert with_float64(torch.device("mps")) == torch.device("cpu")


@pytest.fixture
def default_meta():
    """Whatever names no device lands on one that holds no numbers."""
    with torch.device("meta"):
        yield


def test_nothing_is_left_to_the_default_device(default_meta):
    cpu = {"device": "cpu"}
    offset = torch.tensor([3, -2], **cpu)
    waves = functional.sinusoidal_positions(3, 4, dtype=torch.float64, **cpu)
    assert_allclose(waves, reference.sinusoidal_positions(3, 4), atol=1e-14)
    waves = functional.sinusoidal_positions(3, 4, offset=offset, dtype=torch.float64)
    assert_allclose(waves[0], reference.sinusoidal_positions(3, 4, offset=3), atol=1e-14)
    buckets = functional.relative_buckets(3, 5, **cpu)
    assert_array_equal(buckets, reference.relative_buckets(3, 5))
    buckets = functional.relative_buckets(3, 5, bidirectional=False, **cpu)
    assert_array_equal(buckets, reference.relative_buckets(3, 5, bidirectional=False))
    clipped = functional.clipped_distances(3, 5, max_distance=2, **cpu)
    assert_array_equal(clipped, reference.clipped_distances(3, 5, max_distance=2))
    bias = functional.alibi_bias(3, 5, 7, dtype=torch.float64, **cpu)
    assert_allclose(bias, reference.alibi_bias(3, 5, 7))
    assert_array_equal(functional.pairing_permutation(4, **cpu), [0, 2, 1, 3])
    x = torch.ones(2, 3, 4, dtype=torch.float64, **cpu)
    for start in (5, offset):
        made = functional.rotate(x, offset=start)
        again = functional.rotate(x, offset=start, frequencies=torch.tensor([1.0, 0.01], **cpu))
        assert_allclose(again, made, atol=1e-6)
        known = start if start is not offset else np.array([3, -2])
        assert_allclose(made, reference.rotate(x.numpy(), offset=known), atol=1e-14)


def test_sinusoidal_positions_count_from_zero():
    assert_array_equal(functional.sinusoidal_positions(1, 4), [[0.0, 1.0, 0.0, 1.0]])


def test_results_lie_on_the_device_that_is_asked_for():
    assert functional.sinusoidal_positions(3, 4, device="meta").is_meta
    offset = torch.zeros(2, dtype=torch.int64, device="meta")
    assert functional.sinusoidal_positions(3, 4, offset=offset).is_meta
    assert functional.relative_buckets(3, 5, device="meta").is_meta
    assert functional.clipped_distances(3, 5, max_distance=2, device="meta").is_meta
    assert functional.alibi_slopes(3, device="meta").is_meta
    assert functional.alibi_bias(3, 5, 7, device="meta").is_meta
    assert functional.pairing_permutation(4, device="meta").is_meta
    assert functional.rotate(torch.zeros(3, 4, device="meta")).is_meta


@pytest.fixture
def default_float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def test_the_default_dtype_is_that_of_torch(default_float64):
    assert functional.sinusoidal_positions(3, 4).dtype == torch.float64
    assert functional.alibi_slopes(3).dtype == torch.float64
    assert functional.alibi_bias(3, 5, 7).dtype == torch.float64


def test_the_default_dtype_is_float32_otherwise():
    assert functional.sinusoidal_positions(3, 4).dtype == torch.float32
    assert functional.alibi_slopes(3).dtype == torch.float32
    assert functional.alibi_bias(3, 5, 7).dtype == torch.float32


@pytest.mark.parametrize("offset", [4, torch.tensor([2, -3])])
@pytest.mark.parametrize("pairing", PAIRINGS)
def test_the_gradient_is_turned_back(pairing, offset):
    x = normal(2, 3, 6).requires_grad_()
    grad_output = normal(2, 3, 6, seed=1)

    def rotate(x):
        return functional.rotate(x, offset=offset, pairing=pairing)

    assert torch.autograd.gradcheck(rotate, x)
    rotate(x).backward(grad_output)
    # a rotation keeps products: <R x, g> = <x, R^T g>, and R R^T g = g
    assert_allclose(rotate(x.grad), grad_output, rtol=1e-12, atol=1e-13)


def test_pairing_permutation_carries_one_pairing_to_the_other():
    x, order = normal(2, 5, 14), functional.pairing_permutation(14)
    assert order.dtype == torch.int64
    assert_array_equal(order, reference.pairing_permutation(14))
    halves = functional.rotate(x[..., order], offset=3, pairing="half")
    assert_allclose(
        halves[..., order.argsort()], functional.rotate(x, offset=3), rtol=1e-14, atol=1e-13
    )


def test_views_and_nothing():
    x = normal(6, 5).T
    assert not x.is_contiguous()
    assert torch.equal(functional.rotate(x), functional.rotate(x.contiguous()))
    assert functional.rotate(torch.zeros(2, 0, 6)).shape == (2, 0, 6)
    none = torch.zeros(0, dtype=torch.int64)
    assert functional.rotate(torch.zeros(0, 3, 6), offset=none).shape == (0, 3, 6)
    assert functional.sinusoidal_positions(0, 4).shape == (0, 4)
    assert functional.alibi_bias(2, 0, 3).shape == (2, 0, 3)


def test_sizes_may_be_numpy_integers():
    made = functional.relative_buckets(1, 999, n_buckets=np.int64(96), max_distance=np.int64(2**20))
    assert_array_equal(made, reference.relative_buckets(1, 999, n_buckets=96, max_distance=2**20))
    assert torch.equal(functional.alibi_slopes(np.int64(6)), functional.alibi_slopes(6))
    x = normal(3, 4)
    assert torch.equal(functional.rotate(x, offset=np.int64(5)), functional.rotate(x, offset=5))


X = normal(2, 3, 6)
WRONG = [
    (lambda: functional.sinusoidal_positions(-1, 4), ValueError, "n must be at least 0, got -1"),
    (lambda: functional.sinusoidal_positions(3, 5), ValueError, "d_model must be even, got 5"),
    (
        lambda: functional.sinusoidal_positions(3, 4, offset=np.array([1])),
        TypeError,
        "offset must be a torch.Tensor, got ndarray",
    ),
    (
        lambda: functional.sinusoidal_positions(3, 4, dtype=torch.int32),
        TypeError,
        r"^dtype must be a floating torch.dtype, got torch.int32$",
    ),
    (
        lambda: functional.sinusoidal_positions(3, 4, dtype="float32"),
        TypeError,
        "dtype must be a floating torch.dtype, got 'float32'",
    ),
    (lambda: functional.alibi_slopes(2, dtype=torch.bool), TypeError, "dtype must be a floating"),
    (lambda: functional.alibi_bias(2, 1, 1, dtype=int), TypeError, "dtype must be a floating"),
    (lambda: functional.alibi_slopes(0), ValueError, "n_heads must be at least 1, got 0"),
    (lambda: functional.alibi_bias(2, -1, 1), ValueError, "n_queries must be at least 0, got -1"),
    (lambda: functional.relative_buckets(1, 2.0), TypeError, "n_keys must be an integer"),
    (lambda: functional.relative_buckets(1, 2, n_buckets=7), ValueError, "n_buckets must be even"),
    (
        lambda: functional.clipped_distances(1, 2, max_distance=0),
        ValueError,
        "max_distance must be at least 1, got 0",
    ),
    (lambda: functional.rotate(X.numpy()), TypeError, "x must be a torch.Tensor, got ndarray"),
    (lambda: functional.rotate(X.long()), TypeError, "x must have a floating dtype.*int64"),
    (lambda: functional.rotate(X[..., :5]), ValueError, r"x must have an even width.*\(2, 3, 5\)"),
    (lambda: functional.rotate(X, base=-1), ValueError, "base must be greater than 0, got -1"),
    (lambda: functional.rotate(X, pairing=None), ValueError, "pairing must be one of.*got None"),
    (
        lambda: functional.rotate(X, offset=np.array([1, 2])),
        TypeError,
        "^offset must be a torch.Tensor, got ndarray$",
    ),
    (lambda: functional.rotate(X, offset=2**63), ValueError, "^offset must fit 64 bits, got 9223"),
    (lambda: functional.rotate(X, offset=1.0), TypeError, "offset must be an integer or.*float"),
    (
        lambda: functional.rotate(X, offset=torch.tensor([1, 2, 3])),
        ValueError,
        r"offset \[B\] must have one entry.*\(3,\) and x \(2, 3, 6\)",
    ),
    (
        lambda: functional.rotate(X, frequencies=np.ones(3)),
        TypeError,
        "^frequencies must be a torch.Tensor, got ndarray$",
    ),
    (
        lambda: functional.rotate(X, frequencies=torch.arange(3)),
        TypeError,
        "^frequencies must have a floating dtype .*, got int64$",
    ),
    (
        lambda: functional.rotate(X, frequencies=torch.ones(6)),
        ValueError,
        r"^frequencies must have shape \[D / 2\] = \(3,\), got \(6,\)$",
    ),
    (
        lambda: functional.rotate(X, frequencies=torch.tensor([1.0, np.nan, 0.1])),
        ValueError,
        "^frequencies must be finite$",
    ),
    (
        lambda: functional.rotate(X, base=500, frequencies=torch.ones(3)),
        ValueError,
        "^base must be left out where frequencies are given, got 500$",
    ),
    (lambda: functional.pairing_permutation(5), ValueError, "d must be even, got 5"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
