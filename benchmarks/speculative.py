"""Speculative decoding of a translator: how often a small draft is right, and what that saves.

The large model is the one that the study `translation` kept: English to Spanish, words. The draft
has the same vocabularies and an eighth of its parameters or less; it is trained here on the same
pairs, in three seeds. The weights of seed 0 are kept beside the result, in half precision, and all
drafts are judged as they would be kept.

For each draft length: the acceptance rate, the tokens a call of the large model gives, and the time
of the processor against the large model by itself, one sentence after the other, with caches, for
greedy search and for drawing at temperature 1. The time of a step of each model and of a call that
scores several tokens stands beside it.
"""

from __future__ import annotations

import io
import math
import time
from functools import partial

import numpy as np
import torch
from paired import clock, compare, interleave
from study import options, save
from tqdm.auto import tqdm

from attention_book import studies
from attention_lib.data.batching import PairBatches
from attention_lib.data.tokeniser_training import translation_tokenisers
from attention_lib.data.tokens import EOS, SOS
from attention_lib.data.translation import load_tatoeba
from attention_lib.generation import decoding_state, generate
from attention_lib.modules import Transformer
from attention_lib.training import fit, seeded, seq2seq_loss, warmup_linear
from attention_lib.writing import replace_file

FULL = {
    "draft": {"d_model": 32, "d_ff": 64, "n_heads": 4, "n_layers": 1, "positions": "rotary"},
    "epochs": 3,
    "rate": 5e-3,
    "batch": 64,
    "label_smoothing": 0.1,
    "warmup": 0.08,
    "betas": [0.9, 0.98],
    "train_pairs": None,
    "draft_lengths": [1, 2, 4, 8],
    "sentences": 50,
    "timed_sentences": 6,
    "max_words": 30,
    "rounds": 5,
    "attempts": 2,
    "shortest": 0.0,
}
TINY = {
    **FULL,
    "draft": {**FULL["draft"], "d_model": 8, "d_ff": 8, "n_heads": 2},
    "epochs": 1,
    "batch": 8,
    "train_pairs": 32,
    "draft_lengths": [1, 3],
    "sentences": 3,
    "timed_sentences": 2,
    "max_words": 4,
    "rounds": 3,
    "attempts": 1,
}


def translator(tokenisers):
    """The large model, with the weights that its study kept."""
    stored = studies.load("translation")
    recipe = stored.settings["long"]["transformer"]
    sizes = {"n_heads": stored.settings["heads"], "n_layers": stored.settings["layers"]}
    sizes |= {"positions": recipe["positions"], **recipe["sizes"]}
    model = Transformer(*map(len, tokenisers), **sizes)
    model.load_state_dict({name: torch.tensor(a) for name, a in stored.weights().items()})
    return model.eval()


def trained(settings, tokenisers, seed):
    """A draft, as it would be kept, and the seconds of the processor that it took."""
    english, spanish = tokenisers
    pairs = load_tatoeba("train")[: settings["train_pairs"]]
    source = [english.encode(pair.english) for pair in pairs]
    target = [spanish.encode(pair.spanish) for pair in pairs]
    batches = PairBatches(source, target, settings["batch"], seed=seed)
    steps = settings["epochs"] * len(batches)
    warmup = math.ceil(settings["warmup"] * steps)
    with seeded(seed):
        model = Transformer(len(english), len(spanish), **settings["draft"])
    start = time.process_time()
    fit(
        model,
        batches,
        partial(seq2seq_loss, label_smoothing=settings["label_smoothing"]),
        steps=steps,
        learning_rate=warmup_linear(settings["rate"], warmup=warmup, steps=steps),
        betas=tuple(settings["betas"]),
        seed=seed,
        progress=False,
    )
    seconds = time.process_time() - start
    kept = {name: value.half() for name, value in model.state_dict().items()}
    model.load_state_dict({name: value.float() for name, value in kept.items()})
    kept.pop("readout.weight")  # the target embedding, once more
    return model.eval(), seconds, {name: value.numpy() for name, value in kept.items()}


def sentences(settings, tokenisers):
    """Sources `[1, S]` of the first sentences to test with."""
    pairs = load_tatoeba("test")[: settings["sentences"]]
    return [torch.tensor([tokenisers[0].encode(pair.english)]) for pair in pairs]


def translated(model, source, settings, **options):
    return generate(
        model,
        torch.tensor([[SOS]]),
        max_new_tokens=settings["max_words"],
        source=source,
        source_lengths=torch.tensor([source.shape[1]]),
        end=EOS,
        **options,
    )


def together(draft, draft_length, temperature, seed=0):
    """Options of a speculative search."""
    rng = torch.Generator().manual_seed(seed) if temperature else None
    return {
        "method": "speculative",
        "draft": draft,
        "draft_length": draft_length,
        "temperature": temperature,
        "rng": rng,
    }


def alone(temperature, seed=0):
    if not temperature:
        return {}
    return {"method": "sample", "rng": torch.Generator().manual_seed(seed)}


def agreement(model, draft, texts, greedy, draft_length, temperature, settings):
    """Counts over all sentences, also how many translations are those of greedy search."""
    options = together(draft, draft_length, temperature)
    found = [translated(model, one, settings, **options) for one in texts]
    accepted, judged, calls, tokens = (
        sum(int(getattr(one, name)) for one in found)
        for name in ("accepted", "judged", "calls", "lengths")
    )
    row = {
        "accepted": accepted,
        "judged": judged,
        "calls": calls,
        "tokens": tokens,
        "rate": accepted / judged,
        "tokens_a_call": tokens / calls,
    }
    same = sum(torch.equal(one.tokens, other) for one, other in zip(found, greedy, strict=True))
    return {**row, "same_as_greedy": same}


def times(model, draft, texts, temperature, settings):
    """Seconds of all timed sentences: the large model alone, and with the draft."""
    texts = texts[: settings["timed_sentences"]]

    def run(options):
        for text in texts:
            translated(model, text, settings, **options())

    ways = {"alone": lambda: run(lambda: alone(temperature))}
    for k in settings["draft_lengths"]:
        ways[f"{k}"] = lambda k=k: run(lambda: together(draft, k, temperature))
    timing = interleave(ways, **clock(settings))
    for k in settings["draft_lengths"]:
        row = compare(timing, f"{k}", "alone")
        keys = ("ratio", "lower_quartile", "upper_quartile", "steady")
        yield {"temperature": temperature, "draft_length": k, **{key: row[key] for key in keys}}


def steps(model, draft, text, settings):
    """Seconds of a step of each model, and of calls of the large one that score several tokens."""
    ways, made = {}, {}
    read = torch.tensor([[SOS, *[5] * 4]])
    for name, one in {"large": model, "draft": draft}.items():
        made[name] = decoding_state(one, text, torch.tensor([text.shape[1]]))
        made[name].advance(read)

    def score(name, count):
        made[name].score(torch.full((1, count), 5), count)
        made[name].cut(count)

    ways["draft"] = lambda: score("draft", 1)
    for count in (1, *(k + 1 for k in settings["draft_lengths"])):
        ways[f"{count}"] = lambda count=count: score("large", count)
    timing = interleave(ways, **{**clock(settings), "shortest": 0.02})
    for name in ways:
        model_name, count = ("draft", 1) if name == "draft" else ("large", int(name))
        yield {"model": model_name, "tokens": count, "seconds": timing.median(name)}


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    tokenisers = translation_tokenisers("words")
    model, texts = translator(tokenisers), sentences(settings, tokenisers)
    size = sum(p.numel() for p in model.parameters())
    greedy = [translated(model, one, settings).tokens for one in texts]
    runs, first, kept = [], None, None
    for seed in tqdm(range(arguments.seeds), desc="drafts"):
        draft, seconds, numbers = trained(settings, tokenisers, seed)
        share = sum(p.numel() for p in draft.parameters()) / size
        for temperature in (0, 1):
            for k in settings["draft_lengths"]:
                row = agreement(model, draft, texts, greedy, k, temperature, settings)
                at = {"seed": seed, "temperature": temperature, "draft_length": k}
                runs.append({**at, "share": share, "seconds": seconds, **row})
        if first is None:
            first, kept = draft, numbers
    speed = [row for heat in (0, 1) for row in times(model, first, texts, heat, settings)]
    results = {
        "agreement": runs,
        "speed": speed,
        "steps": list(steps(model, first, texts[0], settings)),
    }
    path = save("speculative", arguments=arguments, settings=settings, results=results)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **kept)
    replace_file(path.with_suffix(".npz"), buffer.getvalue())
    print(path)


if __name__ == "__main__":
    main()
