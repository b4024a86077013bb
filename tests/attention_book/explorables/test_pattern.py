"""A pattern: few nodes, each cell where and as strong as its number, marks and frames in place."""

import re

import numpy as np
import pytest

from attention_book import palette
from tests.helpers import explorable_examples as examples
from tests.helpers.explorable_numbers import result_at
from tests.helpers.explorable_page import move, show

NAMES = ["mask_pattern", "word_pattern", "large_pattern"]
STROKE = re.compile(r"M(\d+) (\d+)\.5h(\d+)")


def layers(page, size):
    """The number of the layer that covers each cell, read from the paths; 0 is paper."""
    found = np.zeros(size, dtype=int)
    paths = page.locator("g[transform] > path.attn-fill").evaluate_all(
        "(all) => all.map((path) => path.getAttribute('d') || '')"
    )
    for k, text in enumerate(paths):
        strokes = STROKE.findall(text)
        assert "".join(f"M{j} {i}.5h{n}" for j, i, n in strokes) == text
        for j, i, n in np.array(strokes, dtype=int).reshape(-1, 3):
            assert (found[i, j : j + n] == 0).all()
            found[i, j : j + n] = k
    return found


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_drawn_as_their_numbers(page, name):
    box = examples.ALL[name]()
    spec = box.view.spec
    rows, columns = spec["size"]
    show(page, box)
    for at in ([0] * len(spec["sizes"]), [n - 1 for n in spec["sizes"]]):
        move(page, **{f"i{k}": i for k, i in enumerate(at)})
        values = result_at(box, at)[: rows * columns].reshape(rows, columns)
        seen = layers(page, (rows, columns))
        if spec["levels"]:
            np.testing.assert_array_equal(seen, values)
        else:
            np.testing.assert_array_equal(seen > 0, values > 0)
            near = np.where(values > 0, np.maximum(values / spec["top"], 1 / 20), 0)
            np.testing.assert_allclose(seen / 20, near, atol=1 / 40 + 1e-9)


def test_a_large_pattern_has_few_nodes(page):
    show(page, examples.large_pattern())
    assert page.locator(".attn-plot *").count() < 100


def test_marks_outline_the_true_cells(page):
    box = examples.word_pattern()
    show(page, box)
    text = page.locator("path.attn-truth").get_attribute("d")
    corners = np.array(re.findall(r"M([\d.]+) ([\d.]+)h", text), dtype=float)
    np.testing.assert_array_equal(np.floor(corners), [[k, k] for k in range(5)])
    assert page.locator(".attn-plot").get_by_text("true alignment", exact=True).count() == 1


@pytest.mark.parametrize(
    ("name", "axis", "attribute", "places"),
    [("word_pattern", "i1", "y", range(6)), ("large_pattern", "i1", "x", [0, 21, 42, 63])],
)
def test_the_frame_follows_its_axis(page, name, axis, attribute, places):
    show(page, examples.ALL[name]())
    for i, place in enumerate(places):
        move(page, **{axis: i})
        for frame in page.locator(".attn-pick").all():
            assert float(frame.get_attribute(attribute)) == place


def test_few_tokens_are_all_named_and_many_positions_are_counted(page):
    show(page, examples.word_pattern())
    texts = page.locator(".attn-plot text").all_text_contents()
    assert {*examples.WORDS, "la", "maison", "keys", "queries"} <= set(texts)
    show(page, examples.large_pattern())
    texts = page.locator(".attn-plot text.attn-small").all_text_contents()
    assert texts == [str(k) for k in range(0, 64, 8)] * 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_levels_have_the_colours_of_the_palette(page, theme):
    show(page, examples.mask_pattern(), theme=theme)
    colours = palette.LIGHT if theme == "light" else palette.DARK
    found = page.locator("g[transform] > path.attn-fill").evaluate_all(
        "(all) => all.map((path) => getComputedStyle(path).getPropertyValue('--c').trim())"
    )
    assert found[1:] == [colours["query"], colours["key"]]
