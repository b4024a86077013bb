"""What the figures draw, read back from a real browser and compared with NumPy."""

import itertools
import json
import re

import numpy as np
import pytest

from attention_book import palette
from attention_book.explorables import Bars, Pattern, captions, sweep
from tests.helpers import explorable_examples as examples
from tests.helpers.explorable_numbers import prints_of, result_at
from tests.helpers.explorable_page import move, show
from tests.helpers.theme_helpers import contrast

SIZES = {"wide": 740, "narrow": 360}


def grid_of(box):
    return itertools.product(*(range(n) for n in box.view.spec["sizes"]))


def numbers(page, selector):
    texts = page.locator(selector).all_text_contents()
    return [float(t.replace("−", "-")) for t in texts if t]


CAPTIONS = """async (grid) => grid.map((at) => {
  at.forEach((i, k) => model.set("i" + k, i));
  return document.querySelector("figcaption").textContent;
})"""


@pytest.mark.parametrize("name", examples.ALL)
def test_captions_equal_pythons_on_the_whole_grid(page, name):
    box = examples.ALL[name]()
    show(page, box)
    grid = [list(at) for at in grid_of(box)]
    assert page.evaluate(CAPTIONS, grid) == [box.caption(*at) for at in grid]


def test_number_formats_equal_pythons(page, monkeypatch):
    """Over all digits, also those that sweep would refuse to print from float32."""
    monkeypatch.setattr(captions, "_check_digits", lambda *arguments: None)
    hard = [0.125, 0.375, -0.125, 2.5, 3.5, -0.5, -0.001, 0.0, -0.0, 1 / 3, 0.995, 1.005, 123456.5]
    hard += [2.675, 0.005, 0.285, 1e-7, 9.9999995, 0.015625, -0.046875, 1e9]
    hard += [*np.random.default_rng(0).normal(size=40)]
    fields = [f".{n}{kind}" for kind in "f%" for n in range(7)]
    box = sweep(
        lambda k: [1.0, 2.0],
        {"k": list(range(len(hard)))},
        view=Bars(categories=["x", "y"]),
        title="",
        caption=" ".join(f"{{value:{spec}}}" for spec in fields),
        facts=lambda result, k: {"value": float(hard[k])},
    )
    show(page, box)
    stored = [float(np.float32(v)) for v in hard]
    expected = [" ".join(format(v, "z" + spec) for spec in fields) for v in stored]
    assert page.evaluate(CAPTIONS, [[k] for k in range(len(hard))]) == expected


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", ["heatmap", "signed_heatmap"])
def test_heat_map_shows_its_numbers(page, name, width):
    page.set_viewport_size({"width": SIZES[width], "height": 900})
    box = examples.ALL[name]()
    show(page, box)
    for at in ([0] * len(box.sliders), [len(s.options) - 1 for s in box.sliders]):
        move(page, **{f"i{k}": i for k, i in enumerate(at)})
        expected = result_at(box, at)
        assert numbers(page, ".attn-cell text") == pytest.approx(expected, abs=0.0051)
        shades = page.evaluate(
            "[...document.querySelectorAll('.attn-cell')].map(g => +g.style.getPropertyValue('--t')"
            " * (g.classList.contains('attn-neg') ? -1 : 1))"
        )
        np.testing.assert_allclose(shades, expected / box.view.spec["top"], atol=1e-6)


@pytest.mark.parametrize("name", ["bars", "grouped_bars", "guessed_bars"])
def test_bars_have_the_height_of_their_numbers(page, name):
    box = examples.ALL[name]()
    show(page, box)
    for i in range(len(box.sliders[0].options)):
        move(page, i0=i)
        drawn = page.evaluate(
            "[...document.querySelectorAll('.attn-plot .attn-bar[height]')]"
            ".map(r => [+r.getAttribute('y'), +r.getAttribute('height')])"
        )
        expected = result_at(box, [i])
        bars = np.array(drawn[-len(expected) :])
        low, high = box.view.spec["y"]
        marks = [value for value, _ in box.view.spec["yt"]]
        ticks = page.evaluate(
            "[...document.querySelectorAll('.attn-grid')].map(l => +l.getAttribute('y1'))"
        )
        per_unit = (max(ticks) - min(ticks)) / (marks[-1] - marks[0])
        np.testing.assert_allclose(bars[:, 1], np.abs(expected) * per_unit, atol=0.01)
        assert low <= expected.min()
        assert expected.max() <= high
        assert numbers(page, ".attn-num") == pytest.approx(expected, abs=0.0051)


@pytest.mark.parametrize("name", ["lines", "log_lines", "data_lines", "guessed_lines"])
def test_lines_pass_through_their_numbers(page, name):
    box = examples.ALL[name]()
    show(page, box)
    at = [len(s.options) - 1 for s in box.sliders]
    move(page, **{f"i{k}": i for k, i in enumerate(at)})
    paths = page.evaluate(
        "[...document.querySelectorAll('.attn-plot path.attn-line')].map(p => p.getAttribute('d'))"
    )
    spec = box.view.spec
    y = page.evaluate(
        "[...document.querySelectorAll('.attn-grid')].map(l => +l.getAttribute('y1'))"
    )
    drawn = np.array([[[float(v) for v in p.split(",")] for p in d[1:].split("L")] for d in paths])
    marks = [value for value, _ in spec["yt"]]
    back = np.polyfit(y, marks, 1)
    expected = result_at(box, at).reshape(len(spec["series"]), -1)
    tolerance = abs(back[0]) * 0.06
    np.testing.assert_allclose(np.polyval(back, drawn[:, :, 1]), expected, atol=tolerance)
    x = np.log(spec["x"]) if spec["log"] else np.array(spec["x"])
    straight = drawn[0, 0, 0] + (x - x[0]) / (x[-1] - x[0]) * (drawn[0, -1, 0] - drawn[0, 0, 0])
    np.testing.assert_allclose(drawn[0, :, 0], straight, atol=0.11)


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_data_and_shaded_part_lie_at_their_numbers(page, theme, width):
    page.set_viewport_size({"width": SIZES[width], "height": 900})
    box = examples.data_lines()
    show(page, box, theme=theme)
    path = page.locator(".attn-plot svg > path.attn-line").last.get_attribute("d")
    curve = np.array([[float(v) for v in p.split(",")] for p in path[1:].split("L")])
    to_pixels = np.polyfit(np.sin(box.view.spec["x"]), curve[:, 1], 1)
    data = page.locator(".attn-data").evaluate_all(
        "nodes => nodes.map((n) => [+n.getAttribute('cx'), +n.getAttribute('cy')])"
    )
    across, up = np.array(box.view.spec["pts"]).T
    drawn = np.array(data[1:])  # the first stands in the legend
    places = np.interp(across, box.view.spec["x"], curve[:, 0])
    np.testing.assert_allclose(drawn[:, 0], places, atol=0.1)
    np.testing.assert_allclose(drawn[:, 1], np.polyval(to_pixels, up), atol=0.1)
    band = page.locator(".attn-span").evaluate("n => [n.x.baseVal.value, n.width.baseVal.value]")
    edges = np.interp([1, 3.5], box.view.spec["x"], curve[:, 0])
    np.testing.assert_allclose(band, [edges[0], edges[1] - edges[0]], atol=0.1)
    text = page.get_by_text("seen in training", exact=True).bounding_box()
    plot = page.locator(".attn-grid").first.bounding_box()
    assert plot["x"] <= text["x"]
    assert text["x"] + text["width"] <= plot["x"] + plot["width"]
    assert page.get_by_text("data", exact=True).count() == 1
    ink = palette.LIGHT["ink"] if theme == "light" else palette.DARK["ink"]
    for node, part in ((".attn-span", "fill"), (".attn-data", "stroke")):
        shown = page.locator(node).first.evaluate(f"n => getComputedStyle(n).{part}")
        assert as_hex(shown) == ink


def place_of(node):
    """Where a node stands that is moved by translate(x,0)."""
    return float(re.search(r"translate\(([-\d.]+)", node.get_attribute("transform"))[1])


def test_the_mark_follows_its_axis(page):
    show(page, examples.lines())
    seen = []
    for i, value in enumerate([5, 10, 20, 30]):
        move(page, i0=i)
        seen.append(place_of(page.locator(".attn-mark")))
        assert page.get_by_text(f"length {value}", exact=True).count() == 1
    np.testing.assert_allclose(np.diff(seen) / np.diff([5, 10, 20, 30]), (seen[1] - seen[0]) / 5)


def plane(page):
    """Pixels of a point of the plane, from the drawn hull's corners v1, v2, v3."""
    corners = page.locator(".attn-hull").get_attribute("points").split(" ")
    pixels = np.array([[float(v) for v in c.split(",")] for c in corners])
    order = pixels[np.argsort(pixels[:, 0])]
    world = np.array([[-2.5, -0.5, 1], [1.0, 2.5, 1], [2.0, -1.5, 1]])
    return np.linalg.solve(world, order)


def test_arrows_end_at_their_points(page):
    box = examples.vectors()
    show(page, box)
    tips = page.evaluate(
        "[...document.querySelectorAll('.attn-head')]"
        ".map(p => p.getAttribute('d').slice(1).split('L')[0])"
    )
    drawn = np.array([[float(v) for v in tip.split(",")] for tip in tips])
    points = result_at(box, [box.view.i0, box.view.i1]).reshape(3, -1).T
    places = np.c_[points[:, :2], np.ones(len(points))] @ plane(page)
    np.testing.assert_allclose(drawn, places, atol=0.05)


LABELS = """() => [...document.querySelectorAll(".attn-arrow")].map((g, k) => {
  const b = document.querySelectorAll(".attn-tip")[k].getBBox();
  const first = (part) => g.querySelector(part).getAttribute("d").match(/[\\d.]+/g).slice(0, 2);
  return [[b.x, b.y, b.x + b.width, b.y + b.height],
    first(".attn-shaft").map(Number), first(".attn-head").map(Number)];
})"""


def crosses(box, start, end):
    """Whether the straight line from start to end enters the box, seen at 500 of its points."""
    at = np.linspace(start, end, 500)
    return ((at > box[:2]) & (at < box[2:])).all(axis=1).any()


@pytest.mark.parametrize("width", SIZES)
def test_no_label_is_struck_through_or_covered(page, width):
    page.set_viewport_size({"width": SIZES[width], "height": 900})
    box = examples.two_keys()
    show(page, box)
    right = float(page.locator(".attn-plot svg").get_attribute("viewBox").split()[2])
    second_key, inset = set(), np.array([1, 3, -1, -3])  # the line's height is not all letters
    for i, j in grid_of(box):
        move(page, i0=i, i1=j)
        drawn = [[np.array(part) for part in parts] for parts in page.evaluate(LABELS)]
        second_key.add(tuple(drawn[1][0].round(2)))
        for k, (label, _, _) in enumerate(drawn):
            assert 0 <= label[0] < label[2] <= right, (i, j, k)
            for m, (other, start, end) in enumerate(drawn):
                apart = (label[2:] <= other[:2]) | (label[:2] >= other[2:])
                assert m == k or apart.any(), (i, j, k, m)
                assert m == k or not crosses(label + inset, start, end), (i, j, k, m)
    assert len(second_key) == 1  # what does not move keeps its label where it is


def test_a_touch_on_the_point_does_not_scroll_the_page(page):
    show(page, examples.vectors())
    touch = """(handle) => handle.dispatchEvent(
      new TouchEvent("touchstart", { bubbles: true, cancelable: true }))"""
    assert page.locator(".attn-handle").evaluate(touch) is False  # the browser may not pan
    assert page.locator(".attn-hull").evaluate(touch) is True


def test_the_hull_of_two_points_is_a_line_drawn_once(page):
    """Drawn there and back, its dashes would fill each other's gaps."""
    show(page, examples.two_keys())
    hull = page.locator(".attn-hull")
    points = [[float(v) for v in at.split(",")] for at in hull.get_attribute("points").split(" ")]
    length = hull.evaluate("(line) => line.getTotalLength()")
    np.testing.assert_allclose(length, np.hypot(*np.subtract(*points)), rtol=1e-4)


def test_dragging_snaps_to_the_grid_and_moves_both_indices(page):
    box = examples.vectors()
    show(page, box)
    frame = page.locator(".attn-plot svg").bounding_box()
    units = page.locator(".attn-plot svg").get_attribute("viewBox").split()[2]
    scale = frame["width"] / float(units)
    to = lambda x, y: np.array([frame["x"], frame["y"]]) + ([x, y, 1] @ plane(page)) * scale  # noqa: E731
    start, end = to(1.0, 0.5), to(-1.55, 2.05)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()
    assert page.evaluate("[model.get('i0'), model.get('i1')]") == [2, 9]
    assert page.evaluate("model.saved") > 0
    page.mouse.move(*start)
    assert page.evaluate("[model.get('i0'), model.get('i1')]") == [2, 9]
    assert page.locator("figcaption").text_content() == box.caption(2, 9)


def test_arrow_keys_move_the_point_by_one_step(page):
    box = examples.vectors()
    show(page, box)
    handle = page.get_by_role("slider", name="q: arrow keys move it")
    handle.focus()
    i, j = box.view.i0, box.view.i1
    moves = {"Right": (1, 0), "Up": (0, 1), "Left": (-1, 0), "Down": (0, -1)}
    for key, step in moves.items():
        page.keyboard.press("Arrow" + key)
        i, j = i + step[0], j + step[1]
        assert page.evaluate("[model.get('i0'), model.get('i1')]") == [i, j]
    page.keyboard.press("ArrowLeft")
    assert handle.get_attribute("aria-valuetext") == "x 0.5, y 0.5"
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("model.get('i0')") == 0
    assert handle.get_attribute("aria-valuenow") == "-2.5"


def test_stepper_shows_matrices_step_by_step(page):
    box = examples.stepper()
    show(page, box)
    values = result_at(box, [0, 0])
    ends = np.cumsum([m[1] * m[2] for m in box.view.spec["mats"]])
    visible = [ends[1], ends[2], ends[3], ends[4]]
    next_button = page.get_by_role("button", name="Next")
    assert page.get_by_role("button", name="Previous").is_disabled()
    for step, end in enumerate(visible):
        seen = numbers(page, ".attn-mat text:not(.attn-name)")
        assert seen == pytest.approx(values[:end], abs=6e-4)
        assert page.locator(".attn-later").count() == 3 - step
        assert page.locator(".attn-hot").count() == [1, 5, 3, 7][step]
        assert page.locator("figcaption").text_content() == box.caption(step, 0)
        if step < 3:
            next_button.focus()
            page.keyboard.press("Enter")
    assert next_button.is_disabled()
    previous = page.get_by_role("button", name="Previous")
    assert previous.evaluate("(one) => one === document.activeElement")  # the focus is not lost
    previous.click()
    assert page.evaluate("[model.get('i0'), model.saved]") == [2, 4]


def table_texts(page, box):
    """Open the table, go to the last grid point; the texts of its cells, table by table."""
    assert page.locator("table").count() == 0
    page.get_by_text("Show the numbers").click()
    page.wait_for_selector("td")
    move(page, **{f"i{k}": n - 1 for k, n in enumerate(box.view.spec["sizes"])})
    return page.evaluate(
        "[...document.querySelectorAll('table')].map(t => "
        "[...t.querySelectorAll('tbody tr')].map(r => "
        "[...r.querySelectorAll('td')].map(d => d.textContent)))"
    )


def printed(box):
    """Every number at the last grid point, as it may be printed: to the digits that are right."""
    values = result_at(box, [n - 1 for n in box.view.spec["sizes"]])
    pairs = zip(values, prints_of(box), strict=True)
    return [format(v, f"z.{digits}f").replace("-", "−") for v, digits in pairs]


IN_COLUMNS = ("bars", "grouped_bars", "guessed_bars", "lines", "log_lines", "data_lines")
IN_COLUMNS += ("guessed_lines", "vectors", "two_keys")
DIAGRAMS = ("flow", "mask_pattern", "word_pattern", "worded_heatmap")


@pytest.mark.parametrize("name", sorted(set(examples.ALL) - set(DIAGRAMS)))
def test_the_table_holds_the_numbers(page, name):
    box = examples.ALL[name]()
    show(page, box)
    tables = table_texts(page, box)
    if name == "data_lines":
        data = [[float(text.replace("−", "-")) for text in row] for row in tables.pop()]
        np.testing.assert_allclose(data, box.view.spec["pts"], rtol=6e-4)
    rows = [zip(*table, strict=True) if name in IN_COLUMNS else table for table in tables]
    assert [text for table in rows for row in table for text in row] == printed(box)
    assert page.locator("tbody th[scope=row]").count() >= 1
    assert page.locator("thead th[scope=col]").count() >= 1


def test_the_tables_of_a_flow_say_what_is_connected_and_held(page):
    box = examples.flow()
    show(page, box)
    arrows, held = table_texts(page, box)
    assert arrows[0] == ["source tokens", "encoder states", "", "1"]
    assert arrows[2] == ["encoder states", "softmax", "keys", "0"]
    assert arrows[4] == ["encoder states", "weighted sum", "values", "0.00"]
    assert arrows[5] == ["decoder states", "weighted sum", "own values", "1"]
    assert held == [["0.12", "0.38", "0.50"], ["−1.25", "", ""]]


def test_the_words_of_a_heat_map_go_with_the_slider(page):
    box = examples.worded_heatmap()
    show(page, box)
    seen = "(nodes) => nodes.filter((n) => getComputedStyle(n).visibility === 'visible').length"
    for i, (rows, columns) in enumerate([(2, 3), (3, 5)]):
        move(page, i0=i)
        texts = page.locator(".attn-plot svg > text").all_text_contents()
        words = [name for names in ("cols", "rows") for name in box.view.spec[names][i]]
        assert texts == words
        assert page.locator(".attn-cell").evaluate_all(seen) == rows * columns
    [rows] = table_texts(page, box)
    assert rows[0][:2] == ["vi, I: 0.80", "vi, saw: 0.05"]
    move(page, i0=0)
    assert page.locator("tbody tr").last.locator("td").all_text_contents() == [""] * 5


def test_the_tables_of_a_pattern_name_levels_and_marks(page):
    box = examples.mask_pattern()
    show(page, box)
    [rows] = table_texts(page, box)
    levels = result_at(box, [3, 2]).reshape(32, 32).astype(int)
    names = np.array(box.view.spec["levels"])
    assert rows == names[levels].tolist()
    box = examples.word_pattern()
    show(page, box)
    [rows] = table_texts(page, box)
    weights = [printed(box)[5 * i : 5 * i + 5] for i in range(6)]
    for i in range(5):
        weights[i][i] += " *"
    assert rows == weights
    assert page.locator("table caption").text_content() == "* true alignment"


def test_rows_without_a_name_are_counted(page):
    box = sweep(
        lambda k: k * np.eye(2, 3),
        {"k": [1.0, 2.0]},
        view=Pattern(size=(2, 3), rows=["", "b"], columns=["", "", "c"]),
        title="t",
        caption="{k}",
    )
    show(page, box)
    table_texts(page, box)
    assert page.locator("tbody th").all_text_contents() == ["0", "b"]
    assert page.locator("thead th").all_text_contents() == ["0", "1", "c"]


INSIDE = """() => {
  const box = document.querySelector("#figure").getBoundingClientRect();
  const texts = [...document.querySelectorAll("#figure svg text")];
  return texts.filter((t) => t.textContent).map((t) => {
    const svg = t.ownerSVGElement.getBoundingClientRect();
    const b = t.getBoundingClientRect(), size = parseFloat(getComputedStyle(t).fontSize);
    const scale = svg.width / t.ownerSVGElement.viewBox.baseVal.width;
    return [t.textContent, b.left - box.left, box.right - b.right, size * scale,
      b.top - svg.top, svg.bottom - b.bottom];
  });
}"""


@pytest.mark.parametrize("width", [360, 390, 740, 1000])
@pytest.mark.parametrize("name", examples.ALL)
def test_nothing_overflows_or_is_too_small(page, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    show(page, examples.ALL[name]())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for text, left, right, size, above, below in page.evaluate(INSIDE):
        assert min(left, right) >= -1, (text, left, right)
        assert min(above, below) >= -1, (text, above, below)
        assert size >= 10.9, (text, size)


def test_a_figure_is_laid_out_again_when_the_page_changes(page):
    show(page, examples.lines())
    before = page.locator(".attn-plot svg").get_attribute("viewBox")
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_function(
        "(old) => document.querySelector('.attn-plot svg').getAttribute('viewBox') !== old",
        arg=before,
    )
    assert page.locator(".attn-plot svg").get_attribute("viewBox").split()[2] == "350"


def as_hex(text):
    """A computed CSS colour, rgb(...) or color(srgb ...), as #rrggbb."""
    inner = text[text.index("(") + 1 : -1].replace("srgb", "").replace(",", " ")
    parts = [float(v) for v in inner.split()[:3]]
    scale = 255 if text.startswith("color") else 1
    return "#" + "".join(f"{round(v * scale):02x}" for v in parts)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["heatmap", "signed_heatmap"])
def test_numbers_in_cells_are_readable(page, name, theme):
    page.emulate_media(reduced_motion="reduce")
    show(page, examples.ALL[name](), theme=theme)
    pairs = page.evaluate(
        "[...document.querySelectorAll('.attn-cell')]"
        ".map(g => [...g.children].map(n => getComputedStyle(n).fill))"
    )
    for cell, number in pairs:
        assert contrast(as_hex(cell), as_hex(number)) >= 4.5


def test_dark_pages_are_recognised_and_print_is_light(page):
    show(page, examples.bars())
    bar = "document.querySelector('.attn-plot .attn-bar')"
    colour = f"getComputedStyle({bar}).getPropertyValue('--c').trim()"
    page.evaluate("document.documentElement.removeAttribute('data-theme')")
    assert page.evaluate(colour) == palette.QUERY
    marks = [
        ("html", "data-theme", "dark"),
        ("body", "data-jp-theme-light", "false"),
        ("body", "class", "vscode-dark"),
        ("html", "theme", "dark"),
    ]
    for tag, key, value in marks:
        page.evaluate(f"document.querySelector('{tag}').setAttribute('{key}', '{value}')")
        assert page.evaluate(colour) == palette.DARK["query"], (tag, key)
        page.emulate_media(media="print")
        assert page.evaluate(colour) == palette.QUERY
        page.emulate_media(media="screen")
        page.evaluate(f"document.querySelector('{tag}').removeAttribute('{key}')")


def test_reduced_motion_has_no_transition(page):
    show(page, examples.heatmap())
    duration = "getComputedStyle(document.querySelector('.attn-cell rect')).transitionDuration"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(duration) == "0s"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(duration) != "0s"


@pytest.mark.parametrize("name", examples.ALL)
def test_names_for_assistive_technology(page, name):
    box = examples.ALL[name]()
    show(page, box)
    assert page.get_by_role("group", name=box.view.title, exact=True).count() == 1
    label = page.locator(".attn-plot svg").get_attribute("aria-label")
    assert label == f"{box.view.title}. {page.locator('figcaption').text_content()}"
    assert page.locator("figcaption").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("name", examples.ALL)
def test_title_picture_caption_and_numbers_stand_in_this_order(page, name):
    show(page, examples.ALL[name]())
    parts = [".attn-title", ".attn-plot svg", "figcaption", ".attn-numbers"]
    boxes = [page.locator(part).bounding_box() for part in parts]
    for above, below in itertools.pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"] + 1
    weight = "getComputedStyle(document.querySelector('figcaption')).fontWeight"
    assert page.evaluate(weight) == "400"


@pytest.mark.parametrize("name", examples.ALL)
def test_the_spoken_name_follows_when_the_slider_rests(page, name):
    box = examples.ALL[name]()
    show(page, box)
    picture = page.locator(".attn-plot svg")
    before = picture.get_attribute("aria-label")
    last = [n - 1 for n in box.view.spec["sizes"]]
    move(page, **{f"i{k}": i for k, i in enumerate(last)})
    said = f"{box.view.title}. {box.caption(*last)}"
    page.wait_for_function(
        "(said) => document.querySelector('.attn-plot svg').ariaLabel === said", arg=said
    )
    assert before != said


@pytest.mark.parametrize("name", examples.ALL)
def test_moving_keeps_the_nodes(page, name):
    box = examples.ALL[name]()
    show(page, box)
    page.evaluate("window.nodes = [...document.querySelectorAll('.attn-plot *')]")
    move(page, **{f"i{k}": n - 1 for k, n in enumerate(box.view.spec["sizes"])})
    now = "[...document.querySelectorAll('.attn-plot *')]"
    assert page.evaluate(f"{now}.length === nodes.length")
    assert page.evaluate(f"{now}.every((node, k) => node === nodes[k])")


def test_the_time_to_draw_is_recorded(page, record_property):
    """Script time of one move on a CPU slowed four times; noted, not judged."""
    slow = page.context.new_cdp_session(page)
    times = {}
    for name, make in examples.ALL.items():
        box = make()
        show(page, box)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        times[name] = page.evaluate(
            """async (n) => {
              const times = [];
              for (let k = 0; k < 60; k++) {
                await new Promise(requestAnimationFrame);
                const from = performance.now();
                model.set("i0", k % n);
                document.querySelector(".attn-plot svg").getBoundingClientRect();
                if (k >= 20) times.push(performance.now() - from);
              }
              return times.sort((a, b) => a - b)[37];
            }""",
            box.view.spec["sizes"][0],
        )
        slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    record_property("move_to_layout_ms_p95", json.dumps(times))
    print("milliseconds, 95th percentile, CPU slowed four times:", times)
    assert all(np.isfinite(list(times.values())))
