"""Compute a function on a grid of slider values; the page only looks results up."""

import math
from functools import partial

import numpy as np

from attention_book.explorables.captions import (
    as_state,
    fill,
    gather_facts,
    pack_facts,
    parse,
)
from attention_book.explorables.grid import (
    MAX_AXES,
    check_text,
    describe,
    grid_points,
    make_axes,
)
from attention_book.explorables.guess import Guess
from attention_book.explorables.kind import KINDS, Kind
from attention_book.explorables.pack import pack
from attention_book.explorables.size import MAX_STATE, state_size
from attention_book.explorables.steps import make_axes_with_steps
from attention_book.explorables.widgets import Explorable, view_class
from attention_lib.checks import shown


def sweep(
    function,
    axes,
    *,
    view,
    title,
    caption,
    facts=None,
    axis_labels=None,
    start=None,
    guess=None,
):
    """Show `function` as a picture with one slider per axis, for pages with or without a kernel.

    Every combination of axis values is computed once, here, with `function(**values)`; the
    browser looks up and draws. Results are stored as whole multiples of a round step, in as few
    bits as the picture can show (1 to 32; each kind says how finely), and what is printed of them
    is right to its last digit. Captions are filled in from the facts, float32 numbers of which
    is stored what the captions print.

    Args:
        function: called with one value per axis, by name; what it returns depends on `view`.
        axes: dict name -> sequence of at least 2 numbers or texts.
        view: HeatMap (result [R, C]), Bars ([N] or [series, N]), Lines ([series, N]),
            Vectors ([P, 3]), Stepper (dict name -> [r, c]), Flow (dict name -> number or [N]) or
            Pattern ([R, C]).
        title: the line above the picture.
        caption: template in Python's format syntax with axis names and fact names. A field
            may have the format d, .Nf or .N%; a number that rounds to zero has no sign.
            Below a Stepper or a Flow it follows the text of the step.
        facts: function(result, **values) -> dict name -> number or short text.
        axis_labels: dict name -> text beside the slider (Unicode, no TeX).
        start: dict name -> value to begin with.
        guess: of Lines and Bars, a Guess: what the reader guesses before a series is shown.

    Returns:
        an ipywidgets VBox: the sliders, each linked to the view, and the view. The steps of a
        Stepper or a Flow have no slider but buttons in the view.

    Raises:
        ValueError, TypeError: results that are ragged, text or not finite (the grid point is
            named), an axis with fewer than 2 or equal values, labels that do not match the
            result, a fact named like an axis, an unknown field or format in a caption, a
            start value that is not on its axis, a state above 150 KB.

    Cost: one call of `function` per grid point; b/6 bytes of state per number of the grid that
        is stored in b bits, and a number that is the same everywhere is stored once.

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
    if not isinstance(view, Kind):
        known = ", ".join(kind.__name__ for kind in KINDS.values())
        raise TypeError(f"view: expected one of {known}, got {shown(view)}")
    check_text(title, "title")
    for argument, given in (("function", function), ("facts", facts)):
        if not callable(given) and not (argument == "facts" and given is None):
            raise TypeError(f"{argument}: expected something to call, got {type(given).__name__}")
    if not isinstance(guess, Guess | None):
        raise TypeError(f"guess: expected a Guess, got {type(guess).__name__}")
    n_leading = int(bool(view.steps))
    axes = (
        make_axes_with_steps(view.steps, axes, axis_labels, start)
        if n_leading
        else make_axes(axes, axis_labels, start)
    )
    _check_axes(axes, view)
    points, rows, arrays, form = _evaluate(function, facts, axes[n_leading:], view)
    found = gather_facts(rows, points)
    _check_names(found, axes)
    captions = _captions(view, caption, axes, found)
    packed = _pack(view, arrays, form)
    printed = pack_facts(captions, found)
    asked = {} if guess is None else {"guess": guess.state(view, arrays, axes)}
    shared = {
        "sizes": [len(axis.values) for axis in axes],
        "lead": n_leading,
        "parts": [part.state() for part in packed],
        "facts": [part.state() for part in printed.values()],
        "caps": [as_state(parts, found, printed) for parts in captions],
    }
    widget = view_class(type(view))(
        title=title,
        spec={**shared, **asked, **view.options(arrays, axes, form)},
        data=b"".join(part.data for part in packed),
        facts=b"".join(part.data for part in printed.values()),
        **{f"i{k}": axis.start for k, axis in enumerate(axes)},
    )
    caption_at = partial(_caption_at, captions, found, shared["sizes"], n_leading)
    box = Explorable(widget, axes, caption_at, n_leading)
    _check_size(state_size(box), axes[n_leading:], *arrays.shape, packed)
    return box


def _caption_at(captions, facts, sizes, n_leading, indices):
    """What the view writes at these slider positions."""
    if len(indices) != len(sizes):
        raise ValueError(f"indices: expected {len(sizes)}, one per slider, got {len(indices)}")
    grid = sizes[n_leading:]
    point = int(np.ravel_multi_index(indices[n_leading:], grid)) if grid else 0
    chosen = [captions[indices[0]], captions[-1]] if n_leading else captions
    return " ".join(filter(None, (fill(parts, indices, facts, point) for parts in chosen)))


def _check_axes(axes, view):
    if not 1 <= len(axes) <= MAX_AXES:
        raise ValueError(f"axes: expected 1 to {MAX_AXES} sliders, got {len(axes)}")
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
    _check_size(n_points // 6, axes, n_points, 1)  # one bit each, in base64
    points = list(grid_points(axes))
    rows, arrays, form = [], [], None
    for point in points:
        result = function(**point)
        arrays.append(view.array(result, point).ravel())
        here = view.form(result, point)
        if point is not points[0] and here != form:
            raise ValueError(
                f"function: ragged results: {describe(point)} the shapes are "
                f"{here}, {describe(points[0])} {form}"
            )
        form = here
        rows.append(facts(result, **point) if facts else {})
    return points, rows, np.stack(arrays), form


def _captions(view, caption, axes, facts):
    """Parsed templates: one for each step, if there are any, then the general one."""
    steps = [
        parse(step.text, axes=axes, facts=facts, argument=f"steps[{k}].text")
        for k, step in enumerate(view.steps)
    ]
    return [*steps, parse(caption, axes=axes, facts=facts)]


def _pack(view, arrays, form):
    """The results as bytes, part by part."""
    parts = view.parts(arrays, form)
    ends = np.cumsum([part.size for part in parts])
    columns = np.split(arrays, ends[:-1], axis=1)
    return [pack(numbers, part) for numbers, part in zip(columns, parts, strict=True)]


def _check_size(size, axes, n_points, n_numbers, packed=()):
    if size <= MAX_STATE:
        return
    factors = " x ".join(f"{axis.name} ({len(axis.values)})" for axis in axes) or "no axis"
    longest = max(axes, key=lambda axis: len(axis.values)).name if axes else None
    advice = f"use fewer values on the axis {longest!r} or " if longest else "use "
    stored = f" ({'; '.join(map(str, packed))})" if packed else ""
    raise ValueError(
        f"sweep: the state takes at least {math.ceil(size / 1000)} KB, above the limit of "
        f"{MAX_STATE // 1000} KB; {factors} = {n_points} grid points of {n_numbers} numbers"
        f"{stored}: {advice}a smaller picture"
    )
