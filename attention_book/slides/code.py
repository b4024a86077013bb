"""Code on a slide: pieces that fit, lines that can be pointed at, and the steps of pointing."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from pygments import lex
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES

LINES = 17  # on one slide
STEPS = 5  # of pointing in one piece


@dataclass(frozen=True)
class Piece:
    """Lines of a cell that stand together on a slide."""

    title: str
    source: str

    @property
    def lines(self) -> list[str]:
        return self.source.split("\n")


def pieces(source: str, most: int = LINES) -> list[Piece]:
    """The cell cut between its definitions, and long classes between their methods."""
    lines = source.rstrip().split("\n")
    outer, methods = _cuts(source)
    parts, begin, within = [], 0, ""
    while begin < len(lines):
        inside = [cut for cut in outer | methods if begin < cut <= begin + most]
        end = len(lines) if len(lines) - begin <= most else max(inside, default=begin + most)
        if lines[begin].startswith(" "):  # methods stand without what follows their class
            end = min([end, *(cut for cut in outer if cut > begin)])
        part = "\n".join(lines[begin:end]).strip("\n")
        if part.strip():
            parts.append(Piece(_names(part, within), textwrap.dedent(part)))
        within = _class(part) if not part.startswith(" ") else within
        begin = end
    return parts


def _class(source: str) -> str:
    """The class in whose body a piece ends."""
    heads = [line for line in source.split("\n") if line and line[0] not in " )#@"]
    found = re.match(r"class (\w+)", heads[-1]) if heads else None
    return f"{found[1]}." if found else ""


def _cuts(source: str) -> tuple[set[int], set[int]]:
    """Lines, from 0, before which a slide may end: statements of the cell, methods of a class."""
    body = ast.parse(source).body
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    inside = [node for outside in classes for node in outside.body]
    methods = [node for node in inside if isinstance(node, ast.FunctionDef)]
    return {_begin(node) for node in body}, {_begin(node) for node in methods}


def _begin(node) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)]) - 1


def _names(source: str, within: str) -> str:
    """What a piece defines, for its title: classes and functions, or methods of a class before."""
    outer = re.findall(r"^(?:class|def) (\w+)", source, re.MULTILINE)
    methods = re.findall(r"^    def (\w+)", source, re.MULTILINE) if within else []
    names = ([within + name for name in methods] if source.startswith(" ") else []) + outer
    return ", ".join(names[:3])


def steps(source: str) -> list[tuple[int, int]]:
    """Runs of lines, from 1, to point at one after the other; none for code read at a glance."""
    lines = source.split("\n")
    runs: list[tuple[int, int]] = []
    deepest = 8 if source.startswith("class ") else 4
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        closes = line.strip()[0] in ")]}"
        if runs and (indent > deepest or closes):
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    while len(runs) > STEPS:
        runs = _joined(runs)
    return runs if len(lines) > 4 and len(runs) > 1 else []


def _joined(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The two neighbours that are shortest together become one."""
    sizes = [b[1] - a[0] for a, b in pairwise(runs)]
    k = sizes.index(min(sizes))
    return [*runs[:k], (runs[k][0], runs[k + 1][1]), *runs[k + 2 :]]


def html(source: str, pointed: bool) -> str:
    """The code, a span a line, and a fragment for each step of pointing."""
    rows, row = [], ""
    for kind, text in lex(source, PythonLexer(stripnl=False)):
        name = STANDARD_TYPES.get(kind, "")
        for k, part in enumerate(text.split("\n")):
            if k:
                rows.append(row)
                row = ""
            if part:
                row += f'<span class="{name}">{escape(part)}</span>' if name else escape(part)
    rows += [row] if row else []
    shown = "".join(f'<span class="line">{row or " "}</span>' for row in rows)
    runs = steps(source) if pointed else []
    marks = "".join(f'<span class="fragment pointer" data-lines="{a}-{b}"></span>' for a, b in runs)
    return f'<div class="code"><pre><code>{shown}</code></pre>{marks}</div>'
