"""Markup that the policy of a page refuses is rewritten, or named."""

import pytest

from attention_book.pipeline.policy import META, POLICY
from attention_book.sphinx_ext.content_policy import mended, refused
from attention_book.tables import table


def test_the_policy_names_no_host_and_nothing_inside_the_page():
    assert POLICY["default-src"] == "'none'"
    words = {word for sources in POLICY.values() for word in sources.split()}
    assert words <= {"'none'", "'self'", "file:", "blob:", "data:"}
    assert POLICY["script-src"] == "'self' file: blob:"
    assert "frame-ancestors" not in META  # no meta element may say it


def test_a_page_that_the_theme_has_not_made_names_the_policy_too():
    html = '<html><head><script src="a.js"></script></head></html>'
    assert mended(html) == f'<html><head>{META}<script src="a.js"></script></head></html>'


def test_the_print_button_loses_its_handler():
    html = f'{META}<button onclick="window.print()"\n class="x">'
    assert mended(html) == f'{META}<button\n class="x">'


def test_the_box_of_a_table_scrolls_by_the_style_sheet():
    html = table(["a"], [(1,)]).html()
    assert " style=" in html
    assert " style=" not in mended(f"{META}{html}")
    assert mended(f"{META}{html}").startswith(f'{META}<div class="table-box" role="group"')


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<script>alert(1)</script>", "a script inside the page"),
        ('<script type="module">x()</script>', "a script inside the page"),
        ("<style>p { color: red }</style>", "a style sheet inside the page"),
        ('<p class="x" onclick="x()">', "a handler of events inside the page"),
        ('<p style="color: red">', "a style attribute"),
    ],
)
def test_what_the_policy_refuses_is_named(html, problem):
    found = refused(f"<p>text</p>{html}")
    assert len(found) == 1
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    "html",
    [
        '<script src="a.js"></script>',
        '<script type="application/vnd.jupyter.widget-state+json">{}</script>',
        '<p class="style" title="style">',
        "<code>&lt;script&gt; onclick=&quot;x()&quot;</code>",
        '<p>on time="late"</p>',
    ],
)
def test_what_the_policy_allows_is_not_named(html):
    assert refused(html) == []
