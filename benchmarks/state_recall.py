"""What does a memory of 256 numbers recall, and what if a key is written again?

A list of writes, each a name and a letter in one token, then a question for each name: which letter
was written under it last? One layer: embeddings, query, key and value of 16 numbers each, a memory,
a layer norm, a linear readout. The memories: softmax over all writes, with and without a penalty on
distance; a state that adds, with elu + 1 and its normaliser, or with the keys as they
are; a state that decays by one learned number, or by a gate of each step and channel; the delta
rule. No write knows its place but through the memory.

Two tasks. `again`: 4 names, each written 1, 2, 4 or 8 times, in a random order. `once`: 4, 8, 16 or
32 names, each written once. One model learns all sizes of a task together, a batch has one size.
Every memory sees the same batches, at two learning rates, so that none loses for want of a good
one.
"""

from __future__ import annotations

import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib import functional
from attention_lib.training import fit, seeded

FULL = {
    "tasks": {
        "again": [[4, 1], [4, 2], [4, 4], [4, 8]],  # names, and how often each is written
        "once": [[4, 1], [8, 1], [16, 1], [32, 1]],
    },
    "memories": [
        *("softmax", "softmax, recent", "elu + 1", "plain sum"),
        *("one decay", "gated decay", "delta rule"),
    ],
    "rates": [3e-3, 1e-2],
    "names": 64,
    "letters": 16,
    "width": 64,
    "state": 16,
    "batch": 64,
    "steps": 500,
    "test": 500,
}
TINY = {**FULL, "width": 8, "state": 4, "batch": 4, "steps": 4, "test": 8}


class Recall(nn.Module):
    """Names and letters `[B, W]`, names asked `[B, R]` -> logits `[B, R, letters]`."""

    def __init__(self, memory, settings):
        super().__init__()
        self.memory, width, state = memory, settings["width"], settings["state"]
        self.name = nn.Embedding(settings["names"], width)
        self.letter = nn.Embedding(settings["letters"], width)
        self.query, self.key, self.value = (nn.Linear(width, state) for _ in range(3))
        self.norm = nn.LayerNorm(state)
        self.readout = nn.Linear(state, settings["letters"])
        if memory == "softmax, recent":
            self.slope = nn.Parameter(torch.tensor(0.1))
        if memory == "one decay":
            self.gate = nn.Parameter(torch.tensor(3.0))  # a decay of 0.95 to begin with
        if memory in ("gated decay", "delta rule"):
            self.gate = nn.Linear(width, state if memory == "gated decay" else 1)
            nn.init.constant_(self.gate.bias, 3.0 if memory == "gated decay" else 0.0)

    def forward(self, names, letters, asked):
        writes = self.name(names) + self.letter(letters)
        query, key, value = self.query(self.name(asked)), self.key(writes), self.value(writes)
        return self.readout(self.norm(self.read(writes, query, key, value)))

    def read(self, writes, query, key, value):
        if self.memory == "softmax":
            return functional.attention(query, key, value)
        if self.memory == "softmax, recent":
            ago = torch.arange(key.shape[-2] - 1, -1, -1.0)
            return functional.attention(query, key, value, bias=(-self.slope * ago)[None])
        if self.memory == "elu + 1":
            return functional.linear_attention(query, key, value)
        if self.memory == "plain sum":
            return query @ (key.mT @ value)
        if self.memory == "delta rule":
            strength = self.gate(writes).sigmoid()
            rule, gate = functional.delta_rule_attention, {"unit_keys": True}
        else:
            strength = self.gate if self.memory == "one decay" else self.gate(writes)
            rule, gate, strength = functional.decayed_linear_attention, {}, strength.sigmoid()
            if self.memory == "one decay":
                strength = strength.expand(len(key), 1, 1)
        _, state = rule(key, key, value, strength, return_state=True, **gate)
        return query @ state


def draw(size, settings, n, seed):
    """Names and letters of the writes `[n, W]`, the names asked and the last letter of each."""
    n_names, times = size
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.rand(n, settings["names"], generator=generator).argsort(-1)[:, :n_names]
    order = torch.rand(n, n_names * times, generator=generator).argsort(-1)
    which = order % n_names  # [n, W]: each of the chosen `times` times
    letters = torch.randint(settings["letters"], which.shape, generator=generator)
    written = which[:, None] == torch.arange(n_names)[:, None]  # [n, names, W]
    last = (written * torch.arange(which.shape[-1])).argmax(-1)
    return chosen.gather(-1, which), letters, chosen, letters.gather(-1, last)


def loss(model, batch):
    *given, wanted = batch
    return F.cross_entropy(model(*given).flatten(0, 1), wanted.flatten())


@torch.no_grad()
def right(model, batch):
    *given, wanted = batch
    return (model(*given).argmax(-1) == wanted).float().mean().item()


def run(task, memory, rate, settings, seed):
    sizes = settings["tasks"][task]
    tests = [draw(size, settings, settings["test"], seed=10_000_000) for size in sizes]
    with seeded(seed):
        model = Recall(memory, settings)

    def batches(step):
        size = sizes[step % len(sizes)]
        return draw(size, settings, settings["batch"], seed=1 + 100_000 * seed + step)

    history = fit(
        model,
        batches,
        loss,
        steps=settings["steps"],
        learning_rate=rate,
        seed=seed,
        progress=False,
    )
    return {
        "task": task,
        "memory": memory,
        "rate": rate,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "last_loss": sum(history.losses[-100:]) / len(history.losses[-100:]),
        "right": [right(model, test) for test in tests],
    }


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    runs = [
        (task, memory, rate, seed)
        for task in settings["tasks"]
        for memory in settings["memories"]
        for rate in settings["rates"]
        for seed in range(arguments.seeds)
    ]
    results = [run(*one, settings, seed) for *one, seed in tqdm(runs, desc="recall")]
    print(save("state_recall", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
