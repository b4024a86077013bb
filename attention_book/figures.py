"""Arrays in, matplotlib Axes out, in the colours of the house. No torch.

Each function draws into `ax`, or into a new figure as wide as the text, and returns the Axes, so
that a chapter can go on drawing. Nothing is told by colour alone: lines differ in dash and marker,
cells carry their numbers.
"""

from itertools import cycle

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from attention_lib.checks import check_choice, check_flag, check_instance, check_text, shown

from .arguments import as_names, check_dict, check_few, finite, rising, same_length
from .palette import GRID, INK, KEY, LIGHT, OUTPUT, PAPER, QUERY, VALUE

TEXT_WIDTH = 7.2  # inches

RAMP = LinearSegmentedColormap.from_list("paper to query", [PAPER, QUERY])
TWO_SIDED = LinearSegmentedColormap.from_list("key to paper to query", [KEY, PAPER, QUERY])

_STROKES = (
    (QUERY, "-", "o"),
    (KEY, "--", "s"),
    (VALUE, "-.", "^"),
    (OUTPUT, ":", "D"),
    (INK, (0, (5, 1, 1, 1, 1, 1)), "v"),
)
_ROLES = ("query", "key", "value", "output", "ink")
_HATCHES = ("", "//", "..", "xx", "--")


def use_style():
    """Set the style of the book for all later figures: SVG, on white, the same bytes each run.

    >>> use_style()
    >>> mpl.rcParams["svg.fonttype"]
    'path'
    """
    mpl.rcParams.update(
        {
            "axes.edgecolor": INK,
            "axes.facecolor": "none",
            "axes.grid": False,
            "axes.labelcolor": INK,
            "axes.prop_cycle": mpl.cycler(color=[colour for colour, _, _ in _STROKES]),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlecolor": INK,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "figure.facecolor": PAPER,
            "figure.figsize": (TEXT_WIDTH, 3.4),
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "grid.color": GRID,
            "legend.frameon": False,
            "savefig.facecolor": PAPER,
            "svg.fonttype": "path",
            "svg.hashsalt": "attention_lib",
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )
    _show_as_svg()


def heatmap(
    matrix,
    *,
    rows=None,
    columns=None,
    x_label="",
    y_label="",
    title="",
    ax=None,
    numbers=True,
    value_range=None,
):
    """Draw a matrix as coloured cells, with its numbers in them; zero is the colour of the paper.

    Args:
        matrix: `[R, C]` finite numbers.
        rows, columns: names, R and C of them; None numbers them from 1.
        x_label, y_label, title: texts.
        ax: Axes to draw into; None makes a figure.
        numbers: write the values into the cells.
        value_range: (low, high) of the colours; None means 0 to the largest value, or as far below
            zero as above if there are negative values.

    Returns:
        the Axes.

    Raises:
        TypeError, ValueError: matrix not two-dimensional and finite, or names that do not fit.

    >>> heatmap([[0.1, 0.9]], columns=["a", "b"]).get_xticklabels()[1].get_text()
    'b'
    """
    matrix = finite("matrix", matrix, 2)
    check_flag(numbers=numbers)
    n_rows, n_columns = matrix.shape
    rows, columns = _numbered("rows", rows, n_rows), _numbered("columns", columns, n_columns)
    _check_place(ax, x_label=x_label, y_label=y_label, title=title)
    low, high = _colour_range(matrix, value_range)
    if ax is None:
        width = min(TEXT_WIDTH, 2.0 + 0.7 * n_columns)
        ax = _new_axes(
            width, min(TEXT_WIDTH, 1.0 + max(0.42, (width - 2) / n_columns * 0.7) * n_rows)
        )
    image = ax.imshow(
        matrix, cmap=TWO_SIDED if low < 0 else RAMP, vmin=low, vmax=high, aspect="auto"
    )
    _label_cells(ax, rows, columns)
    ax.set(xlabel=x_label, ylabel=y_label, title=title)
    if numbers:
        for (row, column), number in np.ndenumerate(matrix):
            colour = _readable_on(image.cmap(image.norm(number)))
            ax.text(column, row, f"{number:z.2f}", ha="center", va="center", color=colour, size=9)
    return ax


def bars(values, *, categories, series=None, x_label="", y_label="", title="", ax=None):
    """Draw bars, one group a category; series differ in colour and hatching.

    Args:
        values: `[N]`, or `[series, N]`.
        categories: N names.
        series: names of the series; None for a single one.
        x_label, y_label, title, ax: as for `heatmap`.

    Returns:
        the Axes.

    Raises:
        TypeError, ValueError: values not finite or not of the shape that the names say, more series
            than strokes.

    >>> len(bars([0.1, 0.9], categories=["a", "b"]).patches)
    2
    """
    one = _is_row(values)
    values = finite("values", [values] if one else values, 2)
    categories = as_names("categories", categories, values.shape[1])
    if series is None and not one:
        raise ValueError(f"series must name the {len(values)} rows of values, got None")
    series = [""] if series is None else as_names("series", series, len(values))
    check_few("series", series, len(_HATCHES))
    _check_place(ax, x_label=x_label, y_label=y_label, title=title)
    ax = _new_axes(TEXT_WIDTH, 2.8) if ax is None else ax
    width = 0.8 / len(values)
    for number, (row, name) in enumerate(zip(values, series, strict=True)):
        place = np.arange(len(categories)) + (number - (len(values) - 1) / 2) * width
        colour, hatch = _STROKES[number][0], _HATCHES[number]
        ax.bar(place, row, width * 0.92, label=name, color=colour, hatch=hatch, edgecolor=PAPER)
    ax.set_xticks(np.arange(len(categories)), categories)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xlabel=x_label, ylabel=y_label, title=title)
    if len(values) > 1:
        ax.legend()
    return ax


def lines(x, series, *, x_label="", y_label="", title="", ax=None, band=None):
    """Draw one line for each series, each with its colour, dash and marker.

    Args:
        x: `[N]` places.
        series: dict from name to `[N]` numbers; at most five.
        x_label, y_label, title, ax: as for `heatmap`.
        band: dict from name to (low `[N]`, high `[N]`), a spread drawn behind the line of that
            name.

    Returns:
        the Axes.

    Raises:
        TypeError, ValueError: numbers not finite or not as many as x, an unknown name in band, too
            many series.

    Chapter: 01_seq2seq.

    >>> len(lines([1, 2], {"with": [3, 4], "without": [1, 2]}).lines)
    2
    """
    x = finite("x", x, 1)
    check_dict("numbers", series=series)
    check_few("series", series, len(_STROKES))
    band = {} if band is None else band
    check_dict("(low, high)", band=band)
    _check_place(ax, x_label=x_label, y_label=y_label, title=title)
    curves = {name: same_length(f"series {name!r}", y, x) for name, y in series.items()}
    for name in band:
        check_choice("each name in band", name, list(series))
    edges = {name: _edges(name, pair, x) for name, pair in band.items()}
    ax = _new_axes(TEXT_WIDTH, 3.4) if ax is None else ax
    every = max(1, len(x) // 12)
    for (name, y), (colour, dash, marker) in zip(curves.items(), cycle(_STROKES), strict=False):
        style = {"color": colour, "linestyle": dash, "marker": marker, "markersize": 4.5}
        ax.plot(x, y, label=name, linewidth=1.8, markevery=every, **style)
        if name in band:
            ax.fill_between(x, *edges[name], color=colour, alpha=0.16, linewidth=0)
    ax.set(xlabel=x_label, ylabel=y_label, title=title)
    ax.grid(True, linewidth=0.6)
    ax.set_axisbelow(True)
    if len(series) > 1:
        ax.legend()
    return ax


def vectors_2d(vectors, *, roles=None, limits=None, title="", ax=None):
    """Draw vectors of the plane as arrows from the origin, labelled at their tips.

    Args:
        vectors: dict from name to (x, y).
        roles: dict from name to "query", "key", "value", "output" or "ink", which sets the colour;
            "ink" if not named.
        limits: (low, high) of both axes; None fits the vectors.
        title, ax: as for `heatmap`.

    Returns:
        the Axes.

    Raises:
        TypeError, ValueError: a vector that is not two finite numbers, a role that does not exist.

    >>> vectors_2d({"q": (1.0, 2.0)}, roles={"q": "query"}).get_aspect()
    1.0
    """
    check_dict("(x, y)", vectors=vectors)
    roles = {} if roles is None else roles
    check_dict("a role", roles=roles)
    for name, role in roles.items():
        check_choice("each name in roles", name, list(vectors))
        check_choice(f"roles[{name!r}]", role, _ROLES)
    points = {name: _point(name, point) for name, point in vectors.items()}
    reach = 1.2 * max((np.abs(point).max() for point in points.values()), default=1) or 1.0
    low, high = (-reach, reach) if limits is None else rising("limits", limits)
    _check_place(ax, title=title)
    ax = _new_axes(4.4, 4.4) if ax is None else ax
    for name, point in points.items():
        role = roles.get(name, "ink")
        arrow = {
            "arrowstyle": "-|>",
            "color": LIGHT[role],
            "linewidth": 1.8,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        ax.annotate("", xy=point, xytext=(0, 0), arrowprops=arrow)
        outward = 9 * point / max(np.linalg.norm(point), 1e-9)
        label = {"textcoords": "offset points", "ha": "center", "va": "center"}
        ax.annotate(name, point, xytext=outward, color=LIGHT[role], **label)
    ax.set(xlim=(low, high), ylim=(low, high), title=title)
    ax.set_aspect("equal")
    ax.axhline(0, color=GRID, linewidth=0.8, zorder=0)
    ax.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    return ax


def alignment(weights, source, target, *, truth=None, title="", ax=None):
    """Draw where each target token looks: target tokens in rows, source tokens in columns.

    Args:
        weights: `[T, S]` attention weights.
        source, target: S and T token names.
        truth: `[T]` source positions from 0; a ring marks each, none is drawn for -1.
        title, ax: as for `heatmap`.

    Returns:
        the Axes.

    Raises:
        TypeError, ValueError: as `heatmap`; also when truth has not one position in -1..S-1 a row.

    Chapter: 01_seq2seq.

    >>> alignment([[0.1, 0.9]], ["a", "b"], ["B"], truth=[1]).get_ylabel()
    'target, one step a row'
    """
    weights = finite("weights", weights, 2)
    n_steps, n_keys = weights.shape
    source, target = as_names("source", source, n_keys), as_names("target", target, n_steps)
    truth = None if truth is None else _positions(truth, n_steps, n_keys)
    _check_place(ax, title=title)
    if ax is None:
        side = min(TEXT_WIDTH, 1.2 + 0.34 * max(n_steps, n_keys))
        cell = (side - 1.2) / max(n_steps, n_keys)
        ax = _new_axes(max(3.4, 1.2 + cell * n_keys), 1.2 + cell * n_steps)
    labels = {"x_label": "source", "y_label": "target, one step a row"}
    heatmap(
        weights,
        rows=target,
        columns=source,
        ax=ax,
        numbers=False,
        value_range=(0, 1),
        title=title,
        **labels,
    )
    ax.set_aspect("equal")
    if truth is not None:
        steps = np.flatnonzero(truth >= 0)
        ring = {"marker": "o", "s": 26, "facecolors": "none", "edgecolors": KEY, "linewidths": 1.4}
        ax.scatter(truth[steps], steps, label="true position", **ring)
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.2)
    return ax


def _show_as_svg():
    """Make notebooks show figures as SVG without a date; does nothing outside of one."""
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None}, pad_inches=0.05)


def _check_place(ax, **texts):
    check_text(**texts)
    if ax is not None:
        check_instance(Axes, ax=ax)


def _is_row(values):
    try:
        return np.ndim(values) == 1
    except (TypeError, ValueError):  # rows of several lengths
        return False


def _numbered(name, given, count):
    return as_names(name, range(1, count + 1) if given is None else given, count)


def _edges(name, pair, x):
    if not isinstance(pair, (tuple, list, np.ndarray)) or len(pair) != 2:
        raise ValueError(f"band {name!r} must be (low, high), got {shown(pair)}")
    return [same_length(f"band {name!r}", edge, x) for edge in pair]


def _point(name, point):
    point = finite(f"vectors[{name!r}]", point, 1)
    if point.shape != (2,):
        raise ValueError(f"vectors[{name!r}] must be (x, y), got shape {point.shape}")
    return point


def _positions(truth, n_steps, n_keys):
    found = finite("truth", truth, 1)
    if found.shape != (n_steps,) or np.asarray(truth).dtype.kind not in "iu":
        raise ValueError(
            f"truth must hold {n_steps} integers, got {np.asarray(truth).dtype} {found.shape}"
        )
    if found.min() < -1 or found.max() >= n_keys:
        raise ValueError(
            f"truth must lie in -1..{n_keys - 1}, got {found.min():.0f}..{found.max():.0f}"
        )
    return found.astype(int)


def _new_axes(width, height):
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def _colour_range(matrix, value_range):
    if value_range is not None:
        return rising("value_range", value_range)
    reach = np.abs(matrix).max() or 1.0
    return (-reach if matrix.min() < 0 else 0.0), reach


def _label_cells(ax, rows, columns):
    # Of very many names only every other (third, ...) is written, so that they do not overlap.
    for axis, names, most in ((ax.xaxis, columns, 40), (ax.yaxis, rows, 40)):
        ticks = np.arange(0, len(names), -(-len(names) // most))
        axis.set_ticks(ticks, [names[tick] for tick in ticks])
    if max(map(len, columns)) > 4 and len(columns) > 8:
        ax.tick_params(axis="x", rotation=90)
    ax.tick_params(length=0)
    ax.spines[:].set(visible=True, color=GRID)


def _readable_on(colour):
    red, green, blue = colour[:3]
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 else PAPER
