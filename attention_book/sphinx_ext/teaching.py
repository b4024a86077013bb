"""Fills in the guide for instructors: minutes, exercises, sums, links to sections.

The marks of `attention_book.pipeline.guide` become tables and lists. Besides, `<!-- course -->`
stands for the sums of all sessions above and below it, `<!-- sums: one_day -->` for those of that
course in a line, `<!-- stumbles -->` for all misconceptions. `[[NAME]]` is a link to a page,
`[[NAME: Section]]` to a section of it, `[[Section]]` to one of the page whose mark came last.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ..pipeline.guide import (
    FOLDER,
    MARK,
    STUMBLES,
    Part,
    Session,
    all_pages,
    guide_sections,
    items,
    known,
    minutes,
    parts,
    sessions,
    total,
)
from ..pipeline.page_text import Page
from ..pipeline.project import PipelineError, Project

COURSE = "<!-- course -->"
BELIEFS = "<!-- stumbles -->"
SUMS = re.compile(r"<!-- sums: (\w+) -->")
LINK = r"\[\[(?:(?P<of>\d\d_\w+)(?:: )?)?(?P<section>[^\]]*)\]\]"
FILLED = re.compile(f"{MARK.pattern}|{LINK}")


def filled(where: str, text: str, project: Project, pages: dict[str, Page]) -> str:
    """The text of a page of the guide with all its marks filled in."""
    if COURSE in text:
        text = text.replace(COURSE, course_table(sessions(where, text, pages)))
    if BELIEFS in text:
        text = text.replace(BELIEFS, beliefs(where, project, pages))
    text = SUMS.sub(lambda match: sums(project, match[1], pages), text)
    here = []
    return FILLED.sub(lambda match: _fill(match, where, pages, here), text)


def _fill(match: re.Match, where: str, pages: dict[str, Page], here: list[Page]) -> str:
    """One mark or link; `here` holds the page whose mark came last."""
    if match["kind"] == "page":
        here[:] = [known(where, match["what"], pages)]
        return page_line(here[0])
    if match["kind"]:
        done = parts(where, match["what"], pages)
        return session_table(done, int(match["most"])) if match["most"] else homework_list(done)
    page = known(where, match["of"], pages) if match["of"] or not here else here[0]
    titled = f"[{page.title}]({_path(page)})"
    if not match["section"]:
        return titled
    link = section_link(where, page, match["section"])
    return f"{titled}, {link}" if match["of"] else link


def page_line(page: Page) -> str:
    """The page's link, its minutes, and its exercises by stars."""
    reading, working = minutes(page)
    stars = {}
    for match in page.exercises:
        stars.setdefault(match[2], []).append(f"{match[1]} ({match[3]} min)")
    listed = "; ".join(f"{star} {', '.join(stars[star])}" for star in sorted(stars))
    return f"[Open the page]({_path(page)}): {reading} minutes; exercises {working}: {listed}."


def session_table(done: list[Part], most: int) -> str:
    """Pages, minutes and exercises of a session, their sum, and what is left of its time."""
    head = ["| page | minutes | exercises in class | minutes |", "|---|---|---|---|"]
    rows = [
        f"| {_link(part.page)} | {part.reading or '–'} | {_named(part)} | {part.working or '–'} |"
        for part in done
    ]
    taken = total(done)
    summed = f"Together {taken} of {most} minutes; {most - taken} are free for talk and for pauses."
    return "\n".join([*head, *rows, "", summed])


def homework_list(homework: list[Part]) -> str:
    lines = [f"**Homework**, {total(homework)} minutes:", ""]
    for part in homework:
        read = [f"the page ({part.reading} min)"] if part.read else []
        tasks = [f"exercises {_named(part)}"] if part.exercises else []
        lines.append(f"- {_link(part.page)}: {', '.join(read + tasks)}")
    return "\n".join(lines)


def course_table(course: list[Session]) -> str:
    """All sessions of a course, with their sums."""
    rows = [(s.title, total(s.parts), s.most, total(s.homework)) for s in course]
    rows.append(("together", *(sum(row[k] for row in rows) for k in (1, 2, 3))))
    head = ["| session | planned in class | of | homework |", "|---|---|---|---|"]
    return "\n".join(
        [*head, *("| {} | {:,} min | {:,} min | {:,} min |".format(*row) for row in rows)]
    )


def sums(project: Project, name: str, pages: dict[str, Page]) -> str:
    """A course in a line."""
    path = project.root / FOLDER / f"{name}.md"
    course = sessions(path.name, path.read_text(encoding="utf-8"), pages)
    planned, most = sum(total(s.parts) for s in course), sum(s.most for s in course)
    home = sum(total(s.homework) for s in course)
    in_class = f"{planned:,} of {most:,} minutes planned"
    return f"{len(course)} sessions, {in_class}; homework {home:,} minutes"


def beliefs(where: str, project: Project, pages: dict[str, Page]) -> str:
    """Every misconception of the guide with the sections that repair it, page by page."""
    lines = []
    for name, section in guide_sections(project).items():
        lines += ["", f"**[[{name}]]**", ""]
        repair = ""
        for item in items(section[STUMBLES]):
            if found := re.search(LINK, item):
                own = not found["of"] and section_link(where, pages[name], found["section"])
                repair = own or found[0]
            lines.append(f"- {item.split('* ')[0]}* See {repair}.")
    return "\n".join(lines)


def _link(page: Page) -> str:
    return f"[{page.title}]({_path(page)})"


def _named(part: Part) -> str:
    return ", ".join(f"{m[1]} ({m[2]},\u00a0{m[3]}\u00a0min)" for m in part.exercises) or "–"


def _path(page: Page, anchor: str = "") -> str:
    return f"/notebooks/{page.name}.ipynb{'#' if anchor else ''}{anchor}"


def slug(heading: str) -> str:
    """The anchor of a heading in plain words, as MyST names it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def section_link(where: str, page: Page, section: str) -> str:
    titles = [title for level, title in page.headings if level > 1]
    if section not in titles:
        raise PipelineError(
            where, f"{page.name} has no section {section!r}", f"use one of: {', '.join(titles)}"
        )
    return f"[{section}]({_path(page, slug(section))})"


@cache
def _read(root: Path) -> tuple[Project, dict[str, Page]]:
    """The chapters do not change while the book is built, and to read them takes a second."""
    return Project(root), all_pages(Project(root))


def insert_marks(app, docname, source):
    """Fill in a page of the guide."""
    if docname == FOLDER or docname.startswith(f"{FOLDER}/"):
        source[0] = filled(f"{docname}.md", source[0], *_read(Path(app.srcdir)))


def setup(app):
    app.connect("source-read", insert_marks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
