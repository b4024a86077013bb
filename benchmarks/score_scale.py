"""Training with and without the scale 1/sqrt(D): one layer of attention says letters backwards.

Sequences of 12 random letters; each position has to name the letter at the mirrored place, so all
depends on where it looks. One head as wide as the model: embedding and learned position, layer
norm, projections, attention, readout; no residual that could pass by the attention. Both kinds
start from the same weights and see the same batches, at three learning rates, so that neither
loses for want of a good one. The spread of the scores is measured before and after training.
"""

from __future__ import annotations

import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.modules import ScaledDotProductAttention
from attention_lib.training import fit, seeded

FULL = {
    "widths": [16, 256],
    "rates": [3e-4, 1e-3, 3e-3],
    "letters": 16,
    "length": 12,
    "batch": 32,
    "steps": 200,
    "every": 10,
    "test": 100,
}
TINY = {**FULL, "widths": [4, 8], "rates": [1e-3, 3e-3], "steps": 2, "every": 1, "test": 3}


class Mirror(nn.Module):
    """Logits `[B, L, letters]` of the letter at the mirrored place."""

    def __init__(self, letters, length, width, scale):
        super().__init__()
        self.embedding = nn.Embedding(letters, width)
        self.positions = nn.Parameter(torch.randn(length, width))
        self.norm = nn.LayerNorm(width)
        self.projections = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        for projection in self.projections:
            nn.init.xavier_uniform_(projection.weight)  # entries of queries and keys of variance 1
            nn.init.zeros_(projection.bias)
        self.attention = ScaledDotProductAttention(scale=scale)
        self.readout = nn.Linear(width, letters)

    def heads(self, tokens):
        x = self.norm(self.embedding(tokens) + self.positions)
        return [projection(x) for projection in self.projections]

    def forward(self, tokens):
        return self.readout(self.attention(*self.heads(tokens)))


def draw(settings, n, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(settings["letters"], (n, settings["length"]), generator=generator)


def loss(model, tokens):
    return F.cross_entropy(model(tokens).flatten(0, 1), tokens.flip(1).flatten())


def spread(model, tokens):
    """Standard deviation over the keys of the scores that the softmax gets, a mean over rows."""
    query, key, _ = model.heads(tokens)
    scale = model.attention.scale or query.shape[-1] ** -0.5
    return (scale * query @ key.mT).std(dim=-1, correction=0).mean().item()


def run(width, scaled, rate, settings, seed):
    test = draw(settings, settings["test"], seed=10_000_000)
    with seeded(seed):
        sizes = settings["letters"], settings["length"], width
        model = Mirror(*sizes, scale=None if scaled else 1.0)
    with torch.no_grad():
        spread_before = spread(model, test)
    history = fit(
        model,
        lambda step: draw(settings, settings["batch"], seed=100_000 * seed + step),
        loss,
        steps=settings["steps"],
        learning_rate=rate,
        metric=lambda net: (net(test).argmax(-1) == test.flip(1)).float().mean(),
        metric_every=settings["every"],
        seed=seed,
        progress=False,
    )
    with torch.no_grad():
        spread_after = spread(model, test)
    return {
        "width": width,
        "scaled": scaled,
        "rate": rate,
        "seed": seed,
        "curve": history.metrics,
        "right": history.metrics[-1],
        "spread_before": spread_before,
        "spread_after": spread_after,
    }


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    runs = [
        (width, scaled, rate, seed)
        for width in settings["widths"]
        for seed in range(arguments.seeds)
        for rate in settings["rates"]
        for scaled in (True, False)
    ]
    results = [run(*one, settings, seed) for *one, seed in tqdm(runs, desc="scale")]
    print(save("score_scale", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
