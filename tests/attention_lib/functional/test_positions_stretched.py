"""The stretched rotations of torch against the reference, on every device, and what they refuse."""

import math

import pytest
import torch
from numpy.testing import assert_allclose

from attention_lib import functional, reference

SIZES = {"stretch": 6.5, "base": 500.0}
RAMP = {**SIZES, "trained_length": 300, "few_turns": 0.5, "many_turns": 20.0}
WAYS = {
    "rotary_frequencies": {"base": 500.0},
    "interpolated_frequencies": SIZES,
    "ntk_frequencies": SIZES,
    "yarn_frequencies": RAMP,
}
LEAST = {
    "rotary_frequencies": {},
    "interpolated_frequencies": {"stretch": 4},
    "ntk_frequencies": {"stretch": 4},
    "yarn_frequencies": {"stretch": 4, "trained_length": 2048},
}


@pytest.mark.parametrize("width", [4, 6, 128])
@pytest.mark.parametrize("options", [WAYS, LEAST], ids=["all options", "defaults"])
@pytest.mark.parametrize("name", WAYS)
def test_they_equal_the_reference(name, options, width):
    made = getattr(functional, name)(width, **options[name])
    assert made.dtype == torch.float64
    expected = getattr(reference, name)(width, **options[name])
    assert_allclose(made, expected, rtol=1e-13)


@pytest.mark.parametrize("stretch", [1, 2.5, 32])
def test_the_temperature_equals_the_reference(stretch):
    assert functional.yarn_scale(stretch) == reference.yarn_scale(stretch)


@pytest.mark.parametrize("name", WAYS)
def test_they_lie_on_the_device_that_is_asked_for(name):
    function, options = getattr(functional, name), LEAST[name]
    assert function(6, **options, device="meta").is_meta
    with torch.device("meta"):
        assert function(6, **options).is_meta
        made = function(6, **options, device="cpu")
    assert_allclose(made, getattr(reference, name)(6, **options), rtol=1e-13)


def test_extreme_stretches_stay_finite():
    assert_allclose(functional.ntk_frequencies(4, stretch=1e300), [1.0, 1e-302], rtol=1e-12)


WRONG = [
    (lambda: functional.rotary_frequencies(5), ValueError, "^d must be even, got 5$"),
    (lambda: functional.rotary_frequencies(4, base=-1), ValueError, "^base must be greater than 0"),
    (lambda: functional.rotary_frequencies(4, device=1.0), TypeError, "^device must be a torch"),
    (
        lambda: functional.interpolated_frequencies(4, stretch=0.5),
        ValueError,
        "^stretch must be at least 1, got 0.5$",
    ),
    (lambda: functional.ntk_frequencies(2, stretch=2), ValueError, "^d must be at least 4, got 2$"),
    (lambda: functional.ntk_frequencies(4, stretch=0), ValueError, "^stretch must be at least 1"),
    (
        lambda: functional.yarn_frequencies(4, stretch=2, trained_length=0),
        ValueError,
        "^trained_length must be at least 1, got 0$",
    ),
    (
        lambda: functional.yarn_frequencies(4, stretch=2, trained_length=8, few_turns=-1),
        ValueError,
        "^few_turns must be at least 0, got -1$",
    ),
    (
        lambda: functional.yarn_frequencies(4, stretch=2, trained_length=8, many_turns=1),
        ValueError,
        r"^many_turns must be greater than few_turns = 1.0, got 1$",
    ),
    (
        lambda: functional.yarn_frequencies(4, stretch=2, trained_length=8, many_turns=math.inf),
        ValueError,
        "^many_turns must be finite, got inf$",
    ),
    (
        lambda: functional.yarn_frequencies(4, stretch=0.9, trained_length=8),
        ValueError,
        "^stretch must be at least 1, got 0.9$",
    ),
    (lambda: functional.yarn_scale(0.99), ValueError, "^stretch must be at least 1, got 0.99$"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
