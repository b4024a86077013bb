"""The mechanisms as PyTorch functions, with the names and rules of `attention_lib.reference`.

All can be mapped by `torch.vmap` and differentiated by `torch.func.grad` and `torch.func.jvp`, but
for `draw` and `hard_attention`, whose generator draws once for all rows. Within `torch.vmap`, a
forward derivative or a second one, attention is computed step by step, with all scores in memory.
Values, such as those of lengths, are not judged within `torch.vmap` and `torch.compile`.

Nothing here calls the reference, so that the one can judge the other. float16 and bfloat16 are
computed in float32 and rounded once, at the end. Each docstring states what differs from the
reference; formulas and sources are there.
"""

from .attention import attend, attention
from .block_sparse import block_sparse_attention, block_sparse_mask, block_sparse_pattern
from .decayed import decayed_linear_attention
from .delta_rule import delta_rule_attention
from .feed_forward import feed_forward, gelu, silu
from .grouped import grouped_query_attention
from .hard import draw, hard_attention, take
from .heads import merge_heads, multi_head_attention, split_heads
from .kernel import kernel_regression
from .linear_attention import LinearAttentionState, linear_attention
from .linformer import linformer_attention, pooling_projection
from .lsh import lsh_attention, lsh_buckets
from .lstm import lstm_cell, lstm_gates
from .masks import block_mask, causal_mask, combine_masks, padding_mask, window_mask
from .masks_keras import from_keras_mask, to_keras_mask
from .masks_torch import (
    from_multihead_mask,
    from_sdpa_mask,
    to_key_padding_mask,
    to_multihead_mask,
    to_sdpa_mask,
)
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
from .scores import (
    additive_scores,
    additive_scores_projected,
    concat_scores,
    dot_scores,
    general_scores,
    scaled_dot_scores,
)
from .sliding_window import sink_window_mask, sliding_window_attention, streaming_positions
from .softmax import softmax
from .tiled import OnlineSoftmax, online_softmax, tiled_attention

__all__ = [
    "LinearAttentionState",
    "OnlineSoftmax",
    "additive_scores",
    "additive_scores_projected",
    "alibi_bias",
    "alibi_slopes",
    "attend",
    "attention",
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
    "delta_rule_attention",
    "dot_scores",
    "draw",
    "feed_forward",
    "from_keras_mask",
    "from_multihead_mask",
    "from_sdpa_mask",
    "gelu",
    "general_scores",
    "grouped_query_attention",
    "hard_attention",
    "interpolated_frequencies",
    "kernel_regression",
    "layer_norm",
    "linear_attention",
    "linformer_attention",
    "lsh_attention",
    "lsh_buckets",
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
    "split_heads",
    "streaming_positions",
    "take",
    "tiled_attention",
    "to_keras_mask",
    "to_key_padding_mask",
    "to_multihead_mask",
    "to_sdpa_mask",
    "top_k_logits",
    "top_p_logits",
    "window_mask",
    "yarn_frequencies",
    "yarn_scale",
]
