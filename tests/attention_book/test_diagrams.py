"""Boxes and arrows: what a diagram refuses, where its boxes stand, how it is drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from attention_book.diagrams import Arrow, Box, Diagram, Group, draw
from attention_book.palette import LIGHT

A, B, C = Box("a", (0, 0)), Box("b", (0, 1), "second", role="key"), Box("c", (1, 1))


def row_of(n):
    return [Box(str(k), (0, k)) for k in range(n)]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Box("a", (0,)), ValueError, r"at: expected \(row, column\), both from 0"),
        (lambda: Box("a", (0, -1)), ValueError, "at: expected"),
        (lambda: Box("a", (0, 1.0)), ValueError, "at: expected"),
        (lambda: Box(1, (0, 1)), TypeError, "name: expected text, got int"),
        (lambda: Box("a", (0, 1), role="red"), ValueError, "role: expected one of"),
        (lambda: Arrow("a", "a"), ValueError, "end: an arrow leads to another box"),
        (lambda: Group("g", "ab"), TypeError, "members: expected a list"),
        (lambda: Group("g", []), ValueError, "members: expected a list"),
        (lambda: Diagram(boxes=[]), ValueError, "boxes: expected at least one Box"),
        (lambda: Diagram(boxes=["a"]), TypeError, "boxes: expected a list of Box"),
        (lambda: Diagram(boxes=[A, Box("a", (1, 0))]), ValueError, "boxes: .* 'a' twice"),
        (lambda: Diagram(boxes=[A, Box("x", (0, 0))]), ValueError, "both stand in"),
        (lambda: Diagram(boxes=[A], arrows=[Arrow("a", "b")]), ValueError, "arrows: 'b' is not"),
        (
            lambda: Diagram(boxes=[A, B], arrows=[Arrow("a", "b")] * 2),
            ValueError,
            "arrows: expected different names, got 'a -> b' twice",
        ),
        (lambda: Diagram(boxes=[A], groups=[Group("g", ["b"])]), ValueError, "groups: 'b' is not"),
        (
            lambda: Diagram(boxes=[A, B], narrow={"a": (0, 0)}),
            ValueError,
            "narrow: expected a cell",
        ),
        (
            lambda: Diagram(boxes=[A, B, C], groups=[Group("g", ["a", "c"])]),
            ValueError,
            "'b' stands inside the group 'g'",
        ),
    ],
)
def test_bad_diagrams_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_wide_diagram_is_turned_on_a_narrow_screen_and_a_small_one_is_not():
    assert Diagram(boxes=row_of(4)).on_narrow() == {str(k): (k, 0) for k in range(4)}
    assert Diagram(boxes=row_of(3)).on_narrow() == {str(k): (0, k) for k in range(3)}
    own = {"a": (1, 0), "b": (0, 0)}
    assert Diagram(boxes=[A, B], narrow=own).on_narrow() == own


def test_the_still_picture_has_every_part_in_its_colour():
    diagram = Diagram(
        boxes=[A, B, C],
        arrows=[Arrow("a", "b", "keys", role="key"), Arrow("b", "c", role="output", dashed=True)],
        groups=[Group("both", ["a", "b"])],
    )
    ax = draw(diagram, title="Title")
    assert [text.get_text() for text in ax.texts] == ["both", "a", "second", "c", "keys"]
    assert [ax.get_title(place) for place in ("left", "center", "right")].count("Title") == 1
    edges = [to_hex(patch.get_edgecolor()) for patch in ax.patches]
    expected = ["ink", "ink", "key", "ink", "key", "output"]  # the group, three boxes, two arrows
    assert edges == [LIGHT[role] for role in expected]
    low, high = np.sort(ax.get_ylim())
    assert all(low <= text.get_position()[1] <= high for text in ax.texts)
    with pytest.raises(TypeError, match="diagram: expected a Diagram, got list"):
        draw([A])
    plt.close(ax.figure)
