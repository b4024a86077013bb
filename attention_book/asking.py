"""A box in which a reader types a text and gets an answer; it needs a kernel."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from ipywidgets import HTML, Layout, Text, VBox

from attention_lib.checks import check_callable, check_text


class Asking(VBox):
    """A line to type in, and below it the answer to what stands there."""

    def __init__(self, answer, label, start):
        wide = Layout(width="100%")
        self.line = Text(
            value=start,
            description=label,
            continuous_update=False,
            layout=wide,
            style={"description_width": "auto"},
        )
        self.reply = HTML()
        self._answer = answer
        self.line.observe(self._asked, names="value")
        self._asked(None)
        super().__init__([self.line, self.reply], layout=wide)

    def _asked(self, _change):
        text = self.line.value.strip()
        self.reply.value = _html(self._answer(text)) if text else ""

    def __repr__(self):
        return f"A line to type in: {self.line.description} (run this cell to use it)"


def ask(answer: Callable[[str], object], *, label: str, start: str) -> Asking:
    """A line to type in; after Enter `answer(text)` stands below it, for `start` from the first.

    answer  function of the text without spaces at its ends; gives a Table or a text. It is not
            asked about nothing.
    label   what stands before the line
    start   the text to begin with

    Raises TypeError for what is none of these.

    >>> box = ask(str.upper, label="say", start="so")
    >>> box.reply.value
    'SO'
    >>> box.line.value = "no"
    >>> box.reply.value
    'NO'
    """
    check_callable(answer=answer)
    check_text(label=label, start=start)
    return Asking(answer, label, start)


def _html(answer) -> str:
    return answer.html() if hasattr(answer, "html") else escape(str(answer))
