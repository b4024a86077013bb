"""Exercises judged by behaviour: what a reader's function does, not how it is written."""

from __future__ import annotations

import html
import re
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-8
NARROW_TOLERANCE = 1e-5  # of answers in float32, relative to the largest number of the answer


class Problem(Exception):  # noqa: N818 - it is feedback, not an error of the library
    """What is wrong with an answer, in words that the reader sees."""


class Crash(Problem):
    """The reader's function raised instead of answering."""


@dataclass(frozen=True)
class Mutant:
    """A plausible wrong solution that the checker must reject.

    `says` is a piece of the message that the reader must get; `crashes` marks the
    mistakes that show themselves as an exception in the reader's own code.
    """

    function: Callable
    reason: str
    says: str = ""
    crashes: bool = False


@dataclass(frozen=True)
class Behaviour:
    """One thing that a right answer does: a sentence, and a test that raises Problem."""

    statement: str
    test: Callable[[Candidate], None]


@dataclass(frozen=True)
class Exercise:
    """A named task: its behaviours are tried in order, its mutants prove that they bite."""

    name: str
    title: str
    difficulty: int
    behaviours: Sequence[Behaviour]
    mutants: Sequence[Mutant] = field(default_factory=tuple)

    def __post_init__(self):
        if self.difficulty not in (1, 2, 3):
            raise ValueError(
                f"difficulty of {self.name!r}: expected 1, 2 or 3, got {self.difficulty!r}"
            )
        if not self.behaviours:
            raise ValueError(f"behaviours of {self.name!r}: expected at least one, got none")


@dataclass(frozen=True)
class Feedback:
    """What `check` found, as text (`repr`) and as HTML in a notebook."""

    name: str
    title: str
    passed: bool
    message: str
    statements: tuple[str, ...]
    n_held: int

    def __repr__(self) -> str:
        verdict = "passes" if self.passed else "not yet"
        lines = [f"{self.name}: {verdict}. {_sentence(self.message)}"]
        lines += [f"  {mark}: {statement}" for mark, statement in self._checklist()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        state, verdict = ("pass", "✓ Passes") if self.passed else ("fail", "✗ Not yet")
        items = "".join(
            f"<li>{html.escape(f'{mark}: {text}')}</li>" for mark, text in self._checklist()
        )
        return (
            f'<div class="exercise-feedback {state}" role="status">'
            f"<p><strong>{verdict}: {html.escape(self.title)}.</strong> "
            f"{html.escape(_sentence(self.message))}</p>"
            f"<ul>{items}</ul></div>"
        )

    def _checklist(self) -> list[tuple[str, str]]:
        marks = ["holds"] * self.n_held + ["does not hold"] + ["not tried"] * len(self.statements)
        return list(zip(marks, self.statements, strict=False))


class Candidate:
    """The reader's function, called on copies so that its mishaps become sentences."""

    def __init__(self, function: Callable):
        self.function = function

    def __call__(self, *arguments, **options):
        handed = [_copied(argument) for argument in arguments]
        handed_options = {name: _copied(value) for name, value in options.items()}
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = self.function(*handed, **handed_options)
        except Problem:
            raise
        except NotImplementedError as error:
            raise Problem(
                "your function is not written yet: it raises NotImplementedError"
            ) from error
        except (Exception, SystemExit) as error:
            raise Crash(_crash_message(self.function, error, arguments, options)) from error
        if result is None or result is Ellipsis:
            raise Problem(
                f"your function returns {result}: write the missing part and return the result"
            )
        _require_unchanged(arguments, handed, options, handed_options)
        return result


def run_checks(exercise: Exercise, function: Callable) -> Feedback:
    """Try the behaviours of `exercise` on `function` in order, until one does not hold."""
    statements = tuple(behaviour.statement for behaviour in exercise.behaviours)
    if not callable(function):
        message = f"what you handed in is not a function: it is {describe(function)}"
        return Feedback(exercise.name, exercise.title, False, message, statements, 0)
    candidate = Candidate(function)
    for n_held, behaviour in enumerate(exercise.behaviours):
        try:
            behaviour.test(candidate)
        except Problem as problem:
            return Feedback(exercise.name, exercise.title, False, str(problem), statements, n_held)
    message = "Everything that was tried holds."
    return Feedback(exercise.name, exercise.title, True, message, statements, len(statements))


def find_exercise(exercises: Mapping[str, Exercise], name: str) -> Exercise:
    """The exercise called `name`; ValueError with the list of names if there is none."""
    if name not in exercises:
        raise ValueError(
            f"name: no exercise is called {name!r}; there are {', '.join(sorted(exercises))}"
        )
    return exercises[name]


def collect(*groups: Sequence[Exercise]) -> dict[str, Exercise]:
    """All exercises by name; two of the same name raise ValueError."""
    exercises: dict[str, Exercise] = {}
    for exercise in (exercise for group in groups for exercise in group):
        if exercise.name in exercises:
            raise ValueError(f"name: two exercises are called {exercise.name!r}")
        exercises[exercise.name] = exercise
    return exercises


def expect_array(
    value, shape: tuple[int, ...], *, what: str, axes: Sequence[str] = ()
) -> np.ndarray:
    """`value` as a float array of `shape`, or a Problem that says what it is instead.

    float32 stays float32, so that `expect_close` knows how exact the answer can be.
    """
    array = _as_array(value, what)
    if array.shape != tuple(shape):
        wanted = f" [{', '.join(axes)}]" if axes else ""
        raise Problem(
            f"your {what} should have the shape {tuple(shape)}{wanted}, but have {array.shape}"
        )
    broken = np.argwhere(~np.isfinite(array))
    if len(broken):
        index = tuple(int(i) for i in broken[0])
        raise Problem(f"your {what} are {array[index]} at {place(index, axes)}")
    return array


def expect_close(
    value, expected, *, what: str, axes: Sequence[str] = (), because: str = ""
) -> np.ndarray:
    """`value` equal to `expected` up to rounding, or a Problem with the first difference."""
    expected = np.asarray(expected, dtype=float)
    array = expect_array(value, expected.shape, what=what, axes=axes)
    absolute = ABSOLUTE_TOLERANCE
    if array.dtype == np.float32:
        absolute = NARROW_TOLERANCE * max(1.0, np.abs(expected).max(initial=0))
    close = np.isclose(array, expected, rtol=RELATIVE_TOLERANCE, atol=absolute)
    if not close.all():
        index = tuple(int(i) for i in np.argwhere(~close)[0])
        hint = f": {because}" if because else ""
        given, right = tell_apart(array[index], expected[index])
        raise Problem(
            f"your {what} are {given} at {place(index, axes)}, where {right} is right{hint}"
        )
    return array


def expect_rows_sum_to_one(weights: np.ndarray, *, what: str = "weights") -> None:
    """Each row of `weights` sums to one over the last axis, or a Problem with row and sum."""
    sums = weights.sum(axis=-1)
    wrong = np.argwhere(~np.isclose(sums, 1.0, rtol=NARROW_TOLERANCE))
    if not len(wrong):
        return
    index = tuple(int(i) for i in wrong[0])
    hint = ""
    if weights.ndim > 1 and np.allclose(weights.sum(axis=-2), 1.0):
        hint = "; they sum to one over queries, which is the wrong axis"
    raise Problem(
        f"your {what} do not sum to one over keys: {row(index)} gives "
        f"{tell_apart(sums[index], 1.0)[0]}{hint}"
    )


def expect_tuple(value, names: Sequence[str]) -> tuple:
    """`value` as a tuple with one entry for each of `names`, or a Problem."""
    if not isinstance(value, (tuple, list)) or len(value) != len(names):
        raise Problem(
            f"your function should return {len(names)} things, ({', '.join(names)}), "
            f"but returns {describe(value)}"
        )
    return tuple(value)


def place(index: tuple[int, ...], axes: Sequence[str] = ()) -> str:
    """An index in words: `place((1, 4), ("query", "key"))` is "query 1, key 4"."""
    if not index:
        return "its only entry"
    if len(axes) != len(index):
        return f"index {index if len(index) > 1 else index[0]}"
    return ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))


def row(index: tuple[int, ...]) -> str:
    """The name of a row: "row 2", or "row (0, 2)" when there is a batch before it."""
    if not index:
        return "the only row"
    return f"row {index[0] if len(index) == 1 else index}"


def number(value: float) -> str:
    """Three significant digits, and no minus before a zero."""
    return f"{float(value) + 0.0:.3g}"


def tell_apart(given: float, right: float) -> tuple[str, str]:
    """Two numbers in as few digits, from three on, as show that they differ."""
    for digits in range(3, 18):
        texts = tuple(f"{float(one) + 0.0:.{digits}g}" for one in (given, right))
        if texts[0] != texts[1]:
            break
    return texts


def describe(value) -> str:
    """A value in words, without addresses: "an array of shape (2, 3)", "a tuple of 2"."""
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    if hasattr(value, "shape"):
        return f"an array of shape {tuple(value.shape)}"
    if value is None or value is Ellipsis:
        return str(value)
    if isinstance(value, (bool, int, float, str)):
        return f"the {type(value).__name__} {value!r}"
    return f"a value of type {type(value).__name__}"


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]


def _as_array(value, what: str) -> np.ndarray:
    try:
        array = np.asarray(_detached(value))
        if array.dtype == bool or not np.issubdtype(array.dtype, np.number):
            raise TypeError
        if np.iscomplexobj(array):
            raise TypeError
    except Exception as error:  # whatever the reader's object does when it is read
        raise Problem(
            f"your {what} should be an array of numbers, but are {describe(value)}"
        ) from error
    return array if array.dtype == np.float32 else array.astype(float)


def _detached(value):
    """Tensors as arrays, also inside lists."""
    if isinstance(value, (list, tuple)):
        return [_detached(one) for one in value]
    if not hasattr(value, "detach"):
        return value
    value = value.detach().cpu()
    return (value.float() if "bfloat16" in str(value.dtype) else value).numpy()


def _copied(value):
    if isinstance(value, np.ndarray):
        return value.copy()
    if hasattr(value, "detach") and hasattr(value, "clone"):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return value


def _require_unchanged(arguments, handed, options, handed_options) -> None:
    pairs = [
        (f"argument {i + 1}", *pair) for i, pair in enumerate(zip(arguments, handed, strict=True))
    ]
    pairs += [(f"argument {name!r}", options[name], handed_options[name]) for name in options]
    for name, before, after in pairs:
        if hasattr(before, "shape") and not np.array_equal(_plain(before), _plain(after)):
            raise Problem(
                f"your function changes {name} in place: work on a copy, the caller still needs it"
            )


def _plain(value) -> np.ndarray:
    return value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)


def _crash_message(function: Callable, error: BaseException, arguments, options) -> str:
    shapes = [
        f"an array of shape {tuple(a.shape)}"
        for a in (*arguments, *options.values())
        if hasattr(a, "shape")
    ]
    called = f", called with {' and '.join(shapes)}" if shapes else ""
    text = re.sub(r"0x[0-9a-fA-F]+", "0x...", " ".join(str(error).split()))
    where = _line_of(function, error)
    return f"your function stops with {type(error).__name__}: {text}{where}{called}"


def _line_of(function: Callable, error: BaseException) -> str:
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if f.filename == code.co_filename
    ]
    if not frames or frames[-1].lineno is None or not frames[-1].line:
        return ""
    return f" (in the line `{frames[-1].line}`)"
