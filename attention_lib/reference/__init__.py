"""The definition of every mechanism in NumPy: plain, complete, and the oracle of everything fast.

Layout `[..., T, D]` for queries and `[..., S, D]` for keys; plain `[T, D]` works too. Masks are
boolean, True = may attend. float16 is computed in float32 and rounded once, at the end. NaN in the
input propagates; nothing else makes one.
"""

from .attention import attend, attention, attention_backward
from .hard import hard_attention, reinforce_gradient
from .kernel import kernel_regression
from .lstm import lstm_cell, lstm_gates
from .masks import causal_mask, combine_masks, padding_mask, window_mask
from .scores import additive_scores, concat_scores, dot_scores, general_scores, scaled_dot_scores
from .softmax import softmax, softmax_jacobian

__all__ = [
    "additive_scores",
    "attend",
    "attention",
    "attention_backward",
    "causal_mask",
    "combine_masks",
    "concat_scores",
    "dot_scores",
    "general_scores",
    "hard_attention",
    "kernel_regression",
    "lstm_cell",
    "lstm_gates",
    "padding_mask",
    "reinforce_gradient",
    "scaled_dot_scores",
    "softmax",
    "softmax_jacobian",
    "window_mask",
]
