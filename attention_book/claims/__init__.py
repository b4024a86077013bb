"""Numbers in the prose, checked where they are computed.

A chapter ends in one cell that lists its claims. Each claim ties a number that the text prints to
the value that the code computed; one that does not hold stops the chapter.

    check_claims(
        claim("score of the second state", scores[1], prints="3.5"),
        claim("accuracy at length 20", accuracy, between=(0.95, 1.0), covers=["95%"]),
        claims("weights", weights, "0.119 0.881"),
        claims("accuracy at length {}", {8: 0.99, 16: 0.87}, "99% 87%"),
    )
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from attention_lib.checks import as_list, shown

from ..arguments import finite
from ..tables import Table
from .printed import parse, rounds_to, short

__all__ = ["Claim", "ClaimError", "ClaimsTable", "check_claims", "claim", "claims"]

MIME = "application/vnd.attention-book.claims+json"
EXACT_IN_A_FLOAT = 2**53
WORDS = re.compile(r"[^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*)+")


class ClaimError(AssertionError):
    """At least one number in the text is not what the code computes."""


@dataclass(frozen=True)
class Claim:
    """One number of the text beside the computed value. Build it with `claim`."""

    label: str
    value: float
    prints: str | None
    between: tuple[float, float] | None
    covers: tuple[str, ...]

    @property
    def holds(self) -> bool:
        if self.between is not None:
            low, high = self.between
            return low <= self.value <= high
        return rounds_to(self.value, self.prints)

    @property
    def expected(self) -> str:
        """What the text says: the printed number, or the range in words."""
        if self.between is None:
            return self.prints
        return f"between {short(self.between[0])} and {short(self.between[1])}"

    @property
    def computed(self) -> str:
        """The value in three significant digits, or one digit more than the text prints."""
        if self.between is not None:
            return short(self.value)
        digits = len(re.sub(r"\D", "", self.prints.partition("e")[0]).lstrip("0"))
        return short(self.value, max(3, digits + 1))


def claim(
    label: str,
    value: float,
    *,
    prints: str | None = None,
    between: tuple[float, float] | None = None,
    covers: Sequence[str] = (),
) -> Claim:
    """Tie a number of the text to the value that was computed.

    label    what the number is, in the words of the text
    value    the computed number: a Python or NumPy real number, or an array or tensor of one
             element
    prints   the number as the text prints it, "3.5", "97%", "1,024", "2e-7": `value`, rounded to
             as many digits, must be equal to it ("97%" stands for 0.97)
    between  (low, high): the range that the sentence needs, ends included
    covers   what else this claim justifies, as it is printed: other numbers and, where there is a
             range, words that need one, such as "nearly every step"

    Exactly one of `prints` and `between` is given. Raises TypeError or ValueError on bad input;
    whether the claim holds is decided by `check_claims`.

    >>> claim("score of the second state", 0.5 * 3 + 0.5 * 4, prints="3.5").holds
    True
    >>> claim("accuracy", 0.9413, prints="95%").holds
    False
    """
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"label: expected a text that is not empty, got {shown(label)}")
    if (prints is None) == (between is None):
        raise ValueError(f"claim {label!r}: expected exactly one of prints and between")
    number = _number(value, f"claim {label!r}: value")
    if prints is not None:
        parse(prints, f"claim {label!r}: prints")
    if between is not None:
        between = _range(between, label)
    if isinstance(covers, str):
        raise TypeError(f"claim {label!r}: covers: expected a list of texts, got {covers!r}")
    covers = as_list("covers", covers, "texts")
    for text in covers:
        if not (between and isinstance(text, str) and WORDS.fullmatch(text)):
            parse(text, f"claim {label!r}: covers")
    return Claim(label, number, prints, between, tuple(covers))


def claims(
    label: str,
    values: Mapping | Sequence,
    prints: str | Sequence[str] | None = None,
    *,
    between: Sequence | None = None,
    covers: Sequence[str] = (),
) -> list[Claim]:
    """One claim for each of several numbers.

    label    what the numbers are. Braces, as in "length {}", take the keys of `values`; without
             them the key stands behind the label. One number in a list needs no key.
    values   key -> number, or a list or array of numbers, counted from 1
    prints   the numbers as the text prints them: one text with blanks between, or a list
    between  (low, high) for all of them, or a list with one such pair for each
    covers   as for each `claim`

    Raises TypeError or ValueError as `claim` does, and when the numbers do not pair.

    >>> [one.label for one in claims("width {}", {32: 6.0, 64: 11.2}, "6 11")]
    ['width 32', 'width 64']
    >>> check_claims(claims("weights", [0.1192, 0.8808], "0.119 0.881"))
    weights, 1 | computed 0.1192 | the text says 0.119
    weights, 2 | computed 0.8808 | the text says 0.881
    """
    if not isinstance(label, str):
        raise TypeError(f"label: expected a text, got {shown(label)}")
    if not isinstance(values, Mapping):
        numbers = _several(values)
        values = dict(enumerate(numbers, 1)) if len(numbers) > 1 else dict.fromkeys([()], *numbers)
    if isinstance(prints, str):
        prints = prints.split()
    prints = None if prints is None else as_list("prints", prints, "texts")
    between = None if between is None else as_list("between", between, "ranges")
    if between is not None and all(isinstance(end, Real) for end in between):
        between = [between] * len(values)
    for name, given in (("prints", prints), ("between", between)):
        if given is not None and len(given) != len(values):
            raise ValueError(
                f"claims {label!r}: {name} must have {len(values)} entries, got {len(given)}"
            )
    nothing = [None] * len(values)
    return [
        claim(_label(label, key), value, prints=shown, between=ends, covers=covers)
        for (key, value), shown, ends in zip(
            values.items(), prints or nothing, between or nothing, strict=True
        )
    ]


def _several(values):
    """The numbers of a list or an array, as they are."""
    try:
        return np.ravel(values).tolist()
    except (TypeError, ValueError, OverflowError, RuntimeError):
        finite("values", values)
        raise


def _label(label: str, key) -> str:
    keys = key if isinstance(key, tuple) else (key,)
    return label.format(*keys) if "{" in label else ", ".join(map(str, [label, *keys]))


def check_claims(*items: Claim | Sequence[Claim]) -> ClaimsTable:
    """Check the claims of a chapter, single ones and lists of them, and return them as a table.

    Raises ClaimError that names every claim that does not hold, TypeError for anything that is
    not a claim, ValueError when there is none or two carry the same label.

    >>> print(check_claims(claim("square root of 2", 2**0.5, prints="1.41")))
    square root of 2 | computed 1.414 | the text says 1.41
    """
    found = [one for item in items for one in (item if isinstance(item, list) else [item])]
    if not found:
        raise ValueError("claims: expected at least one claim, got none")
    for item in found:
        if not isinstance(item, Claim):
            raise TypeError(f"claims: expected claim(...), got {type(item).__name__}")
    twice = [label for label, count in Counter(c.label for c in found).items() if count > 1]
    if twice:
        raise ValueError(f"claims: expected each label once, got twice: {', '.join(twice)}")
    broken = [item for item in found if not item.holds]
    if broken:
        lines = [f"  {c.label}: computed {c.value!r}, the text says {c.expected}" for c in broken]
        raise ClaimError("\n".join([f"{len(broken)} claim(s) do not hold:", *lines]))
    return ClaimsTable(found)


class ClaimsTable:
    """Claims that hold, shown as a table; `claims` has them as a tuple."""

    def __init__(self, claims: Sequence[Claim]):
        self.claims = tuple(claims)

    def __repr__(self) -> str:
        return "\n".join(
            f"{c.label} | computed {c.computed} | the text says {c.expected}" for c in self.claims
        )

    def _html(self) -> str:
        rows = [(c.label, c.computed, c.expected) for c in self.claims]
        head = ["Number", "Computed", "The text says"]
        shown = Table(head, rows, "The numbers of this page, computed", kind="claims")
        count = len(self.claims)
        said = f"All {count} numbers of this page were" if count > 1 else "One number was"
        summary = f"<summary>{said} checked</summary>"
        return f'<details class="checked">{summary}{shown.html()}</details>'

    def _records(self) -> list[dict]:
        return [
            {
                "label": c.label,
                "value": c.computed,
                "prints": c.prints,
                "between": None if c.between is None else [short(end) for end in c.between],
                "covers": list(c.covers),
            }
            for c in self.claims
        ]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {
            "text/plain": repr(self),
            "text/html": self._html(),
            MIME: {"claims": self._records()},
        }


def _number(value, name: str) -> float:
    size = value.numel() if hasattr(value, "numel") else getattr(value, "size", 1)
    item = value.item() if hasattr(value, "item") and size == 1 else value
    if callable(item) or isinstance(item, bool) or not isinstance(item, Real):
        raise TypeError(f"{name}: expected one real number, got {type(value).__name__}")
    try:
        number = float(item)
    except OverflowError:
        raise ValueError(f"{name}: expected a number that fits a float, got a larger one") from None
    if not math.isfinite(number):
        raise ValueError(f"{name}: expected a finite number, got {item}")
    return int(item) if isinstance(item, Integral) and abs(item) > EXACT_IN_A_FLOAT else number


def _range(between, label: str) -> tuple[float, float]:
    name = f"claim {label!r}: between"
    if not isinstance(between, Sequence) or isinstance(between, str) or len(between) != 2:
        raise TypeError(f"{name}: expected (low, high), got {shown(between)}")
    low, high = (_number(end, name) for end in between)
    if low >= high:
        raise ValueError(f"{name}: expected low < high, got ({low}, {high})")
    return low, high
