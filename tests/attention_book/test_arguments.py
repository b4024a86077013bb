"""A wrong argument of a picture, a table, a claim or an explorable is named, whatever it is."""

import inspect
import re
from fractions import Fraction
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pytest

from attention_book import claims, explorables, figures, studies, tables
from attention_book.diagrams import Arrow, Box, Diagram, Group, draw
from attention_book.explorables import Bars, Step
from tests.helpers.argument_sweep import BAD

DIAGRAM = Diagram(boxes=[Box("a", (0, 0)), Box("b", (0, 1))], arrows=[Arrow("a", "b")])
ROW = {"values": [0.1, 0.9], "categories": ["a", "b"]}
SWEEP = {
    "function": lambda a: [a],
    "axes": {"a": [1, 2]},
    "view": Bars(categories=["x"]),
    "title": "t",
    "caption": "c",
}
STEPS = [Step("", show=["m"]), Step("")]
CALLS = {
    figures.heatmap: {"matrix": [[0.1, 0.9]]},
    figures.bars: ROW,
    figures.lines: {"x": [1, 2], "series": {"a": [3, 4]}},
    figures.vectors_2d: {"vectors": {"q": (1.0, 2.0)}},
    figures.alignment: {"weights": [[0.1, 0.9]], "source": ["a", "b"], "target": ["B"]},
    draw: {"diagram": DIAGRAM},
    Box: {"name": "a", "at": (0, 0)},
    Arrow: {"start": "a", "end": "b"},
    Group: {"text": "a", "members": ["b"]},
    Diagram: {"boxes": [Box("a", (0, 0))]},
    tables.table: {"head": ["a"], "rows": [[1.5]]},
    tables.compare: {"columns": {"a": {"w": 1.5}}},
    tables.spread: {"values": np.array([0.5, 0.6])},
    claims.claim: {"label": "x", "value": 1.5, "prints": "1.5"},
    claims.claims: {"label": "x", "values": [1.5], "prints": "1.5"},
    studies.load: {"name": "bottleneck_length"},
    studies.Study.values: {
        "self": studies.load("bottleneck_length"),
        "quantity": "free",
    },
    explorables.sweep: SWEEP,
    Bars: {"categories": ["x"]},
    explorables.Lines: {"x": [1, 2], "series": ["a"]},
    explorables.HeatMap: {"rows": ["x"], "columns": ["y"]},
    explorables.Vectors: {"points": ["p"]},
    explorables.Stepper: {"layout": [["m"]], "steps": STEPS},
    explorables.Flow: {"diagram": DIAGRAM, "steps": [Step("a"), Step("b")]},
    explorables.Pattern: {"size": (2, 3)},
    explorables.Guess: {"question": "q", "at": "a", "series": "s"},
    Step: {"text": "x"},
}
WRONG = {**BAD, "a number": 3, "a dict": {"a": 1}, "a list too large": [10**400], "mixed": ["a", 2]}
# Names for the same thing: what a claim is about, and what has as many entries as a head or a row.
ALSO = {
    ("claims", "values"): "value|prints",
    ("table", "head"): "rows",
    ("bars", "values"): "categories",
    ("HeatMap", "per"): "rows",
}


def fault(function, given, argument, label):
    """What is wrong with how the function takes the value, in words; "" if nothing is."""
    try:
        repr(function(**{**given, argument: WRONG[label]}))
    except (TypeError, ValueError) as error:
        names = f"{argument}|{ALSO.get((function.__name__, argument), argument)}"
        named = re.search(rf"(?<![A-Za-z])({names})", str(error))
        return "" if named else f"{argument}={label}: {type(error).__name__}: {error}"
    except Exception as error:
        return f"{argument}={label}: {type(error).__name__}: {error}"
    finally:
        plt.close("all")
    return f"{argument}={label}: it is taken" if label == "useless" else ""


@pytest.mark.whole
@pytest.mark.parametrize("function", CALLS, ids=lambda one: one.__qualname__)
def test_a_wrong_argument_is_named(function):
    parameters = inspect.signature(function).parameters.values()
    taken = [one for one in parameters if one.kind is not one.VAR_KEYWORD and one.name != "self"]
    found = [
        words
        for one, label in product(taken, WRONG)
        if label != "none" or one.default is not None
        if (words := fault(function, CALLS[function], one.name, label))
    ]
    assert not found, "\n".join(found)


def test_every_picture_is_swept():
    for part in (explorables, claims):
        public = {name for name in part.__all__ if name not in ("Claim", "ClaimError")}
        swept = {one.__name__ for one in CALLS}
        assert public - swept <= {"ClaimsTable", "check_claims", "state_size"}


@pytest.mark.parametrize("item", [None, Fraction(1, 2), "claim", [[claims.claim]]])
def test_what_is_no_claim_is_named(item):
    with pytest.raises(TypeError, match=r"claims: expected claim\(\.\.\.\), got"):
        claims.check_claims(item)


def test_numbers_without_a_mean_are_named():
    for values in (None, [], [[1], [2, 3]], [1j], "0.5", [np.nan]):
        with pytest.raises((TypeError, ValueError), match=r"^values must"):
            tables.spread(values)


def test_a_spread_of_rows_is_that_of_all_numbers():
    assert tables.spread(np.array([[0.25, 0.5], [0.75, 1.0]])) == "62% (25% to 100%)"


def test_a_column_without_a_quantity_is_named():
    with pytest.raises(ValueError, match=r"columns\['b'\] must have the quantities \['w'\]"):
        tables.compare({"a": {"w": 1.0}, "b": {"v": 1.0}})


def test_a_refused_picture_leaves_no_figure_behind():
    before = plt.get_fignums()
    for wrong in ({"title": 3}, {"ax": "text"}, {"categories": ["a"]}):
        with pytest.raises((TypeError, ValueError)):
            figures.bars(**{**ROW, **wrong})
    assert plt.get_fignums() == before
