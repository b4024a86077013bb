"""The definition of every mechanism in NumPy: plain, complete, and the oracle of everything fast.

Layout `[..., T, D]` for queries and `[..., S, D]` for keys; plain `[T, D]` works too. Masks are
boolean, True = may attend. float16 is computed in float32 and rounded once, at the end. NaN in the
input propagates; nothing else makes one.
"""

from .attention import attend, attention, attention_backward
from .block_sparse import block_sparse_attention, block_sparse_mask, block_sparse_pattern
from .decayed import decayed_linear_attention
from .decoder import decoder, decoder_layer
from .delta_rule import delta_rule_attention
from .encoder import encoder, encoder_layer
from .feed_forward import feed_forward, gelu, silu
from .grouped import grouped_query_attention
from .hard import hard_attention, reinforce_gradient
from .heads import merge_heads, multi_head_attention, split_heads
from .kernel import kernel_regression
from .latent import latent_attention
from .linear_attention import LinearAttentionState, linear_attention
from .linformer import linformer_attention, pooling_projection
from .lsh import lsh_attention, lsh_buckets, lsh_mask
from .lstm import lstm_cell, lstm_gates
from .masks import block_mask, causal_mask, combine_masks, padding_mask, window_mask
from .norms import layer_norm, rms_norm
from .performer import orthogonal_features, performer_attention, positive_features
from .positions_alibi import alibi_bias, alibi_slopes
from .positions_relative import clipped_distances, relative_buckets
from .positions_rotary import pairing_permutation, rotate
from .positions_sinusoidal import sinusoidal_positions
from .positions_stretched import (
    interpolated_frequencies,
    ntk_frequencies,
    rotary_frequencies,
    yarn_frequencies,
    yarn_scale,
)
from .rollout import attention_rollout
from .sampling import next_token_probabilities, top_k_logits, top_p_logits
from .scores import additive_scores, concat_scores, dot_scores, general_scores, scaled_dot_scores
from .sliding_window import sink_window_mask, sliding_window_attention, streaming_positions
from .softmax import softmax, softmax_jacobian
from .tiled import OnlineSoftmax, online_softmax, tiled_attention, tiled_attention_backward

__all__ = [
    "LinearAttentionState",
    "OnlineSoftmax",
    "additive_scores",
    "alibi_bias",
    "alibi_slopes",
    "attend",
    "attention",
    "attention_backward",
    "attention_rollout",
    "block_mask",
    "block_sparse_attention",
    "block_sparse_mask",
    "block_sparse_pattern",
    "causal_mask",
    "clipped_distances",
    "combine_masks",
    "concat_scores",
    "decayed_linear_attention",
    "decoder",
    "decoder_layer",
    "delta_rule_attention",
    "dot_scores",
    "encoder",
    "encoder_layer",
    "feed_forward",
    "gelu",
    "general_scores",
    "grouped_query_attention",
    "hard_attention",
    "interpolated_frequencies",
    "kernel_regression",
    "latent_attention",
    "layer_norm",
    "linear_attention",
    "linformer_attention",
    "lsh_attention",
    "lsh_buckets",
    "lsh_mask",
    "lstm_cell",
    "lstm_gates",
    "merge_heads",
    "multi_head_attention",
    "next_token_probabilities",
    "ntk_frequencies",
    "online_softmax",
    "orthogonal_features",
    "padding_mask",
    "pairing_permutation",
    "performer_attention",
    "pooling_projection",
    "positive_features",
    "reinforce_gradient",
    "relative_buckets",
    "rms_norm",
    "rotary_frequencies",
    "rotate",
    "scaled_dot_scores",
    "silu",
    "sink_window_mask",
    "sinusoidal_positions",
    "sliding_window_attention",
    "softmax",
    "softmax_jacobian",
    "split_heads",
    "streaming_positions",
    "tiled_attention",
    "tiled_attention_backward",
    "top_k_logits",
    "top_p_logits",
    "window_mask",
    "yarn_frequencies",
    "yarn_scale",
]
