"""Bars, alone or in groups."""

from collections.abc import Sequence
from dataclasses import dataclass

from attention_book.explorables.checks import check_inside, check_names, check_range, check_shape
from attention_book.explorables.grid import check_text, describe, finite_array
from attention_book.explorables.guess import place_in
from attention_book.explorables.kind import Kind
from attention_book.explorables.pack import Part, decimals
from attention_book.explorables.ticks import nice_range, ticks

LEVELS = 500  # half a pixel of the tallest plot


@dataclass(frozen=True, kw_only=True)
class Bars(Kind):
    """Bars [N], or [series, N] in groups.

    categories: texts of the N places. series: texts of the groups' members, or None.
    y_label: what the height is. y_range: (low, high); by default from the results, zero included.
    Stored: at least 500 heights, and the numbers as they are printed, with at most two decimals.
    """

    categories: Sequence[str]
    series: Sequence[str] | None = None
    y_label: str = ""
    y_range: tuple | None = None

    def __post_init__(self):
        check_names(self.categories, "categories", unique=False)
        if self.series is not None and len(check_names(self.series, "series")) > 4:
            raise ValueError(f"series: expected at most 4, got {len(self.series)}")
        check_text(self.y_label, "y_label")
        check_range(self.y_range, "y_range")
        if self.y_range is not None and not self.y_range[0] <= 0 <= self.y_range[1]:
            raise ValueError(
                f"y_range: bars start at zero, so it must hold zero, got {self.y_range!r}"
            )

    def array(self, result, point):
        array = finite_array(result, describe(point))
        n = len(self.categories)
        if self.series is None:
            check_shape(array, (n,), describe(point), "categories")
        else:
            check_shape(array, (len(self.series), n), describe(point), "series, categories")
        check_inside(array, self.y_range, "y_range", describe(point))
        return array

    def place_of(self, guess):
        return place_in(guess, self.series or (), self.categories)

    def parts(self, arrays, form):
        return [Part(arrays.shape[1], LEVELS, decimals(arrays, 2))]

    def options(self, arrays, axes, form):
        low, high = self.y_range or nice_range(
            min(0.0, float(arrays.min())), max(0.0, float(arrays.max()))
        )
        return {
            "cats": list(self.categories),
            "series": list(self.series or []),
            "yl": self.y_label,
            "y": [float(low), float(high)],
            "yt": ticks(low, high),
            "dec": decimals(arrays, 2),
        }
