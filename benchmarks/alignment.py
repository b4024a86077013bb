"""Where a translator looks, against the two-way links of IBM model 1: several seeds.

The Transformer of `translation.py` at its short length, fed the true translation. A link joins a
word of the translation to a word of the source; a map of weights agrees with it when the largest
weight of the word's row lies there. Two rows could be that of a word: "predicts", where the decoder
is about to write it, and "next", the row after, where it has just read it.

Scored are the heads, the mean of the heads of a layer, and the mean of all; marks such as the full
stop are left out, but for "with_marks"; "weighed" takes weight times length of the value. Then what
the last token of the source, nearly always a mark, is for: how much weight it has, how long its
value is, and what the loss becomes when it cannot be looked at, or when a word drawn at random
cannot be.
"""

from __future__ import annotations

import numpy as np
import torch
from study import options, save
from torch.nn import functional as F
from tqdm.auto import tqdm
from translation import FULL, TINY, train

from attention_lib.data.alignment import link_agreement, train_word_translation, two_way_links
from attention_lib.data.batching import pad
from attention_lib.data.tokeniser_training import translation_tokenisers
from attention_lib.data.tokens import EOS, PAD, teacher_forcing
from attention_lib.data.translation import load_tatoeba

SHARED = ("heads", "layers", "batch", "label_smoothing", "warmup", "betas")
ROWS = {"predicts": 0, "next": 1}


def encoded(split, tokenisers, n):
    """English and Spanish token ids of the first n pairs of a split, all for None."""
    english, spanish = tokenisers
    pairs = load_tatoeba(split)[:n]
    return [english.encode(p.english) for p in pairs], [spanish.encode(p.spanish) for p in pairs]


def links_of(sources, targets, aligners, tokenisers):
    """For each pair the links between words, and those with the marks: `[T, S]` boolean."""
    english, spanish = tokenisers
    words, everything = [], []
    for source, target in zip(sources, targets, strict=True):
        links = two_way_links(*aligners, source, target)
        rows = np.array([is_word(spanish, one) for one in target])
        columns = np.array([is_word(english, one) for one in source])
        words.append(links & rows[:, None] & columns)
        everything.append(links)
    return words, everything


def is_word(tokeniser, token_id):
    return any(letter.isalnum() for letter in tokeniser.token(token_id))


def batch_of(sources, targets):
    """source, source_lengths, target_in and target as tensors; the target ends with EOS."""
    tokens, lengths = map(torch.tensor, pad(sources))
    target = torch.tensor(pad([[*one, EOS] for one in targets])[0])
    return tokens, lengths, teacher_forcing(target), target


@torch.no_grad()
def maps(model, sources, targets):
    """For each pair the weights `[layers, H, T + 1, S]`, and what weight times value length gives.

    The last row is that of EOS.
    """
    tokens, lengths, target_in, _ = batch_of(sources, targets)
    _, found = model(tokens, lengths, target_in, return_weights=True)
    stacked = torch.stack([one.cross_attention for one in found.decoder], dim=1)
    lengths_of_values = value_lengths(model, model.encode(tokens, lengths).states)
    weighed = stacked * lengths_of_values[..., None, :]  # [B, layers, H, T + 1, S]
    return _cut(stacked, sources, targets), _cut(weighed, sources, targets)


def _cut(weights, sources, targets):
    return [
        one[..., : len(target) + 1, : len(source)].numpy()
        for one, source, target in zip(weights, sources, targets, strict=True)
    ]


def value_lengths(model, states):
    """`[B, layers, H, S]`: the length of each value as its head hands it on, before the weight."""
    found = []
    for layer in model.decoder.layers:
        attention = layer.cross_attention
        value = attention.value_projection(states).unflatten(-1, (attention.n_heads, -1))
        out = attention.output_projection.weight.unflatten(-1, (attention.n_heads, -1))
        found.append(torch.einsum("bshe,che->bhsc", value, out).norm(dim=-1))
    return torch.stack(found, dim=1)


def rows_of(some, row):
    """The rows of the words: those before the last, or those after the first."""
    return [one[..., ROWS[row] : one.shape[-2] - 1 + ROWS[row], :] for one in some]


def agreements(some, links):
    """Of each head, of the mean of each layer, and of the mean of all, for both rows."""
    found = {"heads": {}, "layers": {}, "mean": {}}
    for row in ROWS:
        taken = rows_of(some, row)
        found["heads"][row] = link_agreement(taken, links).tolist()
        found["layers"][row] = link_agreement([one.mean(1) for one in taken], links).tolist()
        found["mean"][row] = float(link_agreement([one.mean((0, 1)) for one in taken], links))
    return found


@torch.no_grad()
def losses(model, sources, targets, tokenisers, closed):
    """Mean loss on words, and on marks and EOS, where source place closed[k] cannot be looked at.

    closed: a place for each pair, or None for none.
    """
    tokens, lengths, target_in, target = batch_of(sources, targets)
    memory = model.encode(tokens, lengths)
    if closed is not None:
        mask = memory.mask.clone()
        mask[torch.arange(len(mask)), 0, 0, torch.tensor(closed)] = False
        memory = memory._replace(mask=mask)
    loss = F.cross_entropy(model.decode(target_in, memory).mT, target, reduction="none")
    kinds = torch.tensor([is_word(tokenisers[1], one) for one in range(len(tokenisers[1]))])
    words = kinds[target] & (target > EOS)
    marks = ~words & (target != PAD)
    return {"words": loss[words].mean().item(), "marks": loss[marks].mean().item()}


def last_token(model, weights, sources, targets, tokenisers):
    """What the last source token is for."""
    tokens, lengths = map(torch.tensor, pad(sources))
    with torch.no_grad():
        sizes = value_lengths(model, model.encode(tokens, lengths).states)
    pairs = [one[..., : len(source)].numpy() for one, source in zip(sizes, sources, strict=True)]
    shares = np.mean([one[..., :-2, -1].mean(-1) for one in weights], axis=0)
    for_the_mark = np.mean([one[..., -2, -1] for one in weights], axis=0)
    even = np.mean([1 / len(source) for source in sources])
    draw = np.random.default_rng(0)
    places = {
        "nothing": None,
        "last": [len(source) - 1 for source in sources],
        "word": [int(draw.integers(len(source) - 1)) for source in sources],
    }
    closed = {
        name: losses(model, sources, targets, tokenisers, place) for name, place in places.items()
    }
    weight = [
        one[..., :-2, place].mean() for one, place in zip(weights, places["word"], strict=True)
    ]
    return {
        "weight": shares.tolist(),
        "weight_for_mark": for_the_mark.tolist(),
        "even": even,
        "word_weight": float(np.mean(weight)),
        "length": np.mean([one[..., -1] for one in pairs], axis=0).tolist(),
        "word_length": np.mean([one[..., :-1].mean(-1) for one in pairs], axis=0).tolist(),
        "closed": closed,
    }


@torch.no_grad()
def right(model, sources, targets):
    """The share of the tokens that the network would write, fed the true ones before it."""
    tokens, lengths, target_in, target = batch_of(sources, targets)
    guess = model(tokens, lengths, target_in).argmax(-1)
    return (guess == target)[target != PAD].float().mean().item()


def run(recipe, tokenisers, aligners, seed):
    rate = recipe["rates"]["short"]["transformer"][0]
    short = recipe["short"]["transformer"]
    model, seconds = train("transformer", short, rate, recipe, tokenisers, seed)
    parameters = sum(p.numel() for p in model.parameters())
    result = {"seed": seed, "parameters": parameters, "seconds": seconds}
    for split in ("validation", "test"):
        sources, targets = encoded(split, tokenisers, recipe["test_pairs"])
        words, everything = links_of(sources, targets, aligners, tokenisers)
        weights, weighed = maps(model, sources, targets)
        result[split] = agreements(weights, words)
        if split == "test":
            result["right"] = right(model, sources, targets)
            result["with_marks"] = agreements(weights, everything)["mean"]
            result["weighed"] = agreements(weighed, words)["mean"]
            result["last"] = last_token(model, weights, sources, targets, tokenisers)
    return result


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    recipe, iterations = (TINY, 1) if arguments.tiny else (FULL, 10)
    tokenisers = translation_tokenisers("words")
    sources, targets = encoded("train", tokenisers, recipe["train_pairs"])
    aligners = [
        train_word_translation(*sides, iterations=iterations)
        for sides in ((sources, targets), (targets, sources))
    ]
    settings = {
        **{name: recipe[name] for name in SHARED},
        **recipe["short"]["transformer"],
        "learning_rate": recipe["rates"]["short"]["transformer"][0],
        "iterations": iterations,
        "train_pairs": len(sources),
        "test_pairs": recipe["test_pairs"],
    }
    results = []
    for seed in tqdm(range(arguments.seeds), desc="alignment"):
        results.append(run(recipe, tokenisers, aligners, seed))
        path = save("alignment", arguments=arguments, settings=settings, results=results)
    print(path)


if __name__ == "__main__":
    main()
