"""What torch.compile gains: a module as one compiled program against the module itself."""

from __future__ import annotations

import shutil
from functools import partial

import torch
from paired import clock, compare, interleave

from attention_lib.modules import LanguageModel, MultiHeadAttention, TransformerEncoderLayer

FULL = {"heads": 8, "head_width": 32, "vocabulary": 1000, "layers": 4, "lengths": [16, 256]}
TINY = {"heads": 2, "head_width": 4, "vocabulary": 13, "layers": 1, "lengths": [3]}


def backend(tiny):
    """The default one if there is a C++ compiler; else, and at a tiny size, no code is made."""
    return "inductor" if shutil.which("g++") and not tiny else "aot_eager"


def modules(sizes):
    """Each module with a maker of its input for a length."""
    heads = sizes["heads"]
    width = heads * sizes["head_width"]
    model = LanguageModel(
        sizes["vocabulary"], d_model=width, n_heads=heads, n_layers=sizes["layers"], d_ff=4 * width
    )

    def stream(length):
        return torch.randn(1, length, width)

    yield MultiHeadAttention(width, heads), stream
    yield TransformerEncoderLayer(width, heads, 4 * width), stream
    yield model, lambda length: torch.randint(sizes["vocabulary"], (1, length))


@torch.no_grad()
def compiled(sizes, settings, *, tiny):
    """Rows of a forward pass for each module and length; what compiles does so before the clock."""
    kind = backend(tiny)
    for module, make in modules(sizes):
        module.eval()
        name = type(module).__name__
        for length in sizes["lengths"]:
            torch.compiler.reset()
            program = torch.compile(module, backend=kind, fullgraph=True)
            x = make(length)
            torch.testing.assert_close(program(x), module(x), rtol=1e-3, atol=1e-4)
            ways = {f"{name}, compiled by {kind}": partial(program, x), name: partial(module, x)}
            row = compare(interleave(ways, **clock(settings)), *ways)
            yield {"group": "compiled", "setting": {"length": length}, **row}
