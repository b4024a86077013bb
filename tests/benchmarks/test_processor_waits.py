"""What a page waited for a processor, until a moment."""

import os

import pytest


def test_the_last_reading_before_a_moment_counts_from_the_start_on(load):
    waited = load("processor_waits").waited
    readings = [(1.0, 0.0, 0.25), (2.0, 0.1, 0.5), (3.0, 0.2, 1.5)]
    assert waited(readings, 1.5, [1.9, 2.0, 2.5, 9.0]) == [0.0, 0.25, 0.25, 1.25]
    assert waited(readings, 0.5, [0.7, 3.0]) == [0.0, 1.25]
    assert waited([], 0.5, [0.7, 3.0]) == [0.0, 0.0]


def test_the_page_that_ran_most_counts(load):
    waits = load("processor_waits").Waits()
    waits._read = {1: [(1.0, 0.0, 0.0), (2.0, 0.1, 9.0)], 2: [(1.0, 0.0, 0.0), (2.0, 0.7, 0.5)]}
    assert waits.until(1.0, [2.0]) == [0.5]


def test_the_system_counts_or_nothing_is_subtracted(load):
    waits = load("processor_waits")
    assert waits.schedule(-1) is None
    found = waits.schedule(os.getpid())
    if found is None:
        pytest.skip("this system does not count how long a process waits")
    run, wait = found
    assert run > 0
    assert wait >= 0


def test_what_this_program_does_is_not_of_others(load):
    others = load("processor_waits").Others()
    sum(k * k for k in range(300_000))
    assert 0 <= others.share() <= 1.1
