"""Matrices that appear step by step."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from attention_book.explorables.checks import check_dict, check_list, check_names
from attention_book.explorables.grid import check_text, describe, finite_array
from attention_book.explorables.kind import Kind
from attention_book.explorables.pack import Part, decimals
from attention_book.explorables.steps import Step, check_steps
from attention_lib.checks import shown


@dataclass(frozen=True, kw_only=True)
class Stepper(Kind):
    """Matrices that appear step by step.

    layout: rows of matrix names, as they stand on the page. steps: at least two Step.
    labels: name -> text above the matrix. The function returns a dict name -> 2-D array, with
    the same shapes at every grid point. The step is the first axis, with
    buttons. Stored: the numbers as they are printed, with at most three decimals.
    """

    layout: Sequence[Sequence[str]]
    steps: Sequence[Step]
    labels: dict = field(default_factory=dict)

    def __post_init__(self):
        check_list(self.layout, "layout", "lists of names")
        for row in self.layout:
            check_list(row, "layout", "lists of names")
        names = check_names(self.names, "layout")
        check_steps(self.steps)
        for k, step in enumerate(self.steps):
            if not isinstance(step.highlight, dict):
                raise TypeError(
                    f"steps[{k}].highlight: expected a dict from name to cells, "
                    f"got {shown(step.highlight)}"
                )
        check_dict(self.labels, "labels", "text")
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
        """The result as matrices in the order of the layout."""
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

    def form(self, result, point):
        return {
            name: m.shape for name, m in zip(self.names, self.matrices(result, point), strict=True)
        }

    def parts(self, arrays, form):
        ends = np.cumsum([r * c for r, c in form.values()])
        columns = np.split(arrays, ends[:-1], axis=1)
        return [Part(numbers.shape[1], 1, decimals(numbers, 3)) for numbers in columns]

    def options(self, arrays, axes, form):
        shapes = form
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
                [self.labels.get(name, name), *shapes[name], part.shown]
                for name, part in zip(self.names, self.parts(arrays, form), strict=True)
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
