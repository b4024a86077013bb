"""The steps of a picture that is walked through."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from attention_book.explorables.grid import Axis, as_dict, check_text, make_axes
from attention_lib.checks import shown


@dataclass(frozen=True)
class Step:
    """One step of a Stepper or a Flow: its text, what appears with it, what it points at.

    text: template like a caption. show: names of matrices that appear at this step of a Stepper
    and stay. highlight: of a Stepper, name -> "all" | "row i" | "column j" | [(i, j), ...],
    counted from 0; of a Flow, a list of boxes and arrows.
    """

    text: str
    show: Sequence[str] = ()
    highlight: dict | Sequence[str] = field(default_factory=dict)

    def __post_init__(self):
        check_text(self.text, "text")
        if isinstance(self.show, str) or not isinstance(self.show, Sequence):
            raise TypeError(f"show: expected a list of names, got {shown(self.show)}")
        if isinstance(self.highlight, str) or not isinstance(self.highlight, dict | Sequence):
            raise TypeError(f"highlight: expected a dict or a list, got {shown(self.highlight)}")


def check_steps(steps):
    if not isinstance(steps, Sequence) or not all(isinstance(step, Step) for step in steps):
        raise TypeError(f"steps: expected a list of Step, got {shown(steps)}")
    if len(steps) < 2:
        raise ValueError(f"steps: expected at least 2 Step, got {shown(steps)}")


def make_axes_with_steps(steps, axes, axis_labels, start):
    """The axes of a picture with steps: the steps first, numbered from 1, then the caller's."""
    if isinstance(axes, dict) and "step" in axes:
        raise ValueError("axes: the name 'step' belongs to the steps of the picture")
    labels, start = as_dict(axis_labels, "axis_labels", "text"), as_dict(start, "start", "value")
    n = len(steps)
    values = tuple(range(1, n + 1))
    first = start.pop("step", 1)
    if first not in values:
        raise ValueError(f"start: step={first!r} is not a step; the steps are 1 to {n}")
    texts = tuple(f"{k} of {n}" for k in values)
    step = Axis("step", labels.pop("step", "Step"), values, texts, first - 1)
    return (step, *make_axes(axes, labels, start))
