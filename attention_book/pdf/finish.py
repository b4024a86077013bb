"""The printed file in its last form: outline, metadata, and no trace of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pikepdf

from .collect import Printed
from .document import ANSWERS, AUTHOR, LICENCE, TITLE, chapter_of


@dataclass
class Entry:
    """A line of the outline: its words, the name of its place, and the lines below."""

    words: str
    place: str
    below: list[Entry]


def places(pdf: pikepdf.Pdf) -> dict[str, tuple[int, object]]:
    """Where the links of the file lead: for each name the number of the sheet, and the target."""
    sheets = {page.objgen: k for k, page in enumerate(pdf.pages, start=1)}
    return {str(name)[1:]: (sheets[goal[0].objgen], goal) for name, goal in pdf.Root.Dests.items()}


def page_numbers(path: Path) -> dict[str, int]:
    """The number of the sheet on which each name stands."""
    with pikepdf.open(path) as pdf:
        return {name: sheet for name, (sheet, _) in places(pdf).items()}


def outline(printed: list[Printed]) -> list[Entry]:
    """Chapters, with their sections and then the pages below them."""
    chapters, top = chapter_of(printed), [Entry("Contents", "contents", [])]
    for one in printed:
        entry = Entry(one.name, one.page.slug, [Entry(h, a, []) for a, h in one.sections])
        (top if chapters[one.page.slug] is one else top[-1].below).append(entry)
    pages = [Entry(p.name, f"answers-{p.page.slug}", []) for p in printed if p.answers]
    return [*top, Entry(ANSWERS, "answers", pages)]


def finish(raw: Path, path: Path, printed: list[Printed], date: datetime | None) -> None:
    """Write the outline and the metadata, and store the file small."""
    with pikepdf.open(raw) as pdf:
        found = places(pdf)
        with pdf.open_outline() as made:
            made.root.extend(_item(entry, found) for entry in outline(printed))
        _describe(pdf, date)
        pdf.save(
            path,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            recompress_flate=True,
            deterministic_id=True,
        )


def _item(entry: Entry, found: dict) -> pikepdf.OutlineItem:
    item = pikepdf.OutlineItem(entry.words, destination=found[entry.place][1])
    item.is_closed = True
    item.children.extend(_item(below, found) for below in entry.below)
    return item


def _describe(pdf: pikepdf.Pdf, date: datetime | None) -> None:
    stamp = dict.fromkeys(("CreationDate", "ModDate"), f"D:{date:%Y%m%d%H%M%S}Z") if date else {}
    said = {"Title": TITLE, "Author": AUTHOR, "Subject": LICENCE, "Creator": "attention_book pdf"}
    for key in [str(name) for name in pdf.docinfo]:
        del pdf.docinfo[key]
    for key, value in {**said, **stamp}.items():
        pdf.docinfo[f"/{key}"] = value
    pdf.Root.Lang = "en"
    pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
    pdf.Root.PageMode = pikepdf.Name.UseOutlines
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["dc:title"], metadata["dc:creator"] = TITLE, [AUTHOR]
        metadata["dc:language"], metadata["dc:rights"] = ["en"], LICENCE
