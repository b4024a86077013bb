"""Which attention is the fastest here? A choice by measured times, explained, and built.

`choose_attention` asks for a length and answers with a `Choice`. Its times come from a calibration
of the reader's own machine, its memories from `attention_lib.cost`, its errors from data.
`TransformerConfig.for_task` gives a whole model for a kind of task, with what it costs.
"""

from .calibration import Calibration, calibrate
from .choice import Candidate, Choice
from .errors import normal_sample, relative_error
from .files import cache_folder, load, save
from .origin import Origin
from .presets import TransformerConfig
from .rates import Law, Point
from .selector import AttentionSelector, NothingFitsError, choose_attention
from .setting import Setting

__all__ = [
    "AttentionSelector",
    "Calibration",
    "Candidate",
    "Choice",
    "Law",
    "NothingFitsError",
    "Origin",
    "Point",
    "Setting",
    "TransformerConfig",
    "cache_folder",
    "calibrate",
    "choose_attention",
    "load",
    "normal_sample",
    "relative_error",
    "save",
]
