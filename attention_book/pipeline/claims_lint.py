"""Find decimals and percentages in the prose that no claim covers.

A chapter's claims are read from its executed notebook, so what counts is what was computed. Pages
without code (book/*.md) have no claims: they carry no decimals or percentages at all.

Not looked at: math, code, HTML comments, link targets, the section "Sources", and numbers that
name something (Section 3.2.2, version 2.13, arXiv 1706.03762, a licence such as CC BY 4.0).
A number that only repeats an assumption, not a result, is written between
<!-- given --> and <!-- /given -->, with the reason after a colon: <!-- given: task setting -->.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from attention_book.claims import MIME

from .project import Chapter, PipelineError, Project

PERCENT = r"\s?(?:%|per\s?cent\b|percent\b)"
NUMBER = re.compile(
    rf"(?<![\w.\u2212-])[-\u2212]?\d[\d,]*(?:\.\d+(?:e-?\d+)?(?:{PERCENT})?|{PERCENT})(?!\.?\d)(?!\w)"
)
SKIPPED = [
    re.compile(r"\A---\n.*?\n---\n", re.DOTALL),
    re.compile(r"^(`{3,}|~{3,}).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE),
    re.compile(r"<!-- given: [^>]+-->.*?<!-- /given -->", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<(pre|code|script|style|svg)\b.*?</\1>", re.DOTALL),
    re.compile(r"<[a-zA-Z/][^<>]*>"),
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"(?<![\\$])\$(?!\s)[^$]+?(?<!\s)\$"),
    re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL),
    re.compile(r"(?<=\])\([^)\s]*\)"),
    re.compile(r"https?://\S+"),
    re.compile(r"(?:arXiv|doi)[:\s]*[\d./\w-]+", re.IGNORECASE),
    re.compile(
        r"\b(?:[Ss]ections?|[Ee]quations?|[Ff]igures?|[Cc]hapters?|[Tt]ables?|[Aa]lgorithms?|"
        r"[Vv]ersions?|Python|NumPy|PyTorch|torch|CUDA|CC BY|CC-BY)[\s~-]v?\d+(?:\.\d+)*"
    ),
    re.compile(r"^#+ Sources\s*$.*?(?=^#+ |\Z)", re.DOTALL | re.MULTILINE),
]


def lint(project: Project) -> list[PipelineError]:
    """Every uncovered number of the book's prose, each with file, line and mend."""
    problems = []
    for chapter in project.chapters:
        covered = covered_numbers(chapter)
        problems += _uncovered(project, chapter.text, covered, "add a claim that prints it")
    for page in sorted((project.root / "book").glob("*.md")):
        problems += _uncovered(project, page, set(), "a page without code carries no results")
    return problems


def covered_numbers(chapter: Chapter) -> set[str]:
    """The numbers that the claims of the executed chapter print or cover."""
    if not chapter.notebook.is_file():
        raise PipelineError(chapter.name, "not executed yet", "make notebooks")
    covered = set()
    for cell in chapter.read_notebook().cells:
        for output in cell.get("outputs", []):
            for record in output.get("data", {}).get(MIME, {}).get("claims", []):
                printed = [record["prints"]] if record["prints"] else []
                covered.update(_canonical(text) for text in [*record["covers"], *printed])
    return covered


def _uncovered(project: Project, path: Path, covered: set[str], mend: str) -> list[PipelineError]:
    where = path.relative_to(project.root).as_posix()
    return [
        PipelineError(
            f"{where}:{line}",
            f"the number {number} is covered by no claim",
            f"{mend}, or write it as math or code if it is part of a formula",
        )
        for line, number in prose_numbers(path.read_text(encoding="utf-8"))
        if _canonical(number) not in covered
    ]


def prose_numbers(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every decimal and percentage that stands in the prose."""
    for pattern in SKIPPED:
        text = pattern.sub(_blank, text)
    for match in NUMBER.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[0]


def _blank(match: re.Match) -> str:
    """Nothing but the line ends, so that lines keep their numbers."""
    return " " + "\n" * match[0].count("\n")


def _canonical(number: str) -> str:
    """One spelling for "95 %", "95 percent" and "95%", for both minus signs and for "1,024"."""
    number = re.sub(r"\s?(?:%|per\s?cent|percent)$", "%", number.strip())
    return number.replace("\u2212", "-").replace(",", "")
