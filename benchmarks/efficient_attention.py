"""Efficient attention: the library's time and memory against those of other packages.

Every mechanism of the library beside the package that is known for it, and beside the dense kernel
of PyTorch. Attention alone, on tensors `[1, H, n, D]`, without the projections of a model (except
Linformer, whose saving lies in them); inference, unless a row says that it has a backward pass.
Where both compute the same, they have to give the same numbers before the clock starts.
`python -m attention_book peers` installs the packages.
"""

from __future__ import annotations

import limits
import torch
from rows import line
from study import options, save
from tqdm.auto import tqdm

from attention_book.pipeline.beside import PEERS

FULL = {
    "rounds": 7,
    "attempts": 3,
    "shortest": 0.05,
    "heads": 8,
    "head_width": 64,
    "window": 256,
    "long": 16384,
    "middle": 8192,
    "training": 4096,
    "short": 2048,
    "tiled": 2048,
    "hashed": 4096,
    "linformer": [8192, 16384],
    "features": 256,
    "projected": 256,
    "block": 64,
    "random_blocks": 3,
    "bucket": 64,
    "hashes": 4,
    "crossover": {
        "window": [512, 640, 768, 896, 1024, 1280],
        "linear": [64, 128, 192, 256, 384, 512],
    },
}
TINY = {
    **FULL,
    "rounds": 2,
    "attempts": 1,
    "shortest": 0.0,
    "heads": 2,
    "head_width": 4,
    "window": 4,
    "long": 64,
    "middle": 64,
    "training": 16,
    "short": 16,
    "tiled": 16,
    "hashed": 16,
    "linformer": [16],
    "features": 8,
    "projected": 4,
    "block": 4,
    "bucket": 4,
    "hashes": 2,
    "crossover": {"window": [8], "linear": [8]},
}


def main():
    parser = options(__doc__, seeds=1)
    parser.add_argument("--attempts", type=int, help="how often to try for a steady machine")
    parser.add_argument("--only", default="", help="only parts whose name contains this")
    arguments = parser.parse_args()
    versions = PEERS.use()
    import linear_rows
    import sparse_rows
    import window_rows

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    settings = TINY if arguments.tiny else FULL
    settings = {**settings, "attempts": arguments.attempts or settings["attempts"]}
    machine = limits.measure(**(limits.TINY if arguments.tiny else {}))
    measured = {**settings, "limits": machine}
    parts = [
        part for file in (window_rows, linear_rows, sparse_rows) for part in file.parts(measured)
    ]
    results = []
    for part in tqdm(parts, desc="efficient attention"):
        if arguments.only in part.func.__name__:
            for row in part():
                tqdm.write(line(row))
                results.append(row)
    settings = {**settings, "limits": machine._asdict()}
    options_of_run = {"settings": settings, "results": results, "peers": versions}
    print(save("efficient_attention", arguments=arguments, **options_of_run))


if __name__ == "__main__":
    main()
