"""A reader's function that does not return is stopped; the user's interrupt is not held back."""

import contextlib
import itertools
import signal
import sys
import threading
import time

import pytest

from attention_book.exercises import all_exercises, check
from attention_book.exercises.engine import run_checks
from tests.helpers.hostile_functions import endless, quick, verdict


def endless_that_catches(number):
    for _ in range(3):
        with contextlib.suppress(BaseException):
            endless(number)


class EndlessArray:
    """An answer that is never read to its end."""

    def __array__(self, *arguments, **options):
        return endless(0)


def printing_for_ever(number):
    while True:
        print(number)


def still_running():
    workers = [one for one in threading.enumerate() if one.name == "exercise"]
    for worker in workers:
        worker.join(2)
    return [worker for worker in workers if worker.is_alive()]


ENDLESS = {
    "a loop": endless,
    "a loop that catches everything": endless_that_catches,
    "a loop that prints": printing_for_ever,
    "a nap in pieces": lambda number: [time.sleep(0.01) for _ in itertools.count()],
    "an answer that is read for ever": lambda number: EndlessArray(),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_function_without_end_is_stopped(what):
    message = verdict(run_checks(quick(), ENDLESS[what]))
    assert message == "your function did not return within 0.3 seconds: does each of its loops end?"
    assert still_running() == []


def test_the_limit_holds_in_another_thread():
    found = []
    worker = threading.Thread(target=lambda: found.append(run_checks(quick(), endless)))
    worker.start()
    worker.join(20)
    assert "did not return within 0.3 seconds" in verdict(found[0])
    assert still_running() == []


def test_a_function_that_checks_itself_is_told_so():
    def function(query, key):
        return check("seq2seq.dot_scores", function)

    message = verdict(check("seq2seq.dot_scores", function))
    assert message.startswith("your function calls check itself")


def test_checks_in_two_threads_put_the_streams_back():
    def slow(number):
        print("slow")
        time.sleep(0.1)
        return number

    stream, printed = sys.stdout, []
    workers = [
        threading.Thread(target=lambda: printed.append(run_checks(quick(20), slow).printed))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
        time.sleep(0.03)
    for worker in workers:
        worker.join(20)
    assert printed == ["slow"] * 3
    assert sys.stdout is stream


def test_what_cannot_be_stopped_is_said():
    free = threading.Event()
    try:
        message = verdict(run_checks(quick(), lambda number: free.wait()))
        assert message.endswith("and goes on in the background: restart the kernel")
    finally:
        free.set()
    assert still_running() == []
    assert run_checks(quick(), lambda number: number).passed


def test_all_behaviours_together_have_three_times_as_long():
    def slow(number):
        time.sleep(0.3)
        return number

    feedback = run_checks(quick(0.6, behaviours=7), slow)
    assert 0 < feedback.n_held < 7
    assert verdict(feedback).startswith("your function took more than 1.8 seconds in all: does")
    assert run_checks(quick(3, behaviours=7), slow).passed


def test_the_first_limit_is_generous():
    assert {exercise.seconds for exercise in all_exercises().values()} == {10.0}


def test_an_interrupt_of_the_user_is_not_held_back():
    """The signal that Ctrl-C and the stop button of a notebook send."""

    def interrupted(number):
        signal.raise_signal(signal.SIGINT)
        return endless(number)

    started = time.monotonic()
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            run_checks(quick(seconds=60), interrupted)
        assert still_running() == []
    assert time.monotonic() - started < 30
    assert run_checks(quick(), lambda number: number).passed
