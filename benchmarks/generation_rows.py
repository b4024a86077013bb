"""A whole generation: what search and caches cost above the operations of the model."""

from __future__ import annotations

from functools import partial

import torch
from paired import clock, compare, interleave
from torch.nn import functional as F

from attention_lib.functional import sinusoidal_positions
from attention_lib.generation import generate
from attention_lib.modules import LanguageModel

FULL = {"layers": 4, "width": 256, "heads": 8, "vocabulary": 1000, "tokens": 256}
TINY = {"layers": 1, "width": 8, "heads": 2, "vocabulary": 13, "tokens": 3}
TARGET = 0.83  # at most 1.2 times the time of the bare model


@torch.no_grad()
def whole_generation(sizes, settings):
    """The row of `generate`, greedy and cached, against the same model without any module."""
    width = sizes["width"]
    model = LanguageModel(
        sizes["vocabulary"],
        d_model=width,
        n_heads=sizes["heads"],
        n_layers=sizes["layers"],
        d_ff=4 * width,
    ).eval()
    prompt = torch.tensor([[1]])
    ways = {
        "generate": lambda: generate(model, prompt, max_new_tokens=sizes["tokens"]).tokens,
        "the same model in bare PyTorch": partial(_bare, model, sizes, prompt),
    }
    ours, theirs = (way() for way in ways.values())
    if not torch.equal(ours, theirs):
        raise RuntimeError("the two ways have to write the same tokens")
    timing = interleave(ways, **clock(settings))
    row = compare(timing, *ways, target=TARGET)
    yield {"group": "whole generation", "setting": sizes, **row}


def _bare(model, sizes, prompt):
    """Caches of the full length, one position at a time, the likeliest token; nothing is checked.

    `prompt` is a single token.
    """
    heads, n, width = sizes["heads"], sizes["tokens"], sizes["width"]
    embedding = model.embedding.weight
    positions = sinusoidal_positions(n, width)
    layers = [_tensors(layer) for layer in model.stack.layers]
    keys, values = torch.empty(2, len(layers), 1, heads, n, width // heads)
    fed, written = prompt, []
    for at in range(n):
        x = F.embedding(fed, embedding) * width**0.5 + positions[at]
        for (norms, query, key, value, output, up, down), seen_keys, seen_values in zip(
            layers, keys, values, strict=True
        ):
            inputs = F.layer_norm(x, (width,), *norms[0])
            queries = F.linear(inputs, *query).view(1, 1, heads, -1).transpose(1, 2)
            seen_keys[:, :, at] = F.linear(inputs, *key).view(1, heads, -1)
            seen_values[:, :, at] = F.linear(inputs, *value).view(1, heads, -1)
            seen = seen_keys[:, :, : at + 1], seen_values[:, :, : at + 1]
            result = F.scaled_dot_product_attention(queries, *seen)
            x = x + F.linear(result.transpose(1, 2).flatten(2), *output)
            inner = F.linear(F.layer_norm(x, (width,), *norms[1]), *up)
            x = x + F.linear(F.relu(inner), *down)
        last = model.stack.final_norm
        x = F.layer_norm(x[:, -1], (width,), last.gain, last.shift)
        fed = F.linear(x, embedding).argmax(dim=-1, keepdim=True)
        written.append(fed)
    return torch.cat(written, dim=1)


def _tensors(layer):
    norms = [(one.gain, one.shift) for one in (layer.self_attention_norm, layer.feed_forward_norm)]
    attention, network = layer.self_attention, layer.feed_forward
    projections = (
        attention.query_projection,
        attention.key_projection,
        attention.value_projection,
        attention.output_projection,
        network.up_projection,
        network.down_projection,
    )
    return norms, *((one.weight, one.bias) for one in projections)
