"""The rules by which a page becomes a deck: what goes on a slide, what is left to the speaker."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from html import escape

from ..pipeline.page_text import FACTS
from . import code
from .blocks import Block, plain_text
from .boxes import exercise_slides, predict_slides, quiz_slide
from .choices import Choices
from .slide import WORDS, Part, Slide, balanced, text
from .text import first, inline, joined, noted, sentences, words

LEFT_OUT = {"Further", "Sources"}
BOLD_LEAD = re.compile(r"\*\*(?!\d)([^*]{3,60}?)[.:]\*\*\s+(?=\S)")
STEP = re.compile(r"\*\*\d+\.")
RESULTS = {"table", "provenance", "code", "text", "image"}  # a sentence behind them reads them
FIRST = 30  # words of a paragraph's first sentence, at most
HINT = 34  # words below a picture that say where to look


@dataclass
class Deck:
    name: str
    title: str = ""
    facts: str = ""
    lead: list[str] = field(default_factory=list)
    stacks: list[list[Slide]] = field(default_factory=list)

    @property
    def slides(self) -> list[Slide]:
        return [slide for stack in self.stacks for slide in stack]


def make(name: str, blocks: list[Block], choices: Choices) -> Deck:
    """The deck of a page."""
    deck = Deck(name)
    opening, *sections = _sections(blocks)
    _open(deck, opening, choices)
    for section in sections:
        title = section[0].source
        if title in LEFT_OUT or choices.leaves_out(title):
            continue
        deck.stacks += _stacks(title, section[1:], choices)
    deck.stacks = [stack for stack in map(_filled, deck.stacks) if stack]
    choices.check(name, [b.source for b in blocks if b.kind == "heading"] + _pictures(blocks))
    return deck


def _pictures(blocks: list[Block]) -> list[str]:
    return [block.name for block in blocks if block.kind == "picture"]


def _sections(blocks: list[Block]) -> list[list[Block]]:
    """The blocks before the first heading of the second level, then those of each section."""
    parts: list[list[Block]] = [[]]
    for block in blocks:
        if block.kind == "heading" and block.level == 2:
            parts.append([])
        parts[-1].append(block)
    return parts


def _open(deck: Deck, blocks: list[Block], choices: Choices) -> None:
    """The title slide, then the first picture with what is said about it."""
    rest = []
    for block in blocks:
        if block.kind == "heading":
            deck.title = block.source
        elif found := FACTS.search(block.source) if block.kind == "paragraph" else None:
            deck.facts = f"{found[1]} minutes to read, {found[2]} more for the exercises"
        elif block.kind == "paragraph" and not rest:
            deck.lead += first(block.source, 45)
        else:
            rest.append(block)
    deck.stacks.append(Walk(deck.title, choices).over(rest))


def _stacks(title: str, blocks: list[Block], choices: Choices) -> list[list[Slide]]:
    if title == "Exercises":
        return [exercise_slides(blocks, choices.exercises)]
    return [Walk(title, choices).over(blocks)]


def _filled(stack: list[Slide]) -> list[Slide]:
    """Without slides that hold nothing; their notes go to the slide that follows, or before."""
    kept: list[Slide] = []
    waiting: list[str] = []
    for slide in stack:
        if slide.parts or slide.picture:
            slide.notes[:0] = waiting
            waiting = []
            kept.append(slide)
        elif kept:
            kept[-1].notes += slide.notes
        else:
            waiting += slide.notes
    return kept


def _point(item: Block) -> list[str]:
    """What a slide says of a point of a list."""
    return first(item.source, 40) or sentences(item.source)[:1]


class Walk:
    """One section, block after block; each finds its place on the slide at hand or begins one."""

    def __init__(self, title: str, choices: Choices):
        self.title = title
        self.choices = choices
        self.slides = [Slide(title)]
        self.by_hand = title.lower().endswith("by hand") or "by hand" in title.lower()
        fails = bool(re.match("Where it (fails|goes wrong)", title))
        self.code = choices.shows_code(title) or fails
        self.after = ""  # the kind of the block before
        self.leading: Part | None = None  # a sentence that stands with what follows it
        self.answers: list[Slide] = []  # to a guess that has been asked for

    @property
    def slide(self) -> Slide:
        return self.slides[-1]

    def over(self, blocks: list[Block]) -> list[Slide]:
        for block in blocks:
            if block.kind in ("heading", "box"):
                self._answer()
            placed = getattr(self, f"_{block.kind}")(block)
            self.after = "" if placed is False else block.kind
        self._answer()
        return self.slides

    def _answer(self) -> None:
        """The answer to a guess comes when the reader has seen what there is to see."""
        if self.answers:
            self.slides += self.answers
            self.answers = []
            self.begin()

    def begin(self, title: str = "", kind: str = "text") -> Slide:
        """A new slide of this section."""
        title = title or self.title
        above = self.title if title != self.title else ""
        self.slides.append(Slide(title, kind, above))
        return self.slide

    def place(self, part: Part) -> None:
        """On this slide if it holds the part, else on a new one of the same title."""
        parts = [self.leading, part] if self.leading else [part]
        self.leading = None
        both = Part("", sum(p.words for p in parts), sum(p.height for p in parts))
        beside = self.slide.picture and not part.words
        if beside or (self.slide.parts and not self.slide.holds(both)):
            self.begin(self.title if self.slide.picture else self.slide.title)
        self.slide.parts += parts

    def _paragraph(self, block: Block) -> None:
        source = block.source
        self.leading = None
        lead = BOLD_LEAD.match(source)
        if lead and (self.slide.parts or self.slide.picture):
            self.begin(lead[1])
        elif lead:
            self.slide.above, self.slide.title = self.title, lead[1]
        self.slide.notes.append(f"<p>{noted(source)}</p>")
        source = source[lead.end() :] if lead else source
        if STEP.match(source):
            self._step(source)
        elif self.slide.picture:
            self._hint(source)
        elif self.by_hand and self.after not in ("code", "text"):
            self._board(source)
        elif source.startswith("In words"):
            self._say(first(source, 45) or first(source, 65)[:1], "words")
        elif self.slide.texts_only or self.after in (
            "table",
            "provenance",
            "code",
            "text",
            "image",
        ):
            said = first(source, FIRST)
            short = said and words(said[0]) < 9
            self._say(said[: 2 if short or not self.slide.parts else 1])

    def _say(self, said: list[str], css: str = "") -> None:
        """Sentences, if the slide holds them; what it does not hold is left to the speaker."""
        if not said:
            return
        cut = len(said) - said[-1].endswith(":")
        for sentence in (" ".join(said[:cut]), " ".join(said[cut:])):
            leads = sentence.endswith(":")
            part = text(inline(sentence), words(sentence), "" if leads else css)
            if sentence and (leads or not self.slide.holds(part)):
                self.leading = part
            elif sentence:
                self.slide.add(part)

    def _step(self, source: str) -> None:
        """A numbered step; what is computed in it follows as a formula."""
        said = " ".join(first(source, FIRST))
        self.leading = text(inline(said), words(said), "fragment step")

    def _board(self, source: str) -> None:
        """An example by hand goes to the board sentence by sentence, on two slides at most.

        A sentence about names of the code is left to the speaker.
        """
        said = joined([one for one in sentences(source) if "`" not in one])
        while said and words(said[0]) <= FIRST:
            sentence = said.pop(0)
            part = text(inline(sentence), words(sentence), "fragment" if self.slide.parts else "")
            if sentence.endswith(":"):
                self.leading = part
            elif self.slide.holds(part):
                self.slide.add(part)
            elif said and len(self.slides) < 3:
                self.place(part)
            else:
                return

    def _hint(self, source: str) -> None:
        """Beside a picture: where to look, or what to do with it."""
        said = first(source, HINT)
        if len([part for part in self.slide.parts if "hint" in part.html]) == 0:
            self._say(said, "hint")

    def _heading(self, block: Block) -> None:
        self.begin(block.source)

    def _math(self, block: Block) -> None:
        rows = block.source.count("\\\\") + 1
        tall = max([rows, *(m.count("\\\\") + 1.5 for m in block.source.split("matrix"))])
        tall = rows if "matrix" not in block.source else min(tall, 3)
        fragment = " fragment" if self.after == "math" or self.by_hand else ""
        html = f'<div class="math{fragment}">\\[{escape(block.source)}\\]</div>'
        extra = 34 * block.source.count("brace{") / 2 + 24 * ("frac" in block.source)
        self.place(Part(html, 0, 48 * tall + 24 + extra))

    def _list(self, block: Block) -> None:
        """Points, as many on a slide as it holds."""
        counts = [words(" ".join(_point(item))) for item in block.children]
        breaks = balanced([self.slide.words + counts[0], *counts[1:]], WORDS)
        for k, item in enumerate(block.children):
            if k in breaks:
                self.begin(self.slide.title)
            said = " ".join(_point(item))
            part = text(inline(said), words(said), "point")
            part.height += 10
            self.slide.notes.append(f"<p>{noted(item.source)}</p>")
            self.place(part)

    def _table(self, block: Block) -> None:
        rows = block.source.count("<tr>")
        if self.slide.picture or (self.slide.height and self.slide.height + 44 * rows > 480):
            self.begin()
        many = " many" if rows > 9 else ""
        self.place(Part(f'<div class="result{many}">{block.source}</div>', 0, min(44 * rows, 430)))

    def _provenance(self, block: Block) -> None:
        self.slide.notes.append(f"<p>{block.source}</p>")
        if words(plain_text(block.source)) <= 32:
            self.slide.add(Part(f'<p class="provenance">{block.source}</p>', 0, 36))

    def _picture(self, block: Block) -> None:
        if self.choices.leaves_out(block.name):
            return
        slide = self.slide
        if slide.picture or not slide.texts_only or slide.words > 40:
            self.begin(block.name)
        if self.leading and not self.slide.parts:
            self.slide.add(self.leading)
        if not self.slide.parts and not self.slide.above:
            self.slide.title = block.name
        for part in self.slide.parts:
            part.html = part.html.replace(' class="fragment"', "")
        self.slide.named = self.slide.title == block.name
        self.slide.kind, self.slide.picture = "picture", block.source

    def _image(self, block: Block) -> None:
        if not self.slide.texts_only or self.slide.picture or self.slide.words > 30:
            self.begin()
        svg = re.sub(r"^.*?(?=<svg)|<metadata>.*?</metadata>", "", block.source, flags=re.DOTALL)
        data = b64encode(svg.encode()).decode()
        source = f"data:image/svg+xml;base64,{data}"
        picture = f'<div class="image"><img src="{source}" alt="{escape(block.name)}"></div>'
        self.slide.add(Part(picture, 0, 400))

    def _text(self, block: Block) -> None:
        if self.after != "code" or not self.slide.parts or "code" not in self.slide.parts[-1].html:
            return
        lines = block.source.count("\n") + 1
        if lines <= 6:
            self.place(Part(f'<pre class="printed">{escape(block.source)}</pre>', 0, 30 * lines))

    def _code(self, block: Block) -> bool:
        """The mechanism in pieces; other code where it is what goes wrong, or is done by hand."""
        if block.name == "lesson":
            for piece in code.pieces(block.source):
                self._piece(piece)
            return True
        lines = block.source.count("\n") + 1
        wanted = self.code or (self.by_hand and block.name == "printing")
        if not wanted or lines > 12:
            return False
        if self.slide.picture:
            self.begin()
        self.place(Part(code.html(block.source, pointed=False), 0, 29 * lines + 28))
        return True

    def _piece(self, piece: code.Piece) -> None:
        """A piece of the mechanism, with the sentence before it if there is room for both."""
        part = Part(code.html(piece.source, pointed=True), 0, 29 * len(piece.lines) + 28)
        before = [self.leading] if self.leading else []
        taken = sum(one.height for one in before)
        self.leading = None
        if self.slide.texts_only and self.slide.holds(Part("", 0, part.height + taken)):
            self.slide.parts += before
        else:
            self.begin(piece.title or self.title)
        self.slide.kind = "lesson"
        self.slide.add(part)

    def _box(self, block: Block) -> None:
        if block.name == "quiz":
            self.slides.append(quiz_slide(block, self.title))
        elif block.name == "predict":
            guess, *self.answers = predict_slides(block, self.title)
            self.slides.append(guess)
        elif block.name == "pitfall":
            self.begin("Pitfall", "pitfall")
            for child in block.children:
                getattr(self, f"_{child.kind}")(child)
        else:
            self._fold(block)
        if block.name in ("quiz", "predict", "pitfall"):
            self.begin()

    def _fold(self, block: Block) -> None:
        """What the page folds is said, if at all."""
        for child in block.children:
            if child.kind == "paragraph":
                self.slide.notes.append(f"<p>{noted(child.source)}</p>")
            elif child.kind == "math":
                self.slide.notes.append(f"<p>$${escape(child.source)}$$</p>")
