"""Bad use of sweep raises, with a message that names what is wrong."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from attention_book.diagrams import Arrow, Box, Diagram
from attention_book.explorables import (
    Bars,
    Flow,
    HeatMap,
    Lines,
    Pattern,
    Step,
    Stepper,
    Vectors,
    sweep,
)

AXES = {"a": [1, 2, 3]}
TWO_BARS = Bars(categories=["x", "y"])


def build(function=lambda a: [a, 1.0], axes=AXES, *, view=TWO_BARS, caption="At {a}.", **options):
    return sweep(function, axes, view=view, title="Title", caption=caption, **options)


def step_view(*steps, **options):
    return Stepper(layout=[["m"]], steps=steps or [Step("one", show=["m"]), Step("two")], **options)


def flow_view(*steps):
    two = Diagram(boxes=[Box("a", (0, 0)), Box("b", (0, 1))], arrows=[Arrow("a", "b")])
    return Flow(diagram=two, steps=steps or [Step("one"), Step("two", highlight=["a -> b"])])


def test_ragged_result_names_the_grid_point():
    with pytest.raises(ValueError, match=r"at a=2 has shape \(3,\); expected \(2,\)"):
        build(lambda a: [0.0] * (3 if a == 2 else 2))
    with pytest.raises(ValueError, match="at a=3 is not a regular array"):
        build(lambda a: [[1], [1, 2]] if a == 3 else [0, 0])


def test_stepper_shapes_must_agree():
    with pytest.raises(ValueError, match=r"ragged results: at a=2 .*\(2, 1\).*at a=1 .*\(1, 1\)"):
        build(lambda a: {"m": np.ones((a, 1))}, view=step_view())
    with pytest.raises(ValueError, match=r"has the matrices \['n'\]; the layout has \['m'\]"):
        build(lambda a: {"n": np.ones((1, 1))}, view=step_view())
    with pytest.raises(TypeError, match="must be a dict of matrices"):
        build(lambda a: np.ones((1, 1)), view=step_view())
    with pytest.raises(ValueError, match=r"matrix 'm' at a=1 has shape \(2,\)"):
        build(lambda a: {"m": [1, 2]}, view=step_view())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_must_be_finite(bad):
    with pytest.raises(ValueError, match=r"at a=3 holds .* at index \(1,\)"):
        build(lambda a: [1, bad if a == 3 else 0])


@pytest.mark.parametrize(
    ("axes", "error", "message"),
    [
        ({"a": [1]}, ValueError, "'a' needs at least 2 values, got 1"),
        ({"a": [1, 2, 1]}, ValueError, "'a' holds the value 1 more than once"),
        ({"a": [0.1, 0.1 + 1e-12]}, ValueError, "'a' holds the value 0.1 more than once"),
        ({"a": [1, "x"]}, TypeError, "numbers only or strings only"),
        ({"a": [True, False]}, TypeError, "numbers only or strings only"),
        ({"a": [1.0, np.nan]}, ValueError, "'a' holds a value that is not finite"),
        ({"a": "xyz"}, TypeError, "'a' must be a sequence"),
        ({"a": 3}, TypeError, "'a' must be a sequence"),
        ({"a b": [1, 2]}, ValueError, "must be a Python identifier"),
        ([("a", [1, 2])], TypeError, "axes: expected a dict"),
        ({}, ValueError, "expected 1 to 5 sliders, got 0"),
        ({name: [1, 2] for name in "abcdef"}, ValueError, "expected 1 to 5 sliders, got 6"),
    ],
)
def test_axes(axes, error, message):
    with pytest.raises(error, match=message):
        build(lambda **values: [1, 2], axes, caption="")


class NeedsGradient:
    """What a torch tensor that requires grad does when NumPy asks for its numbers."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().")


def test_arguments_of_another_kind_are_named():
    with pytest.raises(TypeError, match="function: expected something to call, got list"):
        build([1, 2])
    with pytest.raises(TypeError, match="facts: expected something to call, got dict"):
        build(facts={"f": 1})
    for view in (TWO_BARS, step_view()):
        with pytest.raises(TypeError, match="start: expected a dict from name to value, got int"):
            build(view=view, start=2)
        with pytest.raises(TypeError, match=r"axis_labels: expected a dict from name .*got str"):
            build(view=view, axis_labels="a")


def test_results_that_are_not_numbers():
    with pytest.raises(TypeError, match=r"at a=1 is a NeedsGradient .*requires grad"):
        build(lambda a: NeedsGradient())
    with pytest.raises(TypeError, match="at a=2 holds text; expected numbers"):
        build(lambda a: ["1", 2] if a == 2 else [1, 2])
    with pytest.raises(TypeError, match="at a=1 holds text; expected numbers"):
        build(lambda a: np.array(["1", 2], dtype=object))
    with pytest.raises(TypeError, match=r"points: the result points\[1\] holds text"):
        Lines(x=[1, 2], series=["s"], points=([1.5], ["1"]))


def test_a_torch_result_that_requires_grad():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"at a=1 is a Tensor .*requires grad"):
        build(lambda a: torch.ones(2, requires_grad=True))


def test_a_fact_may_not_hide_an_axis():
    with pytest.raises(ValueError, match="facts: 'a' is the name of an axis"):
        build(facts=lambda result, a: {"a": 2 * a})
    with pytest.raises(ValueError, match="facts: 'step' is the name of an axis"):
        build(lambda a: {"m": [[a]]}, view=step_view(), facts=lambda result, a: {"step": a})


def test_options_of_axes():
    with pytest.raises(ValueError, match="start: a=4 is not on the axis; its values are 1, 2, 3"):
        build(start={"a": 4})
    with pytest.raises(ValueError, match="start: 'b' is not an axis"):
        build(start={"b": 1})
    with pytest.raises(ValueError, match="axis_labels: 'b' is not an axis"):
        build(axis_labels={"b": "B"})
    with pytest.raises(TypeError, match=r"axis_labels\['a'\]: expected text, got int"):
        build(axis_labels={"a": 1})
    with pytest.raises(TypeError, match="title: expected text"):
        sweep(lambda a: [1, 2], AXES, view=TWO_BARS, title=3, caption="")
    with pytest.raises(
        TypeError,
        match="view: expected one of Bars, Flow, HeatMap, Lines, Pattern, Stepper, Vectors",
    ):
        build(view="bars")


@pytest.mark.parametrize(
    ("caption", "message"),
    [
        ("{nothing}", r"unknown field \{nothing\}; the fields are: a, f, n, t"),
        ("{}", r"unknown field \{\}"),
        ("{f.real:.2f}", "unknown field"),
        ("{f}", r"\{f\} is not a whole number everywhere"),
        ("{f:d}", "is not a whole number everywhere"),
        ("{f:.2e}", r"the format must be none, d, .Nf or .N%"),
        ("{f:8.2f}", "the format must be"),
        ("{f:.9f}", "N up to 6"),
        ("{t:.2f}", "is text and takes no format"),
        ("{n!r}", "conversion !r"),
        ("{n", "not a format template"),
    ],
)
def test_captions(caption, message):
    with pytest.raises(ValueError, match="caption: .*" + message):
        build(caption=caption, facts=lambda r, a: {"f": a / 3, "n": a, "t": "text"})


@pytest.mark.parametrize(
    ("fact", "error", "message"),
    [
        (lambda a: {"f": a} if a < 3 else {"g": a}, ValueError, r"names at a=3 are \['g'\]"),
        (lambda a: a, TypeError, "facts: expected a dict at a=1, got int"),
        (lambda a: {"f": a if a < 3 else "x"}, TypeError, "text at some grid points"),
        (lambda a: {"f": float("nan")}, ValueError, "'f' at a=1 must be finite"),
        (lambda a: {"f": [1]}, TypeError, "'f' at a=1 must be a number or text"),
        (lambda a: {"f": True}, TypeError, "must be a number or text"),
        (lambda a: {"f": "x" * 81}, ValueError, "longer than 80 characters"),
        (lambda a: {"f": 2**24 + 1}, ValueError, "integers that float32 cannot hold"),
    ],
)
def test_facts(fact, error, message):
    with pytest.raises(error, match=message):
        build(facts=lambda result, a: fact(a))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: HeatMap(rows=["a", 2], columns=["b"]), TypeError, r"rows\[1\]: expected text"),
        (lambda: HeatMap(rows="ab", columns=["b"]), TypeError, "rows: expected a list of texts"),
        (lambda: HeatMap(rows=["a"], columns=[]), ValueError, "columns: expected at least one"),
        (lambda: HeatMap(rows=["a"], columns=["b"], value_range=(1, 0)), ValueError, "value_range"),
        (lambda: Bars(categories=["a"], y_range=(1, 2)), ValueError, "must hold zero"),
        (lambda: Bars(categories=["a"], series=list("abcde")), ValueError, "at most 4, got 5"),
        (lambda: Lines(x=[1, 1], series=["s"]), ValueError, "x: expected at least 2 rising"),
        (lambda: Lines(x=[0, 1], series=["s"], log_x=True), ValueError, "positive numbers, got 0"),
        (lambda: Lines(x=[0, 1], series=["s", "s"]), ValueError, "expected different texts"),
        (lambda: Vectors(points=["p"], roles={"q": "query"}), ValueError, "roles: 'q' is not"),
        (lambda: Vectors(points=["p"], roles={"p": "red"}), ValueError, r"roles\['p'\]: expected"),
        (lambda: Vectors(points=["p"], drag={"p": ("a", "a")}), ValueError, "expected two axis"),
        (lambda: Vectors(points=["p"], limits=(1, 2)), ValueError, "must hold zero"),
        (lambda: Stepper(layout=["m"], steps=[]), TypeError, "layout: expected a list of lists"),
        (lambda: step_view(Step("one")), ValueError, "steps: expected at least 2"),
        (lambda: step_view(labels={"x": "X"}), ValueError, "labels: 'x' is not in the layout"),
        (lambda: step_view(Step("", show=["x"]), Step("")), ValueError, r"steps\[0\].show: 'x'"),
        (lambda: Step("", show="m"), TypeError, "show: expected a list"),
        (lambda: Step("", highlight="m"), TypeError, "highlight: expected a dict or a list"),
        (
            lambda: step_view(Step("", show=["m"], highlight=["m"]), Step("")),
            TypeError,
            r"steps\[0\].highlight: expected a dict from name to cells",
        ),
        (lambda: Flow(diagram=[], steps=[]), TypeError, "diagram: expected a Diagram, got list"),
        (lambda: flow_view(Step("one")), ValueError, "steps: expected at least 2"),
        (lambda: flow_view(Step("", highlight=["c"]), Step("")), ValueError, "'c' is no box"),
        (lambda: flow_view(Step("", show=["a"]), Step("")), ValueError, r"steps\[0\].show: a Flow"),
        (lambda: Pattern(size=(0, 3)), ValueError, r"size: expected \(R, C\), both from 1 to 64"),
        (lambda: Pattern(size=(65, 3)), ValueError, "size: expected"),
        (lambda: Pattern(size=(2, 3), levels=["one"]), ValueError, "levels: expected 2 to 5"),
        (lambda: Pattern(size=(2, 3), rows=["a"]), ValueError, "rows: expected 2 texts as size"),
        (lambda: Pattern(size=(2, 3), marks=1), TypeError, "marks: expected text"),
    ],
)
def test_views(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        ([1, 2], TypeError, "must be a dict from boxes and arrows to numbers, got list"),
        ({"c": 1}, ValueError, "'c' in the result at a=1 is no box and no arrow"),
        ({"a": np.ones((2, 2))}, ValueError, r"'a' at a=1 has shape \(2, 2\)"),
        ({"a": np.ones(13)}, ValueError, r"'a' at a=1 has shape \(13,\)"),
        ({"a -> b": [0.5]}, ValueError, r"'a -> b' at a=1 has shape \(1,\)"),
        ({"a -> b": 1.5}, ValueError, "strength: .* does not hold the value 1.5"),
        ({"a": np.nan}, ValueError, "'a', holds nan"),
    ],
)
def test_results_of_a_flow(result, error, message):
    with pytest.raises(error, match=message):
        build(lambda a: result, view=flow_view())


def test_a_flow_has_the_same_names_everywhere():
    with pytest.raises(ValueError, match=r"ragged results: at a=2 .*\{'a': \(\)\}.*at a=1 \{\}"):
        build(lambda a: {"a": 1.0} if a == 2 else {}, view=flow_view())


@pytest.mark.parametrize(
    ("options", "result", "error", "message"),
    [
        ({}, np.ones((2, 2)), ValueError, r"at a=1 has shape \(2, 2\); expected \(2, 3\)"),
        ({}, -np.ones((2, 3)), ValueError, "at a=1 holds -1; expected >= 0"),
        ({"levels": ["no", "yes"]}, 2 * np.ones((2, 3)), ValueError, "levels from 0 to 1"),
        ({"levels": ["no", "yes"]}, np.full((2, 3), 0.5), ValueError, "holds 0.5"),
        ({"marks": "truth"}, np.ones((2, 3)), TypeError, "must be a pair"),
        (
            {"marks": "truth"},
            (np.ones((2, 3)), np.ones((2, 3))),
            TypeError,
            "expected truth values",
        ),
        ({"marks": "t"}, (np.ones((2, 3)), np.ones(3, bool)), ValueError, r"\(marks\) has shape"),
        ({"row": "a"}, np.ones((2, 3)), ValueError, "row: a=2 is not a position; expected 0 to 1"),
        ({"column": "b"}, np.ones((2, 3)), ValueError, "column: 'b' is not an axis"),
    ],
)
def test_results_of_a_pattern(options, result, error, message):
    with pytest.raises(error, match=message):
        build(lambda a: result, view=Pattern(size=(2, 3), **options))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"span": (4, 16)}, TypeError, r"span: expected \(low, high, label\), got \(4, 16\)"),
        ({"span": (4, 16, 3)}, TypeError, r"span\[2\]: expected text, got int"),
        ({"span": (0, 16, "s")}, ValueError, "span: expected low < high, both from 1 to 20"),
        ({"span": (4, 21, "s")}, ValueError, "span: expected low < high, both from 1 to 20"),
        ({"span": (5, 5, "s")}, ValueError, "span: expected low < high"),
        ({"span": (1, np.nan, "s")}, ValueError, "span: .* holds nan"),
        ({"points": 3}, TypeError, r"points: expected two sequences \(x, y\), got 3"),
        ({"points": ([1, 2],)}, TypeError, "points: expected two sequences"),
        ({"points": ([1, 2], [1])}, ValueError, r"same length.* \(2,\) and \(1,\)"),
        ({"points": ([], [])}, ValueError, "1 to 200 numbers"),
        ({"points": ([2] * 201, [0] * 201)}, ValueError, r"1 to 200 numbers.*\(201,\)"),
        ({"points": ([2], [np.inf])}, ValueError, "points: .* holds inf at index"),
        (
            {"points": ([0.5], [0])},
            ValueError,
            r"points\[0\]: .* from 1 to 20 .*got 0.5",
        ),
        ({"points": ([2], [3])}, ValueError, r"points\[1\]: expected numbers from -1 to 1 .*got 3"),
    ],
)
def test_shaded_part_and_data_of_lines(options, error, message):
    with pytest.raises(error, match=message):
        Lines(x=[1, 20], series=["s"], y_range=(-1, 1), **options)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("row 2", "'row 2' is outside of a matrix of shape"),
        ("col 0", "expected 'all', 'row i'"),
        ([(0, 3)], r"cell \(0, 3\) is outside"),
    ],
)
def test_highlights(mark, message):
    with pytest.raises(ValueError, match=message):
        build(
            lambda a: {"m": np.ones((2, 3))},
            view=step_view(Step("", show=["m"], highlight={"m": mark}), Step("")),
        )


def test_highlight_of_a_hidden_matrix():
    with pytest.raises(ValueError, match="'m' is not shown yet"):
        build(
            lambda a: {"m": np.ones((1, 1))},
            view=step_view(Step("", highlight={"m": "all"}), Step("", show=["m"])),
        )


def test_results_that_would_leave_the_picture():
    with pytest.raises(ValueError, match=r"y_range: \(0, 2\) does not hold the value 3 .* at a=3"):
        build(view=Bars(categories=["x", "y"], y_range=(0, 2)))
    with pytest.raises(ValueError, match=r"strength: .* does not hold the value 2"):
        build(lambda a: [[0, 0, 2]], view=Vectors(points=["p"]))
    with pytest.raises(ValueError, match=r"drag\['p'\]: the point must lie at its axes"):
        build(
            lambda a, b: [[b, a, 1]],
            {"a": [0, 1], "b": [0, 1]},
            view=Vectors(points=["p"], drag={"p": ("a", "b")}),
        )
    with pytest.raises(ValueError, match="mark: a=3 lies outside of x, 1 to 2"):
        build(lambda a: [[0, 0]], view=Lines(x=[1, 2], series=["s"], mark="a"))
    with pytest.raises(ValueError, match="mark: 'z' is not an axis"):
        build(lambda a: [[0, 0]], view=Lines(x=[1, 9], series=["s"], mark="z"))


def test_step_axis_is_reserved():
    with pytest.raises(ValueError, match="the name 'step' belongs"):
        build(lambda step: {}, {"step": [1, 2]}, view=step_view(), caption="")
    with pytest.raises(ValueError, match="step=9 is not a step; the steps are 1 to 2"):
        build(lambda a: {"m": [[1.0]]}, view=step_view(), start={"step": 9})


def test_too_much_state_says_what_is_large():
    names = [str(k) for k in range(20)]
    with pytest.raises(
        ValueError, match=r"KB, above the limit of 150 KB; a \(100\) x b \(3\)"
    ) as e:
        build(
            lambda a, b: np.full((20, 20), a * b),
            {"a": list(range(100)), "b": list(range(3))},
            view=HeatMap(rows=names, columns=names),
        )
    assert "use fewer values on the axis 'a' or a smaller picture" in str(e.value)
    assert "300 grid points of 400 numbers (400 in 8 bits, steps of 1)" in str(e.value)


def test_a_hopeless_grid_is_refused_before_any_computation():
    def never(a, b):
        raise AssertionError("called")

    with pytest.raises(ValueError, match=r"a \(3000\) x b \(400\) = 1200000 grid points"):
        build(never, {"a": list(range(3000)), "b": list(range(400))})


def test_more_digits_than_float32_holds_are_refused():
    large = {"caption": "{f:.3f}", "facts": lambda result, a: {"f": np.exp(2.0 + 4 * a)}}
    with pytest.raises(ValueError, match=r"\{f:.3f\} reaches 1.2026e\+06, and float32 does not"):
        build(**large)
    build(**large | {"caption": "{f:.0f}"})
    share = {"caption": "{f:.6%}", "facts": lambda result, a: {"f": a / 3}}
    with pytest.raises(ValueError, match="float32 does not hold that many digits"):
        build(**share)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per": "b"}, r"per: 'b' is not an axis; the axes are \['a'\]"),
        ({"per": "a", "rows": [["x"], ["y"]]}, "rows: expected 3 lists, one for each"),
        ({"per": "a", "columns": [["x"], ["y"], []]}, "columns: expected at least one text"),
        (
            {"per": "a", "columns": [["x"], ["y"], ["z", "z"]]},
            "columns: expected lists of the same",
        ),
    ],
)
def test_words_that_go_with_a_slider(options, message):
    words = {"rows": [["x"]] * 3, "columns": [["y"]] * 3}
    with pytest.raises(ValueError, match=message):
        build(lambda a: [[a]], view=HeatMap(**{**words, **options}))


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([Fraction(1, 2), 1], TypeError, "'a' must hold ints and floats"),
        ([Decimal("0.5"), 1], TypeError, "'a' must hold ints and floats"),
        ([10**400, 1], ValueError, "'a' holds a value that is not finite or too large for a float"),
        (
            [10**5000, 1],
            ValueError,
            "'a' holds a value that is not finite or too large for a float",
        ),
    ],
)
def test_numbers_that_no_slider_can_hold_are_named(values, error, message):
    with pytest.raises(error, match=message):
        sweep(lambda a: [1], {"a": values}, view=Bars(categories=["x"]), title="t", caption="c")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "None"),
        ([None], "None"),
        ([1j], "complex numbers"),
        ([10**400], "not a regular array"),
    ],
)
def test_what_a_function_may_not_return_is_named(result, message):
    bars = Bars(categories=["x"])
    with pytest.raises((TypeError, ValueError), match=f"function: the result at a=1 .*{message}"):
        sweep(lambda a: result, {"a": [1, 2]}, view=bars, title="t", caption="c")
