"""Interactive figures: sliders, results computed beforehand, a small view that looks them up."""

from attention_lib.explorables.size import state_size
from attention_lib.explorables.sweep import sweep
from attention_lib.explorables.views import Bars, HeatMap, Lines, Step, Stepper, Vectors

__all__ = ["Bars", "HeatMap", "Lines", "Step", "Stepper", "Vectors", "state_size", "sweep"]
