"""English into Spanish: a Transformer, and recurrent networks with and without attention.

Words with truecasing; 19,000 pairs to train on, 500 to look at on the way, 500 to test with once.

"short": what a page can train live. Three models see the same batches: the Transformer, and the
encoder-decoder of LSTMs with additive attention and with a fixed vector. The recurrent ones are as
large as the Transformer, to a few percent; how many epochs each gets is chosen so that they take
about the same processor time, which stands beside the scores. The recurrent ones have the best of
four learning rates, by the BLEU on the validation pairs with seed 0. The Transformer's recipe is
one of ten that were tried before: rate, dropout, positions and epochs differed. Those of five
epochs were within about a point by the same measure. This one takes the least time of them:
positions that are added, and no dropout, save about a quarter.

"long": a wider Transformer, trained longer, one seed. Its weights are kept beside the result, in
half precision, and judged as they are kept.

BLEU and chrF by sacrebleu, on the text: greedy search for all, and beam search too.
"""

from __future__ import annotations

import io
import math
import time
from functools import partial

import numpy as np
import sacrebleu
import torch
from study import options, save
from tqdm.auto import tqdm

from attention_lib.data.batching import PairBatches, pad
from attention_lib.data.tokeniser_training import translation_tokenisers
from attention_lib.data.tokens import EOS, SOS
from attention_lib.data.translation import load_tatoeba
from attention_lib.generation import generate
from attention_lib.modules import Seq2Seq, Transformer
from attention_lib.training import fit, seeded, seq2seq_loss, warmup_linear
from attention_lib.writing import replace_file

FULL = {
    "short": {
        "transformer": {
            "sizes": {"d_model": 96, "d_ff": 192},
            "positions": "sinusoidal",
            "dropout": 0.0,
            "epochs": 5,
        },
        "additive": {"width": 80, "epochs": 8},
        "none": {"width": 82, "epochs": 9},
    },
    "long": {
        "transformer": {
            "sizes": {"d_model": 128, "d_ff": 256},
            "positions": "rotary",
            "dropout": 0.2,
            "epochs": 24,
        },
    },
    "rates": {
        "short": {
            "transformer": [4e-3],
            "additive": [3e-3, 6e-3, 1e-2, 1.5e-2],
            "none": [3e-3, 6e-3, 1e-2, 1.5e-2],
        },
        "long": {"transformer": [4e-3]},
    },
    "heads": 4,
    "layers": 2,
    "batch": 64,
    "label_smoothing": 0.1,
    "warmup": 0.08,
    "betas": [0.9, 0.98],
    "beam_width": 4,
    "length_penalty": 1.0,
    "max_words": 30,
    "train_pairs": None,
    "test_pairs": 500,
}
TINY_TRANSFORMER = {"sizes": {"d_model": 8, "d_ff": 8}, "dropout": 0.1, "epochs": 1}
TINY = {
    **FULL,
    "short": {
        "transformer": {**TINY_TRANSFORMER, "positions": "sinusoidal"},
        "additive": {"width": 8, "epochs": 1},
        "none": {"width": 8, "epochs": 1},
    },
    "long": {"transformer": {**TINY_TRANSFORMER, "positions": "rotary"}},
    "batch": 8,
    "train_pairs": 32,
    "test_pairs": 6,
}


def build(name, recipe, settings, tokenisers):
    english, spanish = map(len, tokenisers)
    if name == "transformer":
        sizes = {**recipe["sizes"], "n_heads": settings["heads"], "n_layers": settings["layers"]}
        options = {"positions": recipe["positions"], "dropout": recipe["dropout"]}
        return Transformer(english, spanish, **sizes, **options)
    attention = None if name == "none" else name
    return Seq2Seq(english, spanish, recipe["width"], attention=attention)


def train(name, recipe, rate, settings, tokenisers, seed):
    """The trained model and the seconds of the processor that it took."""
    english, spanish = tokenisers
    pairs = load_tatoeba("train")[: settings["train_pairs"]]
    source = [english.encode(pair.english) for pair in pairs]
    target = [spanish.encode(pair.spanish) for pair in pairs]
    batches = PairBatches(source, target, settings["batch"], seed=seed)
    steps = recipe["epochs"] * len(batches)
    warmup = math.ceil(settings["warmup"] * steps)
    with seeded(seed):
        model = build(name, recipe, settings, tokenisers)
    start = time.process_time()
    fit(
        model,
        batches,
        partial(seq2seq_loss, label_smoothing=settings["label_smoothing"]),
        steps=steps,
        learning_rate=warmup_linear(rate, warmup=warmup, steps=steps),
        betas=tuple(settings["betas"]),
        seed=seed,
        progress=False,
    )
    return model.eval(), time.process_time() - start


def written(model, pairs, settings, tokenisers, **search):
    """The translations, as text."""
    english, spanish = tokenisers
    source, lengths = map(torch.tensor, pad([english.encode(pair.english) for pair in pairs]))
    starts = torch.full((len(pairs), 1), SOS)
    found = generate(
        model,
        starts,
        max_new_tokens=settings["max_words"],
        source=source,
        source_lengths=lengths,
        end=EOS,
        **search,
    )
    return [spanish.decode(row) for row in found.tokens]


def scores(texts, pairs):
    wanted = [[pair.spanish for pair in pairs]]
    exact = [text == one for text, one in zip(texts, wanted[0], strict=True)]
    return {
        "bleu": sacrebleu.corpus_bleu(texts, wanted).score,
        "chrf": sacrebleu.corpus_chrf(texts, wanted).score,
        "exact": float(np.mean(exact)),
    }


def evaluated(model, split, settings, tokenisers):
    pairs = load_tatoeba(split)[: settings["test_pairs"]]
    beam = {
        "method": "beam",
        "beam_width": settings["beam_width"],
        "length_penalty": settings["length_penalty"],
    }
    return {
        "greedy": scores(written(model, pairs, settings, tokenisers), pairs),
        "beam": scores(written(model, pairs, settings, tokenisers, **beam), pairs),
    }


def in_half_precision(model):
    """Its weights as they are kept; the model goes on with these."""
    kept = {key: value.half() for key, value in model.state_dict().items()}
    model.load_state_dict({key: value.float() for key, value in kept.items()})
    return {key: value.numpy() for key, value in kept.items()}


def trained_at_best_rate(run, name, rates, settings, tokenisers, seed):
    """(rate, model, seconds) of the best greedy BLEU on the validation pairs; BLEU of each rate."""
    pairs = load_tatoeba("validation")[: settings["test_pairs"]]
    found, best = {}, None
    for rate in rates:
        made = train(name, settings[run][name], rate, settings, tokenisers, seed)
        found[rate] = scores(written(made[0], pairs, settings, tokenisers), pairs)["bleu"]
        if found[rate] == max(found.values()):
            best = (rate, *made)
    return best, found


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    tokenisers = translation_tokenisers("words")
    results, tried, chosen, kept = [], [], {}, None
    seeds = range(arguments.seeds)
    runs = [("long", "transformer", 0)]
    runs += [("short", name, seed) for seed in seeds for name in settings["short"]]
    for run, name, seed in (bar := tqdm(runs, desc="translation")):
        bar.set_postfix_str(f"{run} {name}")
        rates = chosen.get((run, name), settings["rates"][run][name])
        (rate, model, seconds), found = trained_at_best_rate(
            run, name, rates, settings, tokenisers, seed
        )
        chosen[run, name] = [rate]
        tried += [
            {"run": run, "model": name, "seed": seed, "rate": one, "bleu": bleu}
            for one, bleu in found.items()
        ]
        if kept is None:
            kept = in_half_precision(model)
        results.append({
            "run": run,
            "model": name,
            "seed": seed,
            "rate": rate,
            "parameters": sum(p.numel() for p in model.parameters()),
            "seconds": seconds,
            **evaluated(model, "test", settings, tokenisers),
        })  # fmt: skip
        everything = {"validation": tried, "test": results}
        path = save("translation", arguments=arguments, settings=settings, results=everything)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **kept)
        replace_file(path.with_suffix(".npz"), buffer.getvalue())
    print(path)


if __name__ == "__main__":
    main()
