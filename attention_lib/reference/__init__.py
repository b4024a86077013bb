"""The definition of every mechanism in NumPy: plain, complete, and the oracle of everything fast.

Layout `[..., T, D]` for queries and `[..., S, D]` for keys; plain `[T, D]` works too. Masks are
boolean, True = may attend. float16 is computed in float32 and rounded once, at the end. NaN in the
input propagates; nothing else makes one.
"""

from .attention import attend, attention, attention_backward
from .decoder import decoder, decoder_layer
from .encoder import encoder, encoder_layer
from .feed_forward import feed_forward, gelu, silu
from .grouped import grouped_query_attention
from .hard import hard_attention, reinforce_gradient
from .heads import merge_heads, multi_head_attention, split_heads
from .kernel import kernel_regression
from .latent import latent_attention
from .linear_attention import LinearAttentionState, linear_attention
from .lstm import lstm_cell, lstm_gates
from .masks import block_mask, causal_mask, combine_masks, padding_mask, window_mask
from .norms import layer_norm, rms_norm
from .performer import orthogonal_features, performer_attention, positive_features
from .positions_alibi import alibi_bias, alibi_slopes
from .positions_relative import clipped_distances, relative_buckets
from .positions_rotary import pairing_permutation, rotate
from .positions_sinusoidal import sinusoidal_positions
from .sampling import next_token_probabilities, top_k_logits, top_p_logits
from .scores import additive_scores, concat_scores, dot_scores, general_scores, scaled_dot_scores
from .softmax import softmax, softmax_jacobian

__all__ = [
    "LinearAttentionState",
    "additive_scores",
    "alibi_bias",
    "alibi_slopes",
    "attend",
    "attention",
    "attention_backward",
    "block_mask",
    "causal_mask",
    "clipped_distances",
    "combine_masks",
    "concat_scores",
    "decoder",
    "decoder_layer",
    "dot_scores",
    "encoder",
    "encoder_layer",
    "feed_forward",
    "gelu",
    "general_scores",
    "grouped_query_attention",
    "hard_attention",
    "kernel_regression",
    "latent_attention",
    "layer_norm",
    "linear_attention",
    "lstm_cell",
    "lstm_gates",
    "merge_heads",
    "multi_head_attention",
    "next_token_probabilities",
    "orthogonal_features",
    "padding_mask",
    "pairing_permutation",
    "performer_attention",
    "positive_features",
    "reinforce_gradient",
    "relative_buckets",
    "rms_norm",
    "rotate",
    "scaled_dot_scores",
    "silu",
    "sinusoidal_positions",
    "softmax",
    "softmax_jacobian",
    "split_heads",
    "top_k_logits",
    "top_p_logits",
    "window_mask",
]
