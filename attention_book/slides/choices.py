"""What people choose for a deck, beyond the rules: book/slides.yml."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from ..pipeline.project import PipelineError, Project

FILE = "book/slides.yml"
KEYS = {"leave-out", "exercises", "code"}


@dataclass
class Choices:
    """`leave_out` and `code` hold titles of sections or pictures; `used` those that were met."""

    leave_out: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    exercises: list[int] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def leaves_out(self, title: str) -> bool:
        return self._listed(title, self.leave_out)

    def shows_code(self, title: str) -> bool:
        return self._listed(title, self.code)

    def _listed(self, title: str, titles: list[str]) -> bool:
        if title in titles:
            self.used.add(title)
        return title in titles

    def check(self, name: str, titles: list[str]) -> None:
        """Stop at a title that the page does not have."""
        for title in [*self.leave_out, *self.code]:
            if title not in self.used:
                raise PipelineError(
                    FILE,
                    f"{name} has no section or picture {title!r} to choose",
                    f"use one of: {', '.join(titles)}",
                )


def load(project: Project) -> dict[str, Choices]:
    """The choices of every page that has some."""
    path = project.root / FILE
    stored = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    known = {chapter.name for chapter in project.chapters}
    return {name: _choices(name, entry, known) for name, entry in (stored or {}).items()}


def _choices(name: str, entry, known: set[str]) -> Choices:
    if name not in known:
        names = ", ".join(sorted(known))
        raise PipelineError(FILE, f"there is no page {name!r}", f"use one of: {names}")
    wrong = set(entry) - KEYS if isinstance(entry, dict) else {str(entry)}
    if wrong:
        raise PipelineError(
            FILE, f"{name}: {sorted(wrong)} is no choice", f"use one of: {sorted(KEYS)}"
        )
    for key, values in entry.items():
        kind = int if key == "exercises" else str
        if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
            what = "numbers" if kind is int else "titles"
            raise PipelineError(FILE, f"{name}: {key} must be a list of {what}", "write [ ... ]")
    return Choices(
        leave_out=entry.get("leave-out", []),
        code=entry.get("code", []),
        exercises=entry.get("exercises", []),
    )
