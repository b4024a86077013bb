"""Writing with a model: greedy search, beam search, sampling and speculative decoding.

`generate` is the way from a model and prompts to new tokens. The searches behind it work on a
`DecodingState`, so that anything that can say what comes next can be searched.
"""

from .acceptance import SpeculativeRule, speculative_rule
from .beam import Hypotheses, beam_search
from .decoding import DecodingState
from .generate import generate
from .speculative import Speculated, SpeculativeState, speculative_sample
from .states import decoding_state
from .stepwise import Generated, greedy_search, sample

__all__ = [
    "DecodingState",
    "Generated",
    "Hypotheses",
    "Speculated",
    "SpeculativeRule",
    "SpeculativeState",
    "beam_search",
    "decoding_state",
    "generate",
    "greedy_search",
    "sample",
    "speculative_rule",
    "speculative_sample",
]
