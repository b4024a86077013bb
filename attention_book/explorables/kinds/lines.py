"""Curves over x."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attention_book.explorables.checks import (
    check_axis_name,
    check_inside,
    check_names,
    check_range,
    check_shape,
    find_axis,
)
from attention_book.explorables.grid import check_text, describe, finite_array
from attention_book.explorables.guess import place_in
from attention_book.explorables.kind import Kind
from attention_book.explorables.pack import Part
from attention_book.explorables.ticks import log_ticks, nice_range, ticks
from attention_lib.checks import shown

MAX_DATA = 200
LEVELS = 5000  # a fifteenth of a pixel: curves stay smooth


@dataclass(frozen=True, kw_only=True)
class Lines(Kind):
    """Curves [series, N] over x.

    x: the N positions, rising. series: texts of the curves, drawn blue solid, orange dashed,
    green dotted, purple dash-dotted in this order. log_x: logarithmic x. mark: an axis whose
    value is drawn as a vertical line. span: (low, high, label), a shaded part of x. points:
    (x, y), two equally long sequences of at most 200 numbers, drawn as open circles that do
    not move, with the label "data". Stored: at least 5,000 heights, a fifteenth of a pixel.
    """

    x: Sequence[float]
    series: Sequence[str]
    x_label: str = ""
    y_label: str = ""
    y_range: tuple | None = None
    log_x: bool = False
    mark: str | None = None
    span: tuple | None = None
    points: tuple | None = None

    def __post_init__(self):
        x = finite_array(self.x, "as given", "x")
        if x.ndim != 1 or len(x) < 2 or not (np.diff(x) > 0).all():
            raise ValueError(f"x: expected at least 2 rising numbers, got {shown(self.x)}")
        if not isinstance(self.log_x, bool):
            raise TypeError(f"log_x: expected True or False, got {shown(self.log_x)}")
        if self.log_x and x[0] <= 0:
            raise ValueError(f"x: a logarithmic axis needs positive numbers, got {x[0]:g}")
        if len(check_names(self.series, "series")) > 4:
            raise ValueError(f"series: expected at most 4, got {len(self.series)}")
        check_text(self.x_label, "x_label")
        check_text(self.y_label, "y_label")
        check_range(self.y_range, "y_range")
        check_axis_name(self.mark, "mark")
        check_span(self.span, x)
        check_data(self.points, x, self.y_range)

    def array(self, result, point):
        array = finite_array(result, describe(point))
        check_shape(array, (len(self.series), len(self.x)), describe(point), "series, x")
        check_inside(array, self.y_range, "y_range", describe(point))
        return array

    def place_of(self, guess):
        return place_in(guess, self.series, self.x)

    def parts(self, arrays, form):
        return [Part(arrays.shape[1], LEVELS)]

    def options(self, arrays, axes, form):
        heights = [arrays.min(), arrays.max(), *([] if self.points is None else self.points[1])]
        low, high = self.y_range or nice_range(float(min(heights)), float(max(heights)))
        x = [float(v) for v in self.x]
        return {
            "x": x,
            "series": list(self.series),
            "xl": self.x_label,
            "yl": self.y_label,
            "y": [float(low), float(high)],
            "yt": ticks(low, high),
            "xt": log_ticks(x) if self.log_x else ticks(x[0], x[-1], count=6),
            "log": bool(self.log_x),
            **self._mark(axes, x),
            **self._span(arrays, low, high),
            **self._data(),
        }

    def _span(self, arrays, low, high):
        """The band; its label stands at the bottom (1) or the top (0), where there is more room."""
        if self.span is None:
            return {}
        left, right, label = self.span
        first = np.searchsorted(self.x, left, side="right") - 1
        last = np.searchsorted(self.x, right)
        inside = arrays.reshape(len(arrays), len(self.series), -1)[..., first : last + 1]
        bottom = inside.min() - low >= high - inside.max()
        return {"span": [float(left), float(right), label, int(bottom)]}

    def _data(self):
        if self.points is None:
            return {}
        return {
            "pts": [[float(f"{v:.5g}") for v in pair] for pair in zip(*self.points, strict=True)]
        }

    def _mark(self, axes, x):
        if self.mark is None:
            return {}
        k, axis = find_axis(self.mark, axes, "mark")
        outside = [v for v in axis.values if not x[0] <= v <= x[-1]]
        if outside:
            raise ValueError(
                f"mark: {self.mark}={outside[0]} lies outside of x, {x[0]:g} to {x[-1]:g}"
            )
        return {
            "mark": k,
            "mv": [float(v) for v in axis.values],
            "mt": list(axis.texts),
            "ml": axis.label,
        }


def check_span(span, x):
    """(low, high, label) with low < high, both on the x axis, or None."""
    if span is None:
        return
    if not isinstance(span, tuple | list) or len(span) != 3:
        raise TypeError(f"span: expected (low, high, label), got {shown(span)}")
    check_text(span[2], "span[2]")
    low, high = finite_array(span[:2], "as given", "span").tolist()
    if not x[0] <= low < high <= x[-1]:
        raise ValueError(
            f"span: expected low < high, both from {x[0]:g} to {x[-1]:g} as x is, got {shown(span)}"
        )


def check_data(points, x, y_range):
    """Two equally long sequences of numbers inside the picture, or None."""
    if points is None:
        return
    if isinstance(points, str) or not np.iterable(points) or len(points) != 2:
        raise TypeError(f"points: expected two sequences (x, y), got {shown(points)}")
    across, up = (finite_array(part, f"points[{k}]", "points") for k, part in enumerate(points))
    if across.ndim != 1 or across.shape != up.shape or not 1 <= len(across) <= MAX_DATA:
        raise ValueError(
            f"points: expected x and y of the same length, 1 to {MAX_DATA} numbers, "
            f"got the shapes {across.shape} and {up.shape}"
        )
    for k, (part, limits) in enumerate(((across, (x[0], x[-1])), (up, y_range))):
        if limits is not None and (part.min() < limits[0] or part.max() > limits[1]):
            raise ValueError(
                f"points[{k}]: expected numbers from {limits[0]:g} to {limits[1]:g} as the "
                f"picture shows them, got {part.min():g} to {part.max():g}"
            )
