"""The looks of a page that follow from its form: minutes, exercises, quizzes, folds, contents."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform

MINUTES = re.compile(r"<p><em>(\d+ minutes; the exercises take \d+ more\.[^<]*)</em></p>")
# A chapter has a number; what Sphinx repeats of it before the headings of exercises is dropped.
NUMBER = re.compile(r'(<h[2-6]>)<span class="section-number">[^<]*</span>')
EXERCISE = re.compile(r"<h3>(Exercise \d+) \((★{1,3}), (\d+ min)\): (.*?)(<a class=\"headerlink\")")
OPTION = re.compile(
    r'<details class="option">(\s*<summary>.*?</summary>\s*<p>(?:<\w+>)?(Right|Not this one))',
    re.DOTALL,
)


def dressed(html: str) -> str:
    """The page with names on what its style sheet has to tell apart."""
    html = MINUTES.sub(r'<p class="minutes">\1</p>', html)
    html = EXERCISE.sub(_exercise, NUMBER.sub(r"\1", html))
    return OPTION.sub(_option, html)


def _exercise(match: re.Match) -> str:
    """The title first; how hard and how long stand small behind it."""
    name, stars, minutes, title, link = match.groups()
    shown = f'<span role="img" aria-label="{len(stars)} of 3 stars">{stars:☆<3}</span>'
    return f'<h3>{name}: {title} <span class="effort">{shown} {minutes}</span>{link}'


def _option(match: re.Match) -> str:
    kind = "right" if match[2] == "Right" else "wrong"
    return f'<details class="option {kind}">{match[1]}'


class CodeBelow(SphinxPostTransform):
    """The fold with the code of a figure stands below the figure."""

    default_priority = 200  # right after myst-nb has made the folds
    formats = ("html",)

    def run(self, **kwargs):
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("hide_mode") == "input" and isinstance(cell.children[0], HideCodeCellNode):
                cell.append(cell.pop(0))


def leave_exercises_out(app, env):
    """The contents of a page name the section of its exercises, not each of them."""
    for contents in env.tocs.values():
        for entry in list(contents.findall(nodes.list_item)):
            link = entry.next_node(nodes.reference)
            if link is not None and link.get("anchorname", "").startswith("#exercise-"):
                entry.parent.remove(entry)
        for empty in [one for one in contents.findall(nodes.bullet_list) if not one.children]:
            empty.parent.remove(empty)


def dress_pages(app, exception):
    if exception or app.builder.name != "html":
        return
    for page in Path(app.outdir).glob("notebooks/*.html"):
        page.write_text(dressed(page.read_text("utf8")), "utf8")


def setup(app):
    app.add_post_transform(CodeBelow)
    app.add_js_file("contents.js", defer="defer")
    app.connect("env-updated", leave_exercises_out)
    app.connect("build-finished", dress_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
