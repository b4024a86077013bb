"""A call of every function of `attention_lib.functional` that takes floating tensors."""

import torch

from attention_lib import functional

T, S, D, E, H = 5, 7, 4, 3, 2


def _x(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


QUERY, KEY, VALUE = _x(H, T, D), _x(H, S, D, seed=1), _x(H, S, E, seed=2)
SAME = (_x(H, S, D), KEY, VALUE)
QKV = (QUERY, KEY, VALUE)
LONG = (_x(300, D), _x(300, D, seed=1), _x(300, E, seed=2))
CAUSAL = {"causal": True}
KEYS = torch.tensor([True, False, True, True, True, True, False])
SCORES = _x(H, T, S)
STEP = {"input_weight": _x(12, 5, seed=2), "hidden_weight": _x(12, 3, seed=3)}
NETWORK = (_x(T, D), _x(11, D, seed=1), _x(D, 11, seed=2))
GATE = {"gate_weight": _x(11, D, seed=3), "activation": "swiglu"}
FEW = {"block_size": 2, "window_blocks": 1, "global_blocks": 1, "random_blocks": 1}
PROJECTIONS = {"key_projection": _x(3, S, seed=3), "value_projection": _x(3, S, seed=4)}
WEIGHTS = tuple(_x(D, D, seed=seed) for seed in (3, 4, 5, 6))
STREAM = (_x(T, D), _x(S, D, seed=1), _x(S, D, seed=2))


def exponential(x):
    """A feature map that is a function."""
    return x.exp()


# label: the function, the tensors by which it is mapped and differentiated, its options
CALLS = {
    "additive_scores": (
        (QUERY, KEY, _x(6, D, seed=3), _x(6, D, seed=4), _x(6, seed=5)),
        {},
    ),
    "additive_scores_projected": ((QUERY, KEY, _x(D, seed=3)), {}),
    "attend": ((SCORES, VALUE), {"mask": KEYS}),
    "attention": (QKV, {}),
    "attention, causal": (QKV, CAUSAL),
    "attention, mask": (QKV, {"mask": KEYS}),
    "attention, weights": (QKV, {"return_weights": True, "temperature": 0.5}),
    "attention_rollout": ((_x(H, S, S), _x(H, S, S, seed=1)), {}),
    "block_sparse_attention": (SAME, {**FEW, "mask": KEYS}),
    "block_sparse_attention, causal": (SAME, {**FEW, **CAUSAL}),
    "concat_scores": ((QUERY, KEY, _x(6, 2 * D, seed=3), _x(6, seed=4)), {}),
    # A decay and a strength lie in a range: options here, mapped and differentiated elsewhere.
    "decayed_linear_attention": (SAME, {"decay": _x(H, 1, 1).sigmoid(), "mask": KEYS}),
    "decayed_linear_attention, chunks": (SAME, {"decay": _x(S, D).sigmoid(), "chunk_size": 3}),
    "decayed_linear_attention, recurrent": (SAME, {"decay": 0.5, "form": "recurrent"}),
    "delta_rule_attention": (SAME, {"strength": _x(S, 1).sigmoid(), "unit_keys": True}),
    "delta_rule_attention, chunks": (SAME, {"strength": 0.3, "chunk_size": 3, "mask": KEYS}),
    "delta_rule_attention, recurrent": (SAME, {"strength": 0.3, "form": "recurrent"}),
    "dot_scores": ((QUERY, KEY), {}),
    "feed_forward": (NETWORK, {}),
    "feed_forward, swiglu": (NETWORK, GATE),
    "gelu": ((QUERY,), {}),
    "general_scores": ((QUERY, KEY, _x(D, D, seed=3)), {}),
    "grouped_query_attention": ((_x(2 * H, T, D), KEY, VALUE), {"mask": KEYS}),
    "grouped_query_attention, causal": ((_x(2 * H, S, D), KEY, VALUE), CAUSAL),
    "kernel_regression": (QKV, {}),
    "layer_norm": ((QUERY, _x(D, seed=1), _x(D, seed=2)), {}),
    "linear_attention": (QKV, {"mask": KEYS}),
    "linear_attention, causal": (QKV, CAUSAL),
    "linear_attention, exp": (QKV, {"feature_map": exponential}),
    "linear_attention, long": (LONG, CAUSAL),
    "linformer_attention": (QKV, {**PROJECTIONS, "mask": KEYS}),
    "lsh_attention": ((_x(H, S, D), VALUE), {"bucket_size": 2, "n_hashes": 2}),
    "lsh_attention, causal": ((_x(H, S, D), VALUE), {"bucket_size": 2, "n_hashes": 2, **CAUSAL}),
    "lstm_cell": ((_x(2, 5), _x(2, 3, seed=1), _x(2, 3, seed=4)), STEP),
    "lstm_gates": ((_x(2, 5), _x(2, 3, seed=1)), STEP),
    "merge_heads": ((QUERY,), {}),
    "multi_head_attention": ((*STREAM, *WEIGHTS), {"n_heads": 2, "mask": KEYS}),
    "next_token_probabilities": ((SCORES,), {"top_k": 4, "top_p": 0.9, "temperature": 0.7}),
    "online_softmax": ((SCORES, VALUE), {"mask": KEYS}),
    "performer_attention": (QKV, {"n_features": 6, "mask": KEYS}),
    "performer_attention, causal": (QKV, {"n_features": 6, **CAUSAL}),
    "performer_attention, long": (LONG, {"n_features": 6, **CAUSAL}),
    "positive_features": ((QUERY, _x(6, D, seed=1)), {}),
    "rms_norm": ((QUERY, _x(D, seed=1)), {}),
    "rotate": ((QUERY,), {"offset": 3}),
    "rotate, frequencies": ((QUERY,), {"frequencies": torch.tensor([1.0, 0.3])}),
    "scaled_dot_scores": ((QUERY, KEY), {}),
    "silu": ((QUERY,), {}),
    "sliding_window_attention": (QKV, {"window": 2, "mask": KEYS}),
    "sliding_window_attention, causal": (QKV, {"window": 1, **CAUSAL}),
    "sliding_window_attention, long": (LONG, {"window": 4, "n_sinks": 2}),
    "softmax": ((SCORES,), {"mask": KEYS, "temperature": 0.5}),
    "split_heads": ((_x(T, 2 * D),), {"n_heads": 2}),
    "take": ((VALUE,), {"index": torch.tensor([[0, -1], [3, 1]])}),
    "tiled_attention": (QKV, {"block_size": 3, "mask": KEYS, "return_log_sum_exp": True}),
    "tiled_attention, causal": (QKV, {"block_size": 3, **CAUSAL}),
    "top_k_logits": ((SCORES,), {"top_k": 4}),
    "top_p_logits": ((SCORES,), {"top_p": 0.8}),
}
# One argument holds all tensors.
LISTED = {"attention_rollout"}
# They draw (a generator is not mapped), or floating tensors are not what they take.
APART = {
    *("LinearAttentionState", "OnlineSoftmax", "alibi_bias", "alibi_slopes", "block_mask"),
    *("block_sparse_mask", "block_sparse_pattern", "causal_mask", "clipped_distances"),
    *("combine_masks", "draw", "from_keras_mask", "from_multihead_mask", "from_sdpa_mask"),
    *("hard_attention", "interpolated_frequencies", "lsh_buckets", "ntk_frequencies"),
    *("orthogonal_features", "padding_mask", "pairing_permutation", "pooling_projection"),
    *("relative_buckets", "rotary_frequencies", "sink_window_mask"),
    *("sinusoidal_positions", "streaming_positions", "to_keras_mask", "to_key_padding_mask"),
    *("to_multihead_mask", "to_sdpa_mask", "window_mask", "yarn_frequencies", "yarn_scale"),
}


def function_of(label):
    """The call as a function of its tensors; it gives a list of floating tensors."""
    name = label.partition(",")[0]
    options = CALLS[label][1]

    def call(*tensors):
        given = [tensors] if name in LISTED else tensors
        result = getattr(functional, name)(*given, **options)
        return list(result) if isinstance(result, tuple) else [result]

    return call
