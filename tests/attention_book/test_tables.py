"""Tables say the same as HTML and as plain text, and let nothing through unescaped."""

import re

import numpy as np
import pytest

from attention_book.tables import compare, spread, table


def test_the_plain_text_stands_in_columns():
    rows = [(8, 0.987), (16, 0.5)]
    shown = table(["length", "right"], rows, numbers=".0%", caption="Both", note="N.")
    assert repr(shown).splitlines() == ["Both", "length  right", "8       99%", "16      50%", "N."]


def test_the_html_names_columns_and_rows():
    html = table(["length", "right"], [(8, 0.987)], numbers=".1%", caption="All").html()
    assert '<th scope="col">length</th><th scope="col">right</th>' in html
    assert '<tr><th scope="row">8</th><td>98.7%</td></tr>' in html
    assert "<caption>All</caption>" in html


def test_a_table_scrolls_in_its_own_box_that_the_keyboard_reaches():
    html = table(["a", ""], [(1, 2)], caption="By `x`").html()
    box = re.match(r"<div [^>]*>", html)[0]
    assert 'tabindex="0"' in box
    assert "overflow-x: auto" in box
    assert 'role="group"' in box
    assert 'aria-label="By x"' in box
    assert 'aria-label="a"' in table(["a", ""], [(1, 2)]).html()


def test_an_empty_head_is_no_header():
    assert "<thead><tr><td></td>" in table(["", "b"], [(1, 2)]).html()


def test_rows_without_a_name():
    assert "<tr><td>1</td><td>2</td></tr>" in table(["a", "b"], [(1, 2)], row_header=False).html()


def test_everything_is_escaped():
    shown = table(["<a>"], [("<b>",)], caption="<c>", note='`x < y` & "z"')
    assert re.findall("<[abc]>", shown.html()) == []
    assert "<p><code>x &lt; y</code> &amp; &quot;z&quot;</p>" in shown.html()
    assert shown.html().count("&lt;") == 5  # the caption also names the box


def test_formats_by_column_leave_whole_numbers_and_texts_alone():
    rows = [(1, 0.5, "x"), (np.int64(2), np.float32(0.25), 3)]
    shown = table(["a", "b", "c"], rows, numbers=["", ".1%", ".9f"])
    assert shown.rows == [["1", "50.0%", "x"], ["2", "25.0%", "3"]]


def test_arrays_stand_in_one_cell():
    assert table(["a"], [[np.array([0.5, 1.0])]], numbers=".0%").rows == [["50%, 100%"]]
    assert table(["a"], [[[np.float64(0.5), 2]]], numbers=".1f").rows == [["0.5, 2"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": [(1, 2), (1,)]}, r"rows\[1\] must have 2 entries, got 1"),
        ({"rows": [], "numbers": [".0%"]}, "numbers must have 2 entries, got 1"),
        ({"rows": [(1, 0.5)], "numbers": "wrong"}, "Invalid format specifier"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        table(["a", "b"], **options)


def test_ways_side_by_side():
    shown = compare({"by hand": {"w": [0.12345, 1.0]}, "NumPy": {"w": np.array([-0.00001, 2.0])}})
    assert shown.head == ["", "by hand", "NumPy"]
    assert shown.rows == [["w", "0.1235, 1.0000", "0.0000, 2.0000"]]  # no negative zero


def test_a_spread_in_words():
    assert spread(np.array([1.0, 2.0, 6.0]), ".1f") == "3.0 (1.0 to 6.0)"
