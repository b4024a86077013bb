"""What a picture shows: a frozen description per kind, each judging the results it is given."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from attention_book.explorables.grid import check_text, describe, finite_array
from attention_book.explorables.ticks import log_ticks, nice_range, ticks

ROLES = ("query", "key", "value", "output", "ink")
MAX_DATA = 200


def check_names(names, argument, *, unique=True):
    """A non-empty sequence of texts, returned as a list."""
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"{argument}: expected a list of texts, got {names!r}")
    for k, name in enumerate(names):
        check_text(name, f"{argument}[{k}]")
    if not names:
        raise ValueError(f"{argument}: expected at least one text, got none")
    if unique and len(set(names)) < len(names):
        raise ValueError(f"{argument}: expected different texts, got {list(names)!r}")
    return list(names)


def check_range(limits, argument):
    """Two finite numbers in order, or None."""
    if limits is None:
        return
    if len(limits) != 2 or not np.isfinite(limits).all() or not limits[0] < limits[1]:
        raise ValueError(f"{argument}: expected (low, high) with low < high, got {limits!r}")


def check_inside(array, limits, argument, where):
    """Nothing may be drawn outside the picture."""
    if limits is not None and (array.min() < limits[0] or array.max() > limits[1]):
        worst = array.min() if array.min() < limits[0] else array.max()
        raise ValueError(
            f"{argument}: {tuple(limits)} does not hold the value {worst:g} of the result {where}"
        )


def check_shape(array, shape, where, meaning):
    if array.shape != shape:
        raise ValueError(
            f"function: the result {where} has shape {array.shape}; expected {shape} ({meaning})"
        )


def check_span(span, x):
    """(low, high, label) with low < high, both on the x axis, or None."""
    if span is None:
        return
    if not isinstance(span, tuple | list) or len(span) != 3:
        raise TypeError(f"span: expected (low, high, label), got {span!r}")
    check_text(span[2], "span[2]")
    low, high = finite_array(span[:2], "as given", "span").tolist()
    if not x[0] <= low < high <= x[-1]:
        raise ValueError(
            f"span: expected low < high, both from {x[0]:g} to {x[-1]:g} as x is, got {span!r}"
        )


def check_data(points, x, y_range):
    """Two equally long sequences of numbers inside the picture, or None."""
    if points is None:
        return
    if isinstance(points, str) or not np.iterable(points) or len(points) != 2:
        raise TypeError(f"points: expected two sequences (x, y), got {points!r}")
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


def decimals(array, most):
    """The fewest decimals, at most `most`, that print every number of the array exactly."""
    for digits in range(most):
        if np.allclose(array, np.round(array, digits), rtol=0, atol=1e-6):
            return digits
    return most


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """A matrix [R, C] as coloured cells with numbers.

    rows, columns: texts of the R rows and C columns. x_label, y_label: what columns and rows
    are. numbers: write the numbers into the cells. value_range: (low, high) of the colours;
    by default from the results, with zero included.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    x_label: str = ""
    y_label: str = ""
    numbers: bool = True
    value_range: tuple | None = None

    kind = "heatmap"

    def __post_init__(self):
        check_names(self.rows, "rows", unique=False)
        check_names(self.columns, "columns", unique=False)
        check_text(self.x_label, "x_label")
        check_text(self.y_label, "y_label")
        check_range(self.value_range, "value_range")

    def array(self, result, point):
        array = finite_array(result, describe(point))
        shape = (len(self.rows), len(self.columns))
        check_shape(array, shape, describe(point), "rows, columns")
        check_inside(array, self.value_range, "value_range", describe(point))
        return array

    def options(self, arrays, axes):
        low, high = self.value_range or (min(0.0, arrays.min()), max(0.0, arrays.max()))
        return {
            "rows": list(self.rows),
            "cols": list(self.columns),
            "xl": self.x_label,
            "yl": self.y_label,
            "num": bool(self.numbers),
            "top": float(max(-low, high)) or 1.0,
            "low": float(low),
            "dec": decimals(arrays, 2),
        }


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Bars [N], or [series, N] in groups.

    categories: texts of the N places. series: texts of the groups' members, or None.
    y_label: what the height is. y_range: (low, high); by default from the results, zero included.
    """

    categories: Sequence[str]
    series: Sequence[str] | None = None
    y_label: str = ""
    y_range: tuple | None = None

    kind = "bars"

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

    def options(self, arrays, axes):
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


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Curves [series, N] over x.

    x: the N positions, rising. series: texts of the curves, drawn blue solid, orange dashed,
    green dotted, purple dash-dotted in this order. log_x: logarithmic x. mark: an axis whose
    value is drawn as a vertical line. span: (low, high, label), a shaded part of x. points:
    (x, y), two equally long sequences of at most 200 numbers, drawn as open circles that do
    not move, with the label "data".
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

    kind = "lines"

    def __post_init__(self):
        x = finite_array(self.x, "as given", "x")
        if x.ndim != 1 or len(x) < 2 or not (np.diff(x) > 0).all():
            raise ValueError(f"x: expected at least 2 rising numbers, got {self.x!r}")
        if self.log_x and x[0] <= 0:
            raise ValueError(f"x: a logarithmic axis needs positive numbers, got {x[0]:g}")
        if len(check_names(self.series, "series")) > 4:
            raise ValueError(f"series: expected at most 4, got {len(self.series)}")
        check_text(self.x_label, "x_label")
        check_text(self.y_label, "y_label")
        check_range(self.y_range, "y_range")
        check_span(self.span, x)
        check_data(self.points, x, self.y_range)

    def array(self, result, point):
        array = finite_array(result, describe(point))
        check_shape(array, (len(self.series), len(self.x)), describe(point), "series, x")
        check_inside(array, self.y_range, "y_range", describe(point))
        return array

    def options(self, arrays, axes):
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


def find_axis(name, axes, argument):
    """Index and Axis of a numeric axis."""
    for k, axis in enumerate(axes):
        if axis.name == name:
            if not axis.numeric:
                raise ValueError(f"{argument}: axis {name!r} holds texts; expected numbers")
            return k, axis
    raise ValueError(
        f"{argument}: {name!r} is not an axis; the axes are {[axis.name for axis in axes]}"
    )


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """Points [P, 3] in the plane as arrows from the origin: x, y, strength in 0..1.

    points: names. roles: name -> "query" | "key" | "value" | "output" | "ink", the colour.
    drag: name -> (axis of x, axis of y); the point can be dragged and moves these sliders.
    hull: names whose convex hull is filled. limits: (low, high) of both axes.
    """

    points: Sequence[str]
    roles: dict = field(default_factory=dict)
    drag: dict = field(default_factory=dict)
    hull: Sequence[str] = ()
    limits: tuple = (-3, 3)

    kind = "vectors"

    def __post_init__(self):
        names = check_names(self.points, "points")
        check_range(self.limits, "limits")
        if not self.limits[0] <= 0 <= self.limits[1]:
            raise ValueError(
                f"limits: arrows start at zero, so it must hold zero, got {self.limits!r}"
            )
        for argument, given in (("roles", self.roles), ("drag", self.drag), ("hull", self.hull)):
            for name in given:
                if name not in names:
                    raise ValueError(f"{argument}: {name!r} is not a point; the points are {names}")
        for name, role in self.roles.items():
            if role not in ROLES:
                raise ValueError(f"roles[{name!r}]: expected one of {ROLES}, got {role!r}")
        for name, pair in self.drag.items():
            if isinstance(pair, str) or len(pair) != 2 or pair[0] == pair[1]:
                raise ValueError(f"drag[{name!r}]: expected two axis names (x, y), got {pair!r}")

    def array(self, result, point):
        array = finite_array(result, describe(point))
        check_shape(array, (len(self.points), 3), describe(point), "points; x, y, strength")
        check_inside(array[:, :2], self.limits, "limits", describe(point))
        check_inside(array[:, 2], (0, 1), "strength", describe(point))
        for name, pair in self.drag.items():
            at = array[list(self.points).index(name), :2]
            if not np.allclose(at, [point.get(a, np.nan) for a in pair], atol=1e-6):
                raise ValueError(
                    f"drag[{name!r}]: the point must lie at its axes {tuple(pair)}, but the "
                    f"result {describe(point)} puts it at ({at[0]:g}, {at[1]:g})"
                )
        return array

    def check_axes(self, axes):
        for name, pair in self.drag.items():
            for axis in pair:
                find_axis(axis, axes, f"drag[{name!r}]")

    def options(self, arrays, axes):
        names = list(self.points)
        low, high = (float(v) for v in self.limits)
        return {
            "points": names,
            "roles": [self.roles.get(name, "ink") for name in names],
            "hull": [names.index(name) for name in self.hull],
            "lim": [low, high],
            "t": ticks(low, high, count=6),
            "drag": [
                [
                    names.index(name),
                    *(
                        [k, [float(v) for v in a.values]]
                        for k, a in (find_axis(p, axes, "drag") for p in pair)
                    ),
                ]
                for name, pair in self.drag.items()
            ],
        }


@dataclass(frozen=True)
class Step:
    """One step of a Stepper: its text, the matrices that appear with it, what it points at.

    text: template like a caption. show: names of matrices that appear at this step and stay.
    highlight: name -> "all" | "row i" | "column j" | [(i, j), ...], counted from 0.
    """

    text: str
    show: Sequence[str] = ()
    highlight: dict = field(default_factory=dict)

    def __post_init__(self):
        check_text(self.text, "text")
        if isinstance(self.show, str):
            raise TypeError(f"show: expected a list of names, got {self.show!r}")
        if not isinstance(self.highlight, dict):
            raise TypeError(f"highlight: expected a dict, got {self.highlight!r}")


@dataclass(frozen=True, kw_only=True)
class Stepper:
    """Matrices that appear step by step.

    layout: rows of matrix names, as they stand on the page. steps: at least two Step.
    labels: name -> text above the matrix. The function returns a dict name -> 2-D array, with
    the same shapes at every grid point. A slider "step" is added as the first axis.
    """

    layout: Sequence[Sequence[str]]
    steps: Sequence[Step]
    labels: dict = field(default_factory=dict)

    kind = "stepper"

    def __post_init__(self):
        if isinstance(self.layout, str) or any(isinstance(row, str) for row in self.layout):
            raise TypeError(f"layout: expected a list of lists of names, got {self.layout!r}")
        names = check_names(self.names, "layout")
        if len(self.steps) < 2 or not all(isinstance(step, Step) for step in self.steps):
            raise ValueError(f"steps: expected at least 2 Step, got {self.steps!r}")
        for name, text in self.labels.items():
            if name not in names:
                raise ValueError(f"labels: {name!r} is not in the layout; it holds {names}")
            check_text(text, f"labels[{name!r}]")
        for k, step in enumerate(self.steps):
            for argument, given in (("show", step.show), ("highlight", step.highlight)):
                for name in given:
                    if name not in names:
                        raise ValueError(
                            f"steps[{k}].{argument}: {name!r} is not in the layout; "
                            f"it holds {names}"
                        )

    @property
    def names(self):
        return [name for row in self.layout for name in row]

    def matrices(self, result, point):
        """The result as float32 matrices in the order of the layout."""
        if not isinstance(result, dict):
            raise TypeError(
                f"function: the result {describe(point)} must be a dict of matrices, "
                f"got {type(result).__name__}"
            )
        if set(result) != set(self.names):
            raise ValueError(
                f"function: the result {describe(point)} has the matrices {sorted(result)}; "
                f"the layout has {sorted(self.names)}"
            )
        matrices = []
        for name in self.names:
            matrix = finite_array(result[name], f"{describe(point)}, matrix {name!r},")
            if matrix.ndim != 2 or matrix.size == 0:
                raise ValueError(
                    f"function: matrix {name!r} {describe(point)} has shape {matrix.shape}; "
                    "expected two dimensions, none empty"
                )
            matrices.append(matrix)
        return matrices

    def array(self, result, point):
        return np.concatenate([matrix.ravel() for matrix in self.matrices(result, point)])

    def shapes(self, result, point):
        return {
            name: m.shape for name, m in zip(self.names, self.matrices(result, point), strict=True)
        }

    def options(self, arrays, axes, shapes):
        ends = np.cumsum([r * c for r, c in shapes.values()])
        parts = np.split(arrays, ends[:-1], axis=1)
        shown, steps = [], []
        for k, step in enumerate(self.steps):
            shown += [name for name in step.show if name not in shown]
            marks = {
                name: _cells(mark, shapes[name], f"steps[{k}].highlight[{name!r}]")
                for name, mark in step.highlight.items()
            }
            hidden = [name for name in marks if name not in shown]
            if hidden:
                raise ValueError(
                    f"steps[{k}].highlight: {hidden[0]!r} is not shown yet; add it to show"
                )
            steps.append(
                [
                    [self.names.index(name) for name in shown],
                    {self.names.index(n): cells for n, cells in marks.items()},
                ]
            )
        return {
            "layout": [[self.names.index(name) for name in row] for row in self.layout],
            "mats": [
                [self.labels.get(n, n), *shapes[n], decimals(part, 3)]
                for n, part in zip(self.names, parts, strict=True)
            ],
            "steps": steps,
        }


def _cells(mark, shape, argument):
    """Flat cell numbers of a highlight."""
    rows, columns = shape
    if mark == "all":
        return list(range(rows * columns))
    if isinstance(mark, str):
        kind, _, number = mark.partition(" ")
        size = {"row": rows, "column": columns}.get(kind)
        if size is None or not number.isdigit():
            raise ValueError(
                f"{argument}: expected 'all', 'row i', 'column j' or a list of (i, j), got {mark!r}"
            )
        if int(number) >= size:
            raise ValueError(f"{argument}: {mark!r} is outside of a matrix of shape {tuple(shape)}")
        k = int(number)
        return (
            [k * columns + j for j in range(columns)]
            if kind == "row"
            else [i * columns + k for i in range(rows)]
        )
    for cell in mark:
        if len(cell) != 2 or not (0 <= cell[0] < rows and 0 <= cell[1] < columns):
            raise ValueError(
                f"{argument}: cell {cell!r} is outside of a matrix of shape {tuple(shape)}"
            )
    return [i * columns + j for i, j in mark]
