"""Is a sentence about a film friendly? An encoder against the baselines that a sceptic asks for.

Short sentences of film reviews: 6,028 to train on, 500 to choose by, 1,000 to test with. Measured
on the same split:

- `majority`: the more frequent class of the training sentences.
- `tfidf`: words and word pairs, weighted by TF-IDF, and logistic regression; its C is chosen on
  the validation sentences.
- `bag`: the mean of learned word vectors and a linear readout.
- `bigru`: a recurrent network in both directions, half the width each, and a learned query over its
  states, as in `attention`.
- `mean`, `first`, `attention`: one Transformer layer, by how the class is read from its outputs.
  For `first` a start mark stands before the words; the others have none.

The five networks have word vectors of one width, one recipe and the same batches. After each epoch
the validation accuracy is taken; the weights of the first best epoch are kept, and only they see
the test sentences. Measured as well: the accuracy on test sentences whose words were shuffled (mean
of several shuffles) and the share of answers that a shuffle changes; which sentences a network and
the bag of the same seed each get right alone; and for some sentences, drawn by a rule, the weight
of each word and by how much the log-odds change when the word is left out.
"""

from __future__ import annotations

import math
import time
from itertools import pairwise

import numpy as np
import sklearn
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from study import options, save
from torch import nn
from tqdm.auto import tqdm

from attention_lib import functional
from attention_lib.data.batching import LabelledBatches, pad
from attention_lib.data.sentiment import SPLITS, load_movie_sentences
from attention_lib.data.tokeniser_training import movie_tokeniser
from attention_lib.data.tokens import SOS
from attention_lib.modules import SequenceEncoder
from attention_lib.training import EarlyStopping, classification_loss, fit, seeded

FULL = {
    "models": ["bag", "bigru", "mean", "first", "attention"],
    "vocabulary": 8000,
    "encoder": {
        "max_length": 31,
        "d_model": 64,
        "n_heads": 2,
        "n_layers": 1,
        "d_ff": 128,
        "dropout": 0.3,
    },
    "word_drop": 0.2,
    "epochs": 8,
    "batch": 64,
    "learning_rate": 2e-3,
    "inverse_penalties": [0.3, 1, 3, 10, 30],
    "shuffles": 5,
    "sentences": {"each": 3, "shortest": 6, "longest": 16, "seed": 0},
    "train_sentences": 6028,
    "test_sentences": 1000,
}
TINY = {
    **FULL,
    "encoder": {**FULL["encoder"], "d_model": 8, "d_ff": 8},
    "epochs": 1,
    "shuffles": 1,
    "train_sentences": 64,
    "test_sentences": 60,
}


class WordVectors(nn.Embedding):
    """As those of `SequenceEncoder`: of size one, and scaled so that they learn as fast."""

    def __init__(self, vocabulary, width):
        super().__init__(vocabulary, width)
        nn.init.normal_(self.weight, std=width**-0.5)

    def forward(self, tokens):
        return super().forward(tokens) * self.embedding_dim**0.5


class Bag(nn.Module):
    """Logits from the mean of the word vectors: the order of the words cannot matter."""

    def __init__(self, vocabulary, *, d_model, dropout):
        super().__init__()
        self.embedding = WordVectors(vocabulary, d_model)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(d_model, 2)

    def forward(self, tokens, lengths):
        real = functional.padding_mask(lengths, tokens.shape[1])[:, 0, :, None]
        x = self.dropout(self.embedding(tokens)) * real
        return self.readout(x.sum(dim=1) / lengths[:, None])


class BiGRU(nn.Module):
    """Logits from the states of a GRU in both directions, weighted by one learned query."""

    def __init__(self, vocabulary, *, d_model, dropout):
        super().__init__()
        self.embedding = WordVectors(vocabulary, d_model)
        self.dropout = nn.Dropout(dropout)
        self.gru = nn.GRU(d_model, d_model // 2, bidirectional=True, batch_first=True)
        self.query = nn.Linear(d_model, 1, bias=False)
        self.readout = nn.Linear(d_model, 2)

    def forward(self, tokens, lengths):
        x = self.dropout(self.embedding(tokens))
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        states = self.dropout(states)
        mask = functional.padding_mask(lengths, tokens.shape[1])
        weights = functional.softmax(self.query(states).mT, mask=mask)  # [B, 1, T]
        return self.readout((weights @ states)[:, 0])


def build(name, vocabulary, settings):
    sizes = settings["encoder"]
    if name in ("bag", "bigru"):
        shared = {key: sizes[key] for key in ("d_model", "dropout")}
        return {"bag": Bag, "bigru": BiGRU}[name](vocabulary, **shared)
    return SequenceEncoder(vocabulary, n_classes=2, pooling=name, **sizes)


def chosen(split, settings):
    """The sentences of a split, or as many of them, drawn at random, as the settings allow."""
    sentences = load_movie_sentences(split)
    count = min(len(sentences), settings.get(f"{split}_sentences", len(sentences)))
    return [sentences[i] for i in np.random.default_rng(0).permutation(len(sentences))[:count]]


def labels_of(sentences):
    return np.array([one.label for one in sentences])


def log_odds(model, rows):
    """Of the positive class, one number a row."""
    found = []
    for start in range(0, len(rows), 250):
        tokens, lengths = map(torch.tensor, pad(rows[start : start + 250]))
        with torch.no_grad():
            logits = model(tokens, lengths)
        found.append(logits[:, 1] - logits[:, 0])
    return torch.cat(found).numpy()


def right(odds, labels):
    return (odds > 0) == labels


def train(name, data, words, settings, seed):
    """The network of the best epoch, the `History`, and the seconds of processor time."""
    start = time.process_time()
    rows, labels = data["train"]
    with seeded(seed):
        model = build(name, len(words), settings)
    batches = LabelledBatches(
        rows, labels, settings["batch"], seed=seed, word_drop=settings["word_drop"]
    )
    valid_rows, valid_labels = data["validation"]
    history = fit(
        model,
        batches,
        classification_loss,
        steps=settings["epochs"] * len(batches),
        learning_rate=settings["learning_rate"],
        metric=lambda net: right(log_odds(net, valid_rows), valid_labels).mean(),
        metric_every=len(batches),
        early_stopping=EarlyStopping(patience=settings["epochs"]),
        seed=seed,
        progress=False,
    )
    seconds = time.process_time() - start
    return model.eval(), history, seconds


def shuffled(rows, rng, kept):
    """The rows with their tokens in random order, but for the first `kept`."""
    return [[*row[:kept], *rng.permutation(row[kept:]).tolist()] for row in rows]


def measured(odds_of, data, settings, kept=0):
    """Accuracies, whether each test sentence is right, and what shuffling its words does."""
    rows, labels = data["test"]
    odds = odds_of(rows)
    answers = right(odds, labels)
    rng = np.random.default_rng(1)
    mixed = [odds_of(shuffled(rows, rng, kept)) for _ in range(settings["shuffles"])]
    share = answers.mean()
    found = {
        "validation": right(odds_of(data["validation"][0]), data["validation"][1]).mean(),
        "test": share,
        "standard_error": math.sqrt(share * (1 - share) / len(labels)),
        "shuffled": np.mean([right(one, labels).mean() for one in mixed]),
        "changed_by_shuffling": np.mean([((one > 0) != (odds > 0)).mean() for one in mixed]),
    }
    return found, answers


def network(name, data, words, settings, seed):
    kept = 1 if name == "first" else 0
    marked = {
        split: ([[SOS] * kept + row for row in rows], labels)
        for split, (rows, labels) in data.items()
    }
    model, history, seconds = train(name, marked, words, settings, seed)
    found, answers = measured(lambda rows: log_odds(model, rows), marked, settings, kept)
    parameters = sum(one.numel() for one in model.parameters())
    epoch = 1 + history.metric_steps.index(history.best_step)
    about = {"model": name, "seed": seed, "epoch": epoch, "parameters": parameters}
    measures = {**found, "curve": history.metrics, "seconds": seconds}
    return about | measures, answers, model


def majority(data, settings):
    """The one answer, for every sentence."""
    start = time.process_time()
    answer = 1.0 if data["train"][1].mean() > 0.5 else -1.0
    found, _ = measured(lambda rows: np.full(len(rows), answer), data, settings)
    about = {"model": "majority", "inverse_penalty": 0.0, "parameters": 0}
    return {**about, **found, "seconds": time.process_time() - start}


def tokens_and_pairs(row):
    return [*map(str, row), *(f"{one} {two}" for one, two in pairwise(row))]


def tfidf(data, settings):
    """Logistic regression on words and word pairs: the same tokens as the networks read."""
    start = time.process_time()
    vectors = TfidfVectorizer(analyzer=tokens_and_pairs, sublinear_tf=True)
    seen = vectors.fit_transform(data["train"][0])
    tries = []
    for penalty in settings["inverse_penalties"]:
        model = LogisticRegression(C=penalty, max_iter=1000).fit(seen, data["train"][1])
        valid = model.score(vectors.transform(data["validation"][0]), data["validation"][1])
        tries.append((valid, -penalty, model))
    _, negative, model = max(tries, key=lambda one: one[:2])
    seconds = time.process_time() - start

    def odds_of(rows):
        return model.decision_function(vectors.transform(rows))

    found, _ = measured(odds_of, data, settings)
    about = {"model": "tfidf", "inverse_penalty": -negative, "parameters": model.coef_.size + 1}
    return {**about, **found, "seconds": seconds}


def compared(name, seed, answers, bag):
    """How many sentences each gets right alone; p: of so uneven a split among them by chance."""
    alone, bag_alone = int((answers & ~bag).sum()), int((bag & ~answers).sum())
    n, fewer = alone + bag_alone, min(alone, bag_alone)
    tail = sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n
    counts = {"both": int((answers & bag).sum()), "neither": int((~answers & ~bag).sum())}
    counts |= {"alone": alone, "bag_alone": bag_alone, "p": min(1.0, 2 * tail)}
    return {"model": name, "seed": seed, **counts}


def explained(model, data, sentences, words, settings):
    """Sentences of each kind (right or wrong, positive or negative), drawn at random."""
    rule, (rows, labels) = settings["sentences"], data["test"]
    answers = right(log_odds(model, rows), labels)
    fits = [i for i, row in enumerate(rows) if rule["shortest"] <= len(row) <= rule["longest"]]
    rng, found = np.random.default_rng(rule["seed"]), []
    for good in (True, False):
        for label in (1, 0):
            kind = [i for i in fits if answers[i] == good and labels[i] == label]
            found += [int(i) for i in rng.permutation(kind)[: rule["each"]]]
    return [one_explained(model, rows[i], sentences[i], words) for i in found]


@torch.no_grad()
def one_explained(model, row, sentence, words):
    whole = log_odds(model, [row])[0]
    without = log_odds(model, [row[:i] + row[i + 1 :] for i in range(len(row))])
    return {
        "text": sentence.text,
        "words": [words.token(one) for one in row],
        "label": sentence.label,
        "log_odds": whole,
        "probability": 1 / (1 + math.exp(-whole)),
        "weights": model.pooling_weights(torch.tensor([row]))[0].tolist(),
        "deletions": (without - whole).tolist(),
    }


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    words = movie_tokeniser(vocabulary=settings["vocabulary"])
    sentences = {split: chosen(split, settings) for split in SPLITS}
    data = {
        split: ([words.encode(one.text) for one in kept], labels_of(kept))
        for split, kept in sentences.items()
    }
    results = {"baselines": [majority(data, settings), tfidf(data, settings)]}
    results |= {"runs": [], "pairs": []}
    for seed in tqdm(range(arguments.seeds), desc="seeds"):
        answers = {}
        for name in settings["models"]:
            run, answers[name], model = network(name, data, words, settings, seed)
            results["runs"].append(run)
            if name != "bag":
                results["pairs"].append(compared(name, seed, answers[name], answers["bag"]))
            if (name, seed) == ("attention", 0):
                results["sentences"] = explained(model, data, sentences["test"], words, settings)
    peers = {"scikit-learn": sklearn.__version__}
    print(save("sentiment", arguments=arguments, settings=settings, results=results, peers=peers))


if __name__ == "__main__":
    main()
