"""A box in which a reader types a text and gets an answer; it needs a kernel."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from ipywidgets import HTML, Layout, Text, VBox, Widget

from attention_lib.checks import check_callable, check_text


class Asking(VBox):
    """A line to type in, and below it `reply`, the widget that answers what stands there."""

    def __init__(self, answer, label, start):
        wide = Layout(width="100%")
        self.line = Text(
            value=start,
            description=label,
            continuous_update=False,
            layout=wide,
            style={"description_width": "auto"},
        )
        self._answer = answer
        super().__init__(layout=wide)
        self.line.observe(self._asked, names="value")
        self._asked(None)

    def _asked(self, _change):
        self.reply = self._replied(self.line.value.strip())
        self.children = (self.line, self.reply)

    def _replied(self, text):
        if not text:
            return HTML()
        try:
            answer = self._answer(text)
        except ValueError as error:
            answer = error
        return answer if isinstance(answer, Widget) else HTML(_html(answer))

    def __repr__(self):
        return f"A line to type in: {self.line.description} (run this cell to use it)"


def ask(answer: Callable[[str], object], *, label: str, start: str) -> Asking:
    """A line to type in; after Enter `answer(text)` stands below it, for `start` from the first.

    answer  function of the text without spaces at its ends; gives a widget, a Table or a text. It
            is not asked about nothing, and a ValueError that it raises is shown in words.
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
