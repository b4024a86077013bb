"""A call of every public module, with and without its options, for laws over all of them."""

from functools import partial

import torch

from attention_lib import modules
from tests.helpers.bad_module_calls import PUBLIC

B, T, S, C, H = 3, 7, 5, 12, 2
SIZES = {"d_model": C, "n_heads": H, "n_layers": 1, "d_ff": 17}
LAYER = {"d_model": C, "n_heads": H, "d_ff": 17}
SCORED = {"query_width": 11, "key_width": 13}
LATENT = {"d_model": C, "n_heads": H, "d_latent": 5, "d_rotary": 2}


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _x(*shape, seed=0):
    return torch.randn(*shape, generator=_generator(seed))


def _tokens(length, vocabulary, rows=B):
    return torch.randint(1, vocabulary, (rows, length), generator=_generator())


def _scored():
    return (_x(B, T, 11), _x(B, S, 13, seed=1), _x(B, S, 3, seed=2))


def _heads(n_keys=T):
    return (_x(B, H, T, 4), _x(B, H, n_keys, 4, seed=1), _x(B, H, n_keys, 3, seed=2))


def _padding(n_keys=T):
    lengths = torch.tensor([n_keys, 2, 3])
    return (torch.arange(n_keys) < lengths[:, None])[:, None, None]


LENGTHS = torch.tensor([S, 2, 3])
STREAM = (_x(B, T, C),)
BOTH = (_x(B, T, C), _x(B, S, C, seed=1))
PAIR = (_tokens(S, 19), LENGTHS, _tokens(T, 23))
CAUSAL = {"causal": True}


def _calls():
    """(label, module, what it is made with, arguments, options)."""
    dot_values = (_x(B, T, 5), _x(B, S, 5, seed=1), _x(B, S, 3, seed=2))
    keys = {"mask": _padding(S)[:, 0]}
    for name, options in {
        "AdditiveAttention": {**SCORED, "hidden_width": 7},
        "ConcatAttention": {**SCORED, "hidden_width": 7},
        "GeneralAttention": SCORED,
    }.items():
        yield name, name, options, _scored(), keys
    yield "DotAttention", "DotAttention", {}, dot_values, keys
    dense = "ScaledDotProductAttention"
    yield dense, dense, {}, dot_values, keys
    yield f"{dense}, weights", dense, {}, dot_values, {"return_weights": True}
    yield "TiledAttention", "TiledAttention", {"block_size": 3}, _heads(), CAUSAL
    yield "TiledAttention, mask", "TiledAttention", {}, _heads(), {"mask": _padding()}
    for name, options in MECHANISMS.items():
        yield name, name, options, _heads(), {"mask": _padding()}
        yield f"{name}, causal", name, options, _heads(), CAUSAL
    yield (
        "SlidingWindowAttention, sinks",
        "SlidingWindowAttention",
        {"window": 2, "n_sinks": 1},
        _heads(),
        CAUSAL,
    )
    for name, options in {
        "ALiBi": {"n_heads": H},
        "ClippedRelativeBias": {"n_heads": H, "max_distance": 3},
        "RelativePositionBias": {"n_heads": H},
    }.items():
        yield name, name, options, (T, S), {}
    rotary = "RotaryPositionalEncoding"
    yield rotary, rotary, {"d": C}, STREAM, {"offset": 3}
    made = {"d": C, "frequencies": torch.linspace(1.0, 0.1, C // 2), "scale": 1.2}
    yield f"{rotary}, stretched", rotary, made, STREAM, {"offset": 3}
    yield (
        "SinusoidalPositionalEncoding",
        "SinusoidalPositionalEncoding",
        {"d_model": C},
        STREAM,
        {"offset": torch.tensor([0, 2, 5])},
    )
    yield (
        "LearnedPositionalEncoding",
        "LearnedPositionalEncoding",
        {"max_length": 11, "d_model": C},
        STREAM,
        {"offset": 2},
    )
    yield "LayerNorm", "LayerNorm", {"d_model": C}, STREAM, {}
    yield "RMSNorm", "RMSNorm", {"d_model": C}, STREAM, {}
    for activation in ("relu", "swiglu"):
        made = {"d_model": C, "d_ff": 17, "activation": activation}
        yield f"PositionwiseFeedForward, {activation}", "PositionwiseFeedForward", made, STREAM, {}
    multi = "MultiHeadAttention"
    yield multi, multi, {"d_model": C, "n_heads": H}, STREAM, {"mask": _padding()}
    yield f"{multi}, cross", multi, {"d_model": C, "n_heads": H}, BOTH, {"mask": _padding(S)}
    grouped = {"d_model": C, "n_heads": 4, "n_kv_heads": 2}
    yield f"{multi}, grouped", multi, grouped, STREAM, {**CAUSAL, "return_weights": True}
    gate = {"head_gate": torch.tensor([1.0, 0.5]), **CAUSAL}
    yield f"{multi}, gate", multi, {"d_model": C, "n_heads": H}, STREAM, gate
    latent = "MultiHeadLatentAttention"
    yield latent, latent, LATENT, STREAM, CAUSAL
    yield f"{latent}, absorbed", latent, LATENT, STREAM, {**CAUSAL, "absorbed": True}
    made = {"d_model": C, "n_heads": H, "bucket_size": 2, "n_hashes": 2}
    yield "LSHAttention", "LSHAttention", made, STREAM, {"mask": _padding()}
    yield "LSHAttention, causal", "LSHAttention", made, STREAM, CAUSAL
    made = {"max_length": 11, "d_model": C, "n_heads": H, "n_projected": 3}
    yield "LinformerAttention", "LinformerAttention", made, STREAM, {"mask": _padding()}
    made = {**LAYER, "norm_first": False, "norm": "rms", "activation": "gelu"}
    for name in ("TransformerEncoderLayer", "TransformerDecoderLayer"):
        inputs = BOTH if "Decoder" in name else STREAM
        yield name, name, LAYER, inputs, {} if "Decoder" in name else CAUSAL
        yield f"{name}, post-LN", name, made, inputs, {"mask": _padding()}
    stack = "TransformerEncoder"
    yield stack, stack, SIZES, STREAM, {**CAUSAL, "return_weights": True}
    yield "TransformerDecoder", "TransformerDecoder", SIZES, BOTH, {"memory_mask": _padding(S)}
    yield (
        "SequenceEncoder",
        "SequenceEncoder",
        {
            "vocabulary": 19,
            "max_length": 11,
            "n_classes": 3,
            **SIZES,
        },
        (_tokens(T, 19), torch.tensor([T, 2, 3])),
        {},
    )
    patches = {"patch_width": 4, "max_length": 11, **SIZES}
    yield "SequenceEncoder, patches", "SequenceEncoder", patches, (_x(B, T, 4),), {}
    for pooling in ("first", "attention"):
        made = {"vocabulary": 19, "max_length": 11, "n_classes": 3, "pooling": pooling, **SIZES}
        inputs = (_tokens(T, 19), torch.tensor([T, 2, 3]))
        yield f"SequenceEncoder, {pooling}", "SequenceEncoder", made, inputs, {}
    for scheme, limits in SCHEMES.items():
        made = {"vocabulary": 19, **SIZES, "positions": scheme, **limits}
        yield f"LanguageModel, {scheme}", "LanguageModel", made, (_tokens(T, 19),), {}
        if scheme in ("alibi", None):  # in the layers as in the language model
            continue
        made = {"source_vocabulary": 19, "target_vocabulary": 23, **SIZES}
        made |= {"positions": scheme, **limits}
        yield f"Transformer, {scheme}", "Transformer", made, PAIR, {}
    for name, options in MECHANISMS.items():
        made = {"vocabulary": 19, **SIZES, "mechanism": partial(getattr(modules, name), **options)}
        yield f"LanguageModel, {name}", "LanguageModel", made, (_tokens(T, 19),), {}
    for attention in (None, "additive"):
        made = {"source_vocab": 19, "target_vocab": 23, "width": 6, "attention": attention}
        yield f"Seq2Seq, {attention}", "Seq2Seq", made, PAIR, {}
    made = {"source_vocab": 19, "width": 6}
    places = torch.tensor([[1, 0], [0, 1], [2, 1]])
    yield "PointerNetwork", "PointerNetwork", made, (_tokens(S, 19), LENGTHS, places), {}
    made = {"vocabulary": 19, "width": 6, "attention": "soft"}
    yield "GlimpseReader", "GlimpseReader", made, (_tokens(S, 19), LENGTHS), {}
    made = {"words": 19, "names": 10, "grid": (2, 3), "width": 6, "looks": 2}
    regions = _x(B, 6, 10).softmax(-1)
    yield "PictureReader", "PictureReader", made, (regions, _tokens(T, 19)), {}
    made |= {"attends": False}
    yield "PictureReader, mean", "PictureReader", made, (regions, _tokens(T, 19)), {}
    made = {**SCORED, "hidden_width": 7}
    yield "HardAttention", "HardAttention", made, _scored(), {"rng": _generator}


SCHEMES = {
    "sinusoidal": {},
    "learned": {"max_length": 31},
    "rotary": {},
    "alibi": {},
    "relative": {},
    None: {},
}
MECHANISMS = {
    "BlockSparseAttention": {"block_size": 2, "random_blocks": 1, "global_blocks": 1},
    "LinearAttention": {},
    "PerformerAttention": {"n_features": 5},
    "SlidingWindowAttention": {"window": 2},
}
CALLS = {label: one for label, *one in _calls()}
assert {one[0] for one in CALLS.values()} == set(PUBLIC)


def module_of(label):
    """The module of a call, drawn from a fixed seed."""
    name, made, _, _ = CALLS[label]
    # A mechanism is made anew for each model.
    made = {key: one() if isinstance(one, partial) else one for key, one in made.items()}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return getattr(modules, name)(**made)


def inputs_of(label):
    """Arguments and options of a call; generators are new, floating tensors want gradients."""
    _, _, arguments, options = CALLS[label]
    return [_fresh(one) for one in arguments], {key: _fresh(one) for key, one in options.items()}


def _fresh(one):
    if one is _generator:
        return one()
    floating = torch.is_tensor(one) and one.is_floating_point()
    return one.clone().requires_grad_() if floating else one


def tensors_of(result):
    """All floating tensors of a result, in order."""
    if torch.is_tensor(result):
        return [result] if result.is_floating_point() else []
    if isinstance(result, (tuple, list)):
        return [tensor for one in result for tensor in tensors_of(one)]
    return []
