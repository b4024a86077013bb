"""What the machine can do at best: measured by a clock that only the test moves."""

import pytest
import torch


@pytest.fixture
def limits(load):
    return load("limits")


def test_the_nearer_limit_is_the_one_that_takes_longer(limits):
    machine = limits.Limits(flops=100.0, bandwidth=10.0)
    assert machine.reached(limits.Work(flops=400.0, bytes=10.0), 8.0) == {
        "of": "matrix product",
        "fraction": 0.5,
    }
    assert machine.reached(limits.Work(flops=400.0, bytes=50.0), 20.0) == {
        "of": "memory bandwidth",
        "fraction": 0.25,
    }


def test_the_best_of_the_repeats_counts_and_the_first_call_does_not(limits, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(limits.time, "process_time", lambda: now[0])
    spent = iter([9.0, 4.0, 2.0, 3.0])

    def way():
        now[0] += next(spent)

    assert limits._best(way, calls=1, repeats=3) == 2.0


def test_rates_follow_from_the_seconds_of_a_product_and_of_a_copy(limits, monkeypatch):
    seconds = {8: 0.5, 16: 1.0}
    monkeypatch.setattr(limits, "_product_seconds", lambda size, *_: seconds[size])
    monkeypatch.setattr(limits, "_best", lambda way, calls, repeats: (way(), 4.0)[1])
    found = limits.measure(sizes=(8, 16), copied=100)
    assert found == limits.Limits(flops=2 * 16**3 / 1.0, bandwidth=50.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_this_machine_has_limits(limits, dtype):
    found = limits.measure(dtype=dtype, sizes=(16,), copied=2**20, repeats=1)
    assert found.flops > 0
    assert found.bandwidth > 0
