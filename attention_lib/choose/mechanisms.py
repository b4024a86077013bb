"""What there is to choose from: how each mechanism is called, counted, limited and built."""

from __future__ import annotations

import math

from .. import cost, functional, modules
from .tiled import TiledAttention

CAUSAL_MIX = "not causal: each projected key mixes all positions, the future among them"


class Mechanism:
    """One way to attend. A setting says what is to be computed, options how.

    Attributes:
        exact: gives softmax attention to all keys, whatever the data.
        causal: has a causal form.
        judged_as: what its error is measured against.
    """

    exact = False
    causal = True
    judged_as = "attention"

    def refuses(self, setting):
        """Why it cannot serve this setting at all; "" where it can."""
        return CAUSAL_MIX if setting.causal and not self.causal else ""

    def options(self, n, reach=None):
        """The options worth trying for n tokens: those that compute less than everything."""
        return [one for one in self.grid(reach) if self.partial(n, one)]

    def grid(self, reach=None):
        return [{}]

    def usual(self, n):
        """The options that stand for all others in a measurement; None where n is too short."""
        fit = [one for one in self.grid() if self.partial(n, one)]
        middle = self.grid()[len(self.grid()) // 2]
        return middle if middle in fit else fit[0] if fit else None

    def partial(self, n, options):
        """Whether at this length these options leave something out."""
        return True

    def sees(self, options):
        """How far to each side a token is certain to see."""
        return math.inf if self.exact else -1

    def ready(self, options, key):
        """What `run` takes for these options: what is made once and not in every call is made."""
        return options

    def steps(self, n, options):
        """How many times its Python code goes round its loop, up to a factor."""
        return 0


class Dense(Mechanism):
    exact = True

    def run(self, query, key, value, causal, options):
        return functional.attention(query, key, value, causal=causal)

    def count(self, setting, options):
        pairs = _causal_pairs(setting.n) if setting.causal else None
        sizes = _sizes(setting)
        return cost.attention(setting.n, setting.n, pairs=pairs, fused=True, **sizes)

    def build(self, setting, options, bias):
        return _heads(setting, bias, None)


class Tiled(Mechanism):
    exact = True

    def grid(self, reach=None):
        return [{"block_size": 128}]

    def run(self, query, key, value, causal, options):
        return functional.tiled_attention(query, key, value, causal=causal, **options)

    def count(self, setting, options):
        sizes = _sizes(setting)
        return cost.tiled_attention(setting.n, causal=setting.causal, **options, **sizes)

    def steps(self, n, options):
        return math.ceil(n / options["block_size"]) ** 2

    def build(self, setting, options, bias):
        return _heads(setting, bias, TiledAttention(**options))


class SlidingWindow(Mechanism):
    windows = (32, 64, 128, 256, 512, 1024, 2048)

    def grid(self, reach=None):
        windows = self.windows if reach is None else sorted({*self.windows, reach})
        return [{"window": window} for window in windows]

    def partial(self, n, options):
        return options["window"] < n - 1

    def sees(self, options):
        return options["window"]

    def run(self, query, key, value, causal, options):
        return functional.sliding_window_attention(query, key, value, causal=causal, **options)

    def count(self, setting, options):
        sizes = _sizes(setting)
        return cost.sliding_window_attention(setting.n, causal=setting.causal, **options, **sizes)

    def build(self, setting, options, bias):
        return _heads(setting, bias, modules.SlidingWindowAttention(**options))


class BlockSparse(Mechanism):
    apart = 2 + 3  # global and random blocks of the function's own pattern; the window has 3

    def grid(self, reach=None):
        sizes = (16, 32, 64, 128)
        found = [{"block_size": size} for size in sizes]
        if reach is not None:
            blocks = {size: 2 * math.ceil(reach / size) + 1 for size in sizes}
            found += [
                {"block_size": size, "window_blocks": many}
                for size, many in blocks.items()
                if many > 3
            ]
        return found

    def partial(self, n, options):
        return n > options["block_size"] * (options.get("window_blocks", 3) + self.apart)

    def sees(self, options):
        return options["block_size"] * (options.get("window_blocks", 3) // 2)

    def run(self, query, key, value, causal, options):
        return functional.block_sparse_attention(query, key, value, causal=causal, **options)

    def count(self, setting, options):
        sizes = _sizes(setting)
        return cost.block_sparse_attention(setting.n, causal=setting.causal, **options, **sizes)

    def steps(self, n, options):
        return n / options["block_size"]

    def build(self, setting, options, bias):
        mechanism = modules.BlockSparseAttention(**options)
        return _heads(setting, bias, mechanism)


class Linear(Mechanism):
    def run(self, query, key, value, causal, options):
        return functional.linear_attention(query, key, value, causal=causal)

    def count(self, setting, options):
        return cost.linear_attention(setting.n, causal=setting.causal, **_sizes(setting))

    def build(self, setting, options, bias):
        return _heads(setting, bias, modules.LinearAttention())


class Performer(Mechanism):
    def grid(self, reach=None):
        return [{"n_features": features} for features in (32, 64, 128, 256, 512)]

    def partial(self, n, options):
        return options["n_features"] < n

    def run(self, query, key, value, causal, options):
        return functional.performer_attention(query, key, value, causal=causal, **options)

    def count(self, setting, options):
        sizes = _sizes(setting)
        return cost.performer_attention(setting.n, causal=setting.causal, **options, **sizes)

    def build(self, setting, options, bias):
        return _heads(setting, bias, modules.PerformerAttention(**options))


class Linformer(Mechanism):
    causal = False

    def grid(self, reach=None):
        return [{"n_projected": rows} for rows in (32, 64, 128, 256, 512)]

    def partial(self, n, options):
        return options["n_projected"] < n

    def ready(self, options, key):
        """The projection that averages neighbours, in place of a learned one."""
        like = {"dtype": key.dtype, "device": key.device}
        pool = functional.pooling_projection(options["n_projected"], key.shape[-2], **like)
        return {"key_projection": pool, "value_projection": pool}

    def run(self, query, key, value, causal, options):
        return functional.linformer_attention(query, key, value, **options)

    def count(self, setting, options):
        return cost.linformer_attention(setting.n, **options, **_sizes(setting))

    def build(self, setting, options, bias):
        sizes = (setting.n, setting.d_model, setting.n_heads, options["n_projected"])
        return modules.LinformerAttention(*sizes, bias=bias)


class LSH(Mechanism):
    judged_as = "attention with shared queries and keys"

    def grid(self, reach=None):
        buckets, hashes = (32, 64, 128), (1, 2, 4)
        return [{"bucket_size": size, "n_hashes": many} for size in buckets for many in hashes]

    def partial(self, n, options):
        return n > 2 * options["bucket_size"]

    def run(self, query, key, value, causal, options):
        """The keys are not used: query and key are one in this mechanism."""
        return functional.lsh_attention(query, value, causal=causal, **options)

    def count(self, setting, options):
        sizes = _sizes(setting)
        return cost.lsh_attention(setting.n, causal=setting.causal, **options, **sizes)

    def build(self, setting, options, bias):
        return modules.LSHAttention(setting.d_model, setting.n_heads, bias=bias, **options)


MECHANISMS = {
    "dense": Dense(),
    "tiled": Tiled(),
    "sliding_window": SlidingWindow(),
    "block_sparse": BlockSparse(),
    "linear": Linear(),
    "performer": Performer(),
    "linformer": Linformer(),
    "lsh": LSH(),
}


def _causal_pairs(n):
    """How many scores PyTorch's kernel on the CPU computes: whole blocks of up to 512 keys."""
    rows = 32 if n < 192 else 64 if n < 768 else 256
    starts = range(0, n, rows)
    return sum(min(rows, n - start) * min(n, -(-(start + rows) // 512) * 512) for start in starts)


def _sizes(setting):
    return {
        "d_key": setting.d_head,
        "n_heads": setting.n_heads,
        "batch": setting.batch,
        "training": setting.training,
    }


def _heads(setting, bias, mechanism):
    sizes = (setting.d_model, setting.n_heads)
    return modules.MultiHeadAttention(*sizes, bias=bias, mechanism=mechanism)
