"""Block-sparse patterns, Linformer and LSH."""

from __future__ import annotations

from functools import partial

import peer_ways
import torch
from limits import Work
from race import agree, forward, inputs, memory_rows, moved, time_rows
from torch import nn

from attention_lib.functional import (
    attention,
    block_sparse_attention,
    block_sparse_mask,
    block_sparse_pattern,
    lsh_attention,
)
from attention_lib.modules import LinformerAttention

BLOCKS, LINFORMER, LSH = "block_sparse_attention", "LinformerAttention", "lsh_attention"
BIG_BIRD, BIG_BIRD_CORE = "Hugging Face BigBird", "Hugging Face BigBird without its n x n weights"
PACKAGE, REFORMER = "linformer", "reformer-pytorch"
DENSE = "dense SDPA"


def parts(settings):
    """Parts of the study: each, when called, a generator of rows."""
    return [
        partial(block_sparse, settings),
        partial(block_sparse_memory, settings),
        *(partial(linformer, settings, n) for n in settings["linformer"]),
        *(partial(lsh, settings, as_ours) for as_ours in (True, False)),
    ]


def block_sparse_ways(n, settings):
    """Ours and the peer: 3 window blocks, 2 global and as many random ones."""
    block, random_blocks = settings["block"], settings["random_blocks"]
    big_bird = partial(
        peer_ways.big_bird,
        n,
        settings["heads"],
        settings["head_width"],
        block=block,
        random_blocks=random_blocks,
    )
    return {
        BLOCKS: partial(block_sparse_attention, block_size=block, random_blocks=random_blocks),
        BIG_BIRD: big_bird(),
        BIG_BIRD_CORE: big_bird(writes_weights=False),
    }


def block_sparse(settings):
    # Which blocks are global and random differs (first two against first and last), not how many.
    # The rows of the first block see everything in both: there the numbers have to be the same.
    n, tensors = settings["middle"], inputs(settings["middle"], settings)
    ways = block_sparse_ways(n, settings)
    block = settings["block"]
    ours, *theirs = (forward(way, *tensors)()[..., :block, :] for way in ways.values())
    for other in theirs:
        agree(lambda: ours, lambda other=other: other)
    check_block_sparse(settings)
    calls = {name: forward(way, *tensors) for name, way in ways.items()}
    calls[DENSE] = forward(peer_ways.dense, *tensors)
    setting = {"length": n, "block": block}
    # What limits it: see `profiles`.
    yield from time_rows(
        "block-sparse",
        setting,
        calls,
        settings=settings,
        targets={BIG_BIRD_CORE: 4.0},
        work=block_sparse_work(tensors, settings),
    )


def check_block_sparse(settings):
    """Ours against dense attention under the mask of the same pattern, at a small length."""
    block, random_blocks = settings["block"], settings["random_blocks"]
    n = 16 * block
    tensors = inputs(n, settings)
    pattern = block_sparse_pattern(16, random_blocks=random_blocks)
    mask = block_sparse_mask(pattern, n, block_size=block)
    ours = partial(block_sparse_attention, block_size=block, random_blocks=random_blocks)
    agree(forward(ours, *tensors), forward(partial(attention, mask=mask), *tensors))


def block_sparse_work(tensors, settings):
    """The blocks that the pattern opens."""
    query, key, value = tensors
    block = settings["block"]
    pattern = block_sparse_pattern(
        query.shape[-2] // block, random_blocks=settings["random_blocks"]
    )
    each = 2 * query.shape[1] * block**2 * (query.shape[-1] + value.shape[-1])
    return Work(pattern.sum().item() * each, moved(query, key, value, value))


def block_sparse_memory(settings):
    """At the long length without the weights of the peer: they alone would be several gigabytes."""
    setting = {"block": settings["block"]}
    for n, left_out in ((settings["middle"], None), (settings["long"], BIG_BIRD)):
        tensors = inputs(n, settings)
        ways = block_sparse_ways(n, settings)
        ways.pop(left_out, None)
        calls = {name: forward(way, *tensors) for name, way in ways.items()}
        targets = {BIG_BIRD_CORE: 15.0} if left_out else {}
        options = {"output": moved(tensors[2]), "targets": targets}
        yield from memory_rows("block-sparse", {"length": n, **setting}, calls, **options)


def linformer(settings, n):
    """Whole modules, with the projections of queries, keys, values and output."""
    heads, width, n_projected = settings["heads"], settings["head_width"], settings["projected"]
    theirs = peer_ways.linformer(n, heads, width, n_projected=n_projected)
    ours = linformer_like(theirs, n, heads * width, heads, n_projected)
    x = torch.randn(1, n, heads * width)
    calls = {LINFORMER: forward(ours, x), PACKAGE: forward(theirs, x)}
    agree(*calls.values())
    setting = {"length": n, "projected": n_projected}
    work = linformer_work(x, heads, width, n_projected, theirs)
    target = {PACKAGE: 2.0}
    yield from time_rows("Linformer", setting, calls, settings=settings, targets=target, work=work)
    yield from memory_rows("Linformer", setting, calls, output=moved(x), targets={PACKAGE: 3.0})


def linformer_like(theirs, n, d_model, n_heads, n_projected):
    """Our module with the parameters of the package's, which has one bias only."""
    ours = LinformerAttention(n, d_model, n_heads, n_projected).eval()
    pairs = {
        "query_projection": "to_q",
        "key_projection": "to_k",
        "value_projection": "to_v",
        "output_projection": "to_out",
    }
    with torch.no_grad():
        for mine, other in pairs.items():
            layer = getattr(theirs, other)
            nn.init.zeros_(getattr(ours, mine).bias)
            getattr(ours, mine).load_state_dict(layer.state_dict(), strict=False)
        ours.key_length.copy_(theirs.proj_k.mT)
        ours.value_length.copy_(theirs.proj_v.mT)
    return ours


def linformer_work(x, heads, width, n_projected, module):
    """Two projections of queries and output, two along the length, and R keys for each query."""
    n, d_model = x.shape[1:]
    flops = 4 * n * d_model**2 + 4 * n * n_projected * d_model + 4 * n_projected * d_model**2
    flops += 4 * n * n_projected * heads * width
    return Work(flops, moved(x, x, *module.parameters()))


def lsh(settings, as_ours):
    # Each draws its own hashes: other pairs, as many.
    n = settings["hashed"]
    query_key, _, value = (one[0] for one in inputs(n, settings))  # [H, n, D]
    sizes = {"bucket_size": settings["bucket"], "n_hashes": settings["hashes"]}
    name = REFORMER if as_ours else f"{REFORMER}, its defaults"
    ways = {
        LSH: partial(lsh_attention, **sizes),
        name: peer_ways.reformer(**sizes, as_ours=as_ours),
    }
    calls = {name: forward(way, query_key, value) for name, way in ways.items()}
    setting = {"length": n, **sizes}
    yield from time_rows("LSH", setting, calls, settings=settings)
    if as_ours:
        yield from memory_rows("LSH", setting, calls, output=moved(value))
