"""A reader's progress as a table, and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.progress_file import VARIABLE, Record, load, place
from attention_book.tables import Table, table
from attention_lib.writing import replace_file

# The notebooks with exercises in code, in the order of the book.
PAGES = (
    *("01_seq2seq", "01_1_scores", "01_2_recurrence", "01_3_before_its_name"),
    *("02_worked_example", "02_1_sentence", "02_2_way_back"),
    *("03_general_mechanism", "03_1_scale", "03_2_masks", "03_3_pictures_words", "03_4_explain"),
    *("04_position", "04_1_ways", "04_2_longer"),
    *("05_many_heads", "05_1_heads_cost", "05_2_fewer", "05_3_reading"),
    *("06_encoder", "06_1_taken_apart", "06_2_norm", "06_3_wins"),
    *("07_decoder", "07_1_choosing", "07_2_alignment", "07_3_cache"),
    *("08_efficient", "08_1_windows", "08_2_state", "08_3_estimates", "08_4_traffic"),
    "08_5_choosing",
)


@dataclass(frozen=True)
class Row:
    """One exercise, and how the reader did."""

    page: str
    exercise: str
    title: str
    stars: int
    passed: bool
    tries: int
    first_passed_at: str


@dataclass(frozen=True)
class Progress:
    """The rows of all exercises in the order of the book, and a sentence on where they are kept."""

    rows: tuple[Row, ...]
    where: str

    def table(self) -> Table:
        """A line a page, and one for the book."""
        by_page: dict[str, list[Row]] = {}
        for row in self.rows:
            by_page.setdefault(row.page, []).append(row)
        lines = [_line(page, rows) for page, rows in by_page.items()]
        return table(
            ["page", "passed", "exercises", "tries"],
            [*lines, _line("the book", self.rows)],
            note=self.where,
        )

    def to_csv(self, path) -> None:
        """Write the rows as CSV, in UTF-8, with the names of the columns in the first line."""
        columns = [field.name for field in fields(Row)]
        _write_csv(path, [columns, *(astuple(row) for row in self.rows)])

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_mimebundle_(self, **options):
        return self.table()._repr_mimebundle_(**options)


def kept_progress(exercises: Mapping[str, Exercise], file=None) -> Progress:
    """The progress in a file, or in the reader's own."""
    path = place() if file is None else Path(file).expanduser()
    where = f"Kept in {path}." if path else f"Not kept: {VARIABLE} is off, or CI is set."
    if file is not None and not path.is_file():
        raise ValueError(f"file: there is no file of progress at {path}")
    records = {} if path is None else load(path)
    rows = [_row(exercises[name], records.get(name, Record())) for name in exercises]
    return Progress(tuple(sorted(rows, key=_place_in_book)), where)


def _row(exercise: Exercise, record: Record) -> Row:
    first = record.first_passed_at or ""
    page = notebook_of(exercise)
    facts = (page, exercise.name, exercise.title, exercise.difficulty)
    return Row(*facts, record.passed, record.tries, first)


def notebook_of(exercise: Exercise) -> str:
    """The name of the notebook that sets the exercise."""
    for name in PAGES:
        if exercise.page in (name, name.lstrip("0123456789_")):
            return name
    return exercise.page


def _place_in_book(row: Row) -> tuple:
    return PAGES.index(row.page) if row.page in PAGES else len(PAGES), row.page


def _line(page: str, rows) -> tuple[str, int, int, int]:
    return page, sum(row.passed for row in rows), len(rows), sum(row.tries for row in rows)


def of_a_class(found: Mapping[str, Progress], path) -> None:
    """Write the rows of several readers into one CSV; the first column names the reader's file."""
    columns = ["file", *(field.name for field in fields(Row))]
    rows = [(name, *astuple(row)) for name, one in found.items() for row in one.rows]
    _write_csv(path, [columns, *rows])


def _write_csv(path, lines) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    replace_file(Path(path).expanduser(), text.getvalue())
