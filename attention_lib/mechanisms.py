"""Every kind of attention that computes the heads of a sequence, each listed once.

The selector and the presets of `choose` and the book's table of concepts read this list. Names
only: nothing here needs torch. A new mechanism is an entry, beside its files in `reference`,
`functional`, `modules`, `plans` and `cost`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

CAUSAL_MIX = "not causal: each projected key mixes all positions, the future among them"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One kind of attention.

    Attributes:
        concept: how the book calls it.
        files: of `reference`, `functional` and `modules` that hold it, with blanks between.
        chapter: the chapter that teaches it.
        function: of `functional`, and of `cost` under the same name.
        heads: the module for the heads of `MultiHeadAttention`; "" where there is none.
        settings: of that module in a preset, by default; None where no preset can have it.
        exact: gives softmax attention to all keys, whatever the data.
        causal: has a causal form.
        judged_as: what its error is measured against.
        grid: from the reach that is needed (None: all) to the options worth trying.
        partial: of n tokens and options: whether they leave something out.
        sees: of options: how far to each side a token is certain to see.
        steps: of n and options: how many times its Python code goes round its loop, up to a factor.
    """

    concept: str
    files: str
    chapter: str
    function: str
    heads: str = ""
    settings: dict | None = None
    exact: bool = False
    causal: bool = True
    judged_as: str = "attention"
    grid: Callable = lambda reach=None: [{}]
    partial: Callable = lambda n, options: True
    sees: Callable = lambda options: -1
    steps: Callable = lambda n, options: 0

    def refuses(self, setting):
        """Why it cannot serve this setting at all; "" where it can."""
        return CAUSAL_MIX if setting.causal and not self.causal else ""

    def options(self, n, reach=None):
        """The options worth trying for n tokens: those that compute less than everything."""
        return [one for one in self.grid(reach) if self.partial(n, one)]

    def usual(self, n):
        """The options that stand for all others in a measurement; None where n is too short."""
        fit, middle = self.options(n), self.grid()[len(self.grid()) // 2]
        return middle if middle in fit else fit[0] if fit else None


def _everywhere(options):
    return math.inf


def _windows(reach=None):
    windows = {32, 64, 128, 256, 512, 1024, 2048} | ({reach} - {None})
    return [{"window": window} for window in sorted(windows)]


def _blocks(reach=None):
    sizes = (16, 32, 64, 128)
    found = [{"block_size": size} for size in sizes]
    wide = [(size, 2 * math.ceil((reach or 0) / size) + 1) for size in sizes]
    found += [{"block_size": size, "window_blocks": many} for size, many in wide if many > 3]
    return found


def _buckets(reach=None):
    return [{"bucket_size": size, "n_hashes": many} for size in (32, 64, 128) for many in (1, 2, 4)]


def _one_of(name):
    return lambda reach=None: [{name: number} for number in (32, 64, 128, 256, 512)]


def _fewer_than_tokens(n, options):
    return all(number < n for number in options.values())


# Beside the window of 3 blocks the pattern of `block_sparse_attention` has 2 global and 3 random.
_APART = 2 + 3

MECHANISMS = {
    "dense": Listed(
        concept="attention",
        files="attention scaled_dot_product",
        chapter="02_worked_example",
        function="attention",
        settings={},
        exact=True,
        sees=_everywhere,
    ),
    "tiled": Listed(
        concept="tiled attention",
        files="tiled",
        chapter="08_4_traffic",
        function="tiled_attention",
        heads="TiledAttention",
        exact=True,
        grid=lambda reach=None: [{"block_size": 128}],
        sees=_everywhere,
        steps=lambda n, options: math.ceil(n / options["block_size"]) ** 2,
    ),
    "sliding_window": Listed(
        concept="sliding-window attention",
        files="sliding_window",
        chapter="08_1_windows",
        function="sliding_window_attention",
        heads="SlidingWindowAttention",
        settings={"window": 256, "n_sinks": 0},
        grid=_windows,
        partial=lambda n, options: options["window"] < n - 1,
        sees=lambda options: options["window"],
    ),
    "block_sparse": Listed(
        concept="block-sparse attention",
        files="block_sparse",
        chapter="08_1_windows",
        function="block_sparse_attention",
        heads="BlockSparseAttention",
        settings={
            "block_size": 64,
            "window_blocks": 3,
            "global_blocks": 2,
            "random_blocks": 3,
            "seed": 0,
        },
        grid=_blocks,
        partial=lambda n, options: (
            n > options["block_size"] * (options.get("window_blocks", 3) + _APART)
        ),
        sees=lambda options: options["block_size"] * (options.get("window_blocks", 3) // 2),
        steps=lambda n, options: n / options["block_size"],
    ),
    "linear": Listed(
        concept="linear attention",
        files="linear_attention",
        chapter="08_2_state",
        function="linear_attention",
        heads="LinearAttention",
        settings={},
    ),
    "performer": Listed(
        concept="Performer",
        files="performer",
        chapter="08_3_estimates",
        function="performer_attention",
        heads="PerformerAttention",
        settings={"n_features": 256, "seed": 0},
        grid=_one_of("n_features"),
        partial=_fewer_than_tokens,
    ),
    "linformer": Listed(
        concept="Linformer attention",
        files="linformer",
        chapter="08_3_estimates",
        function="linformer_attention",
        causal=False,
        grid=_one_of("n_projected"),
        partial=_fewer_than_tokens,
    ),
    "lsh": Listed(
        concept="LSH attention",
        files="lsh",
        chapter="08_3_estimates",
        function="lsh_attention",
        judged_as="attention with shared queries and keys",
        grid=_buckets,
        partial=lambda n, options: n > 2 * options["bucket_size"],
    ),
}
