"""Learning-rate schedules have the right rates at their corners and between them."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from attention_lib.training import (
    constant,
    fit,
    inverse_square_root,
    warmup_cosine,
    warmup_linear,
)
from attention_lib.training.schedules import learning_rates

FALLING = [warmup_linear, warmup_cosine]


@pytest.mark.parametrize("make", FALLING)
def test_the_corners_are_exact(make):
    schedule = make(0.3, warmup=5, steps=17, floor=0.07)
    assert [schedule(step) for step in range(1, 6)] == [0.3 * step / 5 for step in range(1, 6)]
    assert schedule(5) == 0.3
    assert schedule(17) == 0.07
    assert make(0.3, warmup=5, steps=17)(17) == 0.0
    assert make(0.25, warmup=0, steps=2, floor=0.25)(1) == 0.25
    assert make(3, warmup=1, steps=2)(1) == 3


def test_between_the_corners_they_follow_their_formulas():
    linear = warmup_linear(0.3, warmup=5, steps=17, floor=0.07)
    cosine = warmup_cosine(0.3, warmup=5, steps=17, floor=0.07)
    for step in range(5, 18):
        passed = (step - 5) / 12
        assert_allclose(linear(step), 0.3 - 0.23 * passed, rtol=1e-14)
        expected = 0.07 + 0.5 * 0.23 * (1 + math.cos(math.pi * passed))
        assert_allclose(cosine(step), expected, rtol=1e-14)
    assert_allclose(linear(11), 0.185, rtol=1e-14)
    assert_allclose(cosine(11), 0.185, rtol=1e-14)
    assert cosine(8) > linear(8)
    assert cosine(14) < linear(14)


def test_without_warm_up_the_fall_starts_at_once():
    assert warmup_linear(1.0, warmup=0, steps=4)(1) == 0.75
    assert_allclose(warmup_cosine(1.0, warmup=0, steps=4)(1), (1 + math.sqrt(0.5)) / 2, rtol=1e-14)


def test_inverse_square_root_is_the_schedule_of_the_transformer():
    d_model, warmup = 512, 4000
    schedule = inverse_square_root((d_model * warmup) ** -0.5, warmup=warmup)
    for step in (1, 7, 3999, 4000, 4001, 100_000):
        expected = d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)
        assert_allclose(schedule(step), expected, rtol=1e-13)
    assert inverse_square_root(0.3, warmup=3)(3) == 0.3
    assert inverse_square_root(2, warmup=1)(4) == 1.0


@pytest.mark.parametrize("make", FALLING)
@given(
    peak=st.floats(1e-6, 10.0),
    share=st.floats(0.0, 1.0),
    warmup=st.integers(0, 20),
    more=st.integers(1, 20),
)
def test_they_rise_to_the_peak_and_fall_to_the_floor(make, peak, share, warmup, more):
    steps, floor = warmup + more, peak * share
    schedule = make(peak, warmup=warmup, steps=steps, floor=floor)
    rates = [schedule(step) for step in range(1, steps + 1)]
    assert rates[:warmup] == sorted(rates[:warmup])
    falling = rates[max(0, warmup - 1) :]
    slack = 1e-14 * peak
    assert all(after <= before + slack for before, after in pairwise(falling))
    assert rates[-1] == floor
    assert all(floor - slack <= rate <= peak + slack for rate in falling)


def test_constant_is_a_number_that_is_called():
    assert [constant(0.1)(step) for step in (1, 2, 10**6)] == [0.1] * 3
    assert learning_rates(0.1, 3) == learning_rates(constant(0.1), 3) == [0.1] * 3


def test_the_run_takes_each_step_with_its_rate():
    """The gradient is 1 at each step, so that Adam moves by the rate itself."""
    rates = [0.5, 0.0, 0.25, 2.0]
    line = torch.nn.Linear(1, 1, bias=False).double()
    seen = []

    def loss(model, batch):
        seen.append(line.weight.item())
        return model(batch).sum()

    options = {"steps": 4, "clip": None, "progress": False}
    one = torch.ones(1, 1, dtype=torch.float64)
    history = fit(
        line, lambda step: one, loss, learning_rate=lambda step: rates[step - 1], **options
    )
    seen.append(line.weight.item())
    moved = [before - after for before, after in pairwise(seen)]
    assert_allclose(moved, rates, rtol=1e-6, atol=1e-12)
    assert history.learning_rates == rates
    assert all(isinstance(rate, float) for rate in history.learning_rates)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: constant(0.0), ValueError, "rate must be greater than 0, got 0"),
        (lambda: constant(0.1)(0), ValueError, "step must be at least 1, got 0"),
        (lambda: inverse_square_root(0.0, warmup=3), ValueError, "peak must be greater than 0"),
        (lambda: inverse_square_root(0.1, warmup=0), ValueError, "warmup must be at least 1"),
        (lambda: inverse_square_root(0.1, warmup=3)(0), ValueError, "step must be at least 1"),
        *(
            (case, error, message)
            for make in FALLING
            for case, error, message in [
                (lambda m=make: m(0.0, warmup=1, steps=2), ValueError, "peak must be greater"),
                (lambda m=make: m("1", warmup=1, steps=2), TypeError, "peak must be a real number"),
                (
                    lambda m=make: m(1.0, warmup=-1, steps=2),
                    ValueError,
                    "warmup must be at least 0",
                ),
                (lambda m=make: m(1.0, warmup=0, steps=0), ValueError, "steps must be at least 1"),
                (
                    lambda m=make: m(1.0, warmup=2, steps=2),
                    ValueError,
                    r"warmup must be smaller than steps \(2\), got 2",
                ),
                (
                    lambda m=make: m(1.0, warmup=1, steps=2, floor=1.5),
                    ValueError,
                    r"floor must lie in 0\.\.1\.0 \(peak\), got 1\.5",
                ),
                (
                    lambda m=make: m(1.0, warmup=1, steps=2, floor=-0.1),
                    ValueError,
                    r"floor must lie in 0\.\.1\.0 \(peak\), got -0\.1",
                ),
                (
                    lambda m=make: m(1.0, warmup=1, steps=2, floor=None),
                    TypeError,
                    "floor must be a real number",
                ),
                (
                    lambda m=make: m(1.0, warmup=1, steps=2)(0),
                    ValueError,
                    "step must be at least 1",
                ),
                (
                    lambda m=make: m(1.0, warmup=1, steps=2)(3),
                    ValueError,
                    "step must be at most 2, the steps of the schedule, got 3",
                ),
            ]
        ),
        (lambda: learning_rates(0.0, 2), ValueError, "learning_rate must be greater than 0"),
        (lambda: learning_rates("0.1", 2), TypeError, "learning_rate must be a real number"),
        (
            lambda: learning_rates(lambda step: 1 - step, 3),
            ValueError,
            r"learning_rate\(2\) must be at least 0, got -1",
        ),
        (
            lambda: learning_rates(lambda step: None, 3),
            TypeError,
            r"learning_rate\(1\) must be a real number, got NoneType",
        ),
        (
            lambda: learning_rates(warmup_linear(1.0, warmup=1, steps=2), 3),
            ValueError,
            "step must be at most 2",
        ),
    ],
)
def test_what_cannot_be_a_schedule_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_bad_schedule_is_found_before_training():
    def never(model, batch):
        raise AssertionError("trained")

    with pytest.raises(ValueError, match=r"learning_rate\(2\) must be finite, got nan"):
        fit(
            torch.nn.Linear(1, 1),
            lambda step: None,
            never,
            steps=2,
            learning_rate=lambda step: [1.0, math.nan][step - 1],
        )
