"""The form of a page: its budget, its parts, and words that need a number behind them.

A main page answers one question for a reader who has forty minutes; a side page holds what is worth
having and did not fit. What a rule demands stands in CONTRIBUTING.md, "Write a page".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .claims_lint import covered_numbers
from .letters import unexplained
from .page_text import Page
from .project import PipelineError, Project

MAX_WORDS = 2000
MAX_MINUTES = 40
SLACK = 2  # minutes by which the printed time may differ from the rule of thumb
WIDE, SHOWN = 100, 84  # characters of a line, and of one that the page shows unasked
EXERCISES = range(4, 7)
MAIN_SECTIONS = [
    r"What you will be able to do",
    r".*\bby hand\b.*",
    r"The formula",
    r"The mechanism in the open",
    r".*\b[Ee]xperiment\b.*",
    r".*\b([Ff]ail(s|ure|ures)?|wrong)\b.*",
    r"Exercises",
    r"Summary",
    r"Further",
    r"Sources",
]
SIDE_SECTIONS = [r"Exercises", r"Summary", r"Sources"]
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?:\.\./notebooks/)?(\d\d_\w+)\.ipynb\)")
# "Nearly every step looks at the right place" needs a threshold: a claim that covers the words.
VAGUE = re.compile(
    r"\b(?:nearly|almost|practically|hardly) (?:every|everything|all|always|any|none|nothing|never)"
    r"(?: \w+)?|\bmost (?:of|steps|cases|letters|words)\b|\babout (?:half|twice|equal)\b",
    re.IGNORECASE,
)


def lint_pages(project: Project) -> list[PipelineError]:
    """Everything in which a page leaves the form, each with what to do about it."""
    notation = (project.root / "book" / "notation.md").read_text(encoding="utf-8")
    pages = [Page(chapter) for chapter in project.chapters]
    titles = {page.name: page.title for page in pages}
    found = []
    for chapter, page in zip(project.chapters, pages, strict=True):
        rules = (_budget, _head, _sections, _cells, _asks, _exercises)
        problems = [problem for rule in rules for problem in rule(page)]
        problems += _words(page, covered_numbers(chapter))
        problems += [*_letters(page, notation), *_links(page, titles)]
        found += [PipelineError(page.name, *problem) for problem in problems]
    return found


def report(project: Project) -> str:
    """A line for each page; what only a browser can tell is there after the tests of the site."""
    seen = project.html.parent / "page_report.json"
    built = json.loads(seen.read_text(encoding="utf-8")) if seen.is_file() else {}
    head = ("page", "words", "minutes", "moving", "questions", "exercises", "minutes", "px", "KB")
    rows = [head]
    for chapter in project.chapters:
        page = Page(chapter)
        shown = built.get(f"notebooks/{page.name}.html", {})
        weight = shown.get("compressed_bytes")
        facts = (page.words, page.minutes, page.figures, len(page.questions), len(page.exercises))
        size = (shown.get("height", "-"), "-" if weight is None else round(weight / 1000))
        rows.append((page.name, *facts, page.exercise_minutes, *size))
    widest = max(len(row[0]) for row in rows)
    return "\n".join(
        f"{name:{widest}}"
        + "".join(f"  {text:>{len(one)}}" for one, text in zip(head[1:], rest, strict=True))
        for name, *rest in rows
    )


Problem = tuple[str, str]


def _budget(page: Page) -> Iterator[Problem]:
    if page.words > MAX_WORDS:
        problem = f"{page.words:,} words before the exercises, at most {MAX_WORDS:,}"
        yield problem, "cut, or make a side page"
    if page.minutes > MAX_MINUTES:
        yield f"takes {page.minutes} minutes, at most {MAX_MINUTES}", "cut, or make a side page"


def _head(page: Page) -> Iterator[Problem]:
    printed = page.printed_minutes
    line = f"*{page.minutes} minutes; the exercises take {page.exercise_minutes} more.*"
    if printed is None:
        yield "no line with the minutes under the title", f"write {line}"
    elif abs(printed[0] - page.minutes) > SLACK or printed[1] != page.exercise_minutes:
        yield f"prints {printed[0]} and {printed[1]} minutes", f"write {line}"
    first = re.split(r"^## ", page.prose, maxsplit=1, flags=re.MULTILINE)[0]
    moves = next((n for n, cell in enumerate(page.cells) if "sweep(" in cell.source), None)
    headed = [n for n, cell in enumerate(page.cells) if re.search(r"^## ", cell.source, re.M)]
    if moves is None or moves > min(headed, default=moves):
        yield "no picture that moves before the first section", "begin with one"
    if first.count("\n# ") + first.startswith("# ") != 1:
        yield "one title is needed", "begin with `# ` and the question"


def _sections(page: Page) -> Iterator[Problem]:
    titles = [title for level, title in page.headings if level == 2]
    position = -1
    for pattern in MAIN_SECTIONS if page.is_main else SIDE_SECTIONS:
        later = [n for n, t in enumerate(titles) if n > position and re.fullmatch(pattern, t)]
        if later:
            position = later[0]
        else:
            after = f" after {titles[position]!r}" if position >= 0 else ""
            yield f"no section {pattern!r}{after}", "see attention_book/pipeline/skeleton.md"


def _cells(page: Page) -> Iterator[Problem]:
    for number, cell in enumerate(page.code, start=1):
        widest = max(map(len, cell.lines), default=0)
        limit = SHOWN if cell.shown else WIDE
        if widest > limit:
            problem = f"code cell {number} has a line of {widest} characters, at most {limit}"
            yield problem, "break it"
        if "setup" in cell.tags and "remove-cell" not in cell.tags:
            yield f"code cell {number} shows the set-up on the page", "tag it remove-cell"
        draws = re.search(r"\b(sweep|figures\.\w+|subplots|heatmap|lines|alignment)\(", cell.source)
        if "hide-input" in cell.tags and not draws:
            yield (
                f"code cell {number} folds code that draws nothing",
                "tag it remove-input: only a figure has `Show the code`",
            )
        if "starter" in cell.tags and "remove-output" not in cell.tags:
            yield f"code cell {number}, a starter, shows how it fails", "tag it remove-output"


def _asks(page: Page) -> Iterator[Problem]:
    if not page.predictions:
        yield "the reader guesses nothing", 'ask in a <div class="predict">'
    for prediction in page.predictions:
        if "<details>" not in prediction:
            yield "a prediction has no fold with the answer", "put <details> inside the same box"
    if len(page.questions) < (2 if page.is_main else 1):
        yield f"{len(page.questions)} quiz questions", "ask where the question arises"
    if re.search(r"^## (Check your understanding|Questions)", page.prose, re.MULTILINE):
        yield "the quiz stands at the end", "put each question right after its section"


def _exercises(page: Page) -> Iterator[Problem]:
    if None in page.exercises:
        yield (
            "an exercise has another heading",
            "write it as `### Exercise 1 (★★, 10 min): what to do`",
        )
    if len(page.exercises) not in EXERCISES:
        yield f"{len(page.exercises)} exercises, expected four to six", "choose"
    if not any("starter" in cell.tags for cell in page.code):
        yield "no exercise in code", "give one a starter, hints and a solution"


def _words(page: Page, covered: set[str]) -> Iterator[Problem]:
    said = [text.lower() for text in covered if " " in text]
    for match in VAGUE.finditer(page.prose):
        words = match[0].lower()
        if not any(one in words or words in one for one in said):
            mend = f'let a claim with a range cover it: covers=["{words}"]'
            yield f"{match[0]!r} has no threshold", mend


def _letters(page: Page, notation: str) -> Iterator[Problem]:
    strange = unexplained(page.prose, notation)
    if strange:
        mend = "use those of book/notation.md, or say <!-- letters: b the bandwidth -->"
        yield f"letters in formulas that nothing explains: {', '.join(strange)}", mend


def _links(page: Page, titles: dict[str, str]) -> Iterator[Problem]:
    """A link to a whole page says its title, which is its one name."""
    for text, name in LINK.findall(page.prose):
        title = titles.get(name)
        if title and text.strip("*") != title:
            yield f"a link calls {name} {text!r}", f"call it by its title, {title!r}"
