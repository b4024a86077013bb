"""No script stands in the way of the text, and those of the theme wait for the page."""

import re

from attention_book.sphinx_ext.script_order import FONTS, ordered


def test_scripts_wait_for_the_text_but_that_of_the_colours():
    html = '<script src="a.js?v=1"></script><script defer="defer" src="b.js"></script>'
    assert (
        ordered(html) == '<script defer src="a.js?v=1"></script><script defer src="b.js"></script>'
    )
    colours = '<script src="../_static/before-paint.js"></script>'
    assert ordered(colours) == colours


def test_scripts_that_answer_to_clicks_wait_for_the_page():
    html = '<script defer src="../_static/scripts/bootstrap.js?digest=1"></script>'
    assert ordered(html) == html.replace("defer", 'type="text/later"')
    assert (
        ordered('<script src="mybootstrap.js"></script>')
        == '<script defer src="mybootstrap.js"></script>'
    )


def test_stored_data_stays_as_it_is():
    html = '<script type="application/json">{"a": "<script src=\\"a.js\\">"}</script>'
    assert ordered(html) == html


def test_the_fonts_of_formulas_are_known_to_the_script_that_runs_first():
    scripts = '<script src="../_static/before-paint.js"></script><script src="../v/mathjax.js?v=1">'
    html = ordered(f'{scripts}</script><p class="math block">x</p>')
    fonts = re.search('before-paint.js" data-fonts="([^"]+)"></script>', html)[1].split()
    assert len(fonts) == len(FONTS)
    assert fonts[0] == "../v/mathjax/MathJax_Zero.woff2"
    assert "data-fonts" not in ordered(f'{scripts}</script><p class="mathjax_ignore">x</p>')
