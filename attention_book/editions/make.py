"""The commands that write editions."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..pipeline.project import Chapter, Project
from .instructor import instructor_edition
from .sheet import Sheet, read_sheet
from .student import student_edition
from .teaching_notes import read_notes
from .write import write_editions

STUDENT = """\
# The notebooks for students

The pages of the book, without the solutions and answers of the exercises. Hints, guesses and quiz
questions are as on the page. Run all cells of a notebook first, then the figures move and each
exercise checks your function when you run its cell. The notebooks need the packages `attention_lib`
and `attention_book`.

For the instructor: `make student` writes these files anew, so hand out a copy. The solutions still
lie in the repository (`book/chapters/`, `notebooks/`), and the right functions in the package that
checks (`attention_book/exercises/`).
"""
INSTRUCTOR = """\
# The notebooks for instructors

The pages of the book with everything open: solutions, answers, what each check tries, and plausible
wrong answers with the message that a student gets for them. Below each title stands what the guide
for instructors says of the page. `make instructor` writes this folder anew.
"""


def make_student(project: Project, chapters: list[Chapter], folder: Path) -> list[Path]:
    """Write the notebooks for students into the folder."""
    return write_editions(chapters, folder, student_edition, STUDENT)


def make_instructor(project: Project, chapters: list[Chapter], folder: Path) -> list[Path]:
    """Write the notebooks for instructors into the folder."""
    titles = {chapter.name: read_sheet(chapter).title for chapter in project.chapters}
    notes = read_notes(project.root, titles)
    return write_editions(chapters, folder, partial(_with_notes, notes), INSTRUCTOR)


def _with_notes(notes: dict[str, str], sheet: Sheet):
    return instructor_edition(sheet, notes.get(sheet.name, ""))
