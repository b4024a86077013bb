"""Choosing the next word: the trained translator of `translation.py`, searched and drawn from.

"beam": beam search of several widths, with and without a length penalty, on the test pairs. "mode":
for each sentence the likeliest of all outputs, by exact search: a beginning is dropped only when it
is already less likely than a complete output that is known. So what a beam finds can be compared
with the best that there is, and the likeliest output with the empty one. "long": sources of several
test sentences in a row, longer than any in training. "sample": drawn outputs. "exposure": how often
the next token is right after the true beginning, and after the model's own.

Nothing is trained here. --seeds is the number of draws.
"""

from __future__ import annotations

import numpy as np
import sacrebleu
import torch
from study import options, save
from tqdm.auto import tqdm
from translation import build

from attention_book import studies
from attention_lib.data.batching import pad
from attention_lib.data.tokeniser_training import translation_tokenisers
from attention_lib.data.tokens import EOS, PAD, SOS
from attention_lib.data.translation import load_tatoeba
from attention_lib.generation import decoding_state, generate
from attention_lib.training import as_tensors

FULL = {
    "pairs": 500,
    "widths": [1, 2, 4, 8],
    "penalties": [0.0, 1.0],
    "max_words": 30,
    "most_open": 20_000,
    "joined": [2, 3, 4],
    "long_widths": [1, 4],
    "long_max_words": 60,
    "samplers": {
        "temperature 0.5": {"temperature": 0.5},
        "temperature 1.0": {"temperature": 1.0},
        "top-k 10": {"top_k": 10},
        "top-p 0.9": {"top_p": 0.9},
    },
    "places": 12,
}
TINY = {**FULL, "pairs": 4, "widths": [1, 2], "long_widths": [1], "joined": [2], "most_open": 50}


def trained(tokenisers):
    """The network that the study of translation kept."""
    study = studies.load("translation")
    recipe = study.settings["long"]["transformer"]
    model = build("transformer", recipe, study.settings, tokenisers)
    model.load_state_dict({name: torch.tensor(one) for name, one in study.weights().items()})
    return model.eval()


def encoded(texts, tokeniser):
    return map(torch.tensor, pad([tokeniser.encode(text) for text in texts]))


def search(model, sources, tokenisers, max_words, **options):
    source, lengths = encoded(sources, tokenisers[0])
    starts = torch.full((len(source), 1), SOS)
    options = {"source": source, "source_lengths": lengths, "end": EOS, **options}
    return generate(model, starts, max_new_tokens=max_words, **options)


def repeated(row, size=3):
    """How many runs of `size` tokens stood in the row before, and how many runs there are."""
    runs = [tuple(row[k : k + size]) for k in range(len(row) - size + 1)]
    return len(runs) - len(set(runs)), len(runs)


def words_of(row):
    """The tokens of a row up to its end, as a list."""
    row = row.tolist()
    return [one for one in row[: row.index(EOS) if EOS in row else None] if one != PAD]


def judged(found, references, tokenisers):
    """What the outputs are like, beside the reference translations."""
    rows = [words_of(row) for row in found.tokens]
    texts = [tokenisers[1].decode(row) for row in rows]
    wanted = sum(len(tokenisers[1].encode(text)) for text in references)
    again, runs = np.sum([repeated(row) for row in rows], axis=0)
    return {
        "bleu": sacrebleu.corpus_bleu(texts, [references]).score,
        "chrf": sacrebleu.corpus_chrf(texts, [references]).score,
        "length_ratio": sum(map(len, rows)) / wanted,
        "log_probability": found.log_probability.double().mean().item(),
        "empty": float(np.mean([not row for row in rows])),
        "unended": float((found.tokens != EOS).all(1).double().mean()),
        "repeated": float(again / max(runs, 1)),
    }


@torch.no_grad()
def likeliest(model, source, known, settings):
    """(tokens, log P, beginnings tried) of the likeliest output of all; None if there are too many.

    known: log P of some output. The search looks for one that is better, or the same.
    """
    state = decoding_state(model, source[None], torch.tensor([len(source)]))
    fed, tokens, total = torch.full((1, 1), SOS), torch.zeros(1, 0, dtype=torch.int64), None
    best, best_tokens, tried = known - 1e-4, None, 0
    for _ in range(settings["max_words"]):
        gains = state.advance(fed).log_softmax(-1)  # [R, V]
        table = gains if total is None else total[:, None] + gains
        tried += len(table)
        ending, row = table[:, EOS].max(0)
        if ending > best:
            best, best_tokens = ending.item(), [*tokens[row].tolist(), EOS]
        table[:, EOS] = -torch.inf
        rows, token = (table > best).nonzero(as_tuple=True)
        if len(rows) > settings["most_open"]:
            return None
        if not len(rows):
            break
        tokens = torch.cat([tokens[rows], token[:, None]], 1)
        total, fed = table[rows, token], token[:, None]
        state.reorder(rows)
    return best_tokens, best, tried


@torch.no_grad()
def empty_log_probability(model, source):
    state = decoding_state(model, source[None], torch.tensor([len(source)]))
    return state.advance(torch.full((1, 1), SOS)).log_softmax(-1)[0, EOS].item()


def modes(model, pairs, tokenisers, found, settings):
    """The likeliest outputs, beside what each width found and beside the empty one."""
    sources = [torch.tensor(tokenisers[0].encode(pair.english)) for pair in pairs]
    known = torch.stack([one.log_probability for one in found.values()]).amax(0).tolist()
    best = [
        likeliest(model, *one, settings)
        for one in tqdm(list(zip(sources, known, strict=True)), desc="exact")
    ]
    certain = [k for k, one in enumerate(best) if one is not None]
    same = {
        width: [words_of(one.tokens[k]) == best[k][0][:-1] for k in certain]
        for width, one in found.items()
    }
    texts = [tokenisers[1].decode(best[k][0]) for k in certain]
    references = [pairs[k].spanish for k in certain]
    wanted = sum(len(tokenisers[1].encode(text)) for text in references)
    return {
        "searched": len(pairs),
        "certain": len(certain),
        "tried": [best[k][2] for k in certain],
        "log_probability": [best[k][1] for k in certain],
        "empty_log_probability": [empty_log_probability(model, sources[k]) for k in certain],
        "empty": sum(len(best[k][0]) == 1 for k in certain),
        "bleu": sacrebleu.corpus_bleu(texts, [references]).score,
        "chrf": sacrebleu.corpus_chrf(texts, [references]).score,
        "length_ratio": sum(len(best[k][0]) - 1 for k in certain) / wanted,
        "same": [{"width": width, "share": float(np.mean(one))} for width, one in same.items()],
    }


def joined(pairs, count):
    """(sources, references): each of `count` sentences that follow each other, none used twice."""
    starts = range(0, len(pairs) - count + 1, count)
    groups = [pairs[start : start + count] for start in starts]
    english = [" ".join(pair.english for pair in group) for group in groups]
    return english, [" ".join(pair.spanish for pair in group) for group in groups]


def exposure(model, pairs, tokenisers, greedy, settings):
    """Right tokens by place, after the true beginning and after the model's own."""
    source, lengths = encoded([pair.english for pair in pairs], tokenisers[0])
    rows = [[*tokenisers[1].encode(pair.spanish), EOS] for pair in pairs]
    target = as_tensors(pad(rows))[0]
    fed = torch.cat([torch.full((len(pairs), 1), SOS), target[:, :-1]], 1)
    with torch.no_grad():
        forced = model(source, lengths, fed).argmax(-1)  # [B, T]
    free = torch.full_like(target, PAD)
    width = min(free.shape[1], greedy.tokens.shape[1])
    free[:, :width] = greedy.tokens[:, :width]
    real = target != PAD
    right = {"forced": (forced == target) & real, "free": (free == target) & real}
    wrong = ~right["free"] & real
    first = wrong & (wrong.cumsum(1) == 1)  # the first wrong token of each row
    after = torch.zeros_like(real)
    after[:, 1:] = first[:, :-1]
    after &= real
    before = real & (wrong.cumsum(1) == 0) | first
    places = settings["places"]
    return {
        "counts": real[:, :places].sum(0).tolist(),
        **{name: one[:, :places].sum(0).tolist() for name, one in right.items()},
        "tokens": int(real.sum()),
        **{f"{name}_all": int(one.sum()) for name, one in right.items()},
        "after_first_error": int(after.sum()),
        **{f"{name}_after": int((one & after).sum()) for name, one in right.items()},
        "up_to_first_error": int(before.sum()),
        **{f"{name}_up_to": int((one & before).sum()) for name, one in right.items()},
        "words": sum(len(row) - 1 for row in rows),
        **{
            f"{name}_anywhere": sum(
                in_common(words_of(one), row[:-1]) for one, row in zip(told, rows, strict=True)
            )
            for name, told in {"forced": forced * real, "free": greedy.tokens}.items()
        },
    }


def in_common(one, other):
    """How many words two lists share, whatever their places."""
    return sum(min(one.count(word), other.count(word)) for word in set(other))


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    tokenisers = translation_tokenisers("words")
    model = trained(tokenisers)
    pairs = load_tatoeba("test")[: settings["pairs"]]
    english, spanish = [pair.english for pair in pairs], [pair.spanish for pair in pairs]
    limit = settings["max_words"]
    beams, found = [], {}
    for width in tqdm(settings["widths"], desc="beam"):
        for penalty in settings["penalties"]:
            way = {"method": "beam", "beam_width": width, "length_penalty": penalty}
            one = search(model, english, tokenisers, limit, **way)
            beams.append({"width": width, "penalty": penalty, **judged(one, spanish, tokenisers)})
            if penalty == 0:
                found[width] = one
    results = {"beam": beams, "mode": [modes(model, pairs, tokenisers, found, settings)]}
    results["exposure"] = [exposure(model, pairs, tokenisers, found[1], settings)]
    results["sample"] = []
    for name, way in settings["samplers"].items():
        for seed in range(arguments.seeds):
            rng = torch.Generator().manual_seed(seed)
            one = search(model, english, tokenisers, limit, method="sample", rng=rng, **way)
            texts = [tokenisers[1].decode(row) for row in one.tokens]
            told = judged(one, spanish, tokenisers)
            results["sample"].append({"sampler": name, "seed": seed, **told, "texts": texts})
    for name in settings["samplers"]:
        drawn = [run for run in results["sample"] if run["sampler"] == name]
        texts = zip(*(run.pop("texts") for run in drawn), strict=True)
        different = float(np.mean([len(set(row)) for row in texts]))
        for run in drawn:
            run["different"] = different
    results["long"] = []
    for count in tqdm(settings["joined"], desc="long"):
        sources, references = joined(pairs, count)
        ways = {f"beam {w}": {"method": "beam", "beam_width": w} for w in settings["long_widths"]}
        ways["top-p 0.9"] = {"method": "sample", "top_p": 0.9}
        for name, way in ways.items():
            if way["method"] == "sample":
                way["rng"] = torch.Generator().manual_seed(0)
            one = search(model, sources, tokenisers, settings["long_max_words"], **way)
            told = judged(one, references, tokenisers)
            results["long"].append({"joined": count, "way": name, **told})
    print(save("beam_width", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
