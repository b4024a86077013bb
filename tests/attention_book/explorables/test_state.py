"""What a sweep stores: results, facts, links, sizes, colours."""

import itertools
import json
import re
import struct

import numpy as np
import pytest
from ipywidgets.embed import embed_data

from attention_book import palette
from attention_book.explorables import Bars, Lines, state_size, sweep
from attention_book.explorables.captions import format_number
from attention_book.explorables.theme import mix, style_sheet, turning_point
from attention_book.explorables.ticks import nice_range, ticks
from tests.helpers import explorable_examples as examples
from tests.helpers.theme_helpers import contrast


def small(**options):
    return sweep(
        lambda a, b: [a, a * b],
        {"a": [1, 2, 3], "b": [0.5, 0.25]},
        view=Bars(categories=["x", "y"]),
        title="Small",
        caption="{a} {b} {product:.3f}",
        facts=lambda result, a, b: {"product": result[1]},
        **options,
    )


def test_results_are_whole_steps_in_grid_order():
    rows = [(a, a * b) for a, b in itertools.product([1, 2, 3], [0.5, 0.25])]
    box = small()
    size, bits, mantissa, decimals, lowest, prints, vary = box.view.spec["parts"][0]
    assert (size, bits, mantissa, decimals, prints, vary) == (2, 16, 1, 2, 2, 0)
    assert lowest == 25
    steps = [round(100 * v) - lowest for v in [*rows[0], *itertools.chain(*rows)]]
    assert box.view.data == struct.pack("<14H", *steps)


def test_numbers_that_never_vary_are_stored_once():
    box = sweep(
        lambda a: [7, a, 8],
        {"a": [1, 2]},
        view=Bars(categories=["x", "y", "z"]),
        title="",
        caption="",
    )
    assert box.view.spec["parts"] == [[3, 4, 1, 0, 1, 0, [1]]]  # 1 to 8 in four bits
    assert box.view.data == bytes([0x06, 0x07 | 0x00, 0x01])[:2] + bytes([0x01])


def test_captions_in_python():
    box = small()
    assert box.caption(2, 1) == "3 0.25 0.750"
    with pytest.raises(ValueError, match="expected 2, one per slider, got 1"):
        box.caption(0)


def test_start_sets_slider_and_view():
    box = small(start={"b": 0.25}, axis_labels={"a": "α"})
    assert [slider.index for slider in box.sliders] == [0, 1]
    assert (box.view.i0, box.view.i1) == (0, 1)
    assert box.sliders[0].description == "α"
    assert [link.source for link in box.links] == [(s, "index") for s in box.sliders]
    assert [link.target for link in box.links] == [(box.view, "i0"), (box.view, "i1")]


def test_facts_see_their_own_result_when_the_function_reuses_its_array():
    buffer = np.zeros(2)

    def function(a):
        buffer[:] = a
        return buffer

    box = sweep(
        function,
        {"a": [1, 2, 3]},
        view=Bars(categories=["x", "y"]),
        title="",
        caption="{first:.0f}",
        facts=lambda result, a: {"first": result[0]},
    )
    assert [box.caption(k) for k in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("start", [0.3, np.float32(0.3), 3e-1 + 1e-12])
def test_start_equals_an_axis_value_within_rounding(start):
    values = np.linspace(0, 1, 11)
    assert 0.3 not in values
    box = sweep(
        lambda s: [s, 1],
        {"s": values},
        view=Bars(categories=["x", "y"]),
        title="",
        caption="",
        start={"s": start},
    )
    assert box.view.i0 == 3


def test_repr_is_stable_and_short():
    assert repr(small()) == repr(small()) == "Interactive figure: Small (run this cell to move it)"
    assert repr(small().view) == "BarsView('Small')"


def test_state_size_counts_what_a_page_embeds():
    box = small()
    embedded = embed_data([box], drop_defaults=False)["manager_state"]["state"]
    ours = {box.model_id, box.view.model_id, *(s.model_id for s in box.sliders)}
    assert ours <= set(embedded)
    assert state_size(box) > sum(len(json.dumps(embedded[key])) for key in ours)


@pytest.mark.parametrize("name", examples.ALL)
def test_an_ordinary_figure_is_a_small_part_of_a_page(name):
    if name != "large_pattern":
        assert state_size(examples.ALL[name]()) < 29_000


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [(0.125, ".2f", "0.12"), (0.375, ".2f", "0.38"), (-0.001, ".2f", "0.00"), (0.5, ".0%", "50%")],
)
def test_formats(value, spec, text):
    assert format_number(value, spec) == text


def test_ticks_are_round_and_inside():
    assert ticks(0, 1) == [[pytest.approx(k / 5), f"{k / 5:.1f}"] for k in range(6)]
    assert [text for _, text in ticks(-3, 3, count=6)] == ["−3", "−2", "−1", "0", "1", "2", "3"]
    assert nice_range(0.03, 0.97) == pytest.approx((0, 1))
    low, high = nice_range(2, 2)
    assert low < 2 < high


def test_style_comes_from_the_palette():
    css = style_sheet()
    for colours in (palette.LIGHT, palette.DARK):
        for role, value in colours.items():
            assert f"--attn-{role}:{value}" in css
    others = re.sub(r"--attn-[a-z0-9]+:#[0-9a-f]+", "", css)
    assert re.findall(r"#[0-9a-f]{3,8}\b", others) == []


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["query", "key"])
def test_numbers_on_the_ramp_are_readable(colours, role):
    turn = turning_point(colours[role], colours["paper"])
    first, then = ("#000000", "#ffffff") if colours is palette.LIGHT else ("#ffffff", "#000000")
    for amount in np.linspace(0, 1, 101):
        cell = mix(colours[role], colours["paper"], amount)
        assert contrast(cell, first if amount < turn else then) >= 4.5


@pytest.mark.parametrize(("level", "at_bottom"), [(0.9, 1), (0.1, 0)])
def test_the_label_of_a_shaded_part_keeps_off_the_curves(level, at_bottom):
    view = Lines(x=[1, 2, 3], series=["s"], y_range=(0, 1), span=(1.2, 1.8, "part"))
    box = sweep(
        lambda a: [[level, level, 1 - level]], {"a": [1, 2]}, view=view, title="", caption=""
    )
    assert box.view.spec["span"] == [1.2, 1.8, "part", at_bottom]


def test_data_points_widen_a_range_that_is_not_given():
    view = Lines(x=[0, 1], series=["s"], points=np.array([[0.1, 1.0], [7.0, -3.0]]))
    box = sweep(lambda a: [[0, a]], {"a": [1, 2]}, view=view, title="", caption="")
    low, high = box.view.spec["y"]
    assert low <= -3 < 7 <= high
    assert box.view.spec["pts"] == [[0.1, 7.0], [1.0, -3.0]]


def test_facts_take_what_the_captions_print_of_them():
    """A share in whole per cent is one byte a grid point; what no caption prints is not stored."""
    shares = [k / 300 for k in range(101)]
    box = sweep(
        lambda k: [shares[k]],
        {"k": range(101)},
        view=Bars(categories=["share"]),
        title="Shares",
        caption="{share:.0%}, a {kind} one",
        facts=lambda result, k: {
            "share": result[0],
            "kind": "small" if k < 50 else "large",
            "unused": 1 / (k + 1),
        },
    )
    first_share, first_kind = 1, 1  # each part holds its first point once more
    assert len(box.view.facts) == (101 + first_share) + -(-(101 + first_kind) // 8)
    assert [box.caption(k) for k in (0, 100)] == ["0%, a small one", "33%, a large one"]


@pytest.mark.parametrize("make", [examples.stepper, examples.flow])
def test_steps_have_buttons_in_the_view_and_no_slider(make):
    box = make()
    assert len(box.view.spec["sizes"]) == 2
    assert [link.target for link in box.links] == [(box.view, "i1")]
    assert [type(child).__name__ for child in box.children[:-1]] == ["SelectionSlider"]
