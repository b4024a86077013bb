"""Time of one layer over n positions: an LSTM, which must walk, and self-attention, which need not.

Both layers have the same width. The attention includes its three projections. Forward pass only,
batch 1, float32. Both run in turn within each repeat, so that a busy moment hits both, and the
time of the processor is counted, not the time on the clock. The median of the repeats is kept,
and the fastest and the slowest beside it.
"""

from __future__ import annotations

import statistics
import time

import torch
from study import options, save
from torch import nn
from tqdm.auto import tqdm

from attention_lib.functional import attention

FULL = {
    "widths": [64, 256],
    "lengths": [16, 32, 64, 128, 256, 512, 1024, 2048],
    "repeats": 31,
    "warm_up": 3,
}
TINY = {**FULL, "widths": [8], "lengths": [4, 8], "repeats": 3, "warm_up": 1}


class SelfAttention(nn.Module):
    """One head of self-attention with its three projections."""

    def __init__(self, width):
        super().__init__()
        self.project = nn.Linear(width, 3 * width, bias=False)

    def forward(self, inputs):
        query, key, value = self.project(inputs).chunk(3, -1)  # each [B, n, W]
        return attention(query, key, value)


def measure(layers, inputs, settings):
    """Return the processor's seconds of each repeat of one forward pass, for each layer."""
    seconds = {name: [] for name in layers}
    with torch.no_grad():
        for repeat in range(settings["warm_up"] + settings["repeats"]):
            for name, layer in layers.items():
                start = time.process_time()
                layer(inputs)
                if repeat >= settings["warm_up"]:
                    seconds[name].append(time.process_time() - start)
    return seconds


def main():
    arguments = options(__doc__, seeds=1).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    torch.manual_seed(0)
    results = []
    for width, length in tqdm(
        [(w, n) for w in settings["widths"] for n in settings["lengths"]], desc="time per step"
    ):
        layers = {
            "lstm": nn.LSTM(width, width, batch_first=True),
            "attention": SelfAttention(width),
        }
        inputs = torch.randn(1, length, width)
        for name, seconds in measure(layers, inputs, settings).items():
            results.append(
                {
                    "layer": name,
                    "width": width,
                    "length": length,
                    "sequential_steps": length if name == "lstm" else 1,
                    "seconds": statistics.median(seconds),
                    "fastest": min(seconds),
                    "slowest": max(seconds),
                }
            )
    print(save("time_per_step", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
