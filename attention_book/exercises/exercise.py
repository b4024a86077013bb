"""An exercise, declared beside what a right answer does and what wrong answers do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from attention_book.exercises.candidate import Candidate, copied
from attention_book.exercises.expect import (
    Problem,
    expect_array,
    expect_close,
    expect_rows_sum_to_one,
)

KINDS = ("pencil", "code", "experiment", "explain")


@dataclass(frozen=True)
class Behaviour:
    """One thing that a right answer does: a sentence, and a test that raises Problem."""

    statement: str
    test: Callable[[Candidate], None]


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
    diagnosis: str = ""


class Exercise:
    """A task, to which behaviours (tried in order) and mutants (which prove them) are added.

    Args:
        place: the module's `__name__`, whose last two parts name the exercise, page and task.
        title: its title: the module's `__doc__`.
        difficulty: 1, 2 or 3.
        kind: "pencil", "code", "experiment" or "explain".
        minutes: how long it takes, estimated.
        seconds: the time limit of one behaviour; all together may take three times as long.
        page: the notebook that sets it, where several share the folder; else the folder says it.
    """

    def __init__(
        self,
        place: str,
        title: str,
        *,
        difficulty: int,
        kind="code",
        minutes=None,
        seconds=10.0,
        page="",
    ):
        self.name = ".".join(place.split(".")[-2:])
        self.page = page or self.name.partition(".")[0]
        self.title = title.strip().removesuffix(".")
        self.difficulty, self.kind, self.minutes, self.seconds = difficulty, kind, minutes, seconds
        self.behaviours: list[Behaviour] = []
        self.mutants: list[Mutant] = []
        self.what, self.axes, self.because, self.right = "answers", (), "", None
        self._compare: Callable = self._compare_array
        if difficulty not in (1, 2, 3):
            raise ValueError(f"difficulty of {self.name!r}: expected 1, 2 or 3, got {difficulty!r}")
        if kind not in KINDS:
            raise ValueError(f"kind of {self.name!r}: expected one of {KINDS}, got {kind!r}")

    def returns(self, answer: str, right: Callable | None = None, *, because: str = ""):
        """Say what the answer is, such as "scores [query, key]", and add or decorate a right one.

        The messages use the name, in the plural, and the names of the last axes.
        """
        self.what, _, axes = answer.removesuffix("]").partition(" [")
        self.axes, self.because = tuple(axes.split(", ")) if axes else (), because

        def add(function):
            self.right = function
            return function

        return add if right is None else add(right)

    def compare(self, function: Callable) -> Callable:
        """Decorate `compare(given, case, because)`, where the answer is no single array."""
        self._compare = function
        return function

    def behaviour(self, statement: str):
        """Decorate `test(answer)`, which calls `answer` and raises Problem."""

        def add(test):
            self.behaviours.append(Behaviour(statement, test))
            return test

        return add

    def agrees(self, statement: str, cases: Iterable[tuple], because: str = "") -> None:
        """On each case (a tuple of arguments) the answer is that of `right`."""

        @self.behaviour(statement)
        def _(answer):
            for case in cases:
                self.judge(answer(*case), case, because)

    def law(self, statement: str, cases: Iterable[tuple]):
        """Decorate `test(array, *case)`, tried on each answer that has the right shape."""

        def add(test):
            @self.behaviour(statement)
            def _(answer):
                for case in cases:
                    shape = np.shape(self.right(*case))
                    array = expect_array(answer(*case), shape, what=self.what, axes=self.axes)
                    test(array, *case)

            return test

        return add

    def rows_sum_to_one(self, statement: str, cases: Iterable[tuple]) -> None:
        """On each case every row of the answer sums to one."""
        self.law(statement, cases)(
            lambda array, *case: expect_rows_sum_to_one(array, what=self.what)
        )

    def mutant(self, reason, function=None, says="", *, diagnosis="", crashes=False):
        """Add a wrong answer, or decorate it. Its `diagnosis` is told to whoever gives the same."""

        def add(wrong):
            self.mutants.append(Mutant(wrong, reason, says or diagnosis, crashes, diagnosis))
            return wrong

        return add if function is None else add(function)

    def judge(self, given, case: tuple, because: str = "") -> None:
        """Compare what an answer gave with `right(*case)`; a Problem tells the difference."""
        self._compare(given, case, because or self.because)

    def _compare_array(self, given, case: tuple, because: str) -> None:
        expected = self.right(*case)
        words = {"what": self.what, "axes": self.axes}
        array = expect_array(given, np.shape(expected), **words)
        try:
            expect_close(array, expected, **words, because=because)
        except Problem:
            self._diagnose(array, case)
            raise

    def _diagnose(self, array: np.ndarray, case: tuple) -> None:
        for mutant in self.mutants:
            if mutant.diagnosis and _same(array, mutant.function, case):
                raise Problem(mutant.diagnosis)


def _same(array: np.ndarray, function: Callable, case: tuple) -> bool:
    try:
        other = function(*map(copied, case))
    except Exception:  # a mutant that crashes here explains no answer
        return False
    return np.shape(other) == array.shape and np.allclose(array, other)
