"""Arrows in the plane."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from attention_book.explorables.checks import (
    ROLES,
    check_dict,
    check_inside,
    check_list,
    check_names,
    check_range,
    check_shape,
    find_axis,
)
from attention_book.explorables.grid import describe, finite_array
from attention_book.explorables.kind import Kind
from attention_book.explorables.pack import Part
from attention_book.explorables.ticks import ticks
from attention_lib.checks import shown

PLACES, STRENGTHS = 5000, 100


@dataclass(frozen=True, kw_only=True)
class Vectors(Kind):
    """Points [P, 3] in the plane as arrows from the origin: x, y, strength in 0..1.

    points: names. roles: name -> "query" | "key" | "value" | "output" | "ink", the colour.
    drag: name -> (axis of x, axis of y); the point can be dragged and moves these sliders.
    hull: names whose convex hull is filled. limits: (low, high) of both axes.
    Stored: at least 5,000 places on either axis, a tenth of a pixel, and 100 strengths.
    """

    points: Sequence[str]
    roles: dict = field(default_factory=dict)
    drag: dict = field(default_factory=dict)
    hull: Sequence[str] = ()
    limits: tuple = (-3, 3)

    def __post_init__(self):
        names = check_names(self.points, "points")
        if self.limits is None:
            raise TypeError("limits: expected (low, high), got None")
        check_range(self.limits, "limits")
        if not self.limits[0] <= 0 <= self.limits[1]:
            raise ValueError(
                f"limits: arrows start at zero, so it must hold zero, got {self.limits!r}"
            )
        check_dict(self.roles, "roles", "a role")
        check_dict(self.drag, "drag", "two names of axes")
        check_list(self.hull, "hull", "names")
        for argument, given in (("roles", self.roles), ("drag", self.drag), ("hull", self.hull)):
            for name in given:
                if name not in names:
                    raise ValueError(f"{argument}: {name!r} is not a point; the points are {names}")
        for name, role in self.roles.items():
            if not isinstance(role, str) or role not in ROLES:
                raise ValueError(f"roles[{name!r}]: expected one of {ROLES}, got {shown(role)}")
        for name, pair in self.drag.items():
            two = isinstance(pair, tuple | list) and len(pair) == 2
            if not two or not all(isinstance(axis, str) for axis in pair) or pair[0] == pair[1]:
                raise ValueError(
                    f"drag[{name!r}]: expected two axis names (x, y), got {shown(pair)}"
                )

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
        return array.T  # all x, all y, all strengths: they are stored apart

    def parts(self, arrays, form):
        n = len(self.points)
        return [Part(n, PLACES), Part(n, PLACES), Part(n, STRENGTHS)]

    def check_axes(self, axes):
        for name, pair in self.drag.items():
            for axis in pair:
                find_axis(axis, axes, f"drag[{name!r}]")

    def options(self, arrays, axes, form):
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
