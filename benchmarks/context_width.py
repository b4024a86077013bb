"""Accuracy against source length for fixed context vectors of several widths.

Encoder-decoders without attention, from 32 to 256 numbers wide, learn to reverse sequences of 4 to
16 letters: the task, the budget and the test of `bottleneck_length.py`, whose networks with
attention stand beside them. A wider network also has more parameters, which is in its favour.
"""

from __future__ import annotations

import bottleneck_length as bottleneck
import torch
from study import options, save
from tqdm.auto import tqdm

FULL = {**bottleneck.FULL, "widths": [32, 48, 64, 96, 128, 192, 256]}
TINY = {**bottleneck.TINY, "widths": [8, 12]}


def run(width, settings, seed):
    """Train one network and return how many letters it writes right at each length."""
    measured = bottleneck.run("reverse", "none", {**settings, "width_without": width}, seed)
    kept = ("seed", "parameters", "free", "forced")
    return {"width": width, **{key: measured[key] for key in kept}}


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    runs = [(width, seed) for seed in range(arguments.seeds) for width in settings["widths"]]
    results = [run(width, settings, seed) for width, seed in tqdm(runs, desc="widths")]
    print(save("context_width", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
