"""What the search reads of a page, and formulas as plain text."""

import pytest

from attention_book.sphinx_ext.readable_tex import readable
from attention_book.sphinx_ext.search_texts import entries_of

PAGE = """<html><article class="bd-article"><section id="page">
<h1><span class="section-number">4. </span>A page<a class="headerlink" href="#page">#</a></h1>
<p class="minutes">20 minutes</p><p>Lead with <span class="math">\\(\\alpha_i\\)</span>.</p>
<details class="hide"><summary>Show the code</summary>hidden_name()</details>
<details><summary>Compare</summary><p>An opened fold.</p></details>
<section id="part"><h2>A part</h2><table><tr><td>one</td><td>two</td></tr></table>
<dl><dt class="sig" id="lib.name"><span class="sig-prename">lib.</span>
<span class="sig-name">name</span>(x)</dt><dd>What it does.</dd></dl><p>After it.</p></section>
<section id="exercises"><h2>Exercises</h2><p>Do it.</p><details>The answer</details></section>
</section></article></html>"""


def test_sections_and_names_have_their_own_texts():
    assert entries_of(PAGE) == [
        ["page", "A page", "Lead with α_i. Compare An opened fold."],
        ["part", "A part", "one two After it."],
        ["lib.name", "lib.name", "lib. name(x) What it does."],
        ["exercises", "Exercises", "Do it."],
    ]


def test_a_page_without_an_article_has_no_texts():
    assert entries_of("<html><body>Moved</body></html>") == []


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"\(\alpha_i \le \sqrt{d}\)", "α_i ≤ √d"),
        (r"\[\text{softmax}\left(\frac{QK^\top}{\sqrt{d}}\right)V\]", "softmax(QK^ᵀ / √d)V"),
        (r"\Lambda\,\lambda\quad\log x", "Λ λ log x"),
        (r"\begin{bmatrix}1 & 2\\3 & 4\end{bmatrix}", "1 2 3 4"),
        (r"P_{p,\,2i} = \sin (p\,\omega_i)", "P_p, 2i = sin (p ω_i)"),
    ],
)
def test_formulas_as_plain_text(tex, plain):
    assert readable(tex) == plain
