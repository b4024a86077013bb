"""Write the decks: one page a deck, a page that lists them, and what they share in one folder."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..palette import DARK, LIGHT
from ..pipeline.normalise import STATE, VIEW, linked_state
from ..pipeline.policy import TEXT
from ..pipeline.project import Chapter, PipelineError, Project
from ..pipeline.shared_texts import share_texts
from .blocks import read
from .choices import Choices, load
from .deck import Deck, make
from .text import inline

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
FRAMES = f"{TEXT}; frame-src 'self' file:"  # the speaker view frames the deck
MINUTES = 90  # of a session
SHARED = [
    "slides",
    "vendor/reveal.css",
    "vendor/reveal.js",
    "vendor/widgets.css",
    "vendor/widgets.js",
    "vendor/mathjax.js",
    "vendor/mathjax",
    "vendor/licences",
    "vendor/VERSIONS.md",
    "favicon.svg",
]


def main_pages(project: Project, names: list[str]) -> list[Chapter]:
    """The main pages among the chosen ones: these have slides."""
    chosen = [c for c in project.select(names) if not re.match(r"\d\d_\d_", c.name)]
    if not chosen:
        main = ", ".join(c.name for c in main_pages(project, []))
        raise PipelineError(" ".join(names), "a side page has no slides", f"use one of: {main}")
    return chosen


def write(project: Project, folder: Path, names: list[str], assets: str = "assets") -> list[Deck]:
    """Decks into `folder`; `assets` is where they find what they share, seen from there.

    With the default the folder is whole in itself; within the site it lies beside `_static`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    choices = load(project)
    pages = "" if assets == "assets" else "../notebooks/"
    decks = []
    for chapter in main_pages(project, names):
        deck, html = render(chapter, choices.get(chapter.name, Choices()), assets, pages)
        (folder / f"{chapter.name}.html").write_text(html, encoding="utf-8")
        decks.append(deck)
    listed = [deck_titles(chapter) for chapter in main_pages(project, [])]
    listed = [(name, title) for name, title in listed if (folder / f"{name}.html").is_file()]
    for name, policy in {"index": TEXT, "speaker": FRAMES}.items():
        page = TEMPLATES.get_template(f"{name}.html").render(
            assets=assets, policy=policy, minutes=MINUTES, decks=listed
        )
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    (folder / "colours.css").write_text(_colours(), encoding="utf-8")
    if assets == "assets":
        _copy_shared(project.root / "book" / "static", folder / assets)
    return decks


def deck_titles(chapter: Chapter) -> tuple[str, str]:
    """The name of a page and its title."""
    for cell in chapter.read_text().cells:
        if cell.cell_type == "markdown" and (found := re.match(r"# (.+)", cell.source.strip())):
            return chapter.name, found[1]
    return chapter.name, chapter.name


def render(chapter: Chapter, choices: Choices, assets: str, pages: str) -> tuple[Deck, str]:
    """The deck of a page and its HTML."""
    if not chapter.notebook.is_file():
        mend = f"run `make notebooks CHAPTER={chapter.name}`"
        raise PipelineError(chapter.name, "there is no notebook to make slides from", mend)
    notebook = chapter.read_notebook()
    widgets = notebook.metadata.get("widgets", {}).get(STATE, {"state": {}})
    deck = make(chapter.name, read(notebook, widgets["state"]), choices)
    shown = [{"outputs": [{"data": {VIEW: {"model_id": s.picture}}}]} for s in deck.slides]
    state = {**widgets, "state": linked_state(shown, widgets["state"])}
    html = TEMPLATES.get_template("deck.html").render(
        deck=deck,
        number=int(chapter.name[:2]),
        lead=inline(" ".join(deck.lead)),
        inline=inline,
        assets=assets,
        page=f"{pages}{chapter.name}.html" if pages else "",
        state=f'<script type="{STATE}">{_json(state)}</script>',
        view_type=VIEW,
        policy=TEXT,
        minutes=MINUTES,
    )
    return deck, share_texts(html)


def _json(content: dict) -> str:
    return json.dumps(content, separators=(",", ":")).replace("</", "<\\/")


def _colours() -> str:
    """The palette as a style sheet."""

    def properties(colours):
        return ";".join(f"--{role}:{colour}" for role, colour in colours.items())

    dark = f"html[data-theme=dark]{{{properties(DARK)}}}"
    return f"html{{{properties(LIGHT)}}}\n@media screen{{{dark}}}\n"


def _copy_shared(static: Path, target: Path) -> None:
    for name in SHARED:
        source, copy = static / name, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, copy)
