"""Numbers as a text prints them, compared with numbers as they were computed."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from numbers import Integral

from attention_lib.checks import shown

NUMBER = re.compile(r"[-\u2212]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?%?")


def rounds_to(value: float, printed: str) -> bool:
    """Whether `value`, rounded to the digits of `printed`, is the number that `printed` shows.

    A value that lies exactly half way may be rounded either way: in binary 0.615 is a little less,
    and Python prints it as 0.61. A whole number is compared in all its digits.

    >>> rounds_to(0.88079, "0.881"), rounds_to(0.97134, "97%"), rounds_to(2.04e-7, "2e-7")
    (True, True, True)
    """
    shown, step = parse(printed, "printed")
    exact = Decimal(int(value)) if isinstance(value, Integral) else Decimal(repr(float(value)))
    distance = Context(prec=400).subtract(exact, shown)  # more digits than any float has
    return abs(distance) <= step / 2


def parse(text: str, name: str) -> tuple[Decimal, Decimal]:
    """The number that a text shows, and the value of one unit in its last digit."""
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected the number as text, got {type(text).__name__}")
    if not NUMBER.fullmatch(text):
        raise ValueError(
            f'{name}: expected a number like "3.5", "97%" or "2e-7", got {shown(text)}'
        )
    number = Decimal(text.rstrip("%").replace(",", "").replace("\u2212", "-"))
    step = Decimal(1).scaleb(number.as_tuple().exponent)
    scale = Decimal("0.01") if text.endswith("%") else Decimal(1)
    return number * scale, step * scale


def short(value: float, digits: int = 3) -> str:
    """The value in so many significant digits, never in a form longer than a reader needs.

    >>> short(0.99613), short(12345.6), short(2.04e-7), short(1.0)
    ('0.996', '12300', '2.04e-07', '1')
    """
    rounded = float(f"{value:.{digits - 1}e}") + 0.0
    if rounded and not 1e-4 <= abs(rounded) < 1e9:
        return f"{rounded:.{digits}g}"
    return f"{rounded:.12f}".rstrip("0").rstrip(".")
