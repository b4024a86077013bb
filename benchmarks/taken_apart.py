"""A small Transformer encoder, whole and with one part taken away, on two tasks.

*order*: 8 random letters have to be written backwards, at their places; fresh letters in each step.
*sentiment*: is a sentence about a movie positive? In training a word is hidden with probability
0.2. Both models are a `SequenceEncoder` of one width, with two layers for the order and one for the
sentences. A part is taken away in every layer: the residual, the norms, the positions, all heads
but one (as wide as four), the feed-forward network. "dropout on" is the whole model once more,
with dropout left on where it is tested.

All models of one seed see the same batches, and every model the same test. Which of the 1,000 test
sentences are right is kept for each run, so that two models can be compared sentence by sentence.
Nothing was searched on the test sentences; the rates are the same for every model of a task, so a
model may lose for want of a better one.
"""

from __future__ import annotations

import numpy as np
import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.data.batching import LabelledBatches, pad
from attention_lib.data.sentiment import load_movie_sentences
from attention_lib.data.tokeniser_training import movie_tokeniser
from attention_lib.data.tokens import FIRST_SYMBOL, UNK
from attention_lib.data.toy import reverse_task
from attention_lib.modules import SequenceEncoder
from attention_lib.training import classification_loss, fit, seeded

REMOVED = ["nothing", "residual", "norm", "positions", "heads", "feed-forward"]
ORDER = {
    "removed": REMOVED,
    "letters": 10,
    "length": 8,
    "width": 32,
    "heads": 4,
    "layers": 2,
    "dropout": 0.1,
    "batch": 64,
    "rate": 5e-3,
    "steps": 120,
    "every": 20,
    "test": 250,
}
SENTIMENT = {
    "removed": REMOVED,
    "vocabulary": 4000,
    "longest": 40,
    "width": 32,
    "heads": 4,
    "layers": 1,
    "dropout": 0.3,
    "hidden_words": 0.2,
    "batch": 128,
    "rate": 5e-3,
    "epochs": 3,
    "train": 6028,
    "validation": 500,
    "test": 1000,
}
FULL = {"order": ORDER, "sentiment": SENTIMENT}
TINY_ORDER = {"width": 8, "steps": 2, "every": 1, "test": 3}
TINY_SENTIMENT = {"width": 8, "epochs": 1, "train": 64, "validation": 5, "test": 6}
TINY = {"order": {**ORDER, **TINY_ORDER}, "sentiment": {**SENTIMENT, **TINY_SENTIMENT}}


class Nothing(nn.Module):
    """What takes the place of a feed-forward network: it adds zero to the stream."""

    def forward(self, x):
        return torch.zeros_like(x)


def encoder(removed, settings, **kind):
    """A `SequenceEncoder` without one part."""
    width = settings["width"]
    found = SequenceEncoder(
        d_model=width,
        n_heads=1 if removed == "heads" else settings["heads"],
        n_layers=settings["layers"],
        d_ff=2 * width,
        dropout=settings["dropout"],
        positions=None if removed == "positions" else "sinusoidal",
        norm=None if removed == "norm" else "layer",
        residual=removed != "residual",
        **kind,
    )
    if removed == "feed-forward":
        for layer in found.stack.layers:
            layer.feed_forward, layer.feed_forward_norm = Nothing(), nn.Identity()
    return found


def reversed_letters(settings, n, seed):
    """Letters `[n, length]` and the same backwards."""
    length = settings["length"]
    batch = reverse_task(
        n, min_length=length, max_length=length, vocabulary=settings["letters"], seed=seed
    )
    return torch.tensor(batch.source), torch.tensor(batch.target[:, :length])


class Order:
    """The task, and how it is trained and measured."""

    def __init__(self, settings):
        self.settings = settings
        self.test = reversed_letters(settings, settings["test"], seed=10_000_000)

    def model(self, removed):
        s = self.settings
        known = FIRST_SYMBOL + s["letters"]
        body = encoder(removed, s, vocabulary=known, max_length=s["length"])
        return nn.Sequential(body, nn.Linear(s["width"], known))

    def batches(self, seed):
        s = self.settings
        return lambda step: reversed_letters(s, s["batch"], seed=100_000 * seed + step)

    def loss(self, model, batch):
        letters, wanted = batch
        return F.cross_entropy(model(letters).flatten(0, 1), wanted.flatten())

    def right(self, model, part):
        """The share of right letters; there is one test alone."""
        letters, wanted = self.test
        return (model(letters).argmax(-1) == wanted).float()

    def times(self):
        return {"steps": self.settings["steps"], "metric_every": self.settings["every"]}


class Sentiment:
    """The task, and how it is trained and measured."""

    def __init__(self, settings):
        self.settings = settings
        tokeniser = movie_tokeniser(vocabulary=settings["vocabulary"])
        self.parts = {}
        for part in ("train", "validation", "test"):
            sentences = load_movie_sentences(part)
            order = np.random.default_rng(0).permutation(len(sentences))[: settings[part]]
            rows = [tokeniser.encode(sentences[i].text) for i in order]
            self.parts[part] = rows, [sentences[i].label for i in order]

    def model(self, removed):
        s = self.settings
        kind = {"vocabulary": s["vocabulary"], "max_length": s["longest"], "n_classes": 2}
        return encoder(removed, s, **kind)

    def batches(self, seed):
        s = self.settings
        whole = LabelledBatches(*self.parts["train"], s["batch"], seed=seed)

        def batch(step):
            given = whole(step)
            hidden = np.random.default_rng([seed, step]).random(given.tokens.shape)
            hidden = (hidden < s["hidden_words"]) & (given.tokens > UNK)
            return given._replace(tokens=np.where(hidden, UNK, given.tokens))

        return batch

    def loss(self, model, batch):
        return classification_loss(model, batch)

    def right(self, model, part):
        rows, labels = self.parts[part]
        tokens, lengths = map(torch.tensor, pad(rows))
        return (model(tokens, lengths).argmax(-1) == torch.tensor(labels)).float()

    def times(self):
        s = self.settings
        epoch = -(-s["train"] // s["batch"])
        return {"steps": s["epochs"] * epoch, "metric_every": epoch}


def run(name, task, removed, seed):
    """Two rows for the whole model, with dropout off and on; one for any other."""
    with seeded(seed):
        model = task.model(removed)
    noisy = []

    def measure(model):
        if removed == "nothing":
            noisy.append(task.right(model.train(), "validation").mean().item())
            model.eval()
        return task.right(model, "validation").mean().item()

    history = fit(
        model,
        task.batches(seed),
        task.loss,
        **task.times(),
        learning_rate=task.settings["rate"],
        metric=measure,
        seed=seed,
        progress=False,
    )
    row = {
        "task": name,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": history.metric_steps,
    }
    rows = [{**row, "removed": removed, "curve": history.metrics, **tested(task, model.eval())}]
    if removed == "nothing":
        with seeded(seed):
            found = tested(task, model.train())
        rows.append({**row, "removed": "dropout on", "curve": noisy, **found})
    return rows


@torch.no_grad()
def tested(task, model):
    right = task.right(model, "test")
    marks = "".join(str(int(one)) for one in right) if right.ndim == 1 else ""
    return {"right": right.mean().item(), "marks": marks}


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    kinds = {"order": Order, "sentiment": Sentiment}
    results = []
    for name, kind in kinds.items():
        task = kind(settings[name])
        for seed in tqdm(range(arguments.seeds), desc=name):
            for removed in settings[name]["removed"]:
                results += run(name, task, removed, seed)
                tqdm.write(f"{name} {seed} {removed}: {results[-1]['right']:.3f}")
    print(save("taken_apart", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
