"""Letters of formulas are found, and held against what explains them."""

import pytest

from attention_book.pipeline.letters import declared, letters, unexplained


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$a + b$", {"a", "b"}),
        ("$$\nQ K^\\top\n$$", {"Q", "K"}),
        (r"$\alpha_{tj} = \exp(e_{tj})$", {"alpha", "t", "j", "e"}),
        (r"$\varepsilon \Sigma$", {"varepsilon", "Sigma"}),
        (r"$\mathrm{softmax}(x) \text{ for all } \operatorname{rank} A$", {"x", "A"}),
        (r"$\sqrt{d}$ and $\frac{u}{v}$", {"d", "u", "v"}),
        (r"It costs \$5, or $ 6 $ more", set()),
        ("No formula: W", set()),
    ],
)
def test_letters_of_formulas_are_found(text, found):
    assert letters(text) == found


def test_a_page_declares_letters_of_its_own():
    page = "<!-- letters: b the bandwidth; \\rho the radius -->\n<!-- letters: r the reward; -->"
    assert declared(page) == {"b", "rho", "r"}
    assert declared("<!-- b the bandwidth -->") == set()


def test_a_letter_needs_the_notation_page_or_a_declaration():
    notation = "$Q$ queries"
    assert unexplained("$Q W$ and $b$", notation) == ["W", "b"]
    assert unexplained("$Q W$ <!-- letters: W the projection -->", notation) == []
    assert unexplained("$W$", "W stands in no formula") == ["W"]


def test_indices_and_the_derivative_need_no_explanation():
    assert unexplained(r"$\sum_{i,j,k,n,t} e^x dx$", "$x$") == []
