"""A claim holds exactly when the printed number is the computed one."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_book.claims import MIME, ClaimError, check_claims, claim, claims
from attention_book.claims.printed import rounds_to


@pytest.mark.parametrize(
    ("value", "prints"),
    [
        (3.5, "3.5"),
        (3.4999, "3.50"),
        (0.97134, "97%"),
        (0.9713, "97.1%"),
        (0.88079, "0.881"),
        (1024, "1,024"),
        (1023.6, "1,024"),
        (-0.5, "-0.5"),
        (-0.5, "\u22120.5"),
        (2.04e-7, "2e-7"),
        (1.96e-7, "2.0e-7"),
        (0.125, "0.12"),  # half way: either way of rounding is right
        (0.125, "0.13"),
        (0.0, "0"),
        (1.0, "100%"),
        (np.float32(0.25), "0.25"),
        (np.array([7]), "7"),
        (np.int64(12), "12"),
        (0.615, "0.61"),  # half way: what Python prints, for in binary it lies a little below
        (0.615, "0.62"),
        (2**60, "1,152,921,504,606,846,976"),
        (2**60, "1.153e18"),
        (1e30, "1e30"),
    ],
)
def test_a_number_printed_right_holds(value, prints):
    assert claim("x", value, prints=prints).holds


@pytest.mark.parametrize(
    ("value", "prints"),
    [
        (3.56, "3.5"),
        (0.974, "98%"),
        (0.965 - 1e-9, "97%"),
        (0.8804, "0.881"),
        (0.97, "0.97%"),
        (97.0, "97%"),
        (1025, "1,024"),
        (0.5, "-0.5"),
        (2.6e-7, "2e-7"),
        (2e-7, "2e-6"),
        (0.004, "0.01"),
        (1e30, "1"),
        (1e30, "0.881"),
        (1e300, "2e-7"),
        (2**60 + 1, "1,152,921,504,606,846,976"),
    ],
)
def test_a_number_printed_wrong_does_not_hold(value, prints):
    assert not claim("x", value, prints=prints).holds


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_python_s_own_rounding_holds_and_the_next_number_does_not(value, digits):
    printed = f"{value:.{digits}f}"
    assert rounds_to(value, printed)
    assert not rounds_to(value, f"{float(printed) + 2 * 10.0**-digits:.{digits}f}")


def test_a_range_includes_its_ends():
    for value, holds in ((0.95, True), (0.97, True), (1.0, True), (0.9499, False), (1.001, False)):
        assert claim("x", value, between=(0.95, 1.0)).holds is holds


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"prints": "1", "between": (0, 1)}, ValueError, "exactly one of prints and between"),
        ({}, ValueError, "exactly one of prints and between"),
        ({"label": " ", "prints": "1"}, ValueError, "label: expected a text"),
        ({"label": 3, "prints": "1"}, ValueError, "label: expected a text"),
        ({"value": float("nan"), "prints": "1"}, ValueError, "expected a finite number, got nan"),
        ({"value": float("inf"), "between": (0, 1)}, ValueError, "finite number, got inf"),
        ({"value": "1", "prints": "1"}, TypeError, "expected one real number, got str"),
        ({"value": True, "prints": "1"}, TypeError, "expected one real number, got bool"),
        ({"value": 1j, "prints": "1"}, TypeError, "expected one real number, got complex"),
        ({"value": np.ones(2), "prints": "1"}, TypeError, "expected one real number, got ndarray"),
        ({"value": None, "prints": "1"}, TypeError, "expected one real number, got NoneType"),
        ({"prints": 3.5}, TypeError, "prints: expected the number as text, got float"),
        ({"prints": "about 3"}, ValueError, "prints: expected a number like"),
        ({"prints": "3."}, ValueError, "prints: expected a number like"),
        ({"prints": "10,24"}, ValueError, "prints: expected a number like"),
        ({"between": (1, 1)}, ValueError, "expected low < high"),
        ({"between": (2, 1)}, ValueError, "expected low < high"),
        ({"between": (0, float("nan"))}, ValueError, "between: expected a finite number"),
        ({"between": (0, 1, 2)}, TypeError, r"between: expected \(low, high\)"),
        ({"between": "01"}, TypeError, r"between: expected \(low, high\)"),
        ({"prints": "1", "covers": "95%"}, TypeError, "covers: expected a list of texts"),
        ({"between": (0, 2), "covers": ["many"]}, ValueError, "covers: expected a number like"),
        ({"between": (0, 2), "covers": ["about 3"]}, ValueError, "covers: expected a number like"),
        ({"prints": "1", "covers": ["nearly all"]}, ValueError, "covers: expected a number like"),
    ],
)
def test_bad_input_is_refused(arguments, error, message):
    given_arguments = {"label": "accuracy", "value": 1.0, **arguments}
    with pytest.raises(error, match=message):
        claim(given_arguments.pop("label"), given_arguments.pop("value"), **given_arguments)


def test_all_claims_that_fail_are_named_with_both_numbers():
    with pytest.raises(ClaimError) as caught:
        check_claims(
            claim("fine", 1, prints="1"),
            claim("first score", 1.25, prints="1.5"),
            claim("accuracy", 0.5, between=(0.95, 1)),
        )
    lines = str(caught.value).splitlines()
    assert lines == [
        "2 claim(s) do not hold:",
        "  first score: computed 1.25, the text says 1.5",
        "  accuracy: computed 0.5, the text says between 0.95 and 1",
    ]


def test_a_table_needs_claims_with_different_labels():
    with pytest.raises(ValueError, match="at least one claim"):
        check_claims()
    with pytest.raises(TypeError, match=r"expected claim\(...\), got float"):
        check_claims(0.5)
    with pytest.raises(ValueError, match="got twice: score"):
        check_claims(claim("score", 1, prints="1"), claim("score", 2, prints="2"))


def test_a_table_is_one_folded_line():
    table = check_claims(*(claim(f"number {k}", k, prints=str(k)) for k in range(13)))
    html = table._repr_mimebundle_()["text/html"]
    line = "<summary>All 13 numbers of this page were checked</summary>"
    assert html.startswith(f'<details class="checked">{line}<')
    assert html.count('<th scope="row">') == 13
    one = check_claims(claim("number", 1, prints="1"))._repr_mimebundle_()["text/html"]
    assert "<summary>One number was checked</summary>" in one


def test_a_range_covers_words_too():
    covers = ["nearly every step", "97%"]
    assert claim("x", 0.97, between=(0.95, 1.0), covers=covers).covers == tuple(covers)


def test_the_table_is_shown_and_read_by_the_lint():
    table = check_claims(
        claim("p < 1 & more", 0.123456, prints="0.12"),
        claim("accuracy", 0.98765432, between=(0.95, 1.0), covers=["95%", "1.0"]),
    )
    bundle = json.loads(json.dumps(table._repr_mimebundle_()))
    assert bundle["text/plain"].splitlines() == [
        "p < 1 & more | computed 0.123 | the text says 0.12",
        "accuracy | computed 0.988 | the text says between 0.95 and 1",
    ]
    html = bundle["text/html"]
    assert '<table class="claims"><caption>' in html
    assert html.count('scope="col"') == 3
    assert html.count('<th scope="row">') == 2
    assert "p &lt; 1 &amp; more" in html
    assert bundle[MIME]["claims"][1] == {
        "label": "accuracy",
        "value": "0.988",
        "prints": None,
        "between": ["0.95", "1"],
        "covers": ["95%", "1.0"],
    }


def test_a_tensor_of_one_element_is_a_number():
    torch = pytest.importorskip("torch")
    assert claim("x", torch.tensor(0.5), prints="0.5").holds
    assert claim("x", torch.tensor([2]), prints="2").holds
    with pytest.raises(TypeError, match="one real number"):
        claim("x", torch.tensor([1.0, 2.0]), prints="2")


def test_a_number_beyond_all_floats_is_named():
    with pytest.raises(ValueError, match="claim 'x': value: expected a number that fits a float"):
        claim("x", 10**400, prints="1")


def parts(made):
    return [(one.label, one.value, one.prints, one.between) for one in made]


def test_claims_over_a_list_are_numbered():
    made = claims("weights", np.array([[0.119], [0.881]]), "0.119 0.881")
    assert parts(made) == [
        ("weights, 1", 0.119, "0.119", None),
        ("weights, 2", 0.881, "0.881", None),
    ]


def test_claims_over_one_number_keep_the_label():
    assert parts(claims("score", 3.5, "3.5")) == [("score", 3.5, "3.5", None)]
    assert parts(claims("score", [3.5], ["3.5"])) == [("score", 3.5, "3.5", None)]


def test_claims_over_a_dict_are_named_by_its_keys():
    values = {("dot", 8): 0.5, ("concat", 16): 0.25}
    made = claims("{}, length {}", values, between=[(0, 1), (0.2, 0.3)], covers=["25%"])
    assert parts(made) == [
        ("dot, length 8", 0.5, None, (0, 1)),
        ("concat, length 16", 0.25, None, (0.2, 0.3)),
    ]
    assert [one.covers for one in made] == [("25%",)] * 2
    labels = [one.label for one in claims("width", {32: 1, 64: 2}, "1 2")]
    assert labels == ["width, 32", "width, 64"]


def test_one_range_holds_for_all():
    assert [one.between for one in claims("share", [0.1, 0.2], between=(0, 1))] == [(0, 1)] * 2


def test_lists_and_single_claims_stand_side_by_side():
    table = check_claims(claims("w", [1, 2], "1 2"), claim("z", 3, prints="3"))
    assert [one.label for one in table.claims] == ["w, 1", "w, 2", "z"]
    with pytest.raises(ClaimError, match=r"w, 2: computed 2\.0, the text says 3"):
        check_claims(claims("w", [1, 2], "1 3"))
    with pytest.raises(ValueError, match="at least one claim"):
        check_claims([])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prints": "1 2 3"}, r"claims 'w': prints must have 2 entries, got 3"),
        ({"between": [(0, 1)]}, r"claims 'w': between must have 2 entries, got 1"),
        ({}, "exactly one of prints and between"),
        ({"prints": "1 2", "between": (0, 1)}, "exactly one of prints and between"),
    ],
)
def test_claims_that_do_not_pair_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        claims("w", [1, 2], **arguments)
