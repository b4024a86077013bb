"""A flow: boxes in their cells, arrows from box to box, steps that point, switches that change."""

import numpy as np
import pytest

from attention_book import palette
from attention_book.diagrams import Arrow, Box, Diagram
from attention_book.explorables import Flow, Step, sweep
from tests.helpers import explorable_examples as examples
from tests.helpers.explorable_page import move, show

RECTANGLES = """() => [...document.querySelectorAll(".attn-box rect")].map((r) => {
  const b = r.getBBox();
  return [b.x, b.y, b.x + b.width, b.y + b.height];
})"""
SHAFTS = """() => [...document.querySelectorAll(".attn-flow")].map((g) => {
  const path = g.querySelector(".attn-shaft");
  const length = path.getTotalLength();
  const tip = g.querySelector(".attn-head").getAttribute("d").slice(1).split("L")[0];
  const points = [...Array(41).keys()].map((k) => path.getPointAtLength(length * k / 40));
  return [...points.map((p) => [p.x, p.y]), tip.split(",").map(Number)];
})"""


def drawn(page):
    """Boxes [B, 4] and the points of each arrow, its tip last."""
    return np.array(page.evaluate(RECTANGLES)), np.array(page.evaluate(SHAFTS))


def distance(points, box):
    """How far points lie outside of a box, 0 inside."""
    gap = np.maximum(np.maximum(box[:2] - points, points - box[2:]), 0)
    return np.hypot(*gap.T)


@pytest.mark.parametrize("width", [360, 390, 740, 1000])
def test_arrows_lead_from_box_to_box_and_through_no_other(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    box = examples.flow()
    show(page, box)
    boxes, shafts = drawn(page)
    for arrow, points in zip(box.view.spec["arrows"], shafts, strict=True):
        start, end = arrow[:2]
        assert distance(points[:1], boxes[start]) <= 5
        assert distance(points[-1:], boxes[end]) <= 5
        for k in set(range(len(boxes))) - {start, end}:
            assert distance(points, boxes[k]).min() > 0, (arrow, k)


@pytest.mark.parametrize(("width", "narrow"), [(1000, 0), (740, 0), (390, 1), (360, 1)])
def test_boxes_stand_in_their_cells_and_apart(page, width, narrow):
    page.set_viewport_size({"width": width, "height": 900})
    box = examples.flow()
    show(page, box)
    boxes, _ = drawn(page)
    cells = np.array(box.view.spec["places"][narrow])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    for i in range(len(boxes)):
        for j in range(i):
            apart = (boxes[i, 2:] <= boxes[j, :2]) | (boxes[j, 2:] <= boxes[i, :2])
            assert apart.any(), (i, j)
            across, down = np.sign((centres[i] - centres[j]).round())
            assert (down, across) == tuple(np.sign(cells[i] - cells[j]))


def test_steps_point_and_switches_change_arrows_and_numbers(page):
    box = examples.flow()
    show(page, box)
    hot = lambda kind: page.evaluate(  # noqa: E731
        f"[...document.querySelectorAll('.attn-{kind}')]"
        ".flatMap((g, k) => g.classList.contains('attn-hot') ? [k] : [])"
    )
    for step in range(4):
        move(page, i0=step)
        assert [hot("box"), hot("flow")] == box.view.spec["steps"][step]
        assert page.locator("figcaption").text_content() == box.caption(step, 0)
    seen = {}
    for k, kind in enumerate(("cross", "self")):
        move(page, i1=k)
        seen[kind] = page.locator(".attn-box text.attn-small").all_text_contents()
        hidden = page.locator(".attn-flow.attn-gone").count()
        assert hidden == (1 if kind == "cross" else 2)
    assert seen["cross"] == ["0.70", "0.20", "0.10", "3.00"]
    assert seen["self"] == ["0.12", "0.38", "0.50", "−1.25"]
    assert page.get_by_text("own values", exact=True).is_visible()
    assert not page.get_by_text("values", exact=True).is_visible()


def test_buttons_walk_through_the_steps(page):
    show(page, examples.flow())
    following = page.get_by_role("button", name="Next")
    assert page.get_by_role("button", name="Previous").is_disabled()
    following.focus()
    for step in (1, 2, 3):
        page.keyboard.press("Enter")
        assert page.evaluate("model.get('i0')") == step
    assert following.is_disabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_boxes_and_arrows_have_the_colours_of_their_roles(page, theme):
    page.emulate_media(reduced_motion="reduce")
    box = examples.flow()
    show(page, box, theme=theme)
    colours = palette.LIGHT if theme == "light" else palette.DARK
    for kind, part, column in (("box", "rect", 1), ("flow", ".attn-shaft", 3)):
        found = page.evaluate(
            f"[...document.querySelectorAll('.attn-{kind} {part}')]"
            ".map((one) => getComputedStyle(one).getPropertyValue('--c').trim())"
        )
        listed = box.view.spec["boxes" if kind == "box" else "arrows"]
        assert found == [colours[entry[column]] for entry in listed]


def test_a_stronger_arrow_is_wider(page):
    box = sweep(
        lambda share: {"a -> b": share},
        {"share": [0.0, 0.25, 1.0]},
        view=Flow(
            diagram=Diagram(boxes=[Box("a", (0, 0)), Box("b", (0, 1))], arrows=[Arrow("a", "b")]),
            steps=[Step("one"), Step("two")],
        ),
        title="Two boxes",
        caption="A share of {share}.",
    )
    show(page, box)
    widths = []
    for k in range(3):
        move(page, i1=k)
        shaft = page.locator(".attn-shaft")
        widths.append(float(shaft.evaluate("(p) => parseFloat(getComputedStyle(p).strokeWidth)")))
        visible = shaft.evaluate("(p) => getComputedStyle(p).visibility === 'visible'")
        assert visible == (k > 0)
    assert widths == sorted(set(widths))


@pytest.mark.parametrize("strengths", [{}, {"a -> b": 0.5}])
def test_strengths_are_listed_where_there_are_some(page, strengths):
    box = sweep(
        lambda: {"a": 1.0, **strengths},
        {},
        view=Flow(
            diagram=Diagram(boxes=[Box("a", (0, 0)), Box("b", (0, 1))], arrows=[Arrow("a", "b")]),
            steps=[Step("one"), Step("two")],
        ),
        title="Two boxes",
        caption="",
    )
    show(page, box)
    page.locator("summary").click()
    head = page.locator("table").first.locator("thead th").all_text_contents()
    assert head == ["from", "to", "what", *(["strength"] if strengths else [])]
