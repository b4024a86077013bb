"""What the theme leaves out is put in, once, and nothing else changes."""

import pytest

from attention_book.sphinx_ext.theme_markup import mended

HEAD = '<th class="head">{}</th>'


@pytest.mark.parametrize(
    ("found", "better"),
    [
        ('<dialog id="pst-search-dialog">', '<dialog id="pst-search-dialog" aria-label="Search">'),
        ('<i class="fas fa-file"></i>', '<i aria-hidden="true" class="fas fa-file"></i>'),
        ('<i class="word">x</i>', '<i class="word">x</i>'),
        (HEAD.format("<p></p>"), '<td class="head"></td>'),
        (HEAD.format("<p>model</p>"), HEAD.format("<p>model</p>")),
        ('<div role="doc-biblioentry">', '<div role="listitem">'),
        (
            '<summary><span class="toctree-toggle"',
            '<summary aria-label="Pages below this one"><span',
        ),
    ],
)
def test_the_theme_is_mended(found, better):
    assert mended(found).startswith(better)


def test_what_is_mended_stays_as_it_is():
    page = '<dialog id="pst-search-dialog"><i class="fas fa-file"></i>' + HEAD.format("")
    assert mended(mended(page)) == mended(page)
