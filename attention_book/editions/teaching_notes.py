"""What the guide for instructors says of each page, from book/teaching/*.md."""

from __future__ import annotations

import re
from pathlib import Path

MARK = re.compile(r"<!-- page: (\w+) -->(.*?)(?=^## |<!-- page: |\Z)", re.DOTALL | re.MULTILINE)
# [[Where it fails]]: a section of the page; [[02_one]] and [[02_one: Where it fails]]: of another.
SHORT_LINK = re.compile(r"\[\[(?:(\d\d_\w+)(?:: )?)?([^\]]*)\]\]")
NOTEBOOK_LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)*notebooks/(\w+\.ipynb[^)]*)\)")
LINK = re.compile(r"\[([^\]]+)\]\((?!\w+\.ipynb)[^)]*\.md[^)]*\)")


def read_notes(root: Path, titles: dict[str, str]) -> dict[str, str]:
    """By page the part of the guide that bears its mark; nothing where there is none."""
    notes = {}
    for path in sorted((root / "book" / "teaching").glob("*.md")):
        for name, text in MARK.findall(path.read_text(encoding="utf-8")):
            notes[name] = notes.get(name, "") + _readable(text, titles)
    return notes


def _readable(text: str, titles: dict[str, str]) -> str:
    """As it reads in a notebook: headings one level lower, links that work beside the pages."""
    text = SHORT_LINK.sub(lambda one: _place(one[1], one[2], titles), text)
    text = NOTEBOOK_LINK.sub(lambda one: f"[{_words(one, titles)}]({one[2]})", text)
    text = LINK.sub(r"\1", text)
    return re.sub(r"^#", "##", text, flags=re.MULTILINE).strip()


def _place(page: str | None, section: str, titles: dict[str, str]) -> str:
    parts = [f"[{titles.get(page, page)}]({page}.ipynb)"] if page else []
    return ", ".join(parts + ([f"*{section}*"] if section else []))


def _words(link: re.Match, titles: dict[str, str]) -> str:
    return link[1] or titles.get(link[2].partition(".")[0], link[2])
