"""Boxes and arrows, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attention_book.diagrams import Diagram, frame
from attention_book.explorables.checks import check_inside
from attention_book.explorables.grid import describe, finite_array
from attention_book.explorables.kind import Kind
from attention_book.explorables.pack import Part, decimals
from attention_book.explorables.steps import Step, check_steps

STRENGTHS = 20
MOST_NUMBERS = 12


@dataclass(frozen=True, kw_only=True)
class Flow(Kind):
    """A diagram that is walked through.

    diagram: a Diagram. steps: at least two Step; each highlights a list of boxes and arrows,
    these as "start -> end". The function returns a dict, the same names at every grid point:
    box -> a number or up to 12 numbers [N] that stand in the box, arrow -> its strength from 0
    (not there) to 1; what is not named has no numbers, or is there. The step is
    the first axis, with buttons. Stored: the numbers as they are printed, with at most two
    decimals, and 20 strengths.
    """

    diagram: Diagram
    steps: Sequence[Step]

    def __post_init__(self):
        if not isinstance(self.diagram, Diagram):
            raise TypeError(f"diagram: expected a Diagram, got {type(self.diagram).__name__}")
        check_steps(self.steps)
        known = [*self.box_names, *self.arrow_names]
        for k, step in enumerate(self.steps):
            if step.show:
                raise ValueError(f"steps[{k}].show: a Flow shows all at once, got {step.show!r}")
            for name in step.highlight:
                if name not in known:
                    raise ValueError(
                        f"steps[{k}].highlight: {name!r} is no box and no arrow; there are {known}"
                    )

    @property
    def box_names(self):
        return [box.name for box in self.diagram.boxes]

    @property
    def arrow_names(self):
        return [arrow.name for arrow in self.diagram.arrows]

    def array(self, result, point):
        numbers = [values.ravel() for values in self._values(result, point).values()]
        return np.concatenate([*numbers, np.zeros(1)])  # never empty

    def form(self, result, point):
        return {name: values.shape for name, values in self._values(result, point).items()}

    def _values(self, result, point):
        """name -> array, boxes first, each judged."""
        where = describe(point)
        if not isinstance(result, dict):
            raise TypeError(
                f"function: the result {where} must be a dict from boxes and arrows to numbers, "
                f"got {type(result).__name__}"
            )
        known = [*self.box_names, *self.arrow_names]
        for name in result:
            if name not in known:
                raise ValueError(
                    f"function: {name!r} in the result {where} is no box and no arrow; "
                    f"there are {known}"
                )
        found = {}
        for name in filter(result.__contains__, known):
            values = finite_array(result[name], f"{where}, {name!r},")
            if name in self.arrow_names:
                check_inside(values.reshape(-1), (0, 1), "strength", f"{where}, {name!r}")
            if values.ndim > (name in self.box_names) or not 1 <= values.size <= MOST_NUMBERS:
                raise ValueError(
                    f"function: {name!r} {where} has shape {values.shape}; expected a number for "
                    f"an arrow, a number or 1 to {MOST_NUMBERS} in a row for a box"
                )
            found[name] = values
        return found

    def parts(self, arrays, form):
        sizes = [int(np.prod(shape)) for shape in form.values()]
        columns = np.split(arrays, np.cumsum(sizes), axis=1)
        numbers = [
            Part(size, 1, decimals(column, 2)) if name in self.box_names else Part(size, STRENGTHS)
            for (name, size), column in zip(
                zip(form, sizes, strict=True), columns[:-1], strict=True
            )
        ]
        return [*numbers, Part(1)]

    def options(self, arrays, axes, form):
        sizes = [int(np.prod(shape)) for shape in form.values()]
        starts = dict(zip(form, np.cumsum([0, *sizes]).tolist(), strict=False))
        digits = [part.shown for part in self.parts(arrays, form)]
        ends = np.split(arrays, np.cumsum(sizes), axis=1)
        widest = {
            name: max((f"{v:.{digit}f}" for v in np.unique(column)), key=len)
            for name, digit, column in zip(form, digits, ends, strict=False)
            if name in self.box_names
        }
        return {
            "boxes": [self._box(box, form, starts, widest) for box in self.diagram.boxes],
            **self._shape(starts),
            "steps": [
                [
                    [names.index(name) for name in step.highlight if name in names]
                    for names in (self.box_names, self.arrow_names)
                ]
                for step in self.steps
            ],
        }

    def _box(self, box, form, starts, widest):
        """Text and role; for numbers in it where they begin, their shape and the widest text."""
        if box.name not in form:
            return [box.label, box.role]
        return [box.label, box.role, starts[box.name], form[box.name] or 0, widest[box.name]]

    def _shape(self, starts):
        """What the diagram is: cells of the boxes, wide and narrow, arrows and groups."""
        index = self.box_names.index
        places = (self.diagram.on_wide(), self.diagram.on_narrow())
        ends = [(index(a.start), index(a.end)) for a in self.diagram.arrows]
        return {
            "places": [[cells[name] for name in self.box_names] for cells in places],
            "arrows": [
                [*pair, a.text, a.role, int(a.dashed), starts.get(a.name, -1)]
                for pair, a in zip(ends, self.diagram.arrows, strict=True)
            ],
            "groups": [
                [group.text, list(map(index, group.members)), *(frame(group, c) for c in places)]
                for group in self.diagram.groups
            ],
        }
