"""Attention heads, encoder layers and generation: the library's time against PyTorch's and its own.

1. `MultiHeadAttention` and `TransformerEncoderLayer` in evaluation against the modules of PyTorch
   with the same weights, whose fast path is on by default; beside it, for comparison, with it off.
2. A step of training: forward, backward, Adam.
3. Generation: attention with a key-value cache against the whole prefix anew for each token. One
   token at a time is a product with vectors: it reads every weight for each token, so the larger
   the weights, the less the cache can win.
4. One query on a long cache: heads that share keys and values against heads that do not.
5. Small calls, where Python counts: both modules at width 64 (`small_rows`), and a step of decoding
   against nothing but the operations that it is made of.
6. A whole generation by a language model, against the same model without a module, a check or a
   search (`generation_rows`).
7. Both modules and a language model, compiled by torch.compile against themselves
   (`compiled_rows`): how much Python and memory traffic there is left to win.

float32, one thread. Before the clock starts both ways have to give the same numbers.
"""

from __future__ import annotations

from functools import partial

import compiled_rows
import generation_rows
import limits
import small_rows
import torch
from paired import clock, compare, interleave
from rows import line
from study import options, save
from torch import nn
from tqdm.auto import tqdm

from attention_lib import cost
from attention_lib.functional import attention, grouped_query_attention
from attention_lib.modules import (
    KVCache,
    MultiHeadAttention,
    TransformerEncoderLayer,
)

FULL = {
    "rounds": 7,
    "attempts": 6,
    "shortest": 0.1,
    "heads": 8,
    "head_width": 64,
    "lengths": [512, 1024, 2048, 4096],
    "long": 2048,
    "targets": {
        "attention": 1.5,
        "encoder layer": 1.25,
        "training step": 1.0,
        "generation": 20.0,
        "shared heads, of H / G": 0.9,
    },
    "training": {"batch": 4, "length": 256, "dropouts": [0.0, 0.1]},
    "tokens": 512,
    "cache": {"lengths": [4096, 8192, 16384], "groups": [4, 2, 1]},
}
TINY = {
    **FULL,
    "rounds": 2,
    "attempts": 1,
    "shortest": 0.0,
    "heads": 2,
    "head_width": 4,
    "lengths": [3, 5],
    "long": 5,
    "training": {"batch": 2, "length": 3, "dropouts": [0.0]},
    "tokens": 4,
    "cache": {"lengths": [8], "groups": [1]},
}


def modules(kind, settings, dropout=0.0):
    """PyTorch's module and ours with the same weights, both as functions of x `[B, T, C]`."""
    heads = settings["heads"]
    width = heads * settings["head_width"]
    if kind == "attention":
        theirs = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        ours = MultiHeadAttention.from_torch(theirs)
        return theirs, ours, lambda x: theirs(x, x, x, need_weights=False)[0]
    theirs = nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=dropout, batch_first=True, norm_first=True
    )
    return theirs, TransformerEncoderLayer.from_torch(theirs), theirs


def reached(kind, seconds, module, settings, *, batch=1, length, training=False):
    """How much of the machine's limit a pass through one of our modules uses."""
    heads = settings["heads"]
    sizes = {"d_model": heads * settings["head_width"], "n_heads": heads, "batch": batch}
    if kind == "attention":
        counted = cost.multi_head_attention(length, training=training, **sizes)
    else:
        counted = cost.encoder_layer(length, d_ff=4 * sizes["d_model"], training=training, **sizes)
    numbers = 2 * batch * length * sizes["d_model"] + sum(
        one.numel() for one in module.parameters()
    )
    work = limits.Work(counted.matmul_flops, 4 * numbers * (3 if training else 1))
    return settings["machine"].reached(work, seconds)


def without_fast_path(way):
    """The same call with the fast path of PyTorch's modules turned off."""
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        way()
    finally:
        torch.backends.mha.set_fastpath_enabled(True)


@torch.no_grad()
def evaluation(kind, settings):
    """Rows of a forward pass, for each length."""
    theirs, ours, call = modules(kind, settings)
    theirs.eval(), ours.eval()
    names = {"attention": ("MultiHeadAttention", "nn.MultiheadAttention")}.get(
        kind, ("TransformerEncoderLayer", "nn.TransformerEncoderLayer")
    )
    for length in settings["lengths"]:
        x = torch.randn(1, length, settings["heads"] * settings["head_width"])
        torch.testing.assert_close(ours(x), call(x), rtol=1e-3, atol=1e-4)
        slow = f"{names[1]} without its fast path"
        ways = {
            names[0]: partial(ours, x),
            names[1]: partial(call, x),
            slow: partial(without_fast_path, partial(call, x)),
        }
        timing = interleave(ways, **clock(settings))
        target = settings["targets"][kind] if length >= settings["long"] else None
        setting = {"length": length}
        limit = reached(kind, timing.median(names[0]), ours, settings, length=length)
        for other, wanted in ((names[1], target), (slow, None)):
            row = compare(timing, names[0], other, target=wanted, limit=limit)
            yield {"group": kind, "setting": setting, **row}


def training(kind, settings):
    """Rows of a whole training step, for each dropout."""
    sizes = settings["training"]
    width = settings["heads"] * settings["head_width"]
    x = torch.randn(sizes["batch"], sizes["length"], width)
    for dropout in sizes["dropouts"]:
        theirs, ours, call = modules(kind, settings, dropout)
        ways = {}
        for module, forward in ((ours, ours), (theirs, call)):
            optimizer = torch.optim.Adam(module.train().parameters(), lr=1e-5)
            name = type(module).__name__
            name = f"nn.{name}" if module is theirs else name
            ways[name] = partial(step, forward, optimizer, x)
        timing = interleave(ways, **clock(settings))
        shape = {"batch": sizes["batch"], "length": sizes["length"]}
        seconds = timing.median(next(iter(ways)))
        limit = reached(kind, seconds, ours, settings, training=True, **shape)
        row = compare(timing, *ways, target=settings["targets"]["training step"], limit=limit)
        setting = {**shape, "dropout": dropout}
        yield {"group": f"training step, {kind}", "setting": setting, **row}


def step(forward, optimizer, x):
    """Forward, backward and one update."""
    optimizer.zero_grad(set_to_none=True)
    forward(x).square().mean().backward()
    optimizer.step()


@torch.no_grad()
def generation(settings):
    """The row of reading tokens one by one, each with all before it."""
    heads, tokens = settings["heads"], settings["tokens"]
    width = heads * settings["head_width"]
    module = MultiHeadAttention(width, heads).eval()
    x = torch.randn(1, tokens, width)

    def cached():
        cache = KVCache(max_length=tokens)
        steps = [module(x[:, t : t + 1], causal=True, cache=cache) for t in range(tokens)]
        return torch.cat(steps, dim=1)

    def recomputed():
        steps = [module(x[:, : t + 1], causal=True)[:, -1:] for t in range(tokens)]
        return torch.cat(steps, dim=1)

    torch.testing.assert_close(cached(), recomputed(), rtol=1e-3, atol=1e-4)
    ways = {"key-value cache": cached, "the whole prefix anew": recomputed}
    timing = interleave(ways, **{**clock(settings), "shortest": 0.0})
    row = compare(timing, *ways, target=settings["targets"]["generation"])
    yield {"group": "generation", "setting": {"tokens": tokens}, **row}


@torch.no_grad()
def shared_heads(settings):
    """Rows of one query on a full cache: the attention alone, and a step of the whole module.

    Heads that share keys read fewer of them and multiply as often: where the keys of all heads fit
    the cache of the processor, less is to be won than H / G.
    """
    for length in settings["cache"]["lengths"]:
        for groups in settings["cache"]["groups"]:
            yield from shared_heads_on(length, groups, settings)


def shared_heads_on(length, groups, settings):
    heads, width = settings["heads"], settings["head_width"]
    share = heads // groups
    query = torch.randn(1, heads, 1, width)
    few = torch.randn(2, 1, groups, length, width)  # keys and values
    many = few.repeat_interleave(share, 2)
    names = f"{groups} key heads", f"{heads} key heads"
    attends = {
        names[0]: partial(grouped_query_attention, query, *few),
        names[1]: partial(attention, query, *many),
    }
    torch.testing.assert_close(*(way() for way in attends.values()), rtol=1e-3, atol=1e-4)
    steps = {
        name: decoding_step(heads, one, width, length)
        for name, one in zip(names, (groups, heads), strict=True)
    }
    target = settings["targets"]["shared heads, of H / G"] * share
    for group, ways, wanted in (("attention", attends, target), ("module", steps, None)):
        timing = interleave(ways, **clock(settings))
        setting = {"heads": heads, "groups": groups, "length": length}
        row = compare(timing, *names, target=wanted)
        yield {"group": f"shared heads, {group}", "setting": setting, **row}


def decoding_step(heads, groups, width, length):
    """A step of `MultiHeadAttention` that leaves the cache at about the same length."""
    module = MultiHeadAttention(heads * width, heads, n_kv_heads=groups).eval()
    cache = KVCache(window=length - 1)
    cache.append(*torch.randn(2, 1, groups, length, width))
    x = torch.randn(1, 1, heads * width)
    return partial(module, x, causal=True, cache=cache)


def main():
    parser = options(__doc__, seeds=1)
    parser.add_argument("--attempts", type=int, help="how often to try for a steady machine")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    settings = {**settings, "attempts": arguments.attempts or settings["attempts"]}
    machine = limits.measure(**(limits.TINY if arguments.tiny else {}))
    measured = {**settings, "machine": machine}
    torch.manual_seed(0)
    results = []
    parts = [
        partial(evaluation, "attention"),
        partial(evaluation, "encoder layer"),
        partial(training, "attention"),
        partial(training, "encoder layer"),
        generation,
        shared_heads,
    ]
    small = small_rows.TINY if arguments.tiny else small_rows.FULL
    for kind in ("attention", "encoder layer"):
        parts.append(partial(small_rows.layers, modules, kind, small["layers"]))
    parts.append(partial(small_rows.decoding_step, small["step"]))
    written = generation_rows.TINY if arguments.tiny else generation_rows.FULL
    parts.append(partial(generation_rows.whole_generation, written))
    programs = compiled_rows.TINY if arguments.tiny else compiled_rows.FULL
    parts.append(partial(compiled_rows.compiled, programs, tiny=arguments.tiny))
    for part in tqdm(parts, desc="transformer speed"):
        for row in part(measured):
            tqdm.write(line(row))
            results.append(row)
    settings = {**settings, "limits": machine._asdict()}
    print(save("transformer_speed", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
