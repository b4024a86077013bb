"""Slides of the boxes: a guess and its answer, a question of the quiz, an exercise."""

from __future__ import annotations

import re

from ..pipeline.page_text import EXERCISE
from .blocks import Block
from .slide import Part, Slide, text
from .text import first, inline, noted, sentences, words

QUESTION = re.compile(r"\*\*(\d+)\.\s+(.*?)\*\*\s*(.*)", re.DOTALL)
GOALS = "What you will be able to do"  # a guess below it belongs to the whole page
GUESS, ANSWER, PROMPT = 70, 55, 60  # words on a slide


def _note(blocks: list[Block]) -> list[str]:
    return [f"<p>{noted(block.source)}</p>" for block in blocks if block.kind == "paragraph"]


def _paragraphs(block: Block) -> str:
    return " ".join(child.source for child in block.children if child.kind == "paragraph")


def _folds(block: Block) -> list[Block]:
    return [child for child in block.children if child.kind == "fold"]


def asked(source: str, most: int) -> list[str]:
    """The questions of a text, and before them as many of its other sentences as there is room."""
    said = sentences(source)
    kept = {k for k, sentence in enumerate(said) if sentence.endswith("?")}
    room = most - sum(words(said[k]) for k in kept)
    for k, sentence in enumerate(said):
        room -= 0 if k in kept else words(sentence)
        if room < 0:
            break
        kept.add(k)
    return [said[k] for k in sorted(kept)]


def predict_slides(block: Block, section: str) -> list[Slide]:
    """The guess, and below it the answer."""
    section = "" if section == GOALS else section
    guess = Slide("Guess first", "predict", section, notes=_note(block.children))
    for sentence in asked(_paragraphs(block), GUESS):
        guess.add(text(inline(sentence), words(sentence)))
    slides = [guess]
    for fold in _folds(block):
        answer = Slide("Compare with the answer", "predict", section, notes=_note(fold.children))
        source = _paragraphs(fold)
        for sentence in first(source, ANSWER) or sentences(source)[:1]:
            answer.add(text(inline(sentence), words(sentence), "fragment"))
        slides.append(answer)
    return slides


def quiz_slide(block: Block, section: str) -> Slide:
    """The question with its options; the right one is a fragment."""
    found = QUESTION.match(re.sub(r"<span[^>]*></span>", "", block.children[0].source))
    slide = Slide(f"Question {found[1]}", "quiz", section)
    slide.add(text(inline(found[2]), words(found[2]), "question"))
    rows, count, right = [], 0, ""
    for option in _folds(block):
        answer = _paragraphs(option)
        is_right = answer.lstrip("*").startswith("Right")
        rows.append(f'<li class="{"right" if is_right else "wrong"}">{inline(option.source)}</li>')
        count += words(option.source)
        right = answer if is_right else right
        slide.notes.append(f"<p><b>{noted(option.source)}</b> {noted(answer)}</p>")
    slide.add(Part(f'<ul class="options">{"".join(rows)}</ul>', count, 60 * len(rows)))
    said = " ".join(first(right, 45) or sentences(right)[:1])
    slide.add(text(inline(said), words(said), "fragment answer"))
    return slide


def exercise_slides(blocks: list[Block], wanted: list[int]) -> list[Slide]:
    """The prompts of the exercises that are wanted; without a choice the first and the last."""
    exercises = _exercises(blocks)
    numbers = wanted or [1, len(exercises)]
    return [_exercise(exercises[number - 1]) for number in numbers if number <= len(exercises)]


def _exercises(blocks: list[Block]) -> list[list[Block]]:
    found: list[list[Block]] = []
    for block in blocks:
        if block.kind == "heading":
            found.append([])
        if found:
            found[-1].append(block)
    return found


def _exercise(blocks: list[Block]) -> Slide:
    number, stars, minutes, title = EXERCISE.match(blocks[0].source).groups()
    slide = Slide(f"Exercise {number}: {title}", "exercise", "Exercises")
    effort = f'<span role="img" aria-label="{len(stars)} of 3 stars">{stars:☆<3}</span>'
    slide.add(Part(f'<p class="effort">{effort} {minutes} minutes</p>', 0, 40))
    source = " ".join(block.source for block in blocks[1:] if block.kind == "paragraph")
    for sentence in asked(source, PROMPT):
        slide.add(text(inline(sentence), words(sentence)))
    for block in blocks:
        if block.kind == "fold":
            break
        if block.kind == "table":
            slide.add(Part(f'<div class="result">{block.source}</div>', 0, 200))
    slide.notes += _note(blocks[1:])
    for fold in [block for block in blocks if block.kind == "fold"]:
        slide.notes += [f"<p><b>{fold.source}</b></p>", *_note(fold.children)]
    return slide
