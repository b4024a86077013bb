"""Two small networks that translate English into Spanish: with attention, and with a fixed vector.

Both are encoder-decoders of LSTMs on words, trained on the 19,000 pairs of the training split with
the same batches, updates and optimiser; the fixed vector may be a little wider. Measured on the 500
test pairs, free-running: how many sentences come out word for word like the one reference, and how
many words of the references are found in the output. Both measures are harsh and simple; they
compare the two networks and say little about the quality of a translation.

The network with attention of seed 0 is kept beside the result, in half precision.
"""

from __future__ import annotations

import io
import math
from collections import Counter

import numpy as np
import torch
from study import options, save
from tqdm.auto import tqdm

from attention_lib.data.batching import PairBatches, pad
from attention_lib.data.tokeniser_training import translation_tokenisers
from attention_lib.data.tokens import EOS, PAD, SOS
from attention_lib.data.translation import load_tatoeba
from attention_lib.modules import Seq2Seq
from attention_lib.training import fit, seeded, seq2seq_loss
from attention_lib.writing import replace_file

FULL = {
    "models": {"additive": 80, "none": 84},
    "epochs": 12,
    "batch": 64,
    "learning_rate": 3e-3,
    "max_words": 16,
    "train_pairs": None,
    "test_pairs": 500,
}
TINY = {
    **FULL,
    "models": {"additive": 8, "none": 8},
    "epochs": 1,
    "batch": 8,
    "train_pairs": 32,
    "test_pairs": 6,
}


def encoded(split, tokenisers, n):
    """English and Spanish token ids of the first n pairs of a split, all for None."""
    english, spanish = tokenisers
    pairs = load_tatoeba(split)[:n]
    return [english.encode(p.english) for p in pairs], [spanish.encode(p.spanish) for p in pairs]


def words_of(row):
    """The ids before EOS."""
    row = row.tolist()
    return row[: row.index(EOS)] if EOS in row else [one for one in row if one != PAD]


def found(written, wanted):
    """How many words of the reference stand in the output, each as often as it may count."""
    return sum((Counter(written) & Counter(wanted)).values())


def train(name, settings, tokenisers, seed):
    english, spanish = tokenisers
    source, target = encoded("train", tokenisers, settings["train_pairs"])
    with seeded(seed):
        model = Seq2Seq(
            len(english),
            len(spanish),
            settings["models"][name],
            attention=None if name == "none" else name,
        )
    batches = PairBatches(source, target, settings["batch"], seed=seed)
    steps = settings["epochs"] * math.ceil(len(source) / settings["batch"])
    rate = settings["learning_rate"]
    fit(model, batches, seq2seq_loss, steps=steps, learning_rate=rate, seed=seed, progress=False)
    return model.eval()


def evaluate(model, settings, tokenisers):
    source, target = encoded("test", tokenisers, settings["test_pairs"])
    tokens, lengths = map(torch.tensor, pad(source))
    written = model.generate(tokens, lengths, settings["max_words"], SOS, EOS)
    rows = [words_of(row) for row in written]
    return {
        "exact": float(np.mean([row == one for row, one in zip(rows, target, strict=True)])),
        "found": sum(map(found, rows, target)) / sum(map(len, target)),
    }


def main():
    arguments = options(__doc__, seeds=2).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    tokenisers = translation_tokenisers("words")
    runs = [(name, seed) for seed in range(arguments.seeds) for name in settings["models"]]
    results = []
    for name, seed in tqdm(runs, desc="translation"):
        model = train(name, settings, tokenisers, seed)
        size = sum(p.numel() for p in model.parameters())
        measured = evaluate(model, settings, tokenisers)
        results.append({"model": name, "seed": seed, "parameters": size, **measured})
        if (name, seed) == ("additive", 0):
            kept = {key: value.half().numpy() for key, value in model.state_dict().items()}
    path = save("first_translation", arguments=arguments, settings=settings, results=results)
    weights = io.BytesIO()
    np.savez_compressed(weights, **kept)
    replace_file(path.with_suffix(".npz"), weights.getvalue())
    print(path)


if __name__ == "__main__":
    main()
