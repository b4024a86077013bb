"""Tables of results, readable on the page, in a notebook and as plain text.

A chapter calls

    table(["length", "right"], [(8, 0.99), (16, 0.95)], numbers=".0%", note=study.provenance)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from numbers import Real

from attention_lib.checks import as_list, check_flag, check_mapping, check_text

from .arguments import as_format, as_names, finite, written

# In JupyterLab and Colab no style sheet of the book applies; a wide table scrolls in its own box.
# The pages have a style sheet, and their policy refuses style attributes.
SCROLLS = 'style="overflow-x: auto"'
BOX = f'<div class="table-box" role="group" tabindex="0" {SCROLLS} aria-label="{{}}">'


def table(
    head: Sequence[str],
    rows: Sequence[Sequence],
    *,
    caption: str = "",
    note: str = "",
    numbers: str | Sequence[str] = "",
    row_header: bool = True,
) -> Table:
    """A table that shows itself at the end of a cell.

    head        the names of the columns
    rows        one sequence of cells a row: texts, numbers, or arrays, whose entries stand in a row
    caption     what the table shows
    note        a sentence below; what stands between backticks is shown as code
    numbers     how numbers that are no integers are written: a format specification such as ".0%",
                one for all columns or one for each
    row_header  whether the first cell of a row names the row

    Raises TypeError or ValueError for what is none of these, for a row with more or fewer cells
    than the head, and for a format that does not fit a number.
    """
    head = as_names("head", head)
    rows = [as_list(f"rows[{k}]", r, "cells") for k, r in enumerate(as_list("rows", rows, "rows"))]
    one = isinstance(numbers, str)
    formats = [numbers] * len(head) if one else as_list("numbers", numbers, "formats")
    for form in formats:
        as_format("numbers", form)
    check_text(caption=caption, note=note)
    check_flag(row_header=row_header)
    for what, cells in [("numbers", formats), *((f"rows[{k}]", r) for k, r in enumerate(rows))]:
        if len(cells) != len(head):
            raise ValueError(f"{what} must have {len(head)} entries, got {len(cells)}")
    texts = [
        [_text(f"rows[{k}]", c, f) for c, f in zip(row, formats, strict=True)]
        for k, row in enumerate(rows)
    ]
    return Table(head, texts, caption, note, row_header)


def compare(columns: Mapping[str, Mapping], numbers: str = "z.4f") -> Table:
    """Quantities in rows, ways to compute them in columns: {way: {quantity: numbers}}."""
    check_mapping("a way to its quantities", columns=columns)
    for way, column in columns.items():
        check_mapping("a quantity to its numbers", **{f"columns[{way!r}]": column})
    if not columns:
        raise ValueError("columns must hold at least one way, got none")
    names = next(iter(columns.values()))
    for way, column in columns.items():
        if set(column) != set(names):
            raise ValueError(
                f"columns[{way!r}] must have the quantities {list(names)}, got {list(column)}"
            )
    rows = [(name, *(column[name] for column in columns.values())) for name in names]
    return table(["", *columns], rows, numbers=numbers)


class Table:
    """Cells as texts; `_repr_mimebundle_` shows them as HTML and as plain text."""

    def __init__(self, head, rows, caption="", note="", row_header=True, kind=""):
        self.head, self.rows, self.caption, self.note = head, rows, caption, note
        self.row_header, self.kind = row_header, kind

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.head))]
        shown = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join(filter(None, [self.caption, *shown, self.note]))

    def html(self) -> str:
        """The table with everything escaped, in a box that scrolls if it is too narrow."""
        top = "".join(
            f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in self.head
        )
        body = "".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        caption = f"<caption>{_marked(self.caption)}</caption>" if self.caption else ""
        note = f"<p>{_marked(self.note)}</p>" if self.note else ""
        kind = f' class="{self.kind}"' if self.kind else ""
        label = escape(self.caption.replace("`", "") or ", ".join(filter(None, self.head)))
        return (
            f"{BOX.format(label)}<table{kind}>{caption}<thead><tr>{top}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>{note}"
        )

    def _row(self, cells):
        tags = ["th" if self.row_header and k == 0 else "td" for k in range(len(cells))]
        scopes = {"th": ' scope="row"', "td": ""}
        return "".join(
            f"<{tag}{scopes[tag]}>{escape(cell)}</{tag}>"
            for tag, cell in zip(tags, cells, strict=True)
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/plain": repr(self), "text/html": self.html()}


def _text(name: str, cell, form: str) -> str:
    if hasattr(cell, "tolist"):  # arrays and numbers of NumPy and PyTorch
        cell = cell.tolist()
    if isinstance(cell, (list, tuple)):
        return ", ".join(_text(name, one, form) for one in cell)
    if isinstance(cell, Real) and not isinstance(cell, int):
        return format(cell, form)
    return written(name, cell)


def _marked(text: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def spread(values, numbers: str = ".0%") -> str:
    """Mean and range of numbers in words; the mean alone where all are printed alike.

    values   an array, a tensor or a list of finite numbers, at least one
    numbers  how they are written: a format specification

    Raises TypeError or ValueError for what is none of these.

    >>> import numpy as np
    >>> spread(np.array([0.9, 1.0])), spread(np.array([0.901, 0.902]))
    ('95% (90% to 100%)', '90%')
    """
    as_format("numbers", numbers)
    values = finite("values", values)
    mean, low, high = (format(x, numbers) for x in (values.mean(), values.min(), values.max()))
    return mean if low == high else f"{mean} ({low} to {high})"
