"""Boxes and arrows: the one vocabulary for architectures and the flow of data.

A `Diagram` says what there is and in which cell of a grid it stands. `draw` makes a still picture
of it with matplotlib; the kind `Flow` of the explorables walks through it step by step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from attention_lib.checks import check_flag, check_instance, check_text, shown

from .palette import INK, LIGHT, PAPER

ROLES = ("query", "key", "value", "output", "ink")
NARROW_COLUMNS = 3  # more than these do not fit a telephone
CELL = (1.35, 0.85)  # inches of a still picture


def _text(value, argument):
    if not isinstance(value, str):
        raise TypeError(f"{argument}: expected text, got {type(value).__name__}")


def _role(role):
    if not isinstance(role, str) or role not in ROLES:
        raise ValueError(f"role: expected one of {ROLES}, got {shown(role)}")


def _sequence(given, argument, kind):
    """A list of objects of one kind, not a text."""
    several = isinstance(given, Sequence) and not isinstance(given, str)
    if not several or not all(isinstance(one, kind) for one in given):
        name = "names of boxes" if kind is str else kind.__name__
        raise TypeError(f"{argument}: expected a list of {name}, got {shown(given)}")
    return given


def _cell(at, argument):
    whole = isinstance(at, tuple) and len(at) == 2 and all(type(v) is int and v >= 0 for v in at)
    if not whole:
        raise ValueError(f"{argument}: expected (row, column), both from 0, got {shown(at)}")


@dataclass(frozen=True)
class Box:
    """A box: its name, the (row, column) of its cell, its text (the name by default), its role.

    >>> Box("encoder", (0, 1)).label
    'encoder'
    """

    name: str
    at: tuple
    text: str = ""
    role: str = "ink"

    def __post_init__(self):
        _text(self.name, "name")
        _text(self.text, "text")
        _cell(self.at, "at")
        _role(self.role)

    @property
    def label(self):
        return self.text or self.name


@dataclass(frozen=True)
class Arrow:
    """An arrow from one box to another, with a text beside it if wanted.

    >>> Arrow("encoder", "decoder").name
    'encoder -> decoder'
    """

    start: str
    end: str
    text: str = ""
    role: str = "ink"
    dashed: bool = False

    def __post_init__(self):
        _text(self.start, "start")
        _text(self.end, "end")
        _text(self.text, "text")
        _role(self.role)
        check_flag(dashed=self.dashed)
        if self.start == self.end:
            raise ValueError(f"end: an arrow leads to another box, got {self.end!r} twice")

    @property
    def name(self):
        return f"{self.start} -> {self.end}"


@dataclass(frozen=True)
class Group:
    """A dashed frame with a text around some boxes: a layer, a lane, a network.

    >>> Group("Encoder", ["embed", "attend"]).members
    ['embed', 'attend']
    """

    text: str
    members: Sequence[str]

    def __post_init__(self):
        _text(self.text, "text")
        members = _sequence(self.members, "members", str)
        if not members:
            raise ValueError("members: expected a list of names of boxes, got none")


@dataclass(frozen=True, kw_only=True)
class Diagram:
    """Boxes in the cells of a grid, arrows between them, groups around them.

    narrow: name -> (row, column) on a narrow screen; by default a diagram of more than three
    columns is turned on its side there, if that makes it narrower.

    Raises:
        ValueError: two boxes of one name or in one cell, an arrow or a group that names no box,
            a foreign box inside the frame of a group.

    >>> Diagram(boxes=[Box("a", (0, 0)), Box("b", (0, 4))], arrows=[Arrow("a", "b")]).on_narrow()
    {'a': (0, 0), 'b': (4, 0)}
    """

    boxes: Sequence[Box]
    arrows: Sequence[Arrow] = ()
    groups: Sequence[Group] = ()
    narrow: dict = field(default_factory=dict)

    def __post_init__(self):
        for argument, given, kind in (
            ("boxes", self.boxes, Box),
            ("arrows", self.arrows, Arrow),
            ("groups", self.groups, Group),
        ):
            _sequence(given, argument, kind)
        if not isinstance(self.narrow, dict):
            raise TypeError(
                f"narrow: expected a dict from name to (row, column), got {shown(self.narrow)}"
            )
        self._check_names()
        for argument, places in (("boxes", self.on_wide()), ("narrow", self.on_narrow())):
            self._check_places(argument, places)

    def _check_names(self):
        names = [box.name for box in self.boxes]
        if not names:
            raise ValueError("boxes: expected at least one Box, got none")
        for argument, given in (("boxes", names), ("arrows", [a.name for a in self.arrows])):
            twice = [name for name in given if given.count(name) > 1]
            if twice:
                raise ValueError(f"{argument}: expected different names, got {twice[0]!r} twice")
        wanted = {"arrows": [end for arrow in self.arrows for end in (arrow.start, arrow.end)]}
        wanted["groups"] = [name for group in self.groups for name in group.members]
        wanted["narrow"] = list(self.narrow)
        for argument, given in wanted.items():
            for name in given:
                if name not in names:
                    raise ValueError(f"{argument}: {name!r} is not a box; the boxes are {names}")
        if self.narrow and set(self.narrow) != set(names):
            raise ValueError(f"narrow: expected a cell for each of {names}, got {self.narrow!r}")

    def _check_places(self, argument, places):
        for name, cell in places.items():
            _cell(cell, f"{argument}[{name!r}]")
            others = [other for other, taken in places.items() if taken == cell and other != name]
            if others:
                raise ValueError(f"{argument}: {name!r} and {others[0]!r} both stand in {cell}")
        for group in self.groups:
            (top, left), (bottom, right) = frame(group, places)
            for name, (row, column) in places.items():
                inside = top <= row <= bottom and left <= column <= right
                if inside and name not in group.members:
                    raise ValueError(
                        f"{argument}: {name!r} stands inside the group {group.text!r}; "
                        "expected its members only"
                    )

    def on_wide(self):
        """name -> (row, column), as given."""
        return {box.name: box.at for box in self.boxes}

    def on_narrow(self):
        """name -> (row, column) on a narrow screen."""
        if self.narrow:
            return dict(self.narrow)
        rows, columns = (max(cell[k] for cell in self.on_wide().values()) + 1 for k in (0, 1))
        if columns > max(rows, NARROW_COLUMNS):
            return {name: (column, row) for name, (row, column) in self.on_wide().items()}
        return self.on_wide()


def frame(group, places):
    """(top, left), (bottom, right) cells of a group."""
    if not isinstance(group, Group):
        raise TypeError(f"group: expected a Group, got {shown(group)}")
    if not isinstance(places, dict) or any(name not in places for name in group.members):
        raise ValueError(
            f"places: expected a cell for each of {group.members}, got {shown(places)}"
        )
    cells = [places[name] for name in group.members]
    return tuple(tuple(pick(cell[k] for cell in cells) for k in (0, 1)) for pick in (min, max))


def draw(diagram, *, title="", ax=None):
    """Draw the diagram, still, in the colours of the roles.

    Args:
        diagram: Diagram.
        title: the line above the picture.
        ax: matplotlib Axes to draw into; by default a new figure.

    Returns:
        the Axes.

    Raises:
        TypeError: something else than a Diagram.

    >>> ax = draw(Diagram(boxes=[Box("encoder", (0, 0)), Box("decoder", (0, 1))]))
    >>> [text.get_text() for text in ax.texts]
    ['encoder', 'decoder']
    >>> plt.close(ax.figure)
    """
    if not isinstance(diagram, Diagram):
        raise TypeError(f"diagram: expected a Diagram, got {type(diagram).__name__}")
    check_text(title=title)
    if ax is not None:
        check_instance(Axes, ax=ax)
    places = diagram.on_wide()
    rows, columns = (max(cell[k] for cell in places.values()) + 1 for k in (0, 1))
    if ax is None:
        _, ax = plt.subplots(figsize=(CELL[0] * columns, CELL[1] * rows + 0.4))
    for group in diagram.groups:
        _draw_group(ax, group, places)
    patches = {box.name: _draw_box(ax, box) for box in diagram.boxes}
    for arrow in diagram.arrows:
        _draw_arrow(ax, arrow, patches)
    ax.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.7), title=title)
    ax.set_axis_off()
    return ax


def _draw_box(ax, box):
    row, column = box.at
    ax.text(column, row, box.label, ha="center", va="center", color=INK, fontsize=10, zorder=3)
    corner = (column - 0.32, row - 0.22)
    style = {"boxstyle": "round,pad=0.05", "facecolor": PAPER, "edgecolor": LIGHT[box.role]}
    patch = FancyBboxPatch(corner, 0.64, 0.44, linewidth=1.8, zorder=2, **style)
    return ax.add_patch(patch)


def _draw_group(ax, group, places):
    (top, left), (bottom, right) = frame(group, places)
    size = (right - left + 0.92, bottom - top + 0.84)
    style = {"boxstyle": "round,pad=0.02", "facecolor": "none", "edgecolor": INK}
    corner = (left - 0.46, top - 0.46)
    ax.add_patch(FancyBboxPatch(corner, *size, linestyle=(0, (4, 3)), linewidth=0.8, **style))
    ax.text(left - 0.44, top - 0.5, group.text, ha="left", va="bottom", color=INK, fontsize=9)


def _draw_arrow(ax, arrow, patches):
    start, end = (patches[name] for name in (arrow.start, arrow.end))
    centres = [
        (patch.get_x() + patch.get_width() / 2, patch.get_y() + patch.get_height() / 2)
        for patch in (start, end)
    ]
    straight = 0 in (centres[0][0] - centres[1][0], centres[0][1] - centres[1][1])
    far = max(abs(centres[0][0] - centres[1][0]), abs(centres[0][1] - centres[1][1])) > 1
    ax.add_patch(
        FancyArrowPatch(
            *centres,
            patchA=start,
            patchB=end,
            arrowstyle="-|>",
            mutation_scale=12,
            color=LIGHT[arrow.role],
            linewidth=1.6,
            linestyle="--" if arrow.dashed else "-",
            connectionstyle="arc3,rad=0.3" if straight and far else "arc3",
        )
    )
    if arrow.text:
        middle = [sum(pair) / 2 for pair in zip(*centres, strict=True)]
        halo = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        ax.text(*middle, arrow.text, ha="center", va="center", fontsize=9, color=INK, bbox=halo)
