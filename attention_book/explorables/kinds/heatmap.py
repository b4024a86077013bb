"""A matrix as coloured cells."""

from collections.abc import Sequence
from dataclasses import dataclass

from attention_book.explorables.checks import (
    check_axis_name,
    check_inside,
    check_list,
    check_names,
    check_range,
    check_shape,
)
from attention_book.explorables.grid import check_text, describe, finite_array
from attention_book.explorables.kind import Kind
from attention_book.explorables.pack import Part, decimals
from attention_lib.checks import shown

LEVELS = 100  # shades that an eye tells apart


@dataclass(frozen=True, kw_only=True)
class HeatMap(Kind):
    """A matrix [R, C] as coloured cells with numbers.

    rows, columns: texts of the R rows and C columns. x_label, y_label: what columns and rows
    are. per: name of an axis with which the words change; rows and columns are then lists of R
    and of C texts, one for each of its values, and where a text is empty there are no cells.
    numbers: write the numbers into the cells. value_range: (low, high) of the colours;
    by default from the results, with zero included. Stored: the numbers as they are printed,
    with at most two decimals, and at least 100 shades.
    """

    rows: Sequence
    columns: Sequence
    x_label: str = ""
    y_label: str = ""
    numbers: bool = True
    value_range: tuple | None = None
    per: str | None = None

    def __post_init__(self):
        check_axis_name(self.per, "per")
        if not isinstance(self.numbers, bool):
            raise TypeError(f"numbers: expected True or False, got {shown(self.numbers)}")
        for argument in ("rows", "columns"):
            given = getattr(self, argument)
            if self.per is None:
                check_names(given, argument, unique=False)
                continue
            check_list(given, argument, "lists of texts")
            sizes = {len(check_names(texts, argument, unique=False)) for texts in given}
            if len(sizes) != 1:
                raise ValueError(
                    f"{argument}: expected lists of the same length, got {shown(given)}"
                )
        check_text(self.x_label, "x_label")
        check_text(self.y_label, "y_label")
        check_range(self.value_range, "value_range")

    def array(self, result, point):
        array = finite_array(result, describe(point))
        sides = (self.rows, self.columns)
        shape = tuple(len(side if self.per is None else side[0]) for side in sides)
        check_shape(array, shape, describe(point), "rows, columns")
        check_inside(array, self.value_range, "value_range", describe(point))
        return array

    def check_axes(self, axes):
        if self.per is None:
            return
        k = self._axis(axes)
        for argument in ("rows", "columns"):
            lists, values = len(getattr(self, argument)), len(axes[k].values)
            if lists != values:
                raise ValueError(
                    f"{argument}: expected {values} lists, one for each value of {self.per!r}, "
                    f"got {lists}"
                )

    def _axis(self, axes):
        names = [axis.name for axis in axes]
        if self.per not in names:
            raise ValueError(f"per: {self.per!r} is not an axis; the axes are {names}")
        return names.index(self.per)

    def parts(self, arrays, form):
        return [Part(arrays.shape[1], LEVELS, decimals(arrays, 2))]

    def options(self, arrays, axes, form):
        low, high = self.value_range or (min(0.0, arrays.min()), max(0.0, arrays.max()))
        return {
            "rows": list(self.rows),
            "cols": list(self.columns),
            **({} if self.per is None else {"per": self._axis(axes)}),
            "xl": self.x_label,
            "yl": self.y_label,
            "num": bool(self.numbers),
            "top": float(max(-low, high)) or 1.0,
            "low": float(low),
            "dec": decimals(arrays, 2),
        }
