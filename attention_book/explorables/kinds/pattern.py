"""A large attention pattern: who may look at whom, or how much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attention_book.explorables.checks import check_axis_name, check_names, check_shape, find_axis
from attention_book.explorables.grid import check_text, describe, finite_array
from attention_book.explorables.kind import Kind
from attention_book.explorables.pack import Part
from attention_lib.checks import shown

LARGEST = 64
SHADES = 100
MOST_LEVELS = 5


@dataclass(frozen=True, kw_only=True)
class Pattern(Kind):
    """A pattern [R, C] of at most 64 x 64 cells without numbers in them.

    size: (R, C). levels: names of the levels 0, 1, ..., at most 5, of which the function returns
    the numbers (True counts as 1); level 0 is paper. Without levels the numbers are at least 0
    and shade the cells, the greatest of all positions fully. rows, columns: texts, or None for
    positions counted from 0. x_label, y_label: what columns and rows are. row, column: name of an
    axis whose value, a position, is framed. marks: the function returns a pair (pattern, marks
    [R, C] of truth values), and marked cells are outlined; `marks` names them.
    Stored: levels in the 1 to 4 bits that they need, marks in one bit, shades in 8 bits, at least
    100 from nothing to the greatest.
    """

    size: tuple
    levels: Sequence[str] | None = None
    rows: Sequence[str] | None = None
    columns: Sequence[str] | None = None
    x_label: str = "keys"
    y_label: str = "queries"
    row: str | None = None
    column: str | None = None
    marks: str = ""

    def __post_init__(self):
        pair = isinstance(self.size, tuple | list) and len(self.size) == 2
        whole = pair and all(type(n) is int for n in self.size)
        if not whole or not all(1 <= n <= LARGEST for n in self.size):
            raise ValueError(
                f"size: expected (R, C), both from 1 to {LARGEST}, got {shown(self.size)}"
            )
        if self.levels is not None and not 2 <= len(check_names(self.levels, "levels")) <= 5:
            raise ValueError(f"levels: expected 2 to {MOST_LEVELS} names, got {len(self.levels)}")
        for argument, n in zip(("rows", "columns"), self.size, strict=True):
            names = getattr(self, argument)
            if names is not None and len(check_names(names, argument, unique=False)) != n:
                raise ValueError(f"{argument}: expected {n} texts as size says, got {len(names)}")
        for argument in ("row", "column"):
            check_axis_name(getattr(self, argument), argument)
        for argument in ("x_label", "y_label", "marks"):
            check_text(getattr(self, argument), argument)

    def array(self, result, point):
        where = describe(point)
        if self.marks and not (isinstance(result, tuple) and len(result) == 2):
            raise TypeError(
                f"function: the result {where} must be a pair (pattern, marks), "
                f"got {type(result).__name__}"
            )
        given, marked = result if self.marks else (result, None)
        pattern = finite_array(given, where)
        check_shape(pattern, tuple(self.size), where, "rows, columns")
        self._check_values(pattern, where)
        if not self.marks:
            return pattern
        marked = np.asarray(marked)
        if marked.dtype != bool:
            raise TypeError(f"marks: expected truth values {where}, got {marked.dtype}")
        check_shape(marked, tuple(self.size), f"{where} (marks)", "rows, columns")
        return np.stack([pattern, marked])

    def _check_values(self, pattern, where):
        if self.levels is None and pattern.min() < 0:
            raise ValueError(f"function: the result {where} holds {pattern.min():g}; expected >= 0")
        if self.levels is not None:
            wrong = pattern[~np.isin(pattern, range(len(self.levels)))]
            if wrong.size:
                raise ValueError(
                    f"function: the result {where} holds {wrong[0]:g}; "
                    f"expected levels from 0 to {len(self.levels) - 1}"
                )

    def check_axes(self, axes):
        for argument, name, n in zip(
            ("row", "column"), (self.row, self.column), self.size, strict=True
        ):
            if name is None:
                continue
            _, axis = find_axis(name, axes, argument)
            outside = [v for v in axis.values if v not in range(n)]
            if outside:
                raise ValueError(
                    f"{argument}: {name}={outside[0]} is not a position; expected 0 to {n - 1}"
                )

    def parts(self, arrays, form):
        cells = self.size[0] * self.size[1]
        pattern = Part(cells, 1, 0) if self.levels else Part(cells, SHADES)
        return [pattern, Part(cells, 1, 0)] if self.marks else [pattern]

    def options(self, arrays, axes, form):
        cells = self.size[0] * self.size[1]
        frames = {
            argument: [k, list(axis.values)]
            for argument, name in (("row", self.row), ("col", self.column))
            if name is not None
            for k, axis in [find_axis(name, axes, argument)]
        }
        return {
            "size": list(self.size),
            "levels": list(self.levels or []),
            "top": float(arrays[:, :cells].max()) or 1.0,
            "rows": list(self.rows or []),
            "cols": list(self.columns or []),
            "xl": self.x_label,
            "yl": self.y_label,
            "marks": self.marks,
            **frames,
        }
