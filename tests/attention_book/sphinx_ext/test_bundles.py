"""A page names one style sheet and one script where it named many, and nothing is lost."""

from pathlib import PurePosixPath

import pytest

from attention_book.sphinx_ext.bundles import Bundles

HEAD = """<link href="{up}_static/styles/theme.css" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="{up}_static/book.css?v=1" />
<link rel="icon" href="{up}_static/a.svg"/><script src="{up}_static/first.js"></script>
<script defer src="{up}_static/one.js?v=2"></script>
<script type="text/later" src="{up}_static/later.js"></script>
<script defer src="{up}_static/two.js"></script>
<script defer src="{up}_static/vendor/mathjax.js?v=3"></script>"""


@pytest.fixture
def site(tmp_path):
    static = tmp_path / "_static"
    (static / "styles").mkdir(parents=True)
    texts = {
        "basic.css": "p { color: red }",
        "styles/theme.css": '@charset "UTF-8"; @import "../basic.css";'
        'a { background: url("../fonts/x.woff2") } b { background: url(data:,) }',
        "book.css": "i { background: url(logo.svg) }",
        "one.js": "const one = 1;",
        "two.js": "const two = 2;",
    }
    for name, text in texts.items():
        (static / name).write_text(text, "utf8")
    return tmp_path


@pytest.mark.parametrize("folder", [".", "book/api"])
def test_one_sheet_and_one_script_stand_for_many(site, folder):
    up = "" if folder == "." else "../../"
    html = Bundles(site).bundled(HEAD.format(up=up), PurePosixPath(folder))
    sheets = sorted(path.name for path in (site / "_static").glob("page-*.css"))
    scripts = sorted(path.name for path in (site / "_static").glob("page-*.js"))
    assert [len(sheets), len(scripts)] == [1, 1]
    assert html.count("stylesheet") == 1
    assert f'href="{up}_static/{sheets[0]}"' in html
    assert html.count("<script defer") == 2
    assert html.index(f'<script defer src="{up}_static/{scripts[0]}">') < html.index("mathjax.js")
    for kept in ('rel="icon"', "first.js", 'type="text/later"', "mathjax.js?v=3"):
        assert kept in html


def test_pages_with_the_same_files_share_the_bundle(site):
    bundles = Bundles(site)
    bundles.bundled(HEAD.format(up=""), PurePosixPath("."))
    bundles.bundled(HEAD.format(up="../"), PurePosixPath("notebooks"))
    assert len(list((site / "_static").glob("page-*"))) == 2
    bundles.bundled(HEAD.format(up="").replace("two.js", "one.js"), PurePosixPath("."))
    assert len(list((site / "_static").glob("page-*"))) == 3


def test_files_stand_in_their_order_with_addresses_that_lead_where_they_did(site):
    Bundles(site).bundled(HEAD.format(up=""), PurePosixPath("."))
    css = next((site / "_static").glob("page-*.css")).read_text("utf8")
    js = next((site / "_static").glob("page-*.js")).read_text("utf8")
    assert js == "const one = 1;\nconst two = 2;"
    assert css.index("color: red") < css.index("x.woff2") < css.index("logo.svg")
    assert 'url("fonts/x.woff2")' in css
    assert "url(logo.svg)" in css
    assert "url(data:,)" in css
    assert "@import" not in css
    assert "@charset" not in css


def test_a_page_with_one_of_each_stays_as_it_is(site):
    html = '<link rel="stylesheet" href="_static/book.css" /><script defer src="_static/one.js">'
    assert Bundles(site).bundled(html, PurePosixPath(".")) == html
