"""Numbers in the prose, checked where they are computed.

A chapter ends in one cell that lists its claims. Each claim ties a number that the text prints to
the value that the code computed; one that does not hold stops the chapter.

    check_claims(
        claim("score of the second state", scores[1], prints="3.5"),
        claim("accuracy at length 20", accuracy, between=(0.95, 1.0), covers=["95%"]),
    )
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from html import escape
from numbers import Integral, Real

MIME = "application/vnd.attention-book.claims+json"
EXACT_IN_A_FLOAT = 2**53
SHORT = 12  # a longer table is folded
NUMBER = re.compile(r"[-\u2212]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?%?")


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
        return f"between {_short(self.between[0])} and {_short(self.between[1])}"

    @property
    def computed(self) -> str:
        """The value in three significant digits, or one digit more than the text prints."""
        if self.between is not None:
            return _short(self.value)
        digits = len(re.sub(r"\D", "", self.prints.partition("e")[0]).lstrip("0"))
        return _short(self.value, max(3, digits + 1))


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
    covers   other numbers of the text that this claim justifies, each as it is printed

    Exactly one of `prints` and `between` is given. Raises TypeError or ValueError on bad input;
    whether the claim holds is decided by `check_claims`.

    >>> claim("score of the second state", 0.5 * 3 + 0.5 * 4, prints="3.5").holds
    True
    >>> claim("accuracy", 0.9413, prints="95%").holds
    False
    """
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"label: expected a text that is not empty, got {label!r}")
    if (prints is None) == (between is None):
        raise ValueError(f"claim {label!r}: expected exactly one of prints and between")
    number = _number(value, f"claim {label!r}: value")
    if prints is not None:
        _parse(prints, f"claim {label!r}: prints")
    if between is not None:
        between = _range(between, label)
    if isinstance(covers, str):
        raise TypeError(f"claim {label!r}: covers: expected a list of texts, got {covers!r}")
    for text in covers:
        _parse(text, f"claim {label!r}: covers")
    return Claim(label, number, prints, between, tuple(covers))


def check_claims(*claims: Claim) -> ClaimsTable:
    """Check the claims of a chapter and return them as a table.

    Raises ClaimError that names every claim that does not hold, TypeError for anything that is
    not a claim, ValueError when there is none or two carry the same label.

    >>> print(check_claims(claim("square root of 2", 2**0.5, prints="1.41")))
    square root of 2 | computed 1.414 | the text says 1.41
    """
    if not claims:
        raise ValueError("claims: expected at least one claim, got none")
    for item in claims:
        if not isinstance(item, Claim):
            raise TypeError(f"claims: expected claim(...), got {type(item).__name__}")
    twice = [label for label, count in Counter(c.label for c in claims).items() if count > 1]
    if twice:
        raise ValueError(f"claims: expected each label once, got twice: {', '.join(twice)}")
    broken = [item for item in claims if not item.holds]
    if broken:
        lines = [f"  {c.label}: computed {c.value!r}, the text says {c.expected}" for c in broken]
        raise ClaimError("\n".join([f"{len(broken)} claim(s) do not hold:", *lines]))
    return ClaimsTable(claims)


class ClaimsTable:
    """Claims that hold, shown as a table; `claims` has them as a tuple."""

    def __init__(self, claims: Sequence[Claim]):
        self.claims = tuple(claims)

    def __repr__(self) -> str:
        return "\n".join(
            f"{c.label} | computed {c.computed} | the text says {c.expected}" for c in self.claims
        )

    def _html(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{escape(c.label)}</th>'
            f"<td>{escape(c.computed)}</td><td>{escape(c.expected)}</td></tr>"
            for c in self.claims
        )
        count = f"{len(self.claims)} claim{'s' * (len(self.claims) > 1)}"
        is_open = " open" if len(self.claims) <= SHORT else ""
        return (
            f"<details{is_open}><summary>{count} of this chapter, computed and compared</summary>"
            '<table class="claims"><caption>The numbers of this chapter, computed</caption>'
            '<thead><tr><th scope="col">Number</th><th scope="col">Computed</th>'
            f'<th scope="col">The text says</th></tr></thead><tbody>{rows}</tbody></table>'
            "</details>"
        )

    def _records(self) -> list[dict]:
        return [
            {
                "label": c.label,
                "value": c.computed,
                "prints": c.prints,
                "between": None if c.between is None else [_short(end) for end in c.between],
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


def rounds_to(value: float, printed: str) -> bool:
    """Whether `value`, rounded to the digits of `printed`, is the number that `printed` shows.

    A value that lies exactly half way may be rounded either way: in binary 0.615 is a little less,
    and Python prints it as 0.61. A whole number is compared in all its digits.

    >>> rounds_to(0.88079, "0.881"), rounds_to(0.97134, "97%"), rounds_to(2.04e-7, "2e-7")
    (True, True, True)
    """
    shown, step = _parse(printed, "printed")
    exact = Decimal(int(value)) if isinstance(value, Integral) else Decimal(repr(float(value)))
    distance = Context(prec=400).subtract(exact, shown)  # more digits than any float has
    return abs(distance) <= step / 2


def _parse(text: str, name: str) -> tuple[Decimal, Decimal]:
    """The number that a text shows, and the value of one unit in its last digit."""
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected the number as text, got {type(text).__name__}")
    if not NUMBER.fullmatch(text):
        raise ValueError(f'{name}: expected a number like "3.5", "97%" or "2e-7", got {text!r}')
    number = Decimal(text.rstrip("%").replace(",", "").replace("\u2212", "-"))
    step = Decimal(1).scaleb(number.as_tuple().exponent)
    scale = Decimal("0.01") if text.endswith("%") else Decimal(1)
    return number * scale, step * scale


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
        raise TypeError(f"{name}: expected (low, high), got {between!r}")
    low, high = (_number(end, name) for end in between)
    if low >= high:
        raise ValueError(f"{name}: expected low < high, got ({low}, {high})")
    return low, high


def _short(value: float, digits: int = 3) -> str:
    """The value in so many significant digits, never in a form longer than a reader needs.

    >>> _short(0.99613), _short(12345.6), _short(2.04e-7), _short(1.0)
    ('0.996', '12300', '2.04e-07', '1')
    """
    rounded = float(f"{value:.{digits - 1}e}") + 0.0
    if rounded and not 1e-4 <= abs(rounded) < 1e9:
        return f"{rounded:.{digits}g}"
    return f"{rounded:.12f}".rstrip("0").rstrip(".")
