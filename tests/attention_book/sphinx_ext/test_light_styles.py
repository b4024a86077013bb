"""Rules that select nothing leave the theme's sheets, and no other rule does."""

import pytest

from attention_book.sphinx_ext.light_styles import classes_of, lightened, selects

USED = {"card", "on"}


@pytest.mark.parametrize(
    ("selector", "kept"),
    [
        ("p", True),
        (".card", True),
        (".card.on > p", True),
        (".card.off", False),
        (".carousel p", False),
        ("p:not(.carousel)", True),
        ("p:not(:is(.carousel, .off)) .card", True),
        ("p:not(.on) .off", False),
        ('[class*=".off"]', True),
        ("#off", True),
    ],
)
def test_a_selector_is_kept_if_all_its_classes_are_used(selector, kept):
    assert selects(selector, USED) is kept


def test_of_a_list_of_selectors_those_in_use_stay():
    assert lightened(".off, .card , p{color:red}", USED) == ".card,p{color:red}"


def test_rules_within_rules_are_looked_at_too():
    css = "@media print{.off{top:0}.card{top:1px}}@media screen{.off{top:0}}"
    assert lightened(css, USED) == "@media print{.card{top:1px}}"


@pytest.mark.parametrize(
    "css",
    [
        '@font-face{font-family:"x";src:url(../a.woff2)}',
        "@keyframes turn{from{top:0}to{top:1px}}",
        ":root{--off: .off}",
        'p:before{content:".off, {x}"}',
    ],
)
def test_everything_else_stays_as_it_is(css):
    assert lightened(css, USED) == css


def test_classes_come_from_pages_from_their_stored_data_and_from_scripts(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "page.html").write_text(
        '<p class="one two">three</p><script type="application/json">{"a": "four"}</script>'
    )
    (tmp_path / "_static" / "own.js").write_text('node.classList.add("five")')
    (tmp_path / "_static" / "bootstrap.js").write_text('"carousel"')
    used = classes_of(tmp_path)
    assert {"one", "two", "four", "five", "tooltip"} <= used
    assert not {"three", "carousel"} & used
