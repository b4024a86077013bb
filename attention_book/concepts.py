"""The map of the library: where each concept is defined, computed, taught and tested.

This table is the one source. `python -m attention_book concepts` writes it into the book and the
README, and a test checks that it names every public function and module, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from attention_lib.mechanisms import MECHANISMS


@dataclass(frozen=True)
class Concept:
    """One idea under the names that it has in each layer.

    chapter     the chapter that teaches it; "" where none does
    tests       the files under tests/attention_lib/ that judge it
    reference   functions of attention_lib.reference (NumPy): the definition
    functional  functions of attention_lib.functional (PyTorch): the fast form
    modules     classes of attention_lib.modules (PyTorch): the layer to train
    """

    name: str
    chapter: str
    tests: tuple[str, ...]
    reference: tuple[str, ...] = ()
    functional: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


def _listed(name):
    """The row of a mechanism, from the list of the library."""
    one = MECHANISMS[name]
    names = {"reference": one.reference, "functional": one.functional, "modules": one.modules}
    return Concept(one.concept, one.chapter, one.tests, **names)


SEQ2SEQ = "01_seq2seq"
WORKED_EXAMPLE = "02_worked_example"
SOFTMAX = ("reference/test_softmax.py", "functional/test_softmax.py")
SCORES = (
    "reference/test_scores.py",
    "functional/test_against_reference.py",
    "functional/test_scores.py",
)
SCORE_MODULES = ("modules/test_scores.py",)
HEADS = (
    "reference/test_heads.py",
    "functional/test_heads.py",
    "modules/test_multi_head.py",
)
POSITIONS = (
    "reference/test_positions.py",
    "functional/test_positions.py",
    "modules/test_positions.py",
)
NORMS = ("reference/test_norms.py", "functional/test_norms.py", "modules/test_norms.py")
FEED_FORWARD = (
    "reference/test_feed_forward.py",
    "functional/test_feed_forward.py",
    "modules/test_feed_forward.py",
)
ENCODER = ("reference/test_encoder.py", "modules/test_encoder.py", "modules/test_from_torch.py")
DECODER = ("reference/test_decoder.py", "modules/test_decoder.py", "modules/test_from_torch.py")

CONCEPTS = (
    Concept(
        "softmax",
        WORKED_EXAMPLE,
        SOFTMAX,
        reference=("softmax", "softmax_jacobian"),
        functional=("softmax",),
    ),
    _listed("dense"),
    Concept(
        "scaled dot scores",
        WORKED_EXAMPLE,
        SCORES,
        reference=("scaled_dot_scores",),
        functional=("scaled_dot_scores",),
    ),
    Concept(
        "dot scores",
        SEQ2SEQ,
        SCORES + SCORE_MODULES,
        reference=("dot_scores",),
        functional=("dot_scores",),
        modules=("DotAttention",),
    ),
    Concept(
        "general scores",
        SEQ2SEQ,
        SCORES + SCORE_MODULES,
        reference=("general_scores",),
        functional=("general_scores",),
        modules=("GeneralAttention",),
    ),
    Concept(
        "additive scores",
        SEQ2SEQ,
        SCORES + SCORE_MODULES,
        reference=("additive_scores",),
        functional=("additive_scores", "additive_scores_projected"),
        modules=("AdditiveAttention",),
    ),
    Concept(
        "concat scores",
        SEQ2SEQ,
        SCORES + SCORE_MODULES,
        reference=("concat_scores",),
        functional=("concat_scores",),
        modules=("ConcatAttention",),
    ),
    Concept(
        "masks",
        SEQ2SEQ,
        (
            "reference/test_masks.py",
            "functional/test_masks.py",
        ),
        reference=("causal_mask", "padding_mask", "window_mask", "block_mask", "combine_masks"),
        functional=("causal_mask", "padding_mask", "window_mask", "block_mask", "combine_masks"),
    ),
    Concept(
        "masks of other libraries",
        "",
        ("functional/test_masks_torch.py", "functional/test_masks_keras.py"),
        functional=(
            "to_sdpa_mask",
            "from_sdpa_mask",
            "to_multihead_mask",
            "to_key_padding_mask",
            "from_multihead_mask",
            "to_keras_mask",
            "from_keras_mask",
        ),
    ),
    Concept(
        "LSTM cell",
        WORKED_EXAMPLE,
        ("reference/test_lstm.py", "functional/test_lstm.py"),
        reference=("lstm_gates", "lstm_cell"),
        functional=("lstm_gates", "lstm_cell"),
    ),
    Concept(
        "encoder-decoder",
        SEQ2SEQ,
        ("modules/test_seq2seq.py", "modules/test_recurrent.py"),
        modules=("Seq2Seq", "Encoded"),
    ),
    Concept(
        "kernel regression",
        SEQ2SEQ,
        ("reference/test_kernel.py", "functional/test_against_reference.py"),
        reference=("kernel_regression",),
        functional=("kernel_regression",),
    ),
    Concept(
        "hard attention",
        SEQ2SEQ,
        ("reference/test_hard.py", "functional/test_hard.py", "modules/test_hard.py"),
        reference=("hard_attention", "reinforce_gradient"),
        functional=("hard_attention", "draw", "take"),
        modules=("HardAttention", "Glance", "GlimpseReader"),
    ),
    Concept(
        "pointer network",
        SEQ2SEQ,
        ("modules/test_pointer.py", "modules/test_recurrent.py"),
        modules=("PointerNetwork",),
    ),
    Concept(
        "sampling",
        "",
        ("reference/test_sampling.py", "functional/test_sampling.py"),
        reference=("top_k_logits", "top_p_logits", "next_token_probabilities"),
        functional=("top_k_logits", "top_p_logits", "next_token_probabilities"),
    ),
    Concept(
        "multi-head attention",
        "",
        HEADS,
        reference=("split_heads", "merge_heads", "multi_head_attention"),
        functional=("split_heads", "merge_heads", "multi_head_attention"),
        modules=("MultiHeadAttention",),
    ),
    Concept(
        "grouped-query attention",
        "",
        HEADS,
        reference=("grouped_query_attention",),
        functional=("grouped_query_attention",),
    ),
    Concept(
        "latent attention",
        "",
        ("reference/test_latent.py", "modules/test_latent.py"),
        reference=("latent_attention",),
        modules=("MultiHeadLatentAttention",),
    ),
    Concept(
        "key-value cache",
        "",
        ("modules/test_cache.py", "modules/test_sinks_cache.py"),
        modules=("KVCache",),
    ),
    Concept(
        "sinusoidal positions",
        "",
        POSITIONS,
        reference=("sinusoidal_positions",),
        functional=("sinusoidal_positions",),
        modules=("SinusoidalPositionalEncoding",),
    ),
    Concept(
        "learned positions",
        "",
        ("modules/test_positions.py",),
        modules=("LearnedPositionalEncoding",),
    ),
    Concept(
        "relative position bias",
        "",
        POSITIONS,
        reference=("relative_buckets", "clipped_distances"),
        functional=("relative_buckets", "clipped_distances"),
        modules=("RelativePositionBias", "ClippedRelativeBias"),
    ),
    Concept(
        "ALiBi",
        "",
        POSITIONS,
        reference=("alibi_slopes", "alibi_bias"),
        functional=("alibi_slopes", "alibi_bias"),
        modules=("ALiBi",),
    ),
    Concept(
        "rotary positions",
        "",
        POSITIONS,
        reference=("rotate", "pairing_permutation"),
        functional=("rotate", "pairing_permutation"),
        modules=("RotaryPositionalEncoding",),
    ),
    Concept(
        "layer norm",
        "",
        NORMS,
        reference=("layer_norm",),
        functional=("layer_norm",),
        modules=("LayerNorm",),
    ),
    Concept(
        "RMS norm",
        "",
        NORMS,
        reference=("rms_norm",),
        functional=("rms_norm",),
        modules=("RMSNorm",),
    ),
    Concept(
        "feed-forward network",
        "",
        FEED_FORWARD,
        reference=("feed_forward", "gelu", "silu"),
        functional=("feed_forward", "gelu", "silu"),
        modules=("PositionwiseFeedForward",),
    ),
    Concept(
        "Transformer encoder",
        "",
        ENCODER,
        reference=("encoder_layer", "encoder"),
        modules=("TransformerEncoderLayer", "TransformerEncoder"),
    ),
    Concept(
        "Transformer decoder",
        "",
        DECODER,
        reference=("decoder_layer", "decoder"),
        modules=(
            "TransformerDecoderLayer",
            "TransformerDecoder",
            "DecoderCache",
            "DecoderWeights",
        ),
    ),
    Concept(
        "Transformer",
        "",
        ("modules/test_transformer.py",),
        modules=("Transformer", "Memory", "TransformerWeights"),
    ),
    Concept(
        "language model",
        "",
        ("modules/test_language_model.py",),
        modules=("LanguageModel",),
    ),
    Concept(
        "sequence encoder",
        "",
        ("modules/test_sequence_encoder.py",),
        modules=("SequenceEncoder",),
    ),
    *(_listed(name) for name in MECHANISMS if name != "dense"),
)
