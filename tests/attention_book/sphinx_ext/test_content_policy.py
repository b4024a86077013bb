"""Markup that the policy of a page refuses is rewritten, or named."""

import pytest

from attention_book.pipeline.policy import META, POLICY
from attention_book.sphinx_ext.content_policy import mended, refused


def test_the_policy_names_no_host_and_nothing_inside_the_page():
    assert POLICY["default-src"] == "'none'"
    words = {word for sources in POLICY.values() for word in sources.split()}
    assert words <= {"'none'", "'self'", "file:", "blob:", "data:", "'unsafe-inline'"}
    loose = [name for name, sources in POLICY.items() if "unsafe" in sources]
    assert loose == ["style-src-attr"]
    assert POLICY["script-src"] == "'self' file: blob:"
    assert "frame-ancestors" not in META  # no meta element may say it


def test_scripts_wait_for_the_text_but_that_of_the_colours():
    html = f'{META}<script src="a.js"></script><script defer="defer" src="b.js"></script>'
    assert '<script defer src="a.js">' in mended(html)
    assert mended(html).endswith('<script defer="defer" src="b.js"></script>')
    colours = f'{META}<script src="../_static/colour-mode.js"></script>'
    assert mended(colours) == colours


def test_a_page_that_the_theme_has_not_made_names_the_policy_too():
    html = '<html><head><script src="a.js"></script></head></html>'
    assert mended(html) == f'<html><head>{META}<script src="a.js"></script></head></html>'


def test_the_print_button_loses_its_handler():
    html = f'{META}<button onclick="window.print()"\n class="x">'
    assert mended(html) == f'{META}<button\n class="x">'


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<script>alert(1)</script>", "a script inside the page"),
        ('<script type="module">x()</script>', "a script inside the page"),
        ("<style>p { color: red }</style>", "a style sheet inside the page"),
        ('<p class="x" onclick="x()">', "a handler of events inside the page"),
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
        '<p style="color: red">',
        "<code>&lt;script&gt; onclick=&quot;x()&quot;</code>",
        '<p>on time="late"</p>',
    ],
)
def test_what_the_policy_allows_is_not_named(html):
    assert refused(html) == []
