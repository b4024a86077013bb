"""A formula as plain text, for excerpts and for the search: `\\alpha_i \\le 1` becomes α_i ≤ 1."""

from __future__ import annotations

import re
import unicodedata

LISTED = """
cdot=· times=× le=≤ leq=≤ ge=≥ geq=≥ ne=≠ neq=≠ approx=≈ sum=∑ prod=∏ infty=∞ in=∈ to=→
partial=∂ top=ᵀ sqrt=√ pm=± odot=⊙ nabla=∇ ldots=… dots=… cdots=… mid=| propto=∝ sim=∼
lVert=‖ rVert=‖ lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉ varepsilon=ε varphi=φ ell=ℓ
left= right= text= mathrm= mathbf= mathbb= mathcal= boldsymbol= operatorname=
hat= tilde= bar= color= frac=
"""
SIGNS = dict(pair.split("=") for pair in LISTED.split())
DELIMITER = re.compile(r"(?<!\\)\\[()\[\]]")
ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[^}]*\}(?:\{[^}]*\})?")
ROOT_OR_INDEX = re.compile(r"(\\sqrt|[_^])\s*\{([^{}]*)\}")
FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
COMMAND = re.compile(r"\\([A-Za-z]+)")
SPACE = re.compile(r"\\\\|\\[,;:! ]|\\q?quad\b|&|~")


def readable(tex: str) -> str:
    """The formula without its marks; what has no sign of its own keeps its name."""
    plain = SPACE.sub(" ", ENVIRONMENT.sub(" ", DELIMITER.sub("", tex)))
    plain = FRACTION.sub(r"\1 / \2", ROOT_OR_INDEX.sub(r"\1 \2", plain))
    plain = re.sub(r"([√_^]) ", r"\1", COMMAND.sub(_sign, plain))
    return re.sub(r"\s+", " ", plain.translate(str.maketrans("", "", "\\{}"))).strip()


def _sign(command: re.Match) -> str:
    name = command[1]
    if name in SIGNS:
        return SIGNS[name]
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {'LAMDA' if 'ambda' in name else name}")
    except KeyError:
        return name
