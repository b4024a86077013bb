"""What a cost is made of, how costs add up, and how they are printed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import wraps
from types import MappingProxyType

import numpy as np

from ..checks import check_count, check_text, shown

_UNITS = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
LONGEST = 10**24  # beyond it the powers of ten are told
_COLUMNS = (
    ("parameters", "parameters", ""),
    ("matmul", "matmul_flops", "FLOP"),
    ("elementwise", "elementwise_flops", "FLOP"),
    ("moved", "bytes_moved", "B"),
    ("held", "held_bytes", "B"),
    ("peak", "peak_bytes", "B"),
)


@dataclass(frozen=True, kw_only=True)
class Cost:
    r"""What one mechanism costs: counted, not measured.

    Costs are summed in the order in which the mechanisms run. All counts add, except the peak, the
    most memory in use at one moment: while b runs, what a holds (`held_bytes`) is still there,

    $$\mathrm{peak}(a + b) = \max(\mathrm{peak}_a,\ \mathrm{held}_a + \mathrm{peak}_b)$$

    so `a + b` and `b + a` may differ. The same rule serves training, for the backward pass runs in
    reverse: b is forward and backward while all that a has saved waits.

    Attributes:
        parameters: numbers that are learned.
        matmul_flops: operations in products of matrices; a multiply-add is 2.
        elementwise_flops: all other arithmetic; one for each number and each function (+, *, exp,
            tanh, comparison); 5 a score for a softmax.
        bytes_moved: each operand read once and each result written once in every kernel, as if
            nothing stayed in a cache between two kernels.
        weight_bytes: the parameters, with their gradients and optimiser state if those are added.
        cache_bytes: keys and values kept for later calls.
        held_bytes: activations that stay when it is done: in training, what is saved for backward.
        peak_bytes: the largest sum of activations alive at once, held_bytes, inputs and output
            included; weight_bytes and cache_bytes excluded.
        parts: the same for each named part; they sum to the whole. Empty for a single kernel.

    Raises:
        TypeError, ValueError: a count is not an integer of at least 0, the peak is below what is
            held.

    >>> one = Cost(matmul_flops=10, held_bytes=3, peak_bytes=5)
    >>> (one + one).matmul_flops, (one + one).peak_bytes
    (20, 8)
    """

    parameters: int = 0
    matmul_flops: int = 0
    elementwise_flops: int = 0
    bytes_moved: int = 0
    weight_bytes: int = 0
    cache_bytes: int = 0
    held_bytes: int = 0
    peak_bytes: int = 0
    parts: Mapping[str, Cost] = field(default_factory=dict, repr=False, hash=False)

    def __post_init__(self):
        check_count(minimum=0, limit=math.inf, **self._counts())
        for name, count in self._counts().items():
            object.__setattr__(self, name, int(count))  # NumPy's integers overflow
        if self.peak_bytes < self.held_bytes:
            raise ValueError(
                f"peak_bytes must be at least held_bytes = {self.held_bytes}, got {self.peak_bytes}"
            )
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    def __reduce__(self):
        """Made anew from its counts: a mapping that cannot be changed cannot be pickled."""
        return _made, (self._counts() | {"parts": dict(self.parts)},)

    @property
    def flops(self):
        """All operations: matmul_flops + elementwise_flops."""
        return self.matmul_flops + self.elementwise_flops

    @property
    def memory_bytes(self):
        """What has to fit: weight_bytes + cache_bytes + peak_bytes."""
        return self.weight_bytes + self.cache_bytes + self.peak_bytes

    @property
    def intensity(self):
        """FLOPs for each byte moved (0 where nothing moves): low means bound by bandwidth."""
        return self.flops / self.bytes_moved if self.bytes_moved else 0.0

    def __add__(self, other):
        if not isinstance(other, Cost):
            return NotImplemented
        ours, theirs = self._counts(), other._counts()
        counts = {name: ours[name] + theirs[name] for name in ours}
        counts["peak_bytes"] = max(self.peak_bytes, self.held_bytes + other.peak_bytes)
        parts = {}
        if self.parts or other.parts:
            parts = self._named()
            for name, part in other._named().items():
                parts[name] = parts[name] + part if name in parts else part
        return Cost(**counts, parts=parts)

    def __mul__(self, copies):
        """`copies` of it one after the other, each with parameters of its own."""
        check_count(minimum=0, copies=copies)
        copies = int(copies)
        if copies == 0:
            return Cost()
        counts = {name: copies * count for name, count in self._counts().items()}
        counts["peak_bytes"] = (copies - 1) * self.held_bytes + self.peak_bytes
        return Cost(**counts, parts={name: part * copies for name, part in self.parts.items()})

    __rmul__ = __mul__

    def repeat(self, times):
        """The same parameters and cache used `times` times, one after the other.

        >>> Cost(parameters=7, matmul_flops=14).repeat(3)
        Cost(parameters=7, matmul_flops=42, elementwise_flops=0, bytes_moved=0, weight_bytes=0,
        cache_bytes=0, held_bytes=0, peak_bytes=0)
        """
        check_count(times=times)
        counts = (self * times)._counts()
        once = {name: getattr(self, name) for name in ("parameters", "weight_bytes", "cache_bytes")}
        parts = {name: part.repeat(times) for name, part in self.parts.items()}
        return Cost(**counts | once, parts=parts)

    def beside(self, live_bytes):
        """The same while `live_bytes` of other activations are alive, such as a residual."""
        check_count(minimum=0, limit=math.inf, live_bytes=live_bytes)
        counts = self._counts() | {"peak_bytes": self.peak_bytes + live_bytes}
        return Cost(**counts, parts=self.parts)

    def table(self, *, depth=2):
        """A table of the parts, `depth` levels deep, the whole in the last row.

        >>> print(combine({"a": Cost(matmul_flops=1500), "b": Cost(bytes_moved=37)}).table())
        part   parameters     matmul  elementwise  moved  held  peak
        a               0  1.50 kFLOP       0 FLOP    0 B   0 B   0 B
        b               0      0 FLOP       0 FLOP   37 B   0 B   0 B
        total           0  1.50 kFLOP       0 FLOP   37 B   0 B   0 B
        """
        check_count(minimum=0, depth=depth)
        rows = [("part", *(title for title, _, _ in _COLUMNS))]
        rows += [*_rows(self, depth), ("total", *_cells(self))]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = []
        for name, *cells in rows:
            right = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
            lines.append("  ".join([name.ljust(widths[0]), *right]))
        return "\n".join(lines)

    def __str__(self):
        return self.table()

    def _counts(self):
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "parts"}

    def _named(self):
        """Its parts; beside parts, what has none is called "other"."""
        if self.parts:
            return dict(self.parts)
        return {"other": self} if any(self._counts().values()) else {}


def combine(parts):
    """The sum of named costs, in the order of the mapping, with these as its parts.

    Raises:
        TypeError: not a mapping of names to costs.

    >>> combine({"up": Cost(parameters=3), "down": Cost(parameters=4)}).parameters
    7
    """
    if not isinstance(parts, Mapping):
        raise TypeError(f"parts must map names to costs, got {type(parts).__name__}")
    total = Cost()
    for name, part in parts.items():
        if not isinstance(part, Cost):
            raise TypeError(f"parts[{shown(name)}] must be a Cost, got {type(part).__name__}")
        total = total + Cost(**part._counts())  # without its parts: they stay under its name
    return Cost(**total._counts(), parts=parts)


def readable(number, unit=""):
    """A number with three digits and a decimal prefix.

    >>> readable(1_234_567_890, "FLOP"), readable(37, "B"), readable(1500), readable(10**40)
    ('1.23 GFLOP', '37 B', '1.50 k', '1.00e+40')
    """
    check_count(minimum=0, limit=math.inf, number=number)
    check_text(unit=unit)
    if number >= LONGEST:
        return f"{Decimal(int(number)):.2e} {unit}".rstrip()
    for size, prefix in _UNITS:
        if number >= size:
            digits = number / size
            decimals = 2 if digits < 9.995 else 1 if digits < 99.95 else 0
            return f"{digits:.{decimals}f} {prefix}{unit}"
    return f"{number} {unit}".rstrip()


def exact(function):
    """The same function with Python's numbers in place of NumPy's, whose products overflow."""

    @wraps(function)
    def counted(*sizes, **options):
        options = {name: _plain(one) for name, one in options.items()}
        return function(*map(_plain, sizes), **options)

    return counted


def _made(counts):
    return Cost(**counts)


def _plain(one):
    return one.item() if isinstance(one, np.generic) else one


def _rows(cost, depth, indent=0):
    if depth == 0:
        return
    for name, part in cost.parts.items():
        yield ("  " * indent + name, *_cells(part))
        yield from _rows(part, depth - 1, indent + 1)


def _cells(cost):
    return [readable(getattr(cost, name), unit) for _, name, unit in _COLUMNS]
