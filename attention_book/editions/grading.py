"""The hidden tests of an assignment: the book's own check, on inputs that nobody has seen."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from unittest import mock

import numpy as np

from ..exercises import all_exercises
from ..exercises.engine import find_exercise, run_checks
from ..exercises.exercise import Exercise
from ..exercises.feedback import Feedback


def score(name: str, function: Callable, *, points: float, given: int, seed: int) -> float:
    """Print what the check says of the function, and return its points.

    Each statement of the check that holds counts the same, in the order in which they are tried,
    up to the first that does not hold. `given` of them hold for the starter, and count nothing.
    """
    feedback = run_checks(_with_other_inputs(name, seed), function)
    print(feedback)
    return earned(feedback, points, given)


def earned(feedback: Feedback, points: float, given: int) -> float:
    """The points for what holds beyond the first `given` statements."""
    beyond = max(0, feedback.n_held - given) / (len(feedback.statements) - given)
    return float(points) if feedback.passed else round(points * beyond, 2)


def _with_other_inputs(name: str, seed: int) -> Exercise:
    """A copy of the exercise whose random arrays are drawn with `seed` besides their own seeds."""
    find_exercise(all_exercises(), name)
    spec = importlib.util.find_spec(f"attention_book.exercises.{name}")
    module = importlib.util.module_from_spec(spec)
    make = np.random.default_rng
    with mock.patch.object(np.random, "default_rng", lambda own=None: make(_both(seed, own))):
        spec.loader.exec_module(module)
    return module.exercise


def _both(seed: int, own):
    return [seed, own] if isinstance(own, int) else own
