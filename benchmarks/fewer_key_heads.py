"""From eight key and value heads to fewer: pooled from a trained model, or trained from the start.

A small language model reads movie sentences letter by letter. It is trained with as many key and
value heads as query heads. Then each group of neighbouring heads is replaced by one, their mean or
the first of them, in every layer, and all weights are trained further for a short while. Beside it
stand the model with all its heads, trained further for as long, and models that had few key and
value heads from the start and as many updates in all. Loss: nats a letter on held-out text.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
import torch
from study import options, save
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.data.sentiment import load_movie_sentences
from attention_lib.modules import LanguageModel
from attention_lib.training import fit, seeded
from attention_lib.writing import replace_file

FULL = {
    "heads": 8,
    "groups": [4, 2, 1],
    "ways": ["mean", "first"],
    "d_model": 64,
    "layers": 2,
    "window": 64,
    "batch": 16,
    "rate": 3e-3,
    "steps": 600,
    "further": 120,
    "every": 10,
    "test": 64,
}
TINY = {**FULL, "groups": [2], "window": 8, "batch": 2, "steps": 2, "further": 2, "test": 2}


def text(split):
    return "\n".join(sentence.text.lower() for sentence in load_movie_sentences(split))


def letters():
    return sorted(set(text("train")))


def ids(split):
    known = {letter: k for k, letter in enumerate(letters())}
    return torch.tensor([known[letter] for letter in text(split) if letter in known])


def windows(stream, n, length, seed):
    """Random pieces of the text, `[n, length + 1]`."""
    generator = torch.Generator().manual_seed(seed)
    starts = torch.randint(len(stream) - length, (n, 1), generator=generator)
    return stream[starts + torch.arange(length + 1)]


def loss(model, tokens):
    return F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())


def new_model(settings, groups, seed):
    with seeded(seed):
        return LanguageModel(
            len(letters()),
            d_model=settings["d_model"],
            n_heads=settings["heads"],
            n_layers=settings["layers"],
            d_ff=4 * settings["d_model"],
            positions="rotary",
            n_kv_heads=groups,
        )


def pooled(layer, heads, groups, way):
    """Weight and bias of a key or value projection with one head for each group of neighbours."""
    for numbers in (layer.weight, layer.bias):
        in_groups = numbers.detach().unflatten(0, (groups, heads // groups, -1))
        yield (in_groups.mean(1) if way == "mean" else in_groups[:, 0]).flatten(0, 1)


def converted(model, settings, groups, way):
    """A copy of the model with fewer key and value heads."""
    fewer = new_model(settings, groups, seed=0)
    numbers = dict(model.state_dict())
    for k, block in enumerate(model.stack.layers):
        for name in ("key_projection", "value_projection"):
            layer = getattr(block.self_attention, name)
            place = f"stack.layers.{k}.self_attention.{name}"
            few = pooled(layer, settings["heads"], groups, way)
            numbers[f"{place}.weight"], numbers[f"{place}.bias"] = few
    fewer.load_state_dict(numbers)
    return fewer


def train(model, settings, train_text, test, steps, seed):
    """Held-out loss after each `every` updates."""
    history = fit(
        model,
        lambda step: windows(
            train_text, settings["batch"], settings["window"], 100_000 * seed + step
        ),
        loss,
        steps=steps,
        learning_rate=settings["rate"],
        metric=lambda net: loss(net, test),
        metric_every=settings["every"],
        seed=seed,
        progress=False,
    )
    return history.metrics


@torch.no_grad()
def held_out(model, test):
    return loss(model.eval(), test).item()


def run(seed, settings, bar):
    streams = ids("train"), ids("test")
    test = windows(streams[1], settings["test"], settings["window"], 10_000_000)
    known = {"settings": settings, "train_text": streams[0], "test": test}
    whole = new_model(settings, settings["heads"], seed)
    before = train(whole, steps=settings["steps"], seed=seed, **known)
    kept = {name: numbers.clone() for name, numbers in whole.state_dict().items()}
    bar.update()
    rows, heads = [], settings["heads"]
    for groups in settings["groups"]:
        fresh = new_model(settings, groups, seed)
        together = settings["steps"] + settings["further"]
        curve = train(fresh, steps=together, seed=seed, **known)
        rows.append({"groups": groups, "way": "from the start", "curve": curve})
        for way in settings["ways"]:
            few = converted(whole, settings, groups, way)
            at_once = held_out(few, test)
            curve = train(few, steps=settings["further"], seed=seed + 100, **known)
            rows.append({"groups": groups, "way": way, "at_once": at_once, "curve": curve})
        bar.update()
    curve = train(whole, steps=settings["further"], seed=seed + 100, **known)
    rows.append({"groups": heads, "way": "all heads", "at_once": before[-1], "curve": curve})
    rows = [{"seed": seed, **row, "end": row["curve"][-1]} for row in rows]
    return rows, kept


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    results, first = [], None
    with tqdm(total=arguments.seeds * (1 + len(settings["groups"])), desc="fewer") as bar:
        for seed in range(arguments.seeds):
            rows, kept = run(seed, settings, bar)
            results, first = results + rows, first or kept
    path = save("fewer_key_heads", arguments=arguments, settings=settings, results=results)
    weights = BytesIO()
    np.savez_compressed(weights, **{name: a.half().numpy() for name, a in first.items()})
    replace_file(path.with_suffix(".npz"), weights.getvalue())
    print(path)


if __name__ == "__main__":
    main()
