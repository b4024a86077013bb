"""Markdown of a page as a slide needs it: sentences, words, and HTML without links."""

from __future__ import annotations

import re
from html import escape

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

# What a full stop may stand in without ending a sentence.
WHOLE = re.compile(r"\$[^$]+\$|`[^`]+`|\[[^\]]*\]\([^)\s]*\)|\*\*[^*]+\*\*|\*[^*]+\*|\([^()]*\)")
END = re.compile(r"(?<=[.?!:])\s+(?=[A-Zx\"“(])")
ABBREVIATION = re.compile(r"(?:\bal|\be\.g|\bi\.e|\bvs|\b[A-Z])\.$")
NO_WORDS = re.compile(r"(?<![\\$])\$[^$]+\$|<[^>]+>|(?<=\])\([^)\s]*\)")
# No line begins with the full stop behind a formula.
BEFORE_POINT = re.compile(r'(<span class="math">[^<]*</span>)([.,;:?!)]+)')
WORD = re.compile(r"[^\W\d_][\w'’-]*")


def parser() -> MarkdownIt:
    """CommonMark with tables and math, as the chapters are written."""
    made = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)
    made.add_render_rule("math_inline", _math)
    made.add_render_rule("math_inline_double", _math)
    made.add_render_rule("link_open", lambda *_: "<cite>")
    made.add_render_rule("link_close", lambda *_: "</cite>")
    made.add_render_rule("html_inline", lambda *_: "")
    return made


def _math(renderer, tokens, index, options, env):
    tex = tokens[index].content
    if env.get("plain"):
        return escape(f"${tex}$")
    return f'<span class="math">\\({escape(tex)}\\)</span>'


MARKDOWN = parser()


def inline(source: str) -> str:
    """A sentence as HTML for a slide: math to be set, links as their words."""
    return BEFORE_POINT.sub(r'<span class="whole">\1\2</span>', MARKDOWN.renderInline(source))


def noted(source: str) -> str:
    """The same for the speaker notes, in whose window nothing sets math: TeX as it is written."""
    return MARKDOWN.renderInline(source, {"plain": True})


def sentences(source: str) -> list[str]:
    """The sentences of a paragraph, as Markdown; one that ends in a colon leads to the next."""
    source = " ".join(source.split())
    masked = WHOLE.sub(_masked, source)
    parts, begin = [], 0
    for found in END.finditer(masked):
        if ABBREVIATION.search(masked[begin : found.start()]):
            continue
        if masked[found.start() - 1] == ":":
            continue
        parts.append(source[begin : found.start()])
        begin = found.end()
    return [*parts, source[begin:]]


def _masked(found: re.Match) -> str:
    """As long as before; a bold lead that ends in a full stop still ends a sentence."""
    inner = found[0].rstrip("*")
    last = inner[-1] if inner[-1:] in ".?!" and found[0].endswith("*") else "x"
    return "x" * (len(found[0]) - 1) + last


def words(source: str) -> int:
    """The words of a text, without math, tags and the targets of links."""
    return len(WORD.findall(NO_WORDS.sub(" ", source)))


def first(source: str, most: int) -> list[str]:
    """The first sentences that together have at most so many words; none if the first is longer."""
    kept, count = [], 0
    for sentence in sentences(source):
        count += words(sentence)
        if count > most:
            break
        kept.append(sentence)
    return kept


def joined(said: list[str], least: int = 7) -> list[str]:
    """Sentences of a few words stand with the one before them."""
    kept: list[str] = []
    for sentence in said:
        if kept and words(sentence) < least and "$" not in sentence:
            kept[-1] += f" {sentence}"
        else:
            kept.append(sentence)
    return kept
