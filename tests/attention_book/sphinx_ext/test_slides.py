"""The link from a main page to its slides."""

import pytest

from attention_book.sphinx_ext.slides import linked

LINE = '<p class="minutes">35 minutes; the exercises take 40 more.</p>'


def test_the_line_of_minutes_leads_to_the_slides():
    html = linked(f"<h1>Why?</h1>{LINE}<p>More.</p>", "02_two")
    assert html == (
        '<h1>Why?</h1><p class="minutes">35 minutes; the exercises take 40 more. '
        '<span class="deck"><a href="../slides/02_two.html">Slides</a></span></p><p>More.</p>'
    )


def test_a_page_without_this_line_is_named():
    with pytest.raises(ValueError, match="02_two: no line of minutes"):
        linked("<h1>Why?</h1>", "02_two")
