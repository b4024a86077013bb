"""Time and memory of one layer of self-attention with 1 to 32 heads of one total width.

Two ways of the same layer: *materialised* writes the scores of all heads, *fused* calls PyTorch's
kernel, which does not. All numbers of heads run in turn within each round (`paired`), and the time
of a number of heads is compared with that of one head within the round. Memory is the peak of
torch's allocator (`memory`), with the result, without the inputs and parameters.
"""

from __future__ import annotations

import statistics
from functools import partial

import torch
from memory import peak_bytes
from paired import clock, interleave
from study import options, save

from attention_lib.functional import merge_heads, split_heads
from attention_lib.modules import MultiHeadAttention
from attention_lib.training import seeded

FULL = {
    "width": 512,
    "length": 512,
    "heads": [1, 2, 4, 8, 16, 32],
    "rounds": 7,
    "attempts": 2,
    "shortest": 0.05,
}
TINY = {**FULL, "width": 8, "length": 5, "heads": [1, 2], "rounds": 2, "attempts": 1, "shortest": 0}


def materialised(module, x):
    """The layer in plain operations, each of which writes its result."""
    query, key, value = (
        split_heads(projection(x), module.n_heads)
        for projection in (
            module.query_projection,
            module.key_projection,
            module.value_projection,
        )
    )
    scores = (query * query.shape[-1] ** -0.5) @ key.mT
    return module.output_projection(merge_heads(scores.softmax(dim=-1) @ value))


def fused(module, x):
    return module(x)


WAYS = {"materialised": materialised, "fused": fused}


def forward(way, module, x):
    with torch.inference_mode():
        return way(module, x)


def training(way, module, x):
    """Forward and backward; the gradients of the parameters stay in memory, as in training."""
    way(module, x).sum().backward()


def make(settings):
    """name of a way and number of heads -> (way, module), and the input."""
    with seeded(0):
        modules = {h: MultiHeadAttention(settings["width"], h) for h in settings["heads"]}
        x = torch.randn(1, settings["length"], settings["width"])
    for module in modules.values():
        torch.testing.assert_close(materialised(module, x), fused(module, x), rtol=1e-3, atol=1e-4)
    cases = {(name, h): (way, modules[h]) for name, way in WAYS.items() for h in modules}
    return cases, x


def memory(way, module, x, run):
    module.zero_grad()
    return peak_bytes(partial(run, way, module, x))


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    cases, x = make(settings)
    ways = {case: partial(forward, *parts, x) for case, parts in cases.items()}
    timing = interleave(ways, **clock(settings))
    results = []
    for name, heads in cases:
        pairs = zip(timing.seconds[name, heads], timing.seconds[name, 1], strict=True)
        ratios = [many / one for many, one in pairs]
        lower, ratio, upper = statistics.quantiles(ratios, n=4, method="inclusive")
        parts = (*cases[name, heads], x)
        results.append(
            {
                "way": name,
                "heads": heads,
                "seconds": timing.median((name, heads)),
                "ratio": ratio,
                "lower_quartile": lower,
                "upper_quartile": upper,
                "forward_bytes": memory(*parts, forward),
                "training_bytes": memory(*parts, training),
                "judge_spread": timing.judge_spread,
                "steady": timing.steady,
            }
        )
    print(save("heads_cost", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
