"""What a small language model loses when the first tokens leave its cache.

Two texts of characters, in pieces of 64. "reviews": movie reviews. "copied": letters drawn one
after the other by how often they follow one another in the reviews, but after t, e, n or r the
letter before it comes again: one thing to look up, and nothing at the other places. A model of
three layers learns the reviews, models of one layer the copied text. Three ways to train: "start"
puts the same token before each piece, "plain" begins anywhere, "window" is as "start", but every
layer sees 16 keys only.

Afterwards each model reads pieces that it has not seen with a cache of 16 keys, the newest
included: the newest 16; the first and the newest 15; the first four and the newest 12; the newest
16 read anew for each prediction, the start token in place of the oldest if the model knows one.
"full" keeps all keys. No piece is longer than those of the training, so that nothing but the cache
is new. The loss is the mean in nats for each place of the piece; "copy" and "other" are its means
past the cache, where the next letter is a copy and where it is not.

Beside it, by layer and head, the weight that the queries past the cache give to the first key, what
an even look would give it, and the size of its value against the mean size of the others.
"""

from __future__ import annotations

import torch
from study import options, save
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.data.sentiment import load_movie_sentences
from attention_lib.modules import LanguageModel, SlidingWindowAttention
from attention_lib.training import fit, seeded, warmup_cosine

FULL = {
    "length": 64,
    "cache": 16,
    "sinks": [0, 1, 4],
    "copied_after": "tenr",
    "sizes": {"d_model": 64, "n_heads": 4, "d_ff": 192},
    "layers": {"reviews": 3, "copied": 1},
    "batch": 16,
    "steps": {"reviews": 300, "copied": 400},
    "rate": 4e-3,
    "pieces": 200,
    "anew": 60,
}
TINY = {
    **FULL,
    "length": 16,
    "cache": 8,
    "sizes": {"d_model": 8, "n_heads": 2, "d_ff": 8},
    "layers": {"reviews": 2, "copied": 1},
    "batch": 2,
    "steps": {"reviews": 2, "copied": 2},
    "pieces": 3,
    "anew": 2,
}
KINDS = [("copied", "start"), ("copied", "plain"), ("copied", "window"), ("reviews", "start")]
START = 0
MANY = 10_000_000


def text_of(split):
    """The sentences of a split in a random order, one a line."""
    sentences = [sentence.text for sentence in load_movie_sentences(split)]
    order = torch.randperm(len(sentences), generator=torch.Generator().manual_seed(0))
    return "\n".join(sentences[place] for place in order)


class Reviews:
    """Pieces of the reviews; a character that the training split lacks is left out."""

    def __init__(self, settings):
        text = text_of("train")
        self.characters = ["<start>", *sorted(set(text))]
        self.length = settings["length"]
        self.streams = {"train": self.encoded(text), "test": self.encoded(text_of("test"))}

    def encoded(self, text):
        ids = {character: place for place, character in enumerate(self.characters)}
        return torch.tensor([ids[character] for character in text if character in ids])

    def draw(self, n, seed):
        """Tokens `[n, length + 1]` of the training text, those of the test for seed MANY."""
        stream = self.streams["test" if seed == MANY else "train"]
        generator = torch.Generator().manual_seed(seed)
        first = torch.randint(len(stream) - self.length - 1, (n, 1), generator=generator)
        return stream[first + torch.arange(self.length + 1)]


class Copied(Reviews):
    """Letters drawn by the pairs of the reviews, with a copy after some of them."""

    def __init__(self, settings):
        super().__init__(settings)
        stream, many = self.streams["train"], len(self.characters)
        pairs = torch.bincount(stream[:-1] * many + stream[1:], minlength=many**2)
        pairs = pairs.reshape(many, many).double()
        self.first = torch.cumsum(pairs.sum(1) / pairs.sum(), 0)
        follows = pairs / pairs.sum(1, keepdim=True).clamp(min=1)
        self.rows = (follows.cumsum(1) + torch.arange(many)[:, None]).flatten()  # row r: r to r + 1
        self.after = self.encoded(settings["copied_after"])

    def draw(self, n, seed):
        generator = torch.Generator().manual_seed(seed)
        chance = torch.rand(self.length + 1, n, generator=generator, dtype=torch.float64)
        last = torch.tensor(len(self.characters) - 1)
        drawn = [torch.searchsorted(self.first, chance[0]).minimum(last)]
        for place in range(1, self.length + 1):
            now = drawn[-1]
            found = torch.searchsorted(self.rows, now + chance[place]) - now * len(self.characters)
            found = found.minimum(last)
            if place > 1:
                found = torch.where(torch.isin(now, self.after), drawn[-2], found)
            drawn.append(found)
        return torch.stack(drawn, dim=1)


TEXTS = {"reviews": Reviews, "copied": Copied}


def opened(tokens, way):
    """After the start token, if the way of training has one; as long as before."""
    return tokens if way == "plain" else F.pad(tokens[:, :-1], (1, 0), value=START)


def each_loss(model, tokens):
    return F.cross_entropy(model(tokens[:, :-1]).mT, tokens[:, 1:], reduction="none")


def keep(model, cache=None, n_sinks=0):
    """Let each layer see `cache` keys, the first n_sinks among them; None: all keys."""
    for layer in model.stack.layers:
        window = None if cache is None else cache - n_sinks - 1  # keys before the newest
        limited = None if window is None else SlidingWindowAttention(window, n_sinks=n_sinks)
        layer.self_attention.mechanism = limited


def read_anew(model, tokens, cache, way):
    """The loss of each prediction `[B, T]` with the newest `cache` tokens read from nothing."""
    found = []
    for place in range(tokens.shape[1] - 1):
        newest = tokens[:, max(0, place + 1 - cache) : place + 1].clone()
        if way != "plain":
            newest[:, 0] = START
        scores = model(newest)[:, -1]
        found.append(F.cross_entropy(scores, tokens[:, place + 1], reduction="none"))
    return torch.stack(found, dim=1)


def first_key(model, tokens, cache):
    """Of the first key, `[layers][heads]`: its weight past the cache, and how large its value is
    against the mean of the others."""
    sizes = []

    def note(module, given, values):
        size = values.unflatten(-1, (model.stack.layers[0].self_attention.n_heads, -1)).norm(dim=-1)
        sizes.append((size[:, 0].mean(0) / size[:, 1:].mean((0, 1))).tolist())

    hooks = [
        layer.self_attention.value_projection.register_forward_hook(note)
        for layer in model.stack.layers
    ]
    _, weights = model(tokens[:, :-1], return_weights=True)
    for hook in hooks:
        hook.remove()
    return [one[:, :, cache:, 0].mean((0, 2)).tolist() for one in weights], sizes


def even_look(settings):
    """What a key would get past the cache if all got the same."""
    seen = torch.arange(settings["cache"], settings["length"]) + 1.0
    return (1 / seen).mean().item()


def trained(text, way, settings, seed, source):
    with seeded(seed):
        sizes = {**settings["sizes"], "n_layers": settings["layers"][text]}
        model = LanguageModel(len(source.characters), positions="rotary", **sizes)
    if way == "window":
        keep(model, settings["cache"])
    steps, batch = settings["steps"][text], settings["batch"]
    pieces = opened(source.draw(steps * batch, seed), way)
    fit(
        model,
        pieces.split(batch),
        lambda model, tokens: each_loss(model, tokens).mean(),
        steps=steps,
        learning_rate=warmup_cosine(settings["rate"], warmup=max(1, steps // 20), steps=steps),
        seed=seed,
        progress=False,
    )
    return model.eval()


def judged(model, way, settings, source):
    tokens, cache = opened(source.draw(settings["pieces"], MANY), way), settings["cache"]
    few = tokens[: settings["anew"]]
    losses = {}
    for n_sinks in settings["sinks"]:
        keep(model, cache, n_sinks)
        losses[f"{n_sinks} sinks"] = each_loss(model, tokens)
    keep(model)
    losses["full"] = each_loss(model, tokens)
    losses["anew"] = read_anew(model, few, cache, way)
    losses["full, as many"] = losses["full"][: settings["anew"]]
    weight, size = first_key(model, tokens, cache)
    return {
        "losses": {kind: one.mean(0).tolist() for kind, one in losses.items()},
        "parts": {kind: parts(one, tokens, cache, source) for kind, one in losses.items()},
        "first_weight": weight,
        "first_value": size,
        "even": even_look(settings),
    }


def parts(losses, tokens, cache, source):
    """Past the cache: the mean loss where the next letter is a copy, and where it is not."""
    if not isinstance(source, Copied):
        return None
    past = losses[:, cache:]
    copy = torch.isin(tokens[: len(losses), cache:-1], source.after)
    return {"copy": past[copy].mean().item(), "other": past[~copy].mean().item()}


def run(text, way, settings, seed, source):
    model = trained(text, way, settings, seed, source)
    with torch.no_grad():
        return {"text": text, "way": way, "seed": seed, **judged(model, way, settings, source)}


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    sources = {text: made(settings) for text, made in TEXTS.items()}
    runs = [(*kind, seed) for kind in KINDS for seed in range(arguments.seeds)]
    results = [
        run(text, way, settings, seed, sources[text])
        for text, way, seed in tqdm(runs, desc="streaming")
    ]
    print(save("streaming", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
