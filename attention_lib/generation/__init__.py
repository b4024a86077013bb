"""Writing with a model: greedy search, beam search and sampling.

`generate` is the way from a model and prompts to new tokens. The searches behind it work on a
`DecodingState`, so that anything that can say what comes next can be searched.
"""

from .beam import Hypotheses, beam_search
from .decoding import DecodingState
from .generate import generate
from .states import decoding_state
from .stepwise import Generated, greedy_search, sample

__all__ = [
    "DecodingState",
    "Generated",
    "Hypotheses",
    "beam_search",
    "decoding_state",
    "generate",
    "greedy_search",
    "sample",
]
