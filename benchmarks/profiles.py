"""What limits the rows that miss their target: where their time goes, and what it could be at best.

For each row, ours alone, at the size of the row:

1. `useful`: the products that the result is defined by, of those that are computed.
2. `at_best`: what the computed products would take if they ran as fast as the fastest plain product
   of matrices, as a part of the time that the target allows. Above 1 the target is out of reach for
   this way to compute; near 1, for any step beside the products.
3. `parts`: the time by PyTorch's profiler, the least of the rounds. What it does not see is Python.
   NumPy has no such profiler, and many small calls are slow under it: there the parts are repeated
   by themselves.

float32, one thread. The page beside the benchmarks shows the rows that miss; `row` says which one
of which study a profile belongs to.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import NamedTuple

import efficient_attention
import limits
import linear_rows
import numpy as np
import numpy_reference
import peer_ways
import small_rows
import sparse_rows
import torch
import transformer_speed
import window_rows
from memory import silent
from paired import interleave
from race import forward, inputs
from study import options, save
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile
from tqdm.auto import tqdm

from attention_book.pipeline.beside import PEERS
from attention_lib import cost, reference
from attention_lib.functional import attention, grouped_query_attention, linear_attention
from attention_lib.modules import MultiHeadAttention

FULL = {"rounds": 7, "attempts": 3, "shortest": 0.05}
TINY = {"rounds": 2, "attempts": 1, "shortest": 0.0}
OPERATIONS = {
    "products": ("mm", "bmm", "addmm", "baddbmm", "baddbmm_"),
    "fused kernel": ("_scaled_dot_product_flash_attention_for_cpu",),
    "exponentials": ("exp", "exp_", "exp2", "exp2_", "_softmax"),
    "arithmetic": ("add", "add_", "sub", "sub_", "mul", "mul_", "div", "clamp", "sum", "tril_"),
    "copies and gathers": ("copy_", "index_select", "index", "cat", "fill_", "zero_"),
}
PARTS = (*OPERATIONS, "other operations", "Python")


class Case(NamedTuple):
    """A row whose target was missed.

    Attributes:
        row: study, group, ours, theirs and setting of the row.
        ways: ours, and theirs if the target is a ratio.
        target: of the ratio, or of the share of the machine's fastest product.
        computed, useful: FLOPs of the products.
        why: what limits it, in words.
        pieces: where the profiler is no help, name of a part -> function that repeats it.
        rest: then the part that is left over.
    """

    row: dict
    ways: list
    target: float
    computed: float
    useful: float
    why: str
    pieces: dict | None = None
    rest: str = "Python"


def efficient_cases(sizes):
    """Rows of the study of efficient attention."""
    heads, width, window = sizes["heads"], sizes["head_width"], sizes["window"]
    same = {"d_key": width, "n_heads": heads}
    study = {"study": "efficient_attention"}
    n, tensors = sizes["long"], inputs(sizes["long"], sizes)
    machine = "the machine's matrix product"
    yield Case(
        {**study, "group": "window", "theirs": machine, "setting": {"length": n, "window": window}},
        [forward(window_rows.window_ways(n, sizes)[window_rows.OURS], *tensors)],
        0.75,
        cost.sliding_window_attention(n, window=window, **same).matmul_flops,
        window_rows.window_work(tensors, window).flops,
        "the fused kernel takes 32 queries of a block at a time, with a mask, and its exponentials "
        "come on top of the products; larger blocks compute more that the mask closes",
    )
    n, tensors = sizes["middle"], inputs(sizes["middle"], sizes)
    work = linear_rows.linear_work(tensors).flops
    yield Case(
        {**study, "group": "linear", "theirs": machine, "setting": {"length": n, "causal": True}},
        [forward(partial(linear_attention, causal=True), *tensors)],
        0.35,
        cost.linear_attention(n, causal=True, **same).matmul_flops,
        work,
        "a causal chunk of 64 computes about as much again as the result is defined by, in small "
        "products; the feature map and new memory for the output come on top",
    )
    yield Case(
        {
            **study,
            "group": "linear",
            "theirs": linear_rows.TRANSFORMER,
            "setting": {"length": n},
        },
        [forward(way, *tensors) for way in (linear_attention, peer_ways.linear_attention())],
        1.0,
        cost.linear_attention(n, **same).matmul_flops,
        work,
        "both need the same products; the rest is the feature map, a pass over all queries and "
        "keys for each of its steps",
    )
    ways = sparse_rows.block_sparse_ways(n, sizes)
    sparse = {"block_size": sizes["block"], "random_blocks": sizes["random_blocks"]}
    yield Case(
        {
            **study,
            "group": "block-sparse",
            "theirs": sparse_rows.BIG_BIRD_CORE,
            "setting": {"length": n, "block": sizes["block"]},
        },
        [forward(ways[name], *tensors) for name in (sparse_rows.BLOCKS, sparse_rows.BIG_BIRD_CORE)],
        4.0,
        cost.block_sparse_attention(n, **sparse, **same).matmul_flops,
        sparse_rows.block_sparse_work(tensors, sizes).flops,
        "the fused kernel takes 32 queries of a block at a time, slower than many at once; no two "
        "blocks of queries see the same keys, so none can be put together, and each has its gather",
    )
    n_projected, x = sizes["projected"], torch.randn(1, n, heads * width)
    theirs = peer_ways.linformer(n, heads, width, n_projected=n_projected)
    ours = sparse_rows.linformer_like(theirs, n, heads * width, heads, n_projected)
    whole = {"d_model": heads * width, "n_heads": heads, "n_projected": n_projected}
    yield Case(
        {
            **study,
            "group": "Linformer",
            "theirs": sparse_rows.PACKAGE,
            "setting": {"length": n, "projected": n_projected},
        },
        [forward(ours, x), forward(theirs, x)],
        2.0,
        cost.multi_head_linformer(n, **whole).matmul_flops,
        sparse_rows.linformer_work(x, heads, width, n_projected, theirs).flops,
        "nearly all of it is products, none of them superfluous, near the machine's best",
    )


def shared_heads_cases(sizes):
    """One query on a full cache, with keys that heads share and with keys for each."""
    heads, width = sizes["heads"], sizes["head_width"]
    for length in sizes["cache"]["lengths"]:
        for groups in sizes["cache"]["groups"]:
            query = torch.randn(1, heads, 1, width)
            few = torch.randn(2, 1, groups, length, width)
            many = few.repeat_interleave(heads // groups, 2)
            flops = 4 * heads * length * width
            setting = {"heads": heads, "groups": groups, "length": length}
            yield Case(
                {
                    "study": "transformer_speed",
                    "group": "shared heads, attention",
                    "theirs": f"{heads} key heads",
                    "setting": setting,
                },
                [
                    forward(grouped_query_attention, query, *few),
                    forward(attention, query, *many),
                ],
                sizes["targets"]["shared heads, of H / G"] * heads / groups,
                flops,
                flops,
                "sharing keys saves reading them, and no product and no exponential: what is left "
                "is theirs, in products of a few rows, which run far below the machine's best",
            )


def step_case(sizes):
    """Some steps of decoding."""
    heads, width, cached, steps = (sizes[name] for name in ("heads", "width", "cached", "steps"))
    module = MultiHeadAttention(width, heads).eval()
    held = torch.randn(2, 1, heads, cached, width // heads)
    x = torch.randn(steps, 1, 1, width)
    seen = steps * cached + steps * (steps + 1) // 2
    flops = 8 * steps * width**2 + 4 * seen * width
    yield Case(
        {
            "study": "transformer_speed",
            "group": "decoding step",
            "theirs": "its operations in PyTorch",
            "setting": {"width": width, "heads": heads, "cached": cached, "steps": steps},
        },
        [partial(way, module, x, held) for way in (small_rows._steps, small_rows._bare_steps)],
        small_rows.STEP_TARGET,
        flops,
        flops,
        "products with a single row read every weight once; beside them Python judges the "
        "arguments, looks after the cache and calls module after module",
        _step_pieces(module, x, held),
    )


def _step_pieces(module, x, held):
    """The products of all steps, their attention, and their writing to the cache."""
    names = ("query", "key", "value", "output")
    layers = [getattr(module, f"{name}_projection") for name in names]
    weights = [(layer.weight, layer.bias) for layer in layers]
    heads, cached, width = held.shape[2:]
    keys, values = torch.zeros(2, 1, heads, cached + len(x), width)
    query = torch.randn(1, heads, 1, width)
    stops = range(cached + 1, cached + len(x) + 1)
    kernel = F.scaled_dot_product_attention
    pieces = {
        "products": lambda: [F.linear(one, *weight) for one in x for weight in weights],
        "fused kernel": lambda: [
            kernel(query, keys[:, :, :stop], values[:, :, :stop]) for stop in stops
        ],
        "copies and gathers": lambda: [
            one[:, :, stop - 1 : stop].copy_(query) for stop in stops for one in (keys, values)
        ],
    }
    return {name: forward(piece) for name, piece in pieces.items()}


def numpy_cases(sizes):
    """The definition, whole and by tiles."""
    dense, heads, width = sizes["dense"], sizes["heads"], sizes["width"]
    length = dense["long"]
    arrays = numpy_reference.examples(length, sizes)
    tiled = partial(reference.tiled_attention, block_size=dense["block_size"])
    for name, way in (("attention", reference.attention), ("tiled_attention", tiled)):
        flops = 4 * heads * length**2 * width
        yield Case(
            {
                "study": "numpy_reference",
                "group": "NumPy, dense",
                "ours": name,
                "theirs": "plain NumPy",
                "setting": {"length": length},
            },
            [partial(way, *arrays), partial(numpy_reference.plain_attention, *arrays)],
            dense["target"],
            flops,
            flops,
            "both need the same products and exponentials; only the passes between them and their "
            "memory can be saved, and what memory costs differs from machine to machine",
            _numpy_pieces(arrays),
            "other operations",
        )


def _numpy_pieces(arrays, rows=128):
    """The products of the definition, a part of a head at a time, and its exponentials."""
    query, key, value = (one[0] for one in arrays)
    length = query.shape[1]
    parts = [slice(start, start + rows) for start in range(0, length, rows)]
    each = [(head, part) for head in range(len(query)) for part in parts]
    scores = np.random.default_rng(0).normal(-3, 1, (min(rows, length), length))
    scores = scores.astype(query.dtype)
    powers = np.empty_like(scores)
    return {
        "products": lambda: [
            (query[head, part] @ key[head].T, scores @ value[head]) for head, part in each
        ],
        "exponentials": lambda: [np.exp(scores, out=powers) for _ in each],
    }


def seconds_of_operations(way):
    """Seconds that PyTorch's operations took by themselves, by their part."""
    with silent(), profile(activities=[ProfilerActivity.CPU]) as recorded:
        way()
    found = dict.fromkeys((*OPERATIONS, "other operations"), 0.0)
    for event in recorded.key_averages():
        name = event.key.removeprefix("aten::")
        part = next((part for part, names in OPERATIONS.items() if name in names), None)
        found[part or "other operations"] += event.self_cpu_time_total / 1e6
    return found


def shares(found, seconds):
    """Parts of the whole; what is missing is Python, or in NumPy everything else."""
    total = max(seconds, sum(found.values()))
    parts = {name: found.get(name, 0.0) / total for name in PARTS}
    return {**parts, "Python": 1 - sum(found.values()) / total}


def measured(case, machine, settings):
    """The record of one case."""
    names = ("ours", "theirs")[: len(case.ways)]
    timing = interleave(dict(zip(names, case.ways, strict=True)), **settings)
    seconds = timing.median("ours")
    if case.pieces:
        apart = interleave(case.pieces, **settings)
        parts = shares({name: apart.median(name) for name in case.pieces}, seconds)
        left, parts["Python"] = parts["Python"], 0.0
        parts[case.rest] += left
    else:
        rounds = [seconds_of_operations(case.ways[0]) for _ in range(settings["rounds"])]
        # The profiler has a clock on the wall: the round that others disturbed least counts.
        parts = shares({name: min(one[name] for one in rounds) for name in rounds[0]}, seconds)
    if len(case.ways) == 1:
        allowed = case.useful / machine.flops / case.target
    else:
        allowed = timing.median("theirs") / case.target
    return {
        "row": case.row,
        "seconds": seconds,
        "useful": case.useful / case.computed,
        "at_best": case.computed / machine.flops / allowed,
        "parts": parts,
        "why": case.why,
        "steady": timing.steady,
    }


@torch.no_grad()
def main():
    arguments = options(__doc__.partition("\n")[0], seeds=1).parse_args()
    threads = numpy_reference.THREADS
    if any(os.environ.get(name) != "1" for name in threads):  # NumPy reads it when it is imported
        alone = {**os.environ, **dict.fromkeys(threads, "1")}
        os.execve(sys.executable, [sys.executable, *sys.argv], alone)
    versions = PEERS.use()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    tiny, settings = arguments.tiny, TINY if arguments.tiny else FULL
    machine = limits.measure(**(limits.TINY if tiny else {}))

    def sizes_of(module):
        return module.TINY if tiny else module.FULL

    cases = [
        *efficient_cases(sizes_of(efficient_attention)),
        *shared_heads_cases(sizes_of(transformer_speed)),
        *step_case(sizes_of(small_rows)["step"]),
        *numpy_cases(sizes_of(numpy_reference)),
    ]
    results = [measured(case, machine, settings) for case in tqdm(cases, desc="profiles")]
    record = {"settings": {**settings, "limits": machine._asdict()}, "results": results}
    print(save("profiles", arguments=arguments, **record, peers=versions))


if __name__ == "__main__":
    main()
