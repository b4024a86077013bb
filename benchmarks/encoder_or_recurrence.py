"""A small encoder against a recurrent net with as many parameters, on a task for each of them.

Sequences of 24 numbers from 0 to 15; the net answers at every place. `reverse`: the number at the
mirrored place. `parity`: whether the sum of the numbers up to here is odd. Encoder: two layers of
width 64 with learned positions. Recurrent net: a GRU of two layers, read in both directions, whose
width gives it as many parameters. Both see the same batches, and the encoder, whose updates are
cheaper, gets 1.6 times as many, which makes the times about equal.

Each net tries the same learning rates on each task with the first seed. The rate that gets most
right on the validation sequences is taken for the other seeds as well; the test sequences choose
nothing. After that, with the rate that was chosen: the recurrent net on `reverse` with five times
the updates (`longer`) and at half of the length (`shorter`), and the encoder on `reverse` with
positions that begin with a standard deviation of 0.02, as the library's do, instead of 1 (`small`).
`right` is the share of right answers on the test sequences, `seconds` the processor time of the
training alone, up to each check.
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
        "reverse": {"encoder": 160, "recurrent": 100},
        "parity": {"encoder": 260, "recurrent": 160},
    },
    "every": 20,
    "rates": [2e-3, 4e-3, 8e-3, 1.6e-2],
    "longer": 5,
    "small": 0.02,
    "validation": 200,
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
    "rates": [2e-3, 8e-3],
    "longer": 2,
    "validation": 3,
    "test": 3,
}
TASKS = {"reverse": lambda x: x.flip(-1), "parity": lambda x: x.cumsum(-1) % 2}
NETS = ("encoder", "recurrent")


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


def run(part, task, net, rate, seed, settings, *, length=None, steps=None, positions=1.0):
    length = length or settings["length"]
    validation = draw(settings, settings["validation"], length, seed=10_000_002)
    test = draw(settings, settings["test"], length, seed=10_000_000)
    with seeded(seed):
        model = make(net, settings, length)
    if net == "encoder":
        model.positions.weight.data.mul_(positions)  # drawn with a standard deviation of 1
    start, seconds = time.process_time(), []

    def check(model):
        nonlocal start
        seconds.append(time.process_time() - start)
        right = share_right(model, task, test)
        start = time.process_time() - seconds[-1]  # the clock stood still
        return right

    history = fit(
        model,
        lambda step: draw(settings, settings["batch"], length, seed=100_000 * seed + step),
        lambda model, x: F.cross_entropy(model(x).flatten(0, 1), TASKS[task](x).flatten()),
        steps=steps or settings["steps"][task][net],
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
        "validation": share_right(model, task, validation),
        "right": history.metrics[-1],
    }
    if net == "recurrent":  # the encoder has no positions beyond its length
        further = draw(settings, settings["test"], settings["beyond"], seed=10_000_001)
        row["beyond"] = share_right(model, task, further)
    return row


def aside(best, seed, settings):
    """The runs besides the race, all of them on `reverse`."""
    rate, longer = best["reverse", "recurrent"], settings["longer"]
    steps = longer * settings["steps"]["reverse"]["recurrent"]
    slow = "reverse", "recurrent", rate, seed, settings
    fast = "reverse", "encoder", best["reverse", "encoder"], seed, settings
    return [
        run("longer", *slow, steps=steps),
        run("shorter", *slow, length=settings["shorter"]),
        run("small", *fast, positions=settings["small"]),
    ]


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    results, best = [], {}
    for task, net in tqdm([(task, net) for task in TASKS for net in NETS], desc="races"):
        tried = [run("race", task, net, rate, 0, settings) for rate in settings["rates"]]
        rate = best[task, net] = max(tried, key=lambda one: one["validation"])["rate"]
        again = range(1, arguments.seeds)
        results += tried + [run("race", task, net, rate, seed, settings) for seed in again]
    for seed in tqdm(range(arguments.seeds), desc="besides"):
        results += aside(best, seed, settings)
    print(save("encoder_or_recurrence", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
