"""What `check` found, as text and as HTML."""

from __future__ import annotations

import html
from dataclasses import dataclass


@dataclass(frozen=True)
class Feedback:
    """What `check` found, as text (`repr`) and as HTML in a notebook.

    `printed` is what the function printed while the last behaviour was tried, shortened.
    `progress` is how far the reader is, or "" where no progress is kept.
    """

    name: str
    title: str
    passed: bool
    message: str
    statements: tuple[str, ...]
    n_held: int
    printed: str = ""
    progress: str = ""

    def __repr__(self) -> str:
        verdict = "passes" if self.passed else "not yet"
        lines = [f"{self.name}: {verdict}. {_sentence(self.message)}"]
        lines += [f"  {mark}: {statement}" for mark, statement in self._checklist()]
        if self.printed:
            lines += ["  it printed:", *(f"    {line}" for line in self.printed.splitlines())]
        lines += [f"  {self.progress}"] if self.progress else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        state, verdict = ("pass", "✓ Passes") if self.passed else ("fail", "✗ Not yet")
        items = "".join(
            f"<li>{html.escape(f'{mark}: {text}')}</li>" for mark, text in self._checklist()
        )
        printed = f"<p>It printed:</p><pre>{html.escape(self.printed)}</pre>"
        progress = f"<p><small>{html.escape(self.progress)}</small></p>" if self.progress else ""
        return (
            f'<div class="exercise-feedback {state}" role="status">'
            f"<p><strong>{verdict}: {html.escape(self.title)}.</strong> "
            f"{html.escape(_sentence(self.message))}</p>"
            f"<ul>{items}</ul>{printed if self.printed else ''}{progress}</div>"
        )

    def _checklist(self) -> list[tuple[str, str]]:
        marks = ["holds"] * self.n_held + ["does not hold"] + ["not tried"] * len(self.statements)
        return list(zip(marks, self.statements, strict=False))


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]
