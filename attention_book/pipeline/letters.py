"""Letters in formulas, against the notation page: each stands for one thing."""

from __future__ import annotations

import re

MATH = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\s)([^$]+?)(?<!\s)\$", re.DOTALL)
# What sets words or picks a typeface, not a letter of its own.
WORDS = re.compile(
    r"\\(?:text|mathrm|mathit|mathbf|operatorname|begin|end|label|tag)\*?\s*\{[^{}]*\}"
)
GREEK = re.compile(
    "alpha|beta|gamma|delta|(?:var)?epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|rho|sigma|tau"
    "|(?:var)?phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Sigma|Phi|Psi|Omega"
)
COMMAND = re.compile(r"\\([a-zA-Z]+)")
LETTER = re.compile(r"[A-Za-z]")
HERE = re.compile(r"<!-- letters: (.*?) -->")
# Known to every reader of formulas: the derivative, Euler's number, indices of sums.
UNIVERSAL = {"d", "e", "i", "j", "k", "n", "t"}


def letters(text: str) -> set[str]:
    """Every letter that the formulas of a text use; Greek ones by their names."""
    found = set()
    for display, inline in MATH.findall(text):
        formula = WORDS.sub(" ", display or inline)
        found.update(name for name in COMMAND.findall(formula) if GREEK.fullmatch(name))
        found.update(LETTER.findall(COMMAND.sub(" ", formula)))
    return found


def declared(page: str) -> set[str]:
    """The letters that a page names as its own: <!-- letters: b the bandwidth; r the reward -->."""
    entries = (entry for text in HERE.findall(page) for entry in text.split(";"))
    return {entry.split()[0].lstrip("\\") for entry in entries if entry.split()}


def unexplained(page: str, notation: str) -> list[str]:
    """The letters of a page that neither the notation page nor the page itself explains."""
    return sorted(letters(page) - letters(notation) - declared(page) - UNIVERSAL)
