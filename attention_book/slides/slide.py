"""A slide while it is filled: what stands on it, how much more it holds, what the speaker says."""

from __future__ import annotations

from dataclasses import dataclass, field

WORDS = 80  # of sentences and points; code, math, tables and pictures are no sentences
ROOM = 590  # pixels below the title
LINE = 13  # words
PIXELS = 42  # of a line of text, with its share of the space between paragraphs


@dataclass
class Part:
    """A piece of HTML, with its words and its height as far as the rules can tell."""

    html: str
    words: int = 0
    height: float = 0


@dataclass
class Slide:
    title: str
    kind: str = "text"
    above: str = ""  # the section, where the title is another
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    picture: str = ""  # the id of the widget's model
    named: bool = False  # whether the title is that of the picture

    @property
    def words(self) -> int:
        return sum(part.words for part in self.parts)

    @property
    def height(self) -> float:
        return sum(part.height for part in self.parts)

    @property
    def texts_only(self) -> bool:
        return all(part.words for part in self.parts)

    @property
    def looks(self) -> str:
        """The classes of its element."""
        asks = self.kind == "text" and self.texts_only and 0 < self.words <= 45
        asks = asks and all(part.html.startswith("<p>") for part in self.parts)
        return "opening" if asks else f"{self.kind} named" if self.named else self.kind

    def holds(self, part: Part) -> bool:
        """Whether there is room for one more part."""
        most = 45 if self.picture else WORDS
        room = self.words + part.words <= most
        return room and (bool(self.picture) or self.height + part.height <= ROOM)

    def add(self, part: Part) -> None:
        self.parts.append(part)


def text(html: str, words: int, css: str = "") -> Part:
    """A paragraph."""
    name = f' class="{css}"' if css else ""
    return Part(f"<p{name}>{html}</p>", words, PIXELS * -(-words // LINE) + 8)


def balanced(counts: list[int], most: int) -> set[int]:
    """Before which points of a list a new slide begins; the fullest is as light as can be."""
    needed = len(_breaks(counts, most))
    while most > max(counts) and len(_breaks(counts, most - 1)) == needed:
        most -= 1
    return _breaks(counts, most)


def _breaks(counts: list[int], most: int) -> set[int]:
    found, total = set(), 0
    for k, count in enumerate(counts):
        if total and total + count > most:
            found.add(k)
            total = 0
        total += count
    return found
