"""Stretched rotations against loops over pairs, and the laws that each of the three is made for."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.reference import (
    interpolated_frequencies,
    ntk_frequencies,
    rotary_frequencies,
    rotate,
    yarn_frequencies,
    yarn_scale,
)
from tests.helpers import loop_oracles

WIDTHS = [4, 6, 14, 128]
BASES = [10000.0, 500, 7.5]
STRETCHES = [1, 1.5, 8, 64]
TURNS = [(1.0, 32.0), (0, 3), (0.5, 2.5)]
widths = st.integers(2, 40).map(lambda half: 2 * half)
stretches = st.floats(1, 100)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("width", [2, *WIDTHS])
def test_rotary_frequencies_equal_the_loops(width, base):
    made = rotary_frequencies(width, base=base)
    assert made.dtype == np.float64
    assert_allclose(made, loop_oracles.stretched("plain", width, base, 1), rtol=1e-14)


@pytest.mark.parametrize("stretch", STRETCHES)
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("width", WIDTHS)
def test_interpolation_and_the_larger_base_equal_the_loops(width, base, stretch):
    options = {"stretch": stretch, "base": base}
    expected = loop_oracles.stretched("interpolated", width, base, stretch)
    assert_allclose(interpolated_frequencies(width, **options), expected, rtol=1e-14)
    expected = loop_oracles.stretched("ntk", width, base, stretch)
    assert_allclose(ntk_frequencies(width, **options), expected, rtol=1e-12)


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("trained_length", [1, 32, 2048])
@pytest.mark.parametrize("stretch", STRETCHES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_ramp_equals_the_loops(width, stretch, trained_length, turns):
    expected = loop_oracles.stretched("yarn", width, 500.0, stretch, trained_length, *turns)
    few, many = turns
    options = {"stretch": stretch, "trained_length": trained_length, "base": 500.0}
    made = yarn_frequencies(width, **options, few_turns=few, many_turns=many)
    assert_allclose(made, expected, rtol=1e-14)


def test_the_defaults_are_the_published_ones():
    assert_array_equal(rotary_frequencies(6), rotary_frequencies(6, base=10000.0))
    for make in (interpolated_frequencies, ntk_frequencies):
        assert_array_equal(make(6, stretch=3), make(6, stretch=3, base=10000.0))
    stated = {"base": 10000.0, "few_turns": 1.0, "many_turns": 32.0}
    made = yarn_frequencies(128, stretch=16, trained_length=4096)
    assert_array_equal(made, yarn_frequencies(128, stretch=16, trained_length=4096, **stated))


@given(widths, st.floats(1.5, 1e6))
def test_nothing_is_stretched_by_one(width, base):
    plain = rotary_frequencies(width, base=base)
    assert_array_equal(interpolated_frequencies(width, stretch=1, base=base), plain)
    assert_array_equal(ntk_frequencies(width, stretch=1, base=base), plain)
    ramp = yarn_frequencies(width, stretch=1, trained_length=64, base=base)
    assert_allclose(ramp, plain, rtol=1e-15)
    assert yarn_scale(1) == 1.0


@given(widths, stretches)
def test_the_larger_base_keeps_the_fastest_pair_and_interpolates_the_slowest(width, stretch):
    made = ntk_frequencies(width, stretch=stretch)
    plain = rotary_frequencies(width)
    assert made[0] == plain[0] == 1.0
    assert_allclose(made[-1], plain[-1] / stretch, rtol=1e-14)
    assert (np.diff(made / plain) <= 1e-15).all()


@given(widths, stretches, st.integers(1, 10_000))
def test_the_ramp_lies_between_interpolated_and_plain(width, stretch, trained_length):
    made = yarn_frequencies(width, stretch=stretch, trained_length=trained_length)
    plain = rotary_frequencies(width)
    low = interpolated_frequencies(width, stretch=stretch)
    assert (made >= low * (1 - 1e-15)).all()
    assert (made <= plain * (1 + 1e-15)).all()
    turns = trained_length * plain / (2 * math.pi)
    assert_array_equal(made[turns <= 1], low[turns <= 1])
    assert_array_equal(made[turns >= 32], plain[turns >= 32])


def test_interpolated_positions_are_positions_in_between():
    x = np.random.default_rng(0).normal(size=(9, 6))
    slow = rotate(x, frequencies=interpolated_frequencies(6, stretch=4))
    for p in (0, 4, 8):  # every fourth position is one that was trained
        assert_allclose(slow[p], rotate(x[p : p + 1], offset=p // 4)[0], rtol=1e-12)


@pytest.mark.parametrize(("stretch", "expected"), [(1, 1.0), (math.e, 1.1), (math.e**10, 2.0)])
def test_the_temperature_is_a_tenth_of_the_logarithm(stretch, expected):
    made = yarn_scale(stretch)
    assert isinstance(made, float)
    assert math.isclose(made, expected, rel_tol=1e-15)


def test_extreme_stretches_stay_finite():
    made = ntk_frequencies(4, stretch=1e300)  # the new base would be 1e604
    assert_allclose(made, [1.0, 1e-302], rtol=1e-12)
    assert np.isfinite(yarn_frequencies(4, stretch=1e300, trained_length=2**62)).all()


def test_sizes_may_be_numpy_numbers():
    options = {"stretch": np.float32(4), "trained_length": np.int32(2048)}
    made = yarn_frequencies(np.int64(8), **options)
    assert_array_equal(made, yarn_frequencies(8, stretch=4, trained_length=2048))
    assert_array_equal(ntk_frequencies(np.uint8(8), stretch=4), ntk_frequencies(8, stretch=4))


RAMP = {"stretch": 2, "trained_length": 8}
WRONG = [
    (lambda: rotary_frequencies(5), ValueError, "^d must be even, got 5$"),
    (lambda: rotary_frequencies(0), ValueError, "^d must be at least 2, got 0$"),
    (lambda: rotary_frequencies(4, base=0), ValueError, "^base must be greater than 0, got 0$"),
    (
        lambda: interpolated_frequencies(4, stretch=0.5),
        ValueError,
        "^stretch must be at least 1, got 0.5$",
    ),
    (
        lambda: interpolated_frequencies(4, stretch="2"),
        TypeError,
        "^stretch must be a real number, got str$",
    ),
    (
        lambda: interpolated_frequencies(4, stretch=math.nan),
        ValueError,
        "^stretch must be finite, got nan$",
    ),
    (lambda: ntk_frequencies(2, stretch=2), ValueError, "^d must be at least 4, got 2$"),
    (lambda: ntk_frequencies(5, stretch=2), ValueError, "^d must be even, got 5$"),
    (lambda: ntk_frequencies(4, stretch=0), ValueError, "^stretch must be at least 1, got 0$"),
    (
        lambda: yarn_frequencies(4, stretch=2, trained_length=0),
        ValueError,
        "^trained_length must be at least 1, got 0$",
    ),
    (
        lambda: yarn_frequencies(4, stretch=2, trained_length=8.0),
        TypeError,
        "^trained_length must be an integer, got float$",
    ),
    (
        lambda: yarn_frequencies(4, **RAMP, few_turns=-1),
        ValueError,
        "^few_turns must be at least 0, got -1$",
    ),
    (
        lambda: yarn_frequencies(4, **RAMP, many_turns=1),
        ValueError,
        r"^many_turns must be greater than few_turns = 1.0, got 1$",
    ),
    (
        lambda: yarn_frequencies(4, **RAMP, many_turns=math.inf),
        ValueError,
        "^many_turns must be finite, got inf$",
    ),
    (lambda: yarn_frequencies(4, stretch=0.9, trained_length=8), ValueError, "^stretch must be"),
    (lambda: yarn_scale(0.99), ValueError, "^stretch must be at least 1, got 0.99$"),
    (lambda: yarn_scale(None), TypeError, "^stretch must be a real number, got NoneType$"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
