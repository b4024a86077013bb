"""Interactive figures: sliders, results computed beforehand, a small view that looks them up."""

from attention_book.explorables.size import state_size
from attention_book.explorables.sweep import sweep
from attention_book.explorables.views import Bars, HeatMap, Lines, Step, Stepper, Vectors

__all__ = ["Bars", "HeatMap", "Lines", "Step", "Stepper", "Vectors", "state_size", "sweep"]
