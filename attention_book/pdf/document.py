"""All pages in one document: cover, contents, pages with running titles, answers."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from ..pipeline.project import Project
from ..pipeline.release import commit_date, version
from .collect import Printed

TITLE = "Attention, computed"
SUBTITLE = "An interactive textbook on attention, on paper"
AUTHOR = "The authors of Attention, computed"
LICENCE = "Text and figures: CC BY 4.0. Code: MIT."
STYLE = Path(__file__).with_name("print.css")
ANSWERS = "Hints and answers"
# Sections that every page has are in the outline, not in the printed contents.
USUAL = {
    *("What you will be able to do", "Exercises", "Summary", "Further", "Sources"),
    *("In the library", "Summary and sources"),
}
ABOUT = """<p>This is the book on paper. On the web and in the notebooks the pictures move; here
each is drawn once, with the values at which it stands beside it. A picture in steps is drawn at
the last one, a picture that asks for a guess with its answer. Hints, answers and solutions are
collected at the end. The code of the pictures is in the notebooks.</p>"""


def text_of(printed: list[Printed], project: Project) -> str:
    """The document as HTML."""
    sheets = "".join(f'<link rel="stylesheet" href="{escape(s)}">' for s in printed[0].sheets)
    rules = "\n".join(dict.fromkeys(rule for page in printed for rule in page.rules))
    style = f"<style>{rules}</style><style>{STYLE.read_text('utf8')}{_heads(printed)}</style>"
    head = f'<meta charset="utf-8"><title>{TITLE}</title>{sheets}{style}'
    body = [_cover(project), _contents(printed), *map(_article, printed), _answers(printed)]
    return (
        f'<!doctype html><html lang="en" data-theme="light" data-mode="light"><head>{head}</head>'
        f'<body class="bound">{"".join(body)}</body></html>'
    )


def chapter_of(printed: list[Printed]) -> dict[str, Printed]:
    """For the short name of each page, the page at the top under which it stands."""
    found, top = {}, printed[0]
    below: set[str] = set()
    for one in printed:
        if one.page.slug not in below:
            top, below = one, {page.slug for page in one.page.below}
        found[one.page.slug] = top
    return found


def _heads(printed: list[Printed]) -> str:
    """For each page of the book a kind of sheet with its titles at the top."""
    chapters, rules = chapter_of(printed), []
    for one in printed:
        top = chapters[one.page.slug]
        rules.append(_head(one.page.slug, top.name, "" if top is one else one.title))
    return "".join([*rules, _head("answers", ANSWERS, ""), _head("contents", "Contents", "")])


def _head(slug: str, left: str, right: str) -> str:
    sides = f"@top-left {{ content: {_css(left)}; }} @top-right {{ content: {_css(right)}; }}"
    return f"@page p-{slug} {{ {sides} }}\n#{_css_name(slug)} {{ page: p-{slug}; }}\n"


def _css(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _css_name(slug: str) -> str:
    return f"\\3{slug[0]} {slug[1:]}" if slug[0].isdigit() else slug


def _cover(project: Project) -> str:
    date = commit_date(project)
    day = f"{date.day} {date:%B %Y}" if date else ""
    facts = " · ".join(filter(None, [f"Version {version(project)}", day]))
    logo = (project.html / "_static" / "logo.svg").as_uri()
    return (
        f'<section id="cover"><img src="{logo}" alt=""><h1>{TITLE}</h1><p class="sub">{SUBTITLE}'
        f"</p><p>{AUTHOR}</p><p>{facts}</p><p>{LICENCE}</p>{ABOUT}</section>"
    )


def _contents(printed: list[Printed]) -> str:
    chapters, part, lines = chapter_of(printed), "", []
    for one in printed:
        top = chapters[one.page.slug] is one
        if one.page.part not in ("", part):
            part = one.page.part
            lines.append(f'<p class="part">{escape(part)}</p>')
        lines.append(_line(one.page.slug, one.name, "top" if top else "side"))
        if one.page.path.startswith("notebooks/"):
            sections = [s for s in one.sections if s[1] not in USUAL]
            lines.append('<div class="within">')
            lines += [_line(anchor, heading, "section") for anchor, heading in sections]
            lines.append("</div>")
    lines.append(_line("answers", ANSWERS, "top"))
    heading = '<h1>Contents<a class="headerlink" href="#contents"></a></h1>'
    return f'<nav id="contents">{heading}{"".join(lines)}</nav>'


def _line(anchor: str, words: str, kind: str) -> str:
    return (
        f'<a class="line {kind}" href="#{escape(anchor)}"><span>{escape(words)}</span>'
        f'<span class="page-of" data-of="{escape(anchor)}"></span></a>'
    )


def _article(one: Printed) -> str:
    return f'<article class="bd-article" id="{one.page.slug}">{one.body}</article>'


def _answers(printed: list[Printed]) -> str:
    parts = [
        f'<section id="answers-{one.page.slug}"><h2>{escape(one.name)}'
        f'<a class="headerlink" href="#answers-{one.page.slug}"></a></h2>{one.answers}</section>'
        for one in printed
        if one.answers
    ]
    return f'<article class="bd-article" id="answers"><h1>{ANSWERS}</h1>{"".join(parts)}</article>'
