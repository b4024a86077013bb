"""Interactive figures: sliders, results computed beforehand, a small view that looks them up."""

from attention_book.explorables.guess import Guess
from attention_book.explorables.kinds.bars import Bars
from attention_book.explorables.kinds.flow import Flow
from attention_book.explorables.kinds.heatmap import HeatMap
from attention_book.explorables.kinds.lines import Lines
from attention_book.explorables.kinds.pattern import Pattern
from attention_book.explorables.kinds.stepper import Stepper
from attention_book.explorables.kinds.vectors import Vectors
from attention_book.explorables.size import state_size
from attention_book.explorables.steps import Step
from attention_book.explorables.sweep import sweep

__all__ = [
    "Bars",
    "Flow",
    "Guess",
    "HeatMap",
    "Lines",
    "Pattern",
    "Step",
    "Stepper",
    "Vectors",
    "state_size",
    "sweep",
]
