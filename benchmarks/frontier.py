"""What quality does each mechanism buy at n = 1,024, for what cost? Recall, trained at one budget.

A token is a key and a value, and its vector the sum of their embeddings. 64 keys of 256 stand at
random places of the first 960, each with one of 16 values; the other places hold the same filler.
The last 64 places ask: a key that was stored, and in the place of the value a question mark. Each
has to name the value, wherever the key was stored. Nothing depends on the places themselves, and
there are no positions.

"window" is a plain one; in "Longformer" the questions are global besides, as Beltagy et al. made
them for answering: they see all and are seen by all. The library has global blocks at the front,
so for this one the sequence is turned around.

One layer as in an encoder with the norms in front, and a linear readout. Only the attention
differs. All see the same batches, for as many updates at the same learning rate.

The start is helped, for all alike: the projections of queries and of keys begin equal, as Reformer
keeps them for ever, and twice as large as usual. From the usual start the right key has a
thousandth of the weight, so it has a thousandth of the gradient, and no mechanism learns anything
within the budget: "vanilla, usual start" is one that was not helped.

Costs are those of attention with its projections, counted for one sequence; the seconds are those
of the processor for the whole training, on a machine that had other work.
"""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib import cost
from attention_lib.modules import (
    BlockSparseAttention,
    LayerNorm,
    LinearAttention,
    LinformerAttention,
    LSHAttention,
    MultiHeadAttention,
    PerformerAttention,
    PositionwiseFeedForward,
    SlidingWindowAttention,
)
from attention_lib.training import fit, seeded, warmup_linear

FULL = {
    "models": [
        ["vanilla", {}],
        ["vanilla, usual start", {}],
        ["window", {"window": 128}],
        ["window", {"window": 256}],
        ["Longformer", {"block_size": 32, "window_blocks": 9, "random_blocks": 0}],
        ["BigBird", {"block_size": 32}],
        ["BigBird", {"block_size": 64}],
        ["Reformer", {"bucket_size": 32, "n_hashes": 1}],
        ["Reformer", {"bucket_size": 32, "n_hashes": 4}],
        ["Linformer", {"n_projected": 128}],
        ["Linformer", {"n_projected": 256}],
        ["Performer", {"n_features": 64}],
        ["Performer", {"n_features": 256}],
        ["linear", {}],
    ],
    "length": 1024,
    "keys": 256,
    "values": 16,
    "stored": 64,
    "asked": 64,
    "width": 64,
    "hidden": 128,
    "heads": 2,
    "gain": 2.0,
    "batch": 8,
    "steps": 300,
    "every": 75,
    "warmup": 20,
    "rate": 3e-3,
    "test": 32,
    "distances": [128, 512],
}
TINY = {
    **FULL,
    "models": [
        ["vanilla", {}],
        ["vanilla, usual start", {}],
        ["window", {"window": 4}],
        ["Longformer", {"block_size": 2, "window_blocks": 3, "random_blocks": 0}],
        ["BigBird", {"block_size": 2}],
        ["Reformer", {"bucket_size": 4, "n_hashes": 1}],
        ["Linformer", {"n_projected": 4}],
        ["Performer", {"n_features": 4}],
        ["linear", {}],
    ],
    "length": 32,
    "keys": 16,
    "values": 4,
    "stored": 4,
    "asked": 4,
    "width": 8,
    "hidden": 8,
    "steps": 4,
    "every": 2,
    "warmup": 1,
    "test": 8,
    "distances": [8, 16],
}
MECHANISMS = {
    "window": (SlidingWindowAttention, cost.sliding_window_attention),
    "Longformer": (BlockSparseAttention, cost.block_sparse_attention),
    "BigBird": (BlockSparseAttention, cost.block_sparse_attention),
    "Performer": (PerformerAttention, cost.performer_attention),
    "linear": (LinearAttention, cost.linear_attention),
}


def attention(name, knobs, settings, seed):
    """The layer, and what it costs for one sequence: its `Cost` at inference and in training."""
    length, width, heads = settings["length"], settings["width"], settings["heads"]
    sizes = {"d_model": width, "n_heads": heads}
    if name == "Linformer":
        counted = partial(cost.multi_head_linformer, length, **sizes, **knobs)
        return LinformerAttention(length, width, heads, **knobs), counted
    if name == "Reformer":
        counted = partial(cost.multi_head_lsh, length, **sizes, **knobs)
        return LSHAttention(width, heads, **knobs, seed=seed), counted
    if name not in MECHANISMS:
        return MultiHeadAttention(width, heads), partial(cost.multi_head_attention, length, **sizes)
    module, count = MECHANISMS[name]
    drawn = {"seed": seed} if name in ("Longformer", "BigBird", "Performer") else {}
    counted = partial(cost.multi_head_attention, length, **sizes, mechanism=partial(count, **knobs))
    return MultiHeadAttention(width, heads, mechanism=module(**knobs, **drawn)), counted


class Recall(nn.Module):
    """keys and values `[B, n]` -> logits `[B, asked, values]` of the last places."""

    def __init__(self, layer, settings, helped, turned):
        super().__init__()
        width, self.asked, self.turned = settings["width"], settings["asked"], turned
        self.key = nn.Embedding(settings["keys"] + 1, width)  # the last one: filler
        self.value = nn.Embedding(settings["values"] + 2, width)  # the last two: filler, question
        self.attention, self.attention_norm = layer, LayerNorm(width)
        self.feed_forward = PositionwiseFeedForward(width, settings["hidden"])
        self.feed_forward_norm, self.norm = LayerNorm(width), LayerNorm(width)
        self.readout = nn.Linear(width, settings["values"])
        if helped:
            self.help(settings["gain"])

    @torch.no_grad()
    def help(self, gain):
        if isinstance(self.attention, LSHAttention):
            self.attention.query_key_projection.weight.mul_(gain)
            return
        query, key = self.attention.query_projection, self.attention.key_projection
        query.weight.mul_(gain)
        key.weight.copy_(query.weight)

    def forward(self, keys, values):
        x = self.key(keys) + self.value(values)
        x = x.flip(1) if self.turned else x
        x = x + self.attention(self.attention_norm(x))
        x = x[:, : self.asked].flip(1) if self.turned else x[:, -self.asked :]
        x = x + self.feed_forward(self.feed_forward_norm(x))
        return self.readout(self.norm(x))


def draw(settings, n, seed):
    """keys, values `[n, length]`, answers and distances to the stored pair `[n, asked]`."""
    rng, stored, asked = np.random.default_rng(seed), settings["stored"], settings["asked"]
    length, first = settings["length"], settings["length"] - asked
    keys = np.full((n, length), settings["keys"])
    values = np.full((n, length), settings["values"])
    answers, distances = np.empty((2, n, asked), np.int64)
    for row in range(n):
        names = rng.permutation(settings["keys"])[:stored]
        held = rng.integers(settings["values"], size=stored)
        places = rng.permutation(first)[:stored]
        questions = rng.permutation(stored)[np.arange(asked) % stored]
        keys[row, places], values[row, places] = names, held
        keys[row, first:], values[row, first:] = names[questions], settings["values"] + 1
        answers[row] = held[questions]
        distances[row] = first + np.arange(asked) - places[questions]
    return tuple(map(torch.from_numpy, (keys, values, answers, distances)))


def loss(model, batch):
    keys, values, answers, _ = batch
    return F.cross_entropy(model(keys, values).flatten(0, 1), answers.flatten())


@torch.no_grad()
def right(model, batch, size):
    """`[n, asked]`: which questions it answers."""
    keys, values, answers, _ = (part.split(size) for part in batch)
    found = [model(*one).argmax(-1) for one in zip(keys, values, strict=True)]
    return torch.cat(found) == torch.cat(answers)


def run(name, knobs, settings, seed):
    test = draw(settings, settings["test"], seed=10_000_000)
    with seeded(seed):
        layer, counted = attention(name, knobs, settings, seed)
        helped, turned = name != "vanilla, usual start", name == "Longformer"
        model = Recall(layer, settings, helped, turned)
    begun = time.process_time()
    history = fit(
        model,
        lambda step: draw(settings, settings["batch"], seed=100_000 * seed + step),
        loss,
        steps=settings["steps"],
        learning_rate=warmup_linear(
            settings["rate"], warmup=settings["warmup"], steps=settings["steps"]
        ),
        metric=lambda net: right(net, test, settings["batch"]).float().mean().item(),
        metric_every=settings["every"],
        seed=seed,
        progress=False,
    )
    seconds = time.process_time() - begun
    correct = right(model.eval(), test, settings["batch"])
    bins = np.digitize(test[3].numpy(), settings["distances"], right=True)
    inference, training = counted(), counted(training=True)
    return {
        "model": name,
        "knobs": knobs,
        "seed": seed,
        "accuracy": correct.float().mean().item(),
        "by_distance": [
            correct[torch.from_numpy(bins == k)].float().mean().item()
            for k in range(len(settings["distances"]) + 1)
        ],
        "curve": history.metrics,
        "parameters": sum(p.numel() for p in layer.parameters()),
        "flops": inference.flops,
        "peak_bytes": inference.peak_bytes,
        "training_peak_bytes": training.peak_bytes,
        "seconds": seconds,
    }


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings, results = TINY if arguments.tiny else FULL, []
    runs = [(*one, seed) for seed in range(arguments.seeds) for one in settings["models"]]
    for name, knobs, seed in (bar := tqdm(runs, desc="frontier")):
        bar.set_postfix_str(name)
        results.append(run(name, knobs, settings, seed))
        path = save("frontier", arguments=arguments, settings=settings, results=results)
    print(path)


if __name__ == "__main__":
    main()
