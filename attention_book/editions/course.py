"""A course folder for nbgrader: assignments in, grades out."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat
from tqdm import tqdm
from traitlets.config import PyFileConfigLoader

from attention_lib.writing import replace_file

from ..pipeline.errors import PipelineError
from ..pipeline.project import Chapter
from .assignments import assignment
from .course_files import CONFIG, CONFIG_NAME, README
from .nbgrader_here import require_nbgrader
from .sheet import read_sheet

COLUMNS = ("assignment", "student", "exercise", "score", "max_score", "to_grade_by_hand")


class Course:
    """The folder with source/, release/, submitted/, autograded/, feedback/ and the gradebook."""

    def __init__(self, folder: Path):
        require_nbgrader()
        from nbgrader.apps import NbGraderAPI

        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in ((CONFIG_NAME, CONFIG), ("README.md", README)):
            if not (self.folder / name).exists():
                replace_file(self.folder / name, text)
        _make_alembic_known()
        config = PyFileConfigLoader(CONFIG_NAME, path=str(self.folder)).load_config()
        config.CourseDirectory.root = str(self.folder)
        self.api = NbGraderAPI(config=config)

    def make(self, chapters: list[Chapter], *, seed: int = 1, force: bool = False) -> list[str]:
        """Write the source and the release version of each page; the names of those that changed.

        Raises PipelineError for one that was handed in already, unless `force`, and for one that
        nbgrader refuses.
        """
        changed = []
        for chapter in tqdm(chapters, desc="assignments", unit="page"):
            text = nbformat.writes(assignment(read_sheet(chapter), seed)) + "\n"
            if self._write(chapter.name, text, force):
                self._call(chapter.name, "generate_assignment", chapter.name, force=True)
                changed.append(chapter.name)
        return changed

    def _write(self, name: str, text: str, force: bool) -> bool:
        """Whether the source of an assignment is new or has changed; it is written if so."""
        source = self.folder / "source" / name / f"{name}.ipynb"
        release = self.folder / "release" / name / f"{name}.ipynb"
        same = source.is_file() and source.read_text(encoding="utf-8") == text
        if same and release.is_file() and not force:
            return False
        handed_in = sorted(path.parent.name for path in self.folder.glob(f"submitted/*/{name}"))
        if handed_in and not force:
            raise PipelineError(
                name,
                f"the assignment has changed, and {len(handed_in)} student(s) handed it in",
                "keep the old one, or use --force and grade them anew",
            )
        source.parent.mkdir(parents=True, exist_ok=True)
        replace_file(source, text)
        return True

    def submissions(self) -> list[tuple[str, str]]:
        """Assignment and student of everything that was handed in."""
        paths = self.folder.glob("submitted/*/*/")
        return sorted((path.name, path.parent.name) for path in paths if path.is_dir())

    def grade(self, *, force: bool = False) -> list[PipelineError]:
        """Run what was handed in, write feedback and the CSV files; what could not be graded.

        What has been graded before is graded again only if its timestamp is newer, or with `force`.
        """
        problems = []
        for name, student in tqdm(self.submissions(), desc="grades", unit="submission"):
            try:
                self._call(f"{name} of {student}", "autograde", name, student, force=force)
                self._call(f"{name} of {student}", "generate_feedback", name, student, force=True)
            except PipelineError as problem:
                problems.append(problem)
        self.export()
        return problems

    def export(self) -> None:
        """Write grades.csv, a row a submission, and grades_by_exercise.csv."""
        from nbgrader.api import Gradebook
        from nbgrader.plugins.export import CsvExportPlugin

        with Gradebook(self.api.coursedir.db_url, self.api.coursedir.course_id) as gradebook:
            plugin = CsvExportPlugin(parent=self.api)
            plugin.to = str(self.folder / "grades.csv")
            plugin.export(gradebook)
            text = io.StringIO(newline="")
            csv.writer(text).writerows([COLUMNS, *_rows(gradebook)])
        replace_file(self.folder / "grades_by_exercise.csv", text.getvalue())

    def _call(self, where: str, step: str, *arguments, **options) -> None:
        """One step of nbgrader, which warns of much that is not the user's to mend."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = getattr(self.api, step)(*arguments, **options)
        if not result["success"]:
            said = (result.get("log") or result.get("error", "")).strip()
            raise PipelineError(
                where,
                f"nbgrader stops:\n{said}",
                "mend what its lines name; a file that is no notebook has to be handed in again",
            )


def _make_alembic_known() -> None:
    """nbgrader calls `alembic` by its name, which only an activated environment knows."""
    if not shutil.which("alembic"):
        os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])


def _rows(gradebook) -> Iterator[tuple]:
    for task in gradebook.assignments:
        for submission in sorted(task.submissions, key=lambda one: one.student_id):
            for notebook in submission.notebooks:
                grades = {grade.name: grade for grade in notebook.grades}
                for cell in notebook.notebook.grade_cells:
                    one = grades[cell.name]
                    facts = (one.score, one.max_score, bool(one.needs_manual_grade))
                    yield (task.name, submission.student_id, cell.name, *facts)
