"""Results as few bits: whole multiples of a round step, 1 to 32 bits each.

A number is stored as the whole number of steps from a lowest one. The step is 1, 2 or 5 times a
power of ten, chosen by what the picture can show: how many levels its colours or its height tell
apart, and how many decimals it prints. What is printed is right: it equals Python's rounding of
the number that was computed.
"""

import math
from dataclasses import dataclass

import numpy as np

BITS = (1, 2, 4, 8, 16, 32)
MANTISSAS = (5, 2, 1)


@dataclass(frozen=True)
class Part:
    """Some of the numbers of a picture that are stored alike.

    size: how many. levels: how many the picture can tell apart between its least and its greatest.
    shown: the decimals that it prints, or None if it prints none.
    """

    size: int
    levels: int = 1
    shown: int | None = None


@dataclass(frozen=True)
class Packed:
    """A part as bytes: the first grid point, then for every grid point the columns that vary.

    A number is (stored + lowest) * mantissa / 10**decimals, and `prints` decimals of it are right.
    In 64 bits it is stored as it is.
    """

    size: int
    bits: int
    mantissa: int
    decimals: int
    lowest: int
    prints: int
    varying: list
    data: bytes

    def state(self):
        """As the view reads it; 0 stands for all columns."""
        vary = 0 if len(self.varying) == self.size else self.varying
        scale = [self.mantissa, self.decimals, self.lowest]
        return [self.size, self.bits, *scale, self.prints, vary]

    def __str__(self):
        return f"{self.size} in {self.bits} bits, steps of {self.mantissa * 10.0**-self.decimals:g}"


def pack(numbers, part, *, whole=True):
    """Store `numbers` [grid points, size] as `part` asks.

    whole: whether they have to be whole multiples of a step; else numbers that are too far apart
    for that are stored as they are.

    Raises:
        ValueError: numbers so far apart that 32 bits do not hold them in such steps.

    >>> print(pack(np.array([[0.0, 0.25], [1.0, 0.25]]), Part(size=2, shown=2)))
    2 in 8 bits, steps of 0.01
    """
    mantissa, decimals = choose_step(numbers, part)
    prints = part.shown
    if prints is None:
        prints = decimals - (mantissa > 1)
    steps = as_steps(numbers, mantissa, decimals, prints)  # [grid points, size]
    lowest = int(steps.min())
    bits = bits_for(int(steps.max()) - lowest)
    if bits is None and not whole:
        varying = list(range(part.size))
        data = np.concatenate([numbers[0], numbers.ravel()]).astype("<f8").tobytes()
        return Packed(part.size, 64, 1, 0, 0, prints, varying, data)
    if bits is None:
        raise ValueError(
            f"function: the results span {numbers.min():g} to {numbers.max():g}; expected at most "
            f"{2.0**32:g} steps of {mantissa * 10.0**-decimals:g}"
        )
    raw = (steps - lowest).astype(np.uint32)
    varying = np.flatnonzero((raw != raw[0]).any(axis=0)).tolist()
    data = as_bytes(np.concatenate([raw[0], raw[:, varying].ravel()]), bits)
    return Packed(part.size, bits, mantissa, decimals, lowest, prints, varying, data)


def bits_for(most):
    """The fewest bits that hold 0 to `most`, or None."""
    return next((bits for bits in BITS if most < 2**bits), None)


def choose_step(numbers, part):
    """(mantissa, decimals) of the step: fine enough, and no coarser than its bits allow."""
    most = part.shown or 0
    for decimals in range(most + 1):
        if np.array_equal(numbers, np.round(numbers, decimals)):
            return 1, decimals
    span = float(numbers.max() - numbers.min())
    limits = [span / part.levels] if span else []
    limits += [10.0**-most] if part.shown is not None or not span else []
    finest = min(limits)
    power = math.floor(math.log10(finest) + 1e-9)
    mantissa = next(m for m in MANTISSAS if m * 10.0**power <= finest * (1 + 1e-8))
    bits = [bits_for(math.ceil(span / (m * 10.0**power)) + 1) for m in (1, mantissa)]
    return (1 if bits[0] == bits[1] else mantissa), -power


def as_steps(numbers, mantissa, decimals, prints):
    """The nearest whole multiple of each number, or its neighbour if only that prints alike."""
    steps = []
    for value in numbers.ravel().tolist():
        near, wanted = round(value / (mantissa * 10.0**-decimals)), round(value, prints)
        alike = (
            step
            for step in (near, near - 1, near + 1)
            if round(as_number(step, mantissa, decimals), prints) == wanted
        )
        steps.append(next(alike))
    return np.array(steps, dtype=np.int64).reshape(numbers.shape)


def as_number(step, mantissa, decimals):
    whole = step * mantissa
    return whole / 10**decimals if decimals >= 0 else float(whole * 10**-decimals)


def as_bytes(stored, bits):
    """Whole numbers as bytes, little end first; several in a byte begin at its low end."""
    if bits >= 8:
        return stored.astype(f"<u{bits // 8}").tobytes()
    per_byte = 8 // bits
    padded = np.zeros(-(-stored.size // per_byte) * per_byte, dtype=np.uint8)
    padded[: stored.size] = stored
    shifts = bits * np.arange(per_byte, dtype=np.uint8)
    return np.bitwise_or.reduce(padded.reshape(-1, per_byte) << shifts, axis=1).tobytes()


def decimals(numbers, most):
    """The fewest decimals, at most `most`, that print every number exactly."""
    for digits in range(most):
        if np.allclose(numbers, np.round(numbers, digits), rtol=0, atol=1e-6):
            return digits
    return most
