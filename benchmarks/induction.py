"""When does an induction head appear, and can one layer do without?

"copy": 32 places with random letters, all different but for a copy of ten in a row that stood
before; where the ten and their copy stand is random. Inside the copy each letter follows from the
text: it is the one that came after the same letter before. "fixed": the same, but the copy always
follows at once, so that it stands ten places after the original.

Models of one and of two layers of causal attention with rotary positions, and nothing else: no
feed-forward networks. They are trained and judged on what follows from the text alone. While they
train each head is scored: previous, its weight from a position to the one before; prefix, its
weight from a letter to the one that came after the same letter before. At the end each head is
silenced in turn, the gradient of the loss at its gate is noted, over all texts and as its mean
size text by text, and the model is tried on the other kind of text.
"""

from __future__ import annotations

import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.modules import LayerNorm, MultiHeadAttention, RotaryPositionalEncoding
from attention_lib.training import fit, seeded

FULL = {
    "letters": 32,
    "length": 32,
    "copied": 10,
    "width": 64,
    "heads": 4,
    "batch": 64,
    "learning_rate": 3e-3,
    "steps": {"1": 600, "2": 300},
    "every": 10,
    "test": 500,
    "single": 100,
}
TINY = {
    **FULL,
    "width": 8,
    "heads": 2,
    "batch": 4,
    "steps": {"1": 4, "2": 2},
    "every": 1,
    "single": 3,
}
RUNS = [("copy", 2), ("copy", 1), ("fixed", 1)]


class AttentionOnly(nn.Module):
    """Logits `[B, T, letters]` of the next letter, and the weights of each layer."""

    def __init__(self, letters, width, n_heads, n_layers):
        super().__init__()
        self.embedding = nn.Embedding(letters, width)
        rotary = RotaryPositionalEncoding(width // n_heads)
        self.layers = nn.ModuleList(
            MultiHeadAttention(width, n_heads, rotary=rotary) for _ in range(n_layers)
        )
        self.norms = nn.ModuleList(LayerNorm(width) for _ in range(n_layers + 1))
        self.readout = nn.Linear(width, letters, bias=False)

    def forward(self, tokens, gates=None):
        x, weights = self.embedding(tokens), []
        gates = [None] * len(self.layers) if gates is None else gates
        for layer, norm, gate in zip(self.layers, self.norms, gates, strict=False):
            found, of_heads = layer(norm(x), causal=True, head_gate=gate, return_weights=True)
            x = x + found
            weights.append(of_heads)
        return self.readout(self.norms[-1](x)), weights


def draw(data, settings, n, seed):
    """Tokens `[n, T]`, and for each where its twin stood before, or -1."""
    length, copied = settings["length"], settings["copied"]
    generator = torch.Generator().manual_seed(seed)
    room = length - 2 * copied
    first = (torch.rand(n, 1, generator=generator) * (room + 1)).long()
    gap = (torch.rand(n, 1, generator=generator) * (room - first + 1)).long()
    second = first + copied + (gap if data == "copy" else 0)
    letters = torch.rand(n, settings["letters"], generator=generator).argsort(-1)[:, :length]
    place = torch.arange(length)
    is_copy = (place >= second) & (place < second + copied)
    twin = torch.where(is_copy, place - second + first, -1)
    return letters.gather(1, torch.where(is_copy, twin, place)), twin


def known(twin):
    """Positions `[B, T - 1]` whose next letter follows from the text."""
    return (twin[:, :-1] >= 0) & (twin[:, 1:] >= 0)


def loss(model, batch, gates=None):
    tokens, twin = batch
    logits, _ = model(tokens[:, :-1], gates)
    return F.cross_entropy(logits[known(twin)], tokens[:, 1:][known(twin)])


def measure(model, batch, gates=None):
    """Loss, share of right letters, and the two scores of every head `[layers][heads]`."""
    tokens, twin = batch
    follows = known(twin)
    logits, weights = model(tokens[:, :-1], gates)
    after = (twin[:, :-1] + 1).clamp(min=0)[:, None, :, None]  # the letter after the twin
    prefix = [one.gather(-1, after.expand(-1, one.shape[1], -1, 1))[..., 0] for one in weights]
    return {
        "loss": F.cross_entropy(logits[follows], tokens[:, 1:][follows]).item(),
        "right": (logits.argmax(-1) == tokens[:, 1:])[follows].float().mean().item(),
        "previous": [one.diagonal(-1, -2, -1).mean((0, 2)).tolist() for one in weights],
        "prefix": [(one.transpose(1, 2)[follows]).mean(0).tolist() for one in prefix],
    }


def silenced(model, batch, layer, head):
    """Loss and share of right letters without one head."""
    gates = torch.ones(len(model.layers), model.layers[0].n_heads)
    gates[layer, head] = 0
    with torch.no_grad():
        found = measure(model, batch, gates)
    return {"loss": found["loss"], "right": found["right"]}


def gate_gradient(model, batch):
    """Gradient `[layers, heads]` of the loss at gates of one."""
    gates = torch.ones(len(model.layers), model.layers[0].n_heads, requires_grad=True)
    return torch.autograd.grad(loss(model, batch, gates), gates)[0]


def gradient_size(model, batch, n_texts):
    """Mean size of that gradient, text by text: the importance of Michel et al. (2019)."""
    tokens, twin = batch
    texts = ((tokens[k : k + 1], twin[k : k + 1]) for k in range(n_texts))
    return torch.stack([gate_gradient(model, text).abs() for text in texts]).mean(0)


def run(data, n_layers, settings, seed):
    other = "fixed" if data == "copy" else "copy"
    test, elsewhere = (
        draw(kind, settings, settings["test"], seed=10_000_000) for kind in (data, other)
    )
    with seeded(seed):
        sizes = settings["letters"], settings["width"], settings["heads"], n_layers
        model = AttentionOnly(*sizes)
    curve = []

    def note(model):
        curve.append(measure(model, test))
        return curve[-1]["loss"]

    with torch.no_grad():
        start = measure(model, test)
    history = fit(
        model,
        lambda step: draw(data, settings, settings["batch"], seed=100_000 * seed + step),
        loss,
        steps=settings["steps"][str(n_layers)],
        learning_rate=settings["learning_rate"],
        metric=note,
        metric_every=settings["every"],
        seed=seed,
        progress=False,
    )
    with torch.no_grad():
        right_elsewhere = measure(model, elsewhere)["right"]
    heads = range(settings["heads"])
    return {
        "data": data,
        "layers": n_layers,
        "seed": seed,
        "steps": [0, *history.metric_steps],
        **{key: [one[key] for one in [start, *curve]] for key in start},
        "right_elsewhere": right_elsewhere,
        "silenced": [
            [silenced(model, test, layer, head) for head in heads] for layer in range(n_layers)
        ],
        "gradient": gate_gradient(model, test).tolist(),
        "gradient_size": gradient_size(model, test, settings["single"]).tolist(),
    }


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    runs = [(*one, seed) for one in RUNS for seed in range(arguments.seeds)]
    results = [run(*one, settings, seed) for *one, seed in tqdm(runs, desc="induction")]
    print(save("induction", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
