"""Peak memory of exact attention: with all n x n scores, by tiles, and in PyTorch's fused kernel.

Attention alone, `[1, H, n, D]`, forward and with the backward pass; beside it PyTorch's module with
its fast path and without, in inference. Counted by torch's profiler (`memory`): the result is in
it, the inputs and the parameters are not. Nothing is timed, so a busy machine changes no number.
"""

from __future__ import annotations

from functools import partial

import torch
from memory import peak_bytes
from peer_ways import dense
from race import agree, forward, inputs, training
from study import options, save
from torch import nn

from attention_lib.functional import tiled_attention
from attention_lib.training import seeded

FULL = {"heads": 8, "head_width": 64, "lengths": [512, 1024, 2048, 4096], "block_size": 128}
TINY = {**FULL, "heads": 2, "head_width": 4, "lengths": [16], "block_size": 8}
PASSES = {"forward": forward, "training": training}


def plain(query, key, value):
    """Each step writes its result."""
    scores = (query * query.shape[-1] ** -0.5) @ key.mT
    return scores.softmax(dim=-1) @ value


def attention_rows(settings, n):
    tensors = inputs(n, settings)
    tiled = partial(tiled_attention, block_size=settings["block_size"])
    ways = {"plain": plain, "tiled": tiled, "fused": dense}
    for way in ways.values():
        agree(forward(way, *tensors), forward(plain, *tensors))
    for name, way in ways.items():
        for which, run in PASSES.items():
            yield {"way": name, "pass": which, "length": n, "bytes": peak_bytes(run(way, *tensors))}


def module_rows(settings, n):
    width = settings["heads"] * settings["head_width"]
    with seeded(0):
        module = nn.MultiheadAttention(width, settings["heads"], batch_first=True).eval()
        x = torch.randn(1, n, width)
    call = forward(lambda x: module(x, x, x, need_weights=False)[0], x)
    before = torch.backends.mha.get_fastpath_enabled()
    try:
        for name, on in (("module, fast path", True), ("module, without it", False)):
            torch.backends.mha.set_fastpath_enabled(on)
            yield {"way": name, "pass": "forward", "length": n, "bytes": peak_bytes(call)}
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def main():
    arguments = options(__doc__, seeds=1).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    results = [
        row
        for n in settings["lengths"]
        for rows in (attention_rows, module_rows)
        for row in rows(settings, n)
    ]
    print(save("tile_memory", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
