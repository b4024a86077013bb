"""The NumPy definitions: are they fast enough to be used?

1. `attention` and `tiled_attention` against the four lines that everybody writes first.
2. `sliding_window_attention`, in NumPy, against the torch package local-attention.

float32, one thread. Before the clock starts both ways have to give the same numbers.
"""

from __future__ import annotations

import os
import sys
from functools import partial

import numpy as np
import peer_ways
import torch
from paired import clock, compare, interleave
from rows import line
from study import options, save
from tqdm.auto import tqdm

from attention_book.pipeline.beside import PEERS
from attention_lib.reference import attention, sliding_window_attention, tiled_attention

FULL = {
    "rounds": 7,
    "attempts": 3,
    "shortest": 0.1,
    "heads": 8,
    "width": 64,
    "dense": {"lengths": [512, 1024, 2048], "long": 2048, "target": 2.0, "block_size": 256},
    "band": {"lengths": [8192, 16384], "window": 256, "target": 1.5},
}
TINY = {
    **FULL,
    "rounds": 2,
    "attempts": 1,
    "shortest": 0.0,
    "heads": 2,
    "width": 4,
    "dense": {**FULL["dense"], "lengths": [3, 5], "long": 5},
    "band": {**FULL["band"], "lengths": [16], "window": 4},
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def plain_attention(query, key, value):
    """Attention as it is written at first: every step makes an array of its own."""
    scores = query @ np.swapaxes(key, -1, -2) / np.sqrt(np.float32(query.shape[-1]))
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ value


def examples(length, settings):
    rng = np.random.default_rng(0)
    shape = (3, 1, settings["heads"], length, settings["width"])
    return rng.normal(size=shape).astype(np.float32)


def dense(settings):
    # The products and NumPy's exp alone take more than half of what the plain version takes.
    sizes = settings["dense"]
    for length in sizes["lengths"]:
        arrays = examples(length, settings)
        ways = {
            "attention": partial(attention, *arrays),
            "tiled_attention": partial(tiled_attention, *arrays, block_size=sizes["block_size"]),
            "plain NumPy": partial(plain_attention, *arrays),
        }
        for ours in ("attention", "tiled_attention"):
            np.testing.assert_allclose(ways[ours](), ways["plain NumPy"](), rtol=1e-3, atol=1e-5)
        timing = interleave(ways, **clock(settings))
        target = sizes["target"] if length >= sizes["long"] else None
        for ours in ("attention", "tiled_attention"):
            row = compare(timing, ours, "plain NumPy", target=target)
            yield {"group": "NumPy, dense", "setting": {"length": length}, **row}


@torch.no_grad()
def band(settings):
    sizes = settings["band"]
    for length in sizes["lengths"]:
        arrays = examples(length, settings)
        tensors = [torch.from_numpy(array) for array in arrays]
        window = sizes["window"]
        ways = {
            "sliding_window_attention": partial(sliding_window_attention, *arrays, window=window),
            "local-attention": partial(peer_ways.local_attention(window), *tensors),
        }
        ours, theirs = (np.asarray(way()) for way in ways.values())
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
        timing = interleave(ways, **clock(settings))
        setting = {"length": length, "window": window}
        row = compare(timing, *ways, target=sizes["target"])
        yield {"group": "NumPy, sliding window", "setting": setting, **row}


def main():
    arguments = options(__doc__, seeds=1).parse_args()
    if any(os.environ.get(name) != "1" for name in THREADS):  # NumPy reads it when it is imported
        alone = {**os.environ, **dict.fromkeys(THREADS, "1")}
        os.execve(sys.executable, [sys.executable, *sys.argv], alone)
    versions = PEERS.use()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    results = []
    for part in tqdm([dense, band], desc="NumPy reference"):
        for row in part(settings):
            tqdm.write(line(row))
            results.append(row)
    record = {"settings": settings, "results": results, "peers": versions}
    print(save("numpy_reference", arguments=arguments, **record))


if __name__ == "__main__":
    main()
