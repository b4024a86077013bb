"""Two places to look at, and 1, 2 or 4 heads with as many parameters.

Sequences of 8 tokens; each but the two at the ends has to hand over what the token before it and
the token after it hold, and to keep the two apart. One layer: token plus learned position,
attention, the residual, a linear readout; a second kind of model has a feed-forward network before
the readout. A head is as wide as C / H, so that the number of parameters is the same for every H.

Two tasks. `copy`: a token holds 8 random numbers, and 16 are to be given back; where the weights
depend on places alone, one head is one mixture of 8 numbers and explains at most half of the
variance. `name`: a token is one of 8 letters, and two letters are to be named; few letters leave
room for tricks, such as to read the order from unequal weights. Every number of heads sees the same
batches, at three learning rates, so that none loses for want of a good one.
"""

from __future__ import annotations

import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.modules import MultiHeadAttention, PositionwiseFeedForward
from attention_lib.training import fit, seeded

FULL = {
    "tasks": ["copy", "name"],
    "heads": [1, 2, 4],
    "rates": [1e-3, 3e-3, 1e-2],
    "held": {"copy": 8, "name": 8},
    "length": 8,
    "width": 32,
    "hidden": 128,
    "batch": 64,
    "steps": 600,
    "every": 50,
    "test": 500,
}
TINY = {**FULL, "rates": [1e-3, 3e-3], "width": 8, "hidden": 8, "steps": 2, "every": 1, "test": 3}


class Neighbours(nn.Module):
    """`[B, length, held]` -> `[B, length - 2, 2, held]`: of the token before, and of that after."""

    def __init__(self, task, settings, n_heads, feed_forward):
        super().__init__()
        self.task, self.held = task, settings["held"][task]
        width, held = settings["width"], self.held
        self.embedding = nn.Linear(held, width)
        self.positions = nn.Parameter(torch.randn(settings["length"], width))
        self.attention = MultiHeadAttention(width, n_heads)
        self.feed_forward = None
        if feed_forward:
            self.feed_forward = PositionwiseFeedForward(width, settings["hidden"])
        self.readout = nn.Linear(width, 2 * held)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions
        x = x + self.attention(x)
        if self.feed_forward is not None:
            x = x + self.feed_forward(x)
        return self.readout(x[:, 1:-1]).unflatten(-1, (2, self.held))


def draw(task, settings, n, seed):
    """Tokens `[n, length, held]`: random numbers of variance 1, or a one at the letter's place."""
    generator = torch.Generator().manual_seed(seed)
    length, held = settings["length"], settings["held"][task]
    if task == "copy":
        return torch.randn(n, length, held, generator=generator)
    return F.one_hot(torch.randint(held, (n, length), generator=generator), held).float()


def answers(tokens):
    return torch.stack([tokens[:, :-2], tokens[:, 2:]], dim=-2)  # [B, length - 2, 2, held]


def loss(model, tokens):
    given, wanted = model(tokens), answers(tokens)
    if model.task == "copy":
        return F.mse_loss(given, wanted)
    return F.cross_entropy(given.flatten(0, 2), wanted.flatten(0, 2))


def scores(model, tokens):
    """Of before, after and both: the variance explained, or the share of right letters."""
    given, wanted = model(tokens), answers(tokens)
    if model.task == "copy":
        explained = 1 - (given - wanted).square().mean((0, 1, 3))
        return [*explained.tolist(), explained.mean().item()]
    right = given.argmax(-1) == wanted.argmax(-1)
    return [part.float().mean().item() for part in (right[..., 0], right[..., 1], right.all(-1))]


def run(task, feed_forward, n_heads, rate, settings, seed):
    test = draw(task, settings, settings["test"], seed=10_000_000)
    with seeded(seed):
        model = Neighbours(task, settings, n_heads, feed_forward)
    history = fit(
        model,
        lambda step: draw(task, settings, settings["batch"], seed=100_000 * seed + step),
        loss,
        steps=settings["steps"],
        learning_rate=rate,
        metric=lambda net: scores(net, test)[2],
        metric_every=settings["every"],
        seed=seed,
        progress=False,
    )
    with torch.no_grad():
        before, after, both = scores(model, test)
    return {
        "task": task,
        "feed_forward": feed_forward,
        "heads": n_heads,
        "rate": rate,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "curve": history.metrics,
        "before": before,
        "after": after,
        "both": both,
    }


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    runs = [
        (task, feed_forward, n_heads, rate, seed)
        for task in settings["tasks"]
        for feed_forward in (False, True)
        for rate in settings["rates"]
        for seed in range(arguments.seeds)
        for n_heads in settings["heads"]
    ]
    results = [run(*one, settings, seed) for *one, seed in tqdm(runs, desc="heads")]
    print(save("many_heads", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
