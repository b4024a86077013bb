"""The mechanisms as PyTorch functions, with the names and rules of `attention_lib.reference`.

Nothing here calls the reference, so that the one can judge the other. float16 and bfloat16 are
computed in float32 and rounded once, at the end. Each docstring states what differs from the
reference; formulas and sources are there.
"""

from .attention import attend, attention
from .hard import draw, hard_attention, take
from .kernel import kernel_regression
from .lstm import lstm_cell, lstm_gates
from .masks import causal_mask, combine_masks, padding_mask, window_mask
from .scores import (
    additive_scores,
    additive_scores_projected,
    concat_scores,
    dot_scores,
    general_scores,
    scaled_dot_scores,
)
from .softmax import softmax

__all__ = [
    "additive_scores",
    "additive_scores_projected",
    "attend",
    "attention",
    "causal_mask",
    "combine_masks",
    "concat_scores",
    "dot_scores",
    "draw",
    "general_scores",
    "hard_attention",
    "kernel_regression",
    "lstm_cell",
    "lstm_gates",
    "padding_mask",
    "scaled_dot_scores",
    "softmax",
    "take",
    "window_mask",
]
