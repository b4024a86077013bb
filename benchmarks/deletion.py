"""Do the weights of a trained classifier say what a word is worth?

Two classifiers of movie sentences, several seeds each. "encoder": two layers of a Transformer with
two heads, which answers from its state at a start mark before the sentence. "pooling": one learned
query that attends to the embedded words, with nothing between the words.

For each test sentence, each word is deleted in turn and the change of the log-odds is noted. That
is ranked against the weight that the word had (encoder: last layer, from the start mark, mean of
the heads), against rollout, and against the same quantities of a network of another seed. Measured
as well: how often the answer flips without the heaviest word, without a random one and without the
best one; how much weight the start mark and the last mark of the sentence draw, and what it does to
close the start mark to all words.

The encoder of seed 0 is kept beside the result, in half precision.
"""

from __future__ import annotations

import numpy as np
import torch
from study import options, save
from torch import nn
from tqdm.auto import tqdm

from attention_lib import functional
from attention_lib.data.batching import LabelledBatches, pad
from attention_lib.data.sentiment import load_movie_sentences
from attention_lib.data.tokeniser_training import movie_tokeniser
from attention_lib.data.tokens import SOS
from attention_lib.modules import SinusoidalPositionalEncoding, TransformerEncoder
from attention_lib.training import classification_loss, fit, seeded

FULL = {
    "vocabulary": 4000,
    "width": 32,
    "heads": 2,
    "layers": 2,
    "dropout": 0.3,
    "epochs": 8,
    "batch": 64,
    "learning_rate": 2e-3,
    "train_sentences": 6028,
    "test_sentences": 400,
}
TINY = {**FULL, "width": 8, "epochs": 1, "train_sentences": 64, "test_sentences": 6}
MODELS = ("encoder", "pooling")


class Encoder(nn.Module):
    """Log-odds from the state at the start mark; weights from there in the last layer."""

    def __init__(self, settings):
        super().__init__()
        width, dropout = settings["width"], settings["dropout"]
        self.embedding = nn.Embedding(settings["vocabulary"], width)
        self.positions = SinusoidalPositionalEncoding(width)
        self.dropout = nn.Dropout(dropout)
        self.stack = TransformerEncoder(
            settings["layers"], width, settings["heads"], 2 * width, dropout=dropout
        )
        self.readout = nn.Linear(width, 2)

    def forward(self, tokens, lengths, *, mask=None, return_weights=False):
        padding = functional.padding_mask(lengths, tokens.shape[1])[:, None]
        mask = padding if mask is None else padding & mask
        x = self.dropout(self.positions(self.embedding(tokens)))
        x, weights = self.stack(x, mask=mask, return_weights=True)
        logits = self.readout(x[:, 0])
        return (logits, weights) if return_weights else logits


class Pooling(nn.Module):
    """Log-odds from a mean of embedded words, weighted by one learned query."""

    def __init__(self, settings):
        super().__init__()
        width = settings["width"]
        self.embedding = nn.Embedding(settings["vocabulary"], width)
        self.dropout = nn.Dropout(settings["dropout"])
        self.query = nn.Parameter(torch.randn(1, width))
        self.key = nn.Linear(width, width)
        self.readout = nn.Linear(width, 2)

    def forward(self, tokens, lengths, *, return_weights=False):
        mask = functional.padding_mask(lengths, tokens.shape[1])  # [B, 1, S]
        mask = mask & (tokens != SOS)[:, None]
        x = self.dropout(self.embedding(tokens))
        query = self.query.expand(len(x), 1, -1)
        mixed, weights = functional.attention(query, self.key(x), x, mask=mask, return_weights=True)
        logits = self.readout(mixed[:, 0])
        return (logits, [weights[:, None]]) if return_weights else logits


def encoded(sentences, tokeniser):
    return [[SOS, *tokeniser.encode(one.text)] for one in sentences]


def train(name, settings, tokeniser, seed):
    sentences = load_movie_sentences("train")
    chosen = np.random.default_rng(0).permutation(len(sentences))[: settings["train_sentences"]]
    sentences = [sentences[i] for i in chosen]
    rows, labels = encoded(sentences, tokeniser), [one.label for one in sentences]
    with seeded(seed):
        model = {"encoder": Encoder, "pooling": Pooling}[name](settings)
    steps = settings["epochs"] * -(-len(rows) // settings["batch"])
    batches = LabelledBatches(rows, labels, settings["batch"], seed=seed)
    rate = settings["learning_rate"]
    fit(
        model,
        batches,
        classification_loss,
        steps=steps,
        learning_rate=rate,
        seed=seed,
        progress=False,
    )
    return model.eval()


def odds(model, rows, **options):
    tokens, lengths = map(torch.tensor, pad(rows))
    logits = model(tokens, lengths, **options)
    return (logits[:, 1] - logits[:, 0]).numpy()


def explained(model, row):
    """Weights of the words, rollout (None without layers) and the change of the log-odds."""
    logits, layers = model(torch.tensor([row]), torch.tensor([len(row)]), return_weights=True)
    whole = (logits[0, 1] - logits[0, 0]).item()
    weights = layers[-1][0, :, 0].mean(0).numpy()[1:]
    rollout = None
    if isinstance(model, Encoder):
        rollout = functional.attention_rollout(layers)[0, 0, 1:].numpy()
    without = [row[:i] + row[i + 1 :] for i in range(1, len(row))]
    return whole, weights, rollout, odds(model, without) - whole


def rank_correlation(a, b):
    """Spearman's, for numbers without ties."""
    ranks = [np.argsort(np.argsort(one)) for one in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def weights_of(one):
    return one[1]


def rollout_of(one):
    return one[2]


def changes(one):
    return abs(one[3])


def ranks(found, quantity, other, other_quantity):
    """Rank correlations sentence by sentence, of sentences of at least five tokens."""
    return [
        rank_correlation(quantity(a), other_quantity(b))
        for a, b in zip(found, other, strict=True)
        if len(a[3]) >= 5
    ]


def summary(correlations):
    low, quarter, middle, three, high = np.quantile(correlations, [0.05, 0.25, 0.5, 0.75, 0.95])
    mean = np.mean(correlations)
    return {"mean": mean, "p5": low, "p25": quarter, "p50": middle, "p75": three, "p95": high}


def flips(found):
    """Share of the answers that change without the heaviest, a random, the best word to delete."""
    changed = [((whole + change) * whole < 0, weights) for whole, weights, _, change in found]
    return {
        "heaviest": np.mean([gone[weights.argmax()] for gone, weights in changed]),
        "random": np.mean([gone.mean() for gone, _ in changed]),
        "best": np.mean([gone.any() for gone, _ in changed]),
    }


def sinks(model, rows, signs):
    """How much the words give to the start mark and the last mark, and what closing these does.

    A share of 1 in a layer is what the position would get if all weights were equal.
    """
    shares, moved, right = [], [], []
    for row, sign in zip(rows, signs, strict=True):
        _, layers = model(torch.tensor([row]), torch.tensor([len(row)]), return_weights=True)
        share = [one[0, :, 1:].mean((0, 1)).numpy() * len(row) for one in layers]
        shares.append([[one[0], one[-1]] for one in share])
        whole = odds(model, [row])[0]
        shut = [odds(model, [row], mask=closed(row, column))[0] for column in (0, -1)]
        moved.append(abs(np.array(shut) - whole))
        right.append(shut[0] * sign > 0)
    by_layer = np.mean(shares, axis=0)
    start, last = np.mean(moved, axis=0)
    return {
        "start": by_layer[:, 0].tolist(),
        "last": by_layer[:, 1].tolist(),
        "closed_start_moves": start,
        "closed_last_moves": last,
        "closed_start_right": np.mean(right),
    }


def closed(row, column):
    """A mask that keeps all other positions from one."""
    mask = torch.ones(len(row), len(row), dtype=torch.bool)
    mask[:, column] = False
    return mask.fill_diagonal_(True)


@torch.no_grad()
def measure(name, model, rows, signs):
    found = [explained(model, row) for row in rows]
    whole = np.array([one[0] for one in found])
    measured = {
        "right": np.mean(whole * signs > 0),
        "odds": np.mean(abs(whole)),
        "by_weight": summary(ranks(found, weights_of, found, changes)),
        "flips": flips(found),
    }
    if name == "encoder":
        measured["by_rollout"] = summary(ranks(found, rollout_of, found, changes))
        measured["sinks"] = sinks(model, rows, signs)
    return measured, found


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    tokeniser = movie_tokeniser(vocabulary=settings["vocabulary"])
    sentences = load_movie_sentences("test")
    chosen = np.random.default_rng(1).permutation(len(sentences))[: settings["test_sentences"]]
    sentences = [sentences[i] for i in chosen]
    rows, signs = encoded(sentences, tokeniser), np.array([2 * s.label - 1 for s in sentences])
    results, kept = [], {}
    for name in MODELS:
        runs = []
        for seed in tqdm(range(arguments.seeds), desc=name):
            model = train(name, settings, tokeniser, seed)
            runs.append(measure(name, model, rows, signs))
            if (name, seed) == ("encoder", 0):
                kept = {key: value.half().numpy() for key, value in model.state_dict().items()}
        for seed, (measured, found) in enumerate(runs):
            other = runs[(seed + 1) % len(runs)][1]
            between = {
                "weights": summary(ranks(found, weights_of, other, weights_of)),
                "deletions": summary(ranks(found, changes, other, changes)),
            }
            results.append({"model": name, "seed": seed, **measured, "next_seed": between})
    path = save("deletion", arguments=arguments, settings=settings, results=results)
    np.savez_compressed(path.with_suffix(".npz"), **kept)
    print(path)


if __name__ == "__main__":
    main()
