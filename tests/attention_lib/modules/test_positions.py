"""Position modules against the reference, their dtypes and devices, and what they refuse."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.modules import (
    ALiBi,
    ClippedRelativeBias,
    LearnedPositionalEncoding,
    RelativePositionBias,
    RotaryPositionalEncoding,
    SinusoidalPositionalEncoding,
)
from attention_lib.training import seeded


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def built(make):
    with seeded(0):
        return make()


UNEVEN = torch.tensor([5, 1])


@pytest.mark.parametrize("shape", [(5, 6), (2, 5, 6), (2, 3, 5, 6)])
def test_sinusoidal_encoding_adds_the_waves(shape):
    x = normal(*shape)
    made = SinusoidalPositionalEncoding(6)(x, offset=3)
    waves = reference.sinusoidal_positions(5, 6, offset=3)
    assert_allclose(made, x.numpy() + waves, rtol=1e-12, atol=1e-14)
    assert_array_equal(
        SinusoidalPositionalEncoding(6)(x), SinusoidalPositionalEncoding(6)(x, offset=0)
    )


@pytest.mark.parametrize(
    "make", [lambda: SinusoidalPositionalEncoding(6), lambda: LearnedPositionalEncoding(17, 6)]
)
@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 3, 5, 6)])
def test_encodings_with_an_offset_for_each_row(make, shape):
    module, x = built(make).double(), normal(*shape)
    made = module(x, offset=UNEVEN)
    for row, offset in enumerate((5, 1)):
        assert_array_equal(made[row].detach(), module(x[row], offset=offset).detach())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_sinusoidal_encoding_keeps_the_dtype_and_rounds_once(dtype):
    x = normal(2, 5, 6).to(dtype)
    made = SinusoidalPositionalEncoding(6).to(dtype)(x, offset=100_000)
    assert made.dtype == dtype
    waves = torch.from_numpy(reference.sinusoidal_positions(5, 6, offset=100_000))
    epsilon = torch.finfo(dtype).eps if dtype != torch.float64 else 1e-10
    # the waves are rounded to float32 first: 4e-8 of 1
    assert_allclose(made.double(), x.double() + waves, rtol=epsilon / 2, atol=4e-8)


def test_learned_encoding_adds_its_rows():
    module = built(lambda: LearnedPositionalEncoding(11, 6)).double()
    x = normal(2, 5, 6)
    assert_array_equal(module(x).detach(), (x + module.weight[:5]).detach())
    assert_array_equal(module(x, offset=6).detach(), (x + module.weight[6:]).detach())
    assert module(x[:, :0], offset=11).shape == (2, 0, 6)
    assert list(module.state_dict()) == ["weight"]
    module(x, offset=2).sum().backward()
    expected = np.zeros((11, 6))
    expected[2:7] = 2
    assert_array_equal(module.weight.grad, expected)


def test_learned_positions_from_an_integer_need_no_numbers_of_the_device():
    module = LearnedPositionalEncoding(11, 6).to("meta")
    x = torch.empty(2, 5, 6, device="meta")
    assert module(x, offset=6).shape == x.shape
    with pytest.raises(ValueError, match=r"^x and offset must have .*0\.\.10 .*got 7\.\.11$"):
        module(x, offset=7)
    offsets = torch.tensor([0, 6], dtype=torch.uint16)
    module, x = LearnedPositionalEncoding(11, 6), torch.ones(2, 5, 6)
    assert module(x, offset=offsets).shape == (2, 5, 6)
    assert module(x[:0], offset=offsets[:0]).shape == (0, 5, 6)


def test_learned_weights_start_small():
    modules = [
        built(lambda: LearnedPositionalEncoding(101, 97)),
        built(lambda: RelativePositionBias(331, n_buckets=32)),
        built(lambda: ClippedRelativeBias(331, max_distance=16)),
    ]
    assert [tuple(one.weight.shape) for one in modules] == [(101, 97), (331, 32), (331, 33)]
    for module in modules:
        assert_allclose(module.weight.detach().std(), 0.02, rtol=0.03)
        assert_allclose(module.weight.detach().mean(), 0, atol=0.001)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SinusoidalPositionalEncoding(6, dropout=0.5),
        lambda: LearnedPositionalEncoding(11, 6, dropout=0.5),
    ],
)
def test_dropout_acts_in_training_only(make):
    module, x = built(make), normal(7, 5, 6).float() + 9
    with seeded(1):
        made = module(x).detach()
    module.eval()
    kept = made != 0
    assert 0 < kept.sum() < kept.numel()
    assert_allclose(made[kept], 2 * module(x).detach()[kept], rtol=1e-6)
    assert torch.equal(module(x), module(x))


BIASES = {
    "relative": (lambda: RelativePositionBias(3), {}),
    "causal": (
        lambda: RelativePositionBias(3, n_buckets=7, max_distance=13, bidirectional=False),
        {"n_buckets": 7, "max_distance": 13, "bidirectional": False},
    ),
}


@pytest.mark.parametrize("name", BIASES)
@pytest.mark.parametrize("sizes", [(5, 7), (1, 61), (157, 157), (5, 2), (0, 3)])
def test_relative_bias_looks_up_the_bucket(name, sizes):
    make, options = BIASES[name]
    module = built(make)
    buckets = reference.relative_buckets(*sizes, **options)
    made = module(*sizes).detach()
    assert made.shape == (3, *sizes)
    for head in range(3):
        assert_array_equal(made[head], module.weight.detach().numpy()[head][buckets])


def test_clipped_bias_looks_up_the_distance():
    module = built(lambda: ClippedRelativeBias(3, max_distance=2))
    made = module(5, 7).detach()
    clipped = reference.clipped_distances(5, 7, max_distance=2)
    for head in range(3):
        assert_array_equal(made[head], module.weight.detach().numpy()[head][clipped])


@pytest.mark.parametrize(
    "make",
    [
        lambda: RelativePositionBias(3),
        lambda: ClippedRelativeBias(3, max_distance=2),
        lambda: ALiBi(3),
    ],
)
def test_a_bias_for_the_last_query_is_the_last_row(make):
    module = built(make)
    assert_array_equal(module(1, 7).detach(), module(7, 7)[:, -1:].detach())


def test_the_gradient_of_a_bias_counts_its_pairs():
    module = built(lambda: ClippedRelativeBias(3, max_distance=1))
    module(3, 3).sum().backward()
    assert_array_equal(module.weight.grad, [[3, 3, 3]] * 3)
    module = built(lambda: RelativePositionBias(2, n_buckets=8, max_distance=16))
    module(3, 3).sum().backward()
    assert_array_equal(module.weight.grad, [[3, 2, 1, 0, 0, 2, 1, 0]] * 2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_alibi_follows_the_dtype_of_the_model_and_stays_exact(dtype):
    module = ALiBi(3).to(dtype)
    made = module(5, 1009)
    assert made.dtype == dtype
    assert list(module.state_dict()) == []
    assert_allclose(module.slopes.double(), reference.alibi_slopes(3), rtol=1e-15, atol=1e-13)
    exact = torch.from_numpy(reference.alibi_bias(3, 5, 1009))
    assert_array_equal(made.double(), exact.to(dtype).double())


def test_alibi_slopes_that_the_dtype_cannot_hold_do_not_bend_the_bias():
    module = ALiBi(16).to(torch.bfloat16)
    exact = torch.from_numpy(reference.alibi_bias(16, 1, 1009))
    assert_allclose(module(1, 1009).double(), exact, rtol=2**-8 * 1.001)
    assert_allclose(module.float()(1, 1009), exact, rtol=2e-7)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ALiBi(3),
        lambda: RelativePositionBias(3),
        lambda: ClippedRelativeBias(3, max_distance=2),
    ],
)
def test_biases_move_with_the_model(make):
    module = make().to("meta")
    assert module(5, 7).is_meta
    assert make().to(torch.float64)(5, 7).dtype == torch.float64


def test_modules_leave_nothing_to_the_default_device():
    modules = [
        RelativePositionBias(3),
        ClippedRelativeBias(3, max_distance=2),
        ALiBi(3),
    ]
    encodings = [SinusoidalPositionalEncoding(6), LearnedPositionalEncoding(9, 6)]
    x = normal(2, 5, 6).float()
    expected = [module(5, 7).tolist() for module in modules]
    with torch.device("meta"):
        assert [module(5, 7).tolist() for module in modules] == expected
        for module in encodings:
            for offset in (2, UNEVEN - 1):
                assert module(x, offset=offset).sum().isfinite()


@pytest.mark.parametrize("pairing", ["interleaved", "half"])
def test_rotary_encoding_equals_the_reference(pairing):
    x = normal(2, 3, 5, 6)
    made = RotaryPositionalEncoding(6, base=500.0, pairing=pairing)(x, offset=7)
    expected = reference.rotate(x.numpy(), offset=7, base=500.0, pairing=pairing)
    assert_allclose(made, expected, rtol=1e-12, atol=1e-14)
    uneven = RotaryPositionalEncoding(6)(x, offset=UNEVEN)
    assert_allclose(uneven, reference.rotate(x.numpy(), offset=UNEVEN.numpy()), atol=1e-14)
    assert_allclose(RotaryPositionalEncoding(6)(x), reference.rotate(x.numpy()), atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_rotary_encoding_loses_no_angle_when_the_model_is_cast(dtype):
    x = normal(2, 5, 64).to(dtype)
    cast = RotaryPositionalEncoding(64).to(dtype)
    assert torch.equal(cast(x, offset=100_000), RotaryPositionalEncoding(64)(x, offset=100_000))
    expected = reference.rotate(x.double().numpy(), offset=100_000)
    epsilon = torch.finfo(dtype).eps
    assert_allclose(cast(x, offset=100_000).double(), expected, rtol=epsilon / 2, atol=1e-6)
    back = cast.to(torch.float64)(x.double(), offset=100_000)
    assert_allclose(back, expected, atol=1e-12)


@pytest.mark.parametrize("pairing", ["interleaved", "half"])
def test_rotary_encoding_with_given_frequencies_and_scale(pairing):
    x, given = normal(2, 3, 5, 6), functional.ntk_frequencies(6, stretch=8)
    module = RotaryPositionalEncoding(6, pairing=pairing, frequencies=given, scale=1.25)
    made = module(x, offset=7)
    options = {"offset": 7, "pairing": pairing, "frequencies": given.numpy()}
    assert_allclose(made, 1.25 * reference.rotate(x.numpy(), **options), rtol=1e-12, atol=1e-14)
    plain = RotaryPositionalEncoding(6, pairing=pairing, frequencies=given)
    assert_allclose(1.25 * plain(x, offset=7), made, rtol=1e-12, atol=1e-13)


def test_given_frequencies_lose_no_digit_when_the_model_is_cast():
    given = functional.yarn_frequencies(6, stretch=8, trained_length=50)
    module = RotaryPositionalEncoding(6, frequencies=given).to(torch.bfloat16)
    assert module.frequencies == tuple(given.tolist())
    assert list(module.state_dict()) == []
    x = normal(2, 5, 6)
    expected = reference.rotate(x.numpy(), offset=90_000, frequencies=given.numpy())
    assert_allclose(module(x, offset=90_000), expected, rtol=1e-9, atol=1e-10)
    with torch.device("meta"):
        assert_allclose(module(x, offset=90_000), expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_rotating_and_scaling_round_once(dtype):
    x = normal(2, 5, 64).to(dtype)
    made = RotaryPositionalEncoding(64, scale=1.1)(x, offset=3)
    assert made.dtype == dtype
    exact = 1.1 * reference.rotate(x.double().numpy(), offset=3)
    assert_allclose(made.double(), exact, rtol=torch.finfo(dtype).eps / 2, atol=1e-6)


def test_rotary_encoding_stores_nothing():
    module = RotaryPositionalEncoding(6)
    before = dict(vars(module))
    module(normal(2, 5, 6), offset=3)
    assert vars(module) == before
    assert list(module.state_dict()) == []


def test_scores_of_rotated_heads_do_not_change_with_the_offset():
    rotary = RotaryPositionalEncoding(6)
    query, key = normal(2, 3, 5, 6), normal(2, 3, 7, 6, seed=1)
    now = rotary(query, offset=2) @ rotary(key).mT
    later = rotary(query, offset=902) @ rotary(key, offset=900).mT
    assert_allclose(later, now, atol=1e-11)


X = normal(2, 5, 6)
WRONG = [
    (lambda: SinusoidalPositionalEncoding(5), ValueError, "d_model must be even, got 5"),
    (lambda: SinusoidalPositionalEncoding(6, dropout=1.0), ValueError, "dropout must lie in"),
    (lambda: SinusoidalPositionalEncoding(6)([1.0]), TypeError, "x must be a torch.Tensor, got"),
    (lambda: SinusoidalPositionalEncoding(6)(X.long()), TypeError, "x must have a floating dtype"),
    (lambda: SinusoidalPositionalEncoding(6)(X[0, 0]), ValueError, "x must have at least 2 dim"),
    (
        lambda: SinusoidalPositionalEncoding(4)(X),
        ValueError,
        r"x must have width 4 on its last axis, got shape \(2, 5, 6\)",
    ),
    (
        lambda: SinusoidalPositionalEncoding(6)(X, offset=torch.tensor([1, 2, 3])),
        ValueError,
        r"offset \[B\] must have one entry.*\(3,\) and x \(2, 5, 6\)",
    ),
    (
        lambda: SinusoidalPositionalEncoding(6)(X, offset=np.array([1, 2])),
        TypeError,
        "^offset must be a torch.Tensor, got ndarray$",
    ),
    (
        lambda: LearnedPositionalEncoding(9, 6).double()(X, offset=np.array([1, 2])),
        TypeError,
        "^offset must be a torch.Tensor, got ndarray$",
    ),
    (
        lambda: SinusoidalPositionalEncoding(6)(X[0], offset=torch.tensor([1])),
        ValueError,
        r"offset \[B\] must have one entry.*\(1,\) and x \(5, 6\)",
    ),
    (lambda: LearnedPositionalEncoding(0, 6), ValueError, "max_length must be at least 1, got 0"),
    (lambda: LearnedPositionalEncoding(5, 6.0), TypeError, "d_model must be an integer, got float"),
    (lambda: LearnedPositionalEncoding(5, 6, dropout=-1), ValueError, "dropout must lie in"),
    (lambda: LearnedPositionalEncoding(5, 6)(X), TypeError, "share one dtype, got x float64, weig"),
    (lambda: LearnedPositionalEncoding(5, 6)("x"), TypeError, "x must be a torch.Tensor, got str"),
    (lambda: LearnedPositionalEncoding(5, 6).double()(X[0, 0]), ValueError, "at least 2 dimension"),
    (lambda: LearnedPositionalEncoding(5, 3).double()(X), ValueError, "x must have width 3"),
    (
        lambda: LearnedPositionalEncoding(4, 6).double()(X),
        ValueError,
        r"^x and offset must have positions in 0..3 \(max_length 4\), got 0..4$",
    ),
    (
        lambda: LearnedPositionalEncoding(5, 6).double()(X, offset=torch.tensor([-1, 2])),
        ValueError,
        r"^x and offset must have positions in 0..4 \(max_length 5\), got -1..6",
    ),
    (
        lambda: LearnedPositionalEncoding(9, 6).double()(X, offset=-1),
        ValueError,
        r"got -1..3",
    ),
    (
        lambda: LearnedPositionalEncoding(9, 6).double()(X, offset=2.0),
        TypeError,
        "offset must be an integer or an integer array",
    ),
    (
        lambda: LearnedPositionalEncoding(9, 6).double()(X, offset=torch.tensor([1])),
        ValueError,
        r"got offset \(1,\) and x \(2, 5, 6\)",
    ),
    (lambda: RelativePositionBias(0), ValueError, "n_heads must be at least 1, got 0"),
    (lambda: RelativePositionBias(2, n_buckets=5), ValueError, "n_buckets must be even, got 5"),
    (lambda: RelativePositionBias(2, max_distance=7), ValueError, "max_distance must be greater"),
    (lambda: RelativePositionBias(2, bidirectional=None), TypeError, "bidirectional must be True"),
    (lambda: RelativePositionBias(2)(-1, 2), ValueError, "n_queries must be at least 0, got -1"),
    (lambda: ClippedRelativeBias(0, max_distance=2), ValueError, "n_heads must be at least 1"),
    (lambda: ClippedRelativeBias(2, max_distance=0), ValueError, "max_distance must be at least 1"),
    (lambda: ALiBi(0), ValueError, "n_heads must be at least 1, got 0"),
    (lambda: ALiBi(2)(1, 2.0), TypeError, "n_keys must be an integer, got float"),
    (lambda: RotaryPositionalEncoding(5), ValueError, "d must be even, got 5"),
    (lambda: RotaryPositionalEncoding(6, base=0), ValueError, "base must be greater than 0, got 0"),
    (lambda: RotaryPositionalEncoding(6, pairing="x"), ValueError, "pairing must be one of"),
    (
        lambda: RotaryPositionalEncoding(6, frequencies=[1.0, 0.1, 0.01]),
        TypeError,
        "^frequencies must be a torch.Tensor, got list$",
    ),
    (
        lambda: RotaryPositionalEncoding(6, frequencies=torch.ones(6)),
        ValueError,
        r"^frequencies must have shape \[D / 2\] = \(3,\), got \(6,\)$",
    ),
    (
        lambda: RotaryPositionalEncoding(6, frequencies=torch.ones(3, device="meta")),
        ValueError,
        "^frequencies must hold numbers, got a tensor on the device meta$",
    ),
    (
        lambda: RotaryPositionalEncoding(6, base=500.0, frequencies=torch.ones(3)),
        ValueError,
        "^base must be left out where frequencies are given, got 500.0$",
    ),
    (lambda: RotaryPositionalEncoding(6, scale=0), ValueError, "^scale must be greater than 0"),
    (
        lambda: RotaryPositionalEncoding(6, scale=2.0)(X.long()),
        TypeError,
        "^x must have a floating dtype",
    ),
    (lambda: RotaryPositionalEncoding(6)(None), TypeError, "x must be a torch.Tensor, got NoneTyp"),
    (lambda: RotaryPositionalEncoding(4)(X), ValueError, "x must have width 4 on its last axis"),
    (lambda: RotaryPositionalEncoding(6)(X.long()), TypeError, "x must have a floating dtype"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_modules_say_what_they_hold():
    held = {
        name: getattr(RelativePositionBias(2), name)
        for name in ("n_buckets", "max_distance", "bidirectional")
    }
    assert held == {"n_buckets": 32, "max_distance": 128, "bidirectional": True}
    rotary = RotaryPositionalEncoding(6)
    assert (rotary.d, rotary.base, rotary.pairing) == (6, 10000.0, "interleaved")
    assert (rotary.frequencies, rotary.scale) == (None, 1.0)
    assert torch.equal(functional.alibi_slopes(5), ALiBi(5).slopes)
