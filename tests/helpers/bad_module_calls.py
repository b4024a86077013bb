"""What every public module is made and called with; one argument after the other is then wrong.

A wrong argument is an object of no use for anything. The modules are looked up in
`attention_lib.modules`, the arguments in their signatures: a new one cannot be forgotten.
"""

import inspect

import torch
from torch import nn

from attention_lib import modules


class Useless:
    """An argument that nothing can take."""


USELESS = Useless()
WIDTHS = {"d_model": 12, "n_heads": 2}
SIZES = {**WIDTHS, "d_ff": 7}
STACK = {"n_layers": 1, **SIZES}
TOKENS, LENGTHS = torch.tensor([[3, 2, 1]]), torch.tensor([3])
SCORED = {"query_width": 5, "key_width": 5}
QKV = {"query": torch.ones(1, 3, 5), "key": torch.ones(1, 3, 5), "value": torch.ones(1, 3, 7)}
HEADS = {name: one[:, None] for name, one in QKV.items()}
POSITIONS = {"n_queries": 3, "n_keys": 5}
X = {"x": torch.ones(1, 3, 12)}
BOTH = {**X, "memory": torch.ones(1, 5, 12)}

# module: what it is made with and what it is called with, as far as it has no defaults
GOOD = {
    "ALiBi": ({"n_heads": 2}, POSITIONS),
    "AdditiveAttention": ({**SCORED, "hidden_width": 3}, QKV),
    "BlockSparseAttention": ({"block_size": 2}, HEADS),
    "ClippedRelativeBias": ({"n_heads": 2, "max_distance": 3}, POSITIONS),
    "ConcatAttention": ({**SCORED, "hidden_width": 3}, QKV),
    "DotAttention": ({}, QKV),
    "GeneralAttention": (SCORED, QKV),
    "GlimpseReader": (
        {"vocabulary": 5, "width": 2, "attention": "hard"},
        {"source": TOKENS, "source_lengths": LENGTHS, "rng": torch.Generator()},
    ),
    "HardAttention": ({**SCORED, "hidden_width": 3}, {**QKV, "rng": torch.Generator()}),
    "LSHAttention": ({**WIDTHS, "bucket_size": 2, "n_hashes": 1}, X),
    "LanguageModel": ({"vocabulary": 5, **STACK}, {"tokens": TOKENS}),
    "LayerNorm": ({"d_model": 12}, X),
    "LearnedPositionalEncoding": ({"max_length": 5, "d_model": 12}, X),
    "LinearAttention": ({}, HEADS),
    "LinformerAttention": (
        {"max_length": 5, **WIDTHS, "n_projected": 2},
        {"query": X["x"], "key": X["x"]},
    ),
    "MultiHeadAttention": (WIDTHS, {"query": X["x"], "key": X["x"], "value": X["x"]}),
    "MultiHeadLatentAttention": ({**WIDTHS, "d_latent": 3, "d_rotary": 2}, X),
    "PerformerAttention": ({"n_features": 3}, HEADS),
    "PictureReader": (
        {"words": 5, "names": 2, "grid": (1, 3), "width": 2},
        {"regions": torch.ones(1, 3, 2), "tokens": TOKENS},
    ),
    "PointerNetwork": (
        {"source_vocab": 5, "width": 2},
        {"source": TOKENS, "source_lengths": LENGTHS, "positions": torch.tensor([[1, 0]])},
    ),
    "PositionwiseFeedForward": ({"d_model": 12, "d_ff": 7}, X),
    "RMSNorm": ({"d_model": 12}, X),
    "RelativePositionBias": ({"n_heads": 2}, POSITIONS),
    "RotaryPositionalEncoding": ({"d": 12}, X),
    "ScaledDotProductAttention": ({}, QKV),
    "Seq2Seq": (
        {"source_vocab": 5, "target_vocab": 5, "width": 2},
        {"source": TOKENS, "source_lengths": LENGTHS, "target_in": TOKENS},
    ),
    "SequenceEncoder": (
        {"vocabulary": 5, "max_length": 3, "n_classes": 2, "pooling": "attention", **STACK},
        {"inputs": TOKENS, "lengths": LENGTHS},
    ),
    "SinusoidalPositionalEncoding": ({"d_model": 12}, X),
    "SlidingWindowAttention": ({"window": 2}, HEADS),
    "TiledAttention": ({}, HEADS),
    "Transformer": (
        {"source_vocabulary": 5, "target_vocabulary": 5, **STACK},
        {"source": TOKENS, "source_lengths": LENGTHS, "target_in": TOKENS},
    ),
    "TransformerDecoder": (STACK, BOTH),
    "TransformerDecoderLayer": (SIZES, BOTH),
    "TransformerEncoder": (STACK, X),
    "TransformerEncoderLayer": (SIZES, {**X, "causal": True}),
}
PUBLIC = [
    name
    for name in modules.__all__
    if inspect.isclass(getattr(modules, name)) and issubclass(getattr(modules, name), nn.Module)
]


def arguments(function):
    """The names of what it takes, but for `self` and what stands for options of its parts."""
    parameters = inspect.signature(function).parameters.values()
    return [
        one.name for one in parameters if one.name != "self" and one.kind is not one.VAR_KEYWORD
    ]


def made(name):
    return getattr(modules, name)(**GOOD[name][0])


CONSTRUCTORS = [(name, one) for name in GOOD for one in arguments(getattr(modules, name).__init__)]
CALLS = [(name, one) for name in GOOD for one in arguments(getattr(modules, name).forward)]
