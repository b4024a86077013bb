"""Figures are the same bytes at each run, carry their labels, and refuse what is not drawable."""

import io

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt

from attention_book import figures

MATRIX = np.array([[0.25, 0.75, 0.0], [0.5, 0.125, 0.375]])
DRAWN = {
    "heatmap": lambda: figures.heatmap(MATRIX, x_label="key", y_label="query", title="Weights"),
    "bars": lambda: figures.bars(MATRIX, categories="abc", series=["one", "two"], y_label="w"),
    "lines": lambda: figures.lines([1, 2, 3], {"a": MATRIX[0]}, band={"a": (MATRIX[0], MATRIX[0])}),
    "vectors_2d": lambda: figures.vectors_2d({"q": (1, 2), "k": (0, 0)}, roles={"q": "query"}),
    "alignment": lambda: figures.alignment(MATRIX, "abc", "xy", truth=[1, -1], title="Looks"),
}


@pytest.fixture(autouse=True)
def _house_style():
    with mpl.rc_context():
        figures.use_style()
        yield
        plt.close("all")


def svg(ax):
    buffer = io.StringIO()
    ax.figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_bytes_at_each_run_and_a_white_ground(name):
    first, second = svg(DRAWN[name]()), svg(DRAWN[name]())
    assert first == second
    assert "<dc:date>" not in first
    buffer = io.BytesIO()
    DRAWN[name]().figure.savefig(buffer, format="png")
    buffer.seek(0)
    assert plt.imread(buffer)[0, 0].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("name", DRAWN)
def test_no_label_is_clipped_and_the_text_width_is_kept(name):
    figure = DRAWN[name]().figure
    figure.draw_without_rendering()
    tight = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert width <= figures.TEXT_WIDTH
    assert tight.x0 >= -0.01
    assert tight.y0 >= -0.01
    assert tight.x1 <= width + 0.01
    assert tight.y1 <= height + 0.01


def test_heatmap_writes_its_numbers_and_names():
    ax = figures.heatmap(MATRIX, rows=["x", "y"], columns=["a", "b", "c"])
    assert [text.get_text() for text in ax.texts] == [f"{x:.2f}" for x in MATRIX.flat]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    assert len(figures.heatmap(MATRIX, numbers=False).texts) == 0
    assert figures.heatmap(MATRIX - 0.5).images[0].get_clim() == (-0.5, 0.5)


def test_alignment_rings_the_true_positions_alone():
    ax = DRAWN["alignment"]()
    assert ax.collections[0].get_offsets().tolist() == [[1.0, 0.0]]


def test_lines_differ_in_more_than_colour():
    ax = figures.lines([1, 2], {"with": [1, 2], "without": [2, 1]})
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert ax.get_legend() is not None


def test_axes_that_are_given_are_drawn_into():
    _, ax = plt.subplots()
    assert figures.lines([1, 2], {"a": [1, 2]}, ax=ax) is ax
    assert figures.bars([1, 2], categories="ab", ax=ax) is ax


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: figures.heatmap([1.0]), ValueError, r"matrix must have 2 axes.*\(1,\)"),
        (lambda: figures.heatmap([[np.nan]]), ValueError, "matrix must be finite"),
        (lambda: figures.heatmap([["a"]]), TypeError, "matrix must hold real numbers"),
        (lambda: figures.heatmap(MATRIX, rows=["x"]), ValueError, "rows must have 2 names, got 1"),
        (lambda: figures.heatmap(MATRIX, value_range=(1, 0)), ValueError, "low < high"),
        (lambda: figures.bars(MATRIX, categories="abc"), ValueError, "series must name the 2 rows"),
        (lambda: figures.lines([1, 2], {"a": [1]}), ValueError, "'a' must have 2 numbers like x"),
        (lambda: figures.lines([1], [[1]]), TypeError, "series must be a dict"),
        (
            lambda: figures.lines([1], {"a": [1]}, band={"b": ([1], [1])}),
            ValueError,
            "each name in band must be one of 'a', got 'b'",
        ),
        (lambda: figures.vectors_2d({"q": (1, 2, 3)}), ValueError, r"vectors\['q'\] must be"),
        (
            lambda: figures.vectors_2d({"q": (1, 2)}, roles={"q": "red"}),
            ValueError,
            r"roles\['q'\] must be",
        ),
        (lambda: figures.alignment(MATRIX, "abc", "xy", truth=[3, 0]), ValueError, r"-1..2"),
        (lambda: figures.alignment(MATRIX, "abc", "xy", truth=[0.5, 0]), ValueError, "2 integers"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_cell_that_rounds_to_zero_has_no_sign():
    texts = [text.get_text() for text in figures.heatmap([[-0.001, 2.0]]).texts]
    assert texts == ["0.00", "2.00"]


def test_a_role_for_no_vector_is_refused():
    with pytest.raises(ValueError, match="each name in roles must be one of 'q', got 'Q'"):
        figures.vectors_2d({"q": (1, 2)}, roles={"Q": "query"})


@pytest.mark.parametrize("pair", [(3,), (3, -3), 5])
def test_ranges_are_two_rising_numbers(pair):
    with pytest.raises(ValueError, match="limits must be"):
        figures.vectors_2d({"q": (1, 2)}, limits=pair)
    with pytest.raises(ValueError, match="value_range must be"):
        figures.heatmap([[1, 2]], value_range=pair)
