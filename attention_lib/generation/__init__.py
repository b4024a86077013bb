"""Writing with a model: greedy search, beam search and sampling."""

from .beam import Hypotheses, beam_search
from .decoding import DecodingState
from .stepwise import Generated, greedy_search, sample

__all__ = [
    "DecodingState",
    "Generated",
    "Hypotheses",
    "beam_search",
    "greedy_search",
    "sample",
]
