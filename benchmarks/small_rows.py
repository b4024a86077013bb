"""Small calls, where what surrounds the products counts: small layers, and one step of decoding."""

from __future__ import annotations

from functools import partial

import torch
from paired import clock, compare, interleave
from torch.nn import functional as F

from attention_lib.modules import KVCache, MultiHeadAttention

FULL = {
    "layers": {"heads": 8, "head_width": 8, "shapes": [[1, 8], [32, 16]]},
    "step": {"heads": 8, "width": 512, "cached": 256, "steps": 64},
}
TINY = {
    "layers": {"heads": 2, "head_width": 4, "shapes": [[2, 3]]},
    "step": {"heads": 2, "width": 8, "cached": 5, "steps": 2},
}
# At most 1.15 times the time of PyTorch's module, and 1.3 times that of the operations of a step.
LAYER_TARGET, STEP_TARGET = 0.87, 0.77


@torch.inference_mode()
def layers(pair, kind, sizes, settings):
    """Rows of a module against PyTorch's, for each (batch, length).

    pair: makes theirs, ours and a call of theirs, of a kind and of sizes with heads and widths.
    """
    theirs, ours, call = pair(kind, sizes)
    theirs.eval(), ours.eval()
    width = sizes["heads"] * sizes["head_width"]
    names = type(ours).__name__, f"nn.{type(theirs).__name__}"
    for batch, length in sizes["shapes"]:
        x = torch.randn(batch, length, width)
        torch.testing.assert_close(ours(x), call(x), rtol=1e-3, atol=1e-4)
        ways = dict(zip(names, (partial(ours, x), partial(call, x)), strict=True))
        timing = interleave(ways, **clock(settings))
        row = compare(timing, *names, target=LAYER_TARGET)
        setting = {"batch": batch, "length": length, "width": width, "heads": sizes["heads"]}
        yield {"group": f"small {kind}", "setting": setting, **row}


@torch.inference_mode()
def decoding_step(sizes, settings):
    """The row of some steps, one after the other, behind a cache that is filled before them.

    Both ways fill a cache of their own first; where the steps are many that counts for little.
    """
    heads, width = sizes["heads"], sizes["width"]
    module = MultiHeadAttention(width, heads).eval()
    held = torch.randn(2, 1, heads, sizes["cached"], width // heads)
    x = torch.randn(sizes["steps"], 1, 1, width)
    ways = {
        "MultiHeadAttention with a KVCache": partial(_steps, module, x, held),
        "its operations in PyTorch": partial(_bare_steps, module, x, held),
    }
    torch.testing.assert_close(*(way() for way in ways.values()), rtol=1e-3, atol=1e-4)
    timing = interleave(ways, **clock(settings))
    row = compare(timing, *ways, target=STEP_TARGET)
    setting = {"width": width, "heads": heads, "cached": sizes["cached"], "steps": sizes["steps"]}
    yield {"group": "decoding step", "setting": setting, **row}


def _steps(module, x, held):
    cache = KVCache(max_length=held.shape[3] + len(x))
    cache.append(*held)
    return [module(one, causal=True, cache=cache) for one in x]


def _bare_steps(module, x, held):
    """The products, the copy into the cache and the attention of each step, and nothing else."""
    names = ("query", "key", "value", "output")
    layers = [getattr(module, f"{name}_projection") for name in names]
    (qw, qb), (kw, kb), (vw, vb), (ow, ob) = [(one.weight, one.bias) for one in layers]
    heads, cached, width = held.shape[2:]
    keys, values = held.new_empty(2, 1, heads, cached + len(x), width)
    keys[:, :, :cached], values[:, :, :cached] = held
    outputs = []
    for stop, one in enumerate(x, cached + 1):
        query = F.linear(one, qw, qb).view(1, 1, heads, width).transpose(1, 2)
        keys[:, :, stop - 1 : stop] = F.linear(one, kw, kb).view(1, 1, heads, -1).transpose(1, 2)
        values[:, :, stop - 1 : stop] = F.linear(one, vw, vb).view(1, 1, heads, -1).transpose(1, 2)
        seen = keys[:, :, :stop], values[:, :, :stop]
        result = F.scaled_dot_product_attention(query, *seen)
        outputs.append(F.linear(result.transpose(1, 2).flatten(2), ow, ob))
    return outputs
