"""A small encoder against a recurrent net with as many parameters, on a task for each of them.

Sequences of 24 numbers from 0 to 15; the net answers at every place. `reverse`: the number at the
mirrored place. `parity`: whether the sum of the numbers up to here is odd. Encoder: two layers of
width 64 with learned positions. Recurrent net: a GRU of two layers, read in both directions, whose
width gives it as many parameters. Both see the same batches.

The winner of a task has one learning rate, chosen in a run before. The loser tries three with the
first seed and goes on with the best of them, so that it does not lose for want of a good one. After
that the recurrent net is trained and tested on `reverse` at half of the length.
`right` is the share of right answers on sequences that were not trained on, `seconds` the
processor time up to each check.
"""

from __future__ import annotations

import time

import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.modules import TransformerEncoder
from attention_lib.training import fit, seeded

FULL = {
    "numbers": 16,
    "length": 24,
    "shorter": 12,
    "width": 64,
    "heads": 4,
    "inner": 256,
    "recurrent_width": 56,
    "batch": 64,
    "steps": {
        "reverse": {"encoder": 100, "recurrent": 100},
        "parity": {"encoder": 200, "recurrent": 160},
    },
    "every": 20,
    "rates": {"encoder": [1e-3, 2e-3, 4e-3], "recurrent": [4e-3, 8e-3, 1.6e-2]},
    "chosen": {"encoder": 2e-3, "recurrent": 8e-3},
    "test": 200,
    "beyond": 48,
}
TINY = {
    **FULL,
    "shorter": 3,
    "width": 8,
    "heads": 2,
    "inner": 8,
    "recurrent_width": 4,
    "batch": 2,
    "steps": {
        "reverse": {"encoder": 2, "recurrent": 2},
        "parity": {"encoder": 2, "recurrent": 2},
    },
    "every": 1,
    "rates": {"encoder": [1e-3, 2e-3], "recurrent": [8e-3]},
    "test": 3,
}
TASKS = {"reverse": lambda x: x.flip(-1), "parity": lambda x: x.cumsum(-1) % 2}
NETS = ("encoder", "recurrent")
WINNER = {"reverse": "encoder", "parity": "recurrent"}  # as the runs before the study had it


class Encoder(nn.Module):
    """`[B, T]` -> logits `[B, T, numbers]`."""

    def __init__(self, settings, length):
        super().__init__()
        width, numbers = settings["width"], settings["numbers"]
        self.embedding = nn.Embedding(numbers, width)
        self.positions = nn.Embedding(length, width)
        self.stack = TransformerEncoder(2, width, settings["heads"], settings["inner"])
        self.readout = nn.Linear(width, numbers)

    def forward(self, x):
        return self.readout(self.stack(self.embedding(x) + self.positions.weight))


class Recurrent(nn.Module):
    """The same with a GRU: read from the left and from the right, twice."""

    def __init__(self, settings):
        super().__init__()
        width, hidden = settings["width"], settings["recurrent_width"]
        self.embedding = nn.Embedding(settings["numbers"], width)
        self.gru = nn.GRU(width, hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.readout = nn.Linear(2 * hidden, settings["numbers"])

    def forward(self, x):
        return self.readout(self.gru(self.embedding(x))[0])


def make(net, settings, length):
    return Encoder(settings, length) if net == "encoder" else Recurrent(settings)


def draw(settings, n, length, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(settings["numbers"], (n, length), generator=generator)


@torch.no_grad()
def share_right(model, task, x):
    return (model(x).argmax(-1) == TASKS[task](x)).float().mean().item()


def run(part, task, net, rate, length, seed, settings):
    test = draw(settings, settings["test"], length, seed=10_000_000)
    with seeded(seed):
        model = make(net, settings, length)
    start, seconds = time.process_time(), []

    def check(model):
        seconds.append(time.process_time() - start)
        return share_right(model, task, test)

    history = fit(
        model,
        lambda step: draw(settings, settings["batch"], length, seed=100_000 * seed + step),
        lambda model, x: F.cross_entropy(model(x).flatten(0, 1), TASKS[task](x).flatten()),
        steps=settings["steps"][task][net],
        learning_rate=rate,
        metric=check,
        metric_every=settings["every"],
        seed=seed,
        progress=False,
    )
    row = {
        "part": part,
        "task": task,
        "net": net,
        "rate": rate,
        "length": length,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": history.metric_steps,
        "seconds": seconds,
        "curve": history.metrics,
        "right": history.metrics[-1],
    }
    if net == "recurrent":  # the encoder has no positions beyond its length
        further = draw(settings, settings["test"], settings["beyond"], seed=10_000_001)
        row["beyond"] = share_right(model, task, further)
    return row


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    results, best, length = [], {}, settings["length"]
    for task, net in tqdm([(task, net) for task in TASKS for net in NETS], desc="races"):
        won = net == WINNER[task]
        rates = [settings["chosen"][net]] if won else settings["rates"][net]
        tried = [run("race", task, net, rate, length, 0, settings) for rate in rates]
        rate = best[task, net] = max(tried, key=lambda one: one["right"])["rate"]
        again = range(1, arguments.seeds)
        results += tried + [run("race", task, net, rate, length, k, settings) for k in again]
    half, rate = settings["shorter"], best["reverse", "recurrent"]
    results += [
        run("shorter", "reverse", "recurrent", rate, half, seed, settings)
        for seed in range(arguments.seeds)
    ]
    print(save("encoder_or_recurrence", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
