"""Compute a function on a grid of slider values; the page only looks results up."""

import math
from functools import partial

import numpy as np

from attention_book.explorables import views
from attention_book.explorables.captions import as_state, fill, gather_facts, parse
from attention_book.explorables.grid import (
    MAX_AXES,
    Axis,
    as_dict,
    check_text,
    describe,
    grid_points,
    make_axes,
)
from attention_book.explorables.size import MAX_STATE, state_size
from attention_book.explorables.widgets import VIEWS, Explorable

KINDS = (views.HeatMap, views.Bars, views.Lines, views.Vectors, views.Stepper)


def sweep(function, axes, *, view, title, caption, facts=None, axis_labels=None, start=None):
    """Show `function` as a picture with one slider per axis, for pages with or without a kernel.

    Every combination of axis values is computed once, here, with `function(**values)`; the
    browser looks up and draws. Results and facts are stored in float32.

    Args:
        function: called with one value per axis, by name; what it returns depends on `view`.
        axes: dict name -> sequence of at least 2 numbers or texts.
        view: HeatMap (result [R, C]), Bars ([N] or [series, N]), Lines ([series, N]),
            Vectors ([P, 3]) or Stepper (dict name -> [r, c]).
        title: the line above the picture.
        caption: template in Python's format syntax with axis names and fact names. A field
            may have the format d, .Nf or .N%; a number that rounds to zero has no sign.
            Below a Stepper it follows the text of the step.
        facts: function(result, **values) -> dict name -> number or short text.
        axis_labels: dict name -> text beside the slider (Unicode, no TeX).
        start: dict name -> value to begin with.

    Returns:
        an ipywidgets VBox: the sliders, each linked to the view, and the view.

    Raises:
        ValueError, TypeError: results that are ragged, text or not finite (the grid point is
            named), an axis with fewer than 2 or equal values, labels that do not match the
            result, a fact named like an axis, an unknown field or format in a caption, a
            start value that is not on its axis, a state above 150 KB.

    Cost: one call of `function` per grid point; 16/3 bytes of state per number of the grid.

    Chapter: all.

    >>> from attention_book.explorables import Lines
    >>> box = sweep(
    ...     lambda slope: [[slope * x for x in range(3)]],
    ...     {"slope": [1, 2]},
    ...     view=Lines(x=[0, 1, 2], series=["y"]),
    ...     title="A line",
    ...     caption="With slope {slope} the line ends at {end:.1f}.",
    ...     facts=lambda result, slope: {"end": float(result[0][-1])},
    ... )
    >>> box
    Interactive figure: A line (run this cell to move it)
    >>> box.caption(1)
    'With slope 2 the line ends at 4.0.'
    """
    if not isinstance(view, KINDS):
        raise TypeError(
            f"view: expected one of {', '.join(k.__name__ for k in KINDS)}, got {view!r}"
        )
    check_text(title, "title")
    for argument, given in (("function", function), ("facts", facts)):
        if not callable(given) and not (argument == "facts" and given is None):
            raise TypeError(f"{argument}: expected something to call, got {type(given).__name__}")
    is_stepper = isinstance(view, views.Stepper)
    n_leading = int(is_stepper)
    make = _with_steps if is_stepper else _without_steps
    axes = make(view, axes, axis_labels, start)
    _check_axes(axes, view)
    points, rows, arrays, shapes = _evaluate(function, facts, axes[n_leading:], view)
    found = gather_facts(rows, points)
    _check_names(found, axes)
    captions = _captions(view, caption, axes, found)
    packed, varying = _pack(arrays)
    shared = {
        "sizes": [len(axis.values) for axis in axes],
        "lead": n_leading,
        "vary": varying,
        "caps": [as_state(parts, found) for parts in captions],
    }
    widget = VIEWS[view.kind](
        title=title,
        spec={**shared, **view.options(arrays, axes, *([shapes] if is_stepper else []))},
        data=packed,
        facts=b"" if found.columns is None else found.columns.tobytes(),
        **{f"i{k}": axis.start for k, axis in enumerate(axes)},
    )
    caption_at = partial(_caption_at, captions, found, shared["sizes"], n_leading)
    box = Explorable(widget, axes, caption_at)
    _check_size(state_size(box), axes[n_leading:], *arrays.shape)
    return box


def _caption_at(captions, facts, sizes, n_leading, indices):
    """What the view writes at these slider positions."""
    if len(indices) != len(sizes):
        raise ValueError(f"indices: expected {len(sizes)}, one per slider, got {len(indices)}")
    grid = sizes[n_leading:]
    point = int(np.ravel_multi_index(indices[n_leading:], grid)) if grid else 0
    chosen = [captions[indices[0]], captions[-1]] if n_leading else captions
    return " ".join(filter(None, (fill(parts, indices, facts, point) for parts in chosen)))


def _without_steps(view, axes, axis_labels, start):
    return make_axes(axes, axis_labels, start)


def _with_steps(view, axes, axis_labels, start):
    """The axes of a Stepper: its steps first, numbered from 1, then the caller's."""
    if isinstance(axes, dict) and "step" in axes:
        raise ValueError("axes: the name 'step' belongs to the steps of the Stepper")
    labels, start = as_dict(axis_labels, "axis_labels", "text"), as_dict(start, "start", "value")
    n = len(view.steps)
    values = tuple(range(1, n + 1))
    first = start.pop("step", 1)
    if first not in values:
        raise ValueError(f"start: step={first!r} is not a step; the steps are 1 to {n}")
    step = Axis(
        "step", labels.pop("step", "Step"), values, tuple(f"{k} of {n}" for k in values), first - 1
    )
    return (step, *make_axes(axes, labels, start))


def _check_axes(axes, view):
    if not 1 <= len(axes) <= MAX_AXES:
        raise ValueError(f"axes: expected 1 to {MAX_AXES} sliders, got {len(axes)}")
    if isinstance(view, views.Vectors):
        view.check_axes(axes)


def _check_names(facts, axes):
    for axis in axes:
        if axis.name in facts.names:
            raise ValueError(
                f"facts: {axis.name!r} is the name of an axis; expected a name of its own"
            )


def _evaluate(function, facts, axes, view):
    """All results, judged, as [grid points, numbers] with the facts of each beside them.

    The facts are taken at once: a function may return the same array again, filled anew.
    """
    n_points = math.prod(len(axis.values) for axis in axes)
    _check_size(n_points * 16 // 3, axes, n_points, 1)
    points = list(grid_points(axes))
    rows, arrays, shapes = [], [], None
    for point in points:
        result = function(**point)
        array = view.array(result, point)
        if isinstance(view, views.Stepper):
            here = view.shapes(result, point)
            if shapes is not None and here != shapes:
                raise ValueError(
                    f"function: ragged results: {describe(point)} the shapes are "
                    f"{here}, {describe(points[0])} {shapes}"
                )
            shapes = here
        arrays.append(array.ravel())
        rows.append(facts(result, **point) if facts else {})
    return points, rows, np.stack(arrays), shapes


def _captions(view, caption, axes, facts):
    """Parsed templates: one for most kinds; for a Stepper one per step, then the general one."""
    parts = parse(caption, axes=axes, facts=facts)
    if not isinstance(view, views.Stepper):
        return [parts]
    steps = [
        parse(step.text, axes=axes, facts=facts, argument=f"steps[{k}].text")
        for k, step in enumerate(view.steps)
    ]
    return [*steps, parts]


def _pack(arrays):
    """The results as bytes: the first grid point, then for each only the numbers that vary."""
    varying = np.flatnonzero((arrays != arrays[0]).any(axis=0))
    everywhere = np.ascontiguousarray(arrays[:, varying], dtype="<f4")
    return arrays[0].tobytes() + everywhere.tobytes(), varying.tolist()


def _check_size(size, axes, n_points, n_numbers):
    if size <= MAX_STATE:
        return
    factors = " x ".join(f"{axis.name} ({len(axis.values)})" for axis in axes) or "no axis"
    longest = max(axes, key=lambda axis: len(axis.values)).name if axes else None
    advice = f"use fewer values on the axis {longest!r} or " if longest else "use "
    raise ValueError(
        f"sweep: the state takes at least {math.ceil(size / 1000)} KB, above the limit of "
        f"{MAX_STATE // 1000} KB; {factors} = {n_points} grid points of {n_numbers} numbers take "
        f"up to {n_points * n_numbers * 16 / 3000:.0f} KB of it: {advice}a smaller picture"
    )
