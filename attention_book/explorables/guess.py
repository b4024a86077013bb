"""A guess that the reader makes before the answer appears."""

import re
from dataclasses import dataclass

import numpy as np

from attention_book.explorables.grid import check_text, is_number
from attention_lib.checks import shown

FORMAT = re.compile(r"\.[0-6][f%]")


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A question about one number of Lines or Bars, asked before its series is shown.

    question: says all that the number depends on: it is the one at the start of the sliders.
    at: an entry of `x` or of `categories`. series: the text of the series that is kept back; None
    where there is one alone. numbers: how guess and answer are written, ".N%" or ".Nf".

    The reader sets a slider over the range of y and presses a button. Then the series appears, with
    the caption and the table, and the two numbers stand side by side.
    """

    question: str
    at: float | str
    series: str | None = None
    numbers: str = ".0%"

    def __post_init__(self):
        check_text(self.question, "question")
        if not (isinstance(self.at, str) or is_number(self.at)):
            raise TypeError(f"at: expected a number or a text, got {shown(self.at)}")
        if not isinstance(self.series, str | None):
            raise TypeError(f"series: expected a text or None, got {shown(self.series)}")
        if not isinstance(self.numbers, str) or not FORMAT.fullmatch(self.numbers):
            raise ValueError(
                f"numbers: expected a format .Nf or .N% with N up to 6, got {shown(self.numbers)}"
            )

    def state(self, view, arrays, axes):
        """What the script reads: question, series, place, format, answer, where the sliders go."""
        series, place, width = view.place_of(self)
        start = [axis.start for axis in axes]
        row = arrays[np.ravel_multi_index(start, [len(axis.values) for axis in axes])]
        return {
            "q": self.question,
            "s": series,
            "j": place,
            "d": int(self.numbers[1]),
            "p": int(self.numbers.endswith("%")),
            "truth": float(row[series * width + place]),
            "start": start,
        }


def find(entries, wanted, argument):
    """The index of an entry, or an error that names the argument of a Guess."""
    for k, entry in enumerate(entries):
        if entry == wanted:
            return k
    there = ", ".join(str(entry) for entry in entries)
    raise ValueError(f"guess: {argument} must be one of {there}, got {shown(wanted)}")


def place_in(guess, series, places):
    """(series, place, number of places) of the number that a Guess asks for."""
    known = [None] if guess.series is None and len(series) <= 1 else list(series)
    return find(known, guess.series, "series"), find(places, guess.at, "at"), len(places)
