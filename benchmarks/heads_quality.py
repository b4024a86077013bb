"""What does the number of heads do to a trained layer, at fixed width and equal parameters?

Two tasks, each with 1, 2, 4, 8 and 16 heads that share one width. *places*: 16 random letters, and
each position has to name the letters at four places, which four random orders fix for each seed;
one layer of attention. *digits*: real handwritten digits as 16 pieces of 2 x 2 pixels, two layers
of an encoder, the mean of all positions. Every model of a seed sees the same batches, at two
learning rates, so that none loses for want of a good one.
"""

from __future__ import annotations

import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.data.handwritten import load_handwritten_digits
from attention_lib.modules import MultiHeadAttention, TransformerEncoder
from attention_lib.training import fit, seeded

FULL = {
    "heads": [1, 2, 4, 8, 16],
    "places": {
        "width": 32,
        "rates": [0.003, 0.01],
        "steps": 400,
        "batch": 64,
        "every": 20,
        "length": 16,
        "letters": 8,
        "relations": 4,
        "test": 200,
    },
    "digits": {"width": 32, "rates": [0.002, 0.006], "steps": 400, "batch": 64, "every": 100},
}
TINY = {
    "heads": [1, 2],
    "places": {**FULL["places"], "width": 4, "steps": 2, "every": 1, "test": 3},
    "digits": {**FULL["digits"], "width": 4, "steps": 2, "every": 1, "batch": 3},
}


class Places(nn.Module):
    """Logits `[B, L, relations, letters]` of the letters at the places looked up."""

    def __init__(self, n_heads, *, width, length, letters, relations, **_):
        super().__init__()
        self.shape = relations, letters
        self.embedding = nn.Embedding(letters, width)
        self.positions = nn.Parameter(torch.randn(length, width))
        self.norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, n_heads)
        self.readout = nn.Linear(width, relations * letters)

    def forward(self, tokens):
        x = self.norm(self.embedding(tokens) + self.positions)
        return self.readout(x + self.attention(x)).unflatten(-1, self.shape)


class Digits(nn.Module):
    """Logits `[B, 10]` of the digit in a picture that was cut into pieces `[B, 16, 4]`."""

    def __init__(self, n_heads, *, width, **_):
        super().__init__()
        self.embedding = nn.Linear(4, width)
        self.positions = nn.Parameter(torch.randn(16, width))
        self.encoder = TransformerEncoder(2, width, n_heads, 2 * width)
        self.readout = nn.Linear(width, 10)

    def forward(self, pieces):
        x = self.embedding(pieces) + self.positions
        return self.readout(self.encoder(x).mean(dim=1))


def letters(settings, n, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(settings["letters"], (n, settings["length"]), generator=generator)


def pieces(split):
    """Pieces `[N, 16, 4]` of all pictures of a split, and their digits `[N]`."""
    digits = load_handwritten_digits(split)
    cut = torch.tensor(digits.images).unfold(1, 2, 2).unfold(2, 2, 2)  # [N, 4, 4, 2, 2]
    return cut.reshape(len(cut), 16, 4), torch.tensor(digits.labels)


def places_task(settings, seed):
    """A model class, a function from a step to a batch (inputs, targets), and the test."""
    generator = torch.Generator().manual_seed(seed)
    orders = [
        torch.randperm(settings["length"], generator=generator)
        for _ in range(settings["relations"])
    ]
    looked_up = torch.stack(orders, dim=-1)  # [L, relations]

    def batch(n, batch_seed):
        tokens = letters(settings, n, batch_seed)
        return tokens, tokens[:, looked_up]

    test = batch(settings["test"], 10_000_000 + seed)
    return Places, lambda step: batch(settings["batch"], 100_000 * seed + step), test


def digits_task(settings, seed):
    """As `places_task`."""
    inputs, labels = pieces("train")

    def batch(step):
        generator = torch.Generator().manual_seed(100_000 * seed + step)
        chosen = torch.randint(len(labels), (settings["batch"],), generator=generator)
        return inputs[chosen], labels[chosen]

    return Digits, batch, pieces("test")


TASKS = {"places": places_task, "digits": digits_task}


def loss(model, batch):
    inputs, targets = batch
    return F.cross_entropy(model(inputs).flatten(0, -2), targets.flatten())


def run(task, n_heads, rate, settings, seed):
    network, batches, (inputs, targets) = TASKS[task](settings, seed)
    with seeded(seed):
        model = network(n_heads, **settings)
    history = fit(
        model,
        batches,
        loss,
        steps=settings["steps"],
        learning_rate=rate,
        metric=lambda net: (net(inputs).argmax(-1) == targets).float().mean(),
        metric_every=settings["every"],
        seed=seed,
        progress=False,
    )
    return {
        "task": task,
        "heads": n_heads,
        "rate": rate,
        "seed": seed,
        "parameters": sum(one.numel() for one in model.parameters()),
        "curve": history.metrics,
        "right": history.metrics[-1],
    }


def main():
    arguments = options(__doc__, seeds=4).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    runs = [
        (task, heads, rate, seed)
        for task in TASKS
        for seed in range(arguments.seeds)
        for rate in settings[task]["rates"]
        for heads in settings["heads"]
    ]
    results = [
        run(task, heads, rate, settings[task], seed)
        for task, heads, rate, seed in tqdm(runs, desc="heads")
    ]
    print(save("heads_quality", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
