"""Exercises judged by behaviour: what a reader's function does, not how it is written."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable, Mapping
from threading import Lock, current_thread

from attention_book.exercises.candidate import Candidate
from attention_book.exercises.exercise import Behaviour, Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.feedback import Feedback
from attention_book.exercises.limits import WORKER, Outcome, Paper, call_within, undisturbed
from attention_book.exercises.words import describe, safely, shortened, type_name

ONE_AT_A_TIME = Lock()  # two checks at once would put back each other's streams


def run_checks(exercise: Exercise, function: Callable | None) -> Feedback:
    """Try the behaviours of `exercise` on `function` in order, until one does not hold."""
    if not exercise.behaviours:
        raise ValueError(f"behaviours of {exercise.name!r}: expected at least one, got none")
    if current_thread().name == WORKER:
        raise Problem("your function calls check itself: write that line below, without indent")
    statements = tuple(behaviour.statement for behaviour in exercise.behaviours)
    message, printed, n_held = _refusal(exercise, function), "", 0
    with ONE_AT_A_TIME:
        candidate, end = Candidate(function), time.monotonic() + 3 * exercise.seconds
        while not message and n_held < len(statements):
            seconds = min(exercise.seconds, end - time.monotonic())
            outcome, printed = _try(exercise.behaviours[n_held], candidate, seconds)
            message = _message(outcome, exercise, seconds)
            n_held += not message
    passed = not message
    message = shortened(message or "Everything that was tried holds.", 1000)
    return Feedback(exercise.name, exercise.title, passed, message, statements, n_held, printed)


def find_exercise(exercises: Mapping[str, Exercise], name: str) -> Exercise:
    """The exercise called `name`; ValueError with the list of names if there is none."""
    if not issubclass(type(name), str):
        raise TypeError(
            f"name: expected the name of an exercise and then your function, such as "
            f'check("{min(exercises)}", my_function), got {describe(name)}'
        )
    if name not in exercises:
        close = [full for full in exercises if full.endswith(f".{name}")]
        close += difflib.get_close_matches(name, exercises, n=1, cutoff=0.4)
        hint = f"; the nearest is {close[0]!r}" if close else ""
        there = ", ".join(sorted(exercises))
        raise ValueError(
            f"name: no exercise is called {shortened(name, 60)!r}; there are {there}{hint}"
        )
    return exercises[name]


def collect(found: Iterable[Exercise]) -> dict[str, Exercise]:
    """All exercises by name; two of the same name raise ValueError."""
    exercises: dict[str, Exercise] = {}
    for exercise in found:
        if exercise.name in exercises:
            raise ValueError(f"name: two exercises are called {exercise.name!r}")
        exercises[exercise.name] = exercise
    return exercises


def _refusal(exercise: Exercise, function) -> str:
    """Why `function` is nothing that can be tried, or nothing."""
    if function is None:
        return f'no function was handed in: write check("{exercise.name}", your_function)'
    if issubclass(type(function), type) or not callable(function):
        return f"what you handed in is not a function: it is {describe(function)}"
    return ""


def _try(behaviour: Behaviour, candidate: Candidate, seconds: float) -> tuple[Outcome, str]:
    """How the behaviour's test ended, and what was printed."""
    paper = Paper()
    with undisturbed(paper):
        outcome = call_within(seconds, lambda: behaviour.test(candidate))
    return outcome, paper.text()


def _message(outcome: Outcome, exercise: Exercise, seconds: float) -> str:
    """What is wrong, or nothing."""
    if not outcome.in_time:
        message = f"your function did not return within {seconds:.3g} seconds"
        if seconds < exercise.seconds:
            message = f"your function took more than {3 * exercise.seconds:.3g} seconds in all"
        goes_on = "; it cannot be stopped and goes on in the background: restart the kernel"
        return f"{message}: does each of its loops end?{'' if outcome.ended else goes_on}"
    if outcome.error is None:
        return ""
    text = safely(str, outcome.error, "(its message cannot be read)")
    if isinstance(outcome.error, Problem):
        return text
    return f"the check itself stops with {type_name(outcome.error)} at what you returned: {text}"
