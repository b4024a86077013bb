"""Where the words of a caption look in a picture of nine handwritten digits.

Readers answer captions that name a digit by its place ("at top left") or by a relation ("left of
7"): one that takes the mean of all regions, one with one look, one with as many parameters as two
looks need, one with two looks, and one with one look at regions that are described together with
their neighbours.
Each seed has an eye of its own, trained first to name single digits. The images of the test are
from another part of the data than those of the training, mostly by other hands. What the reader
with two looks of the first seed reads in a few pictures is kept.
"""

from __future__ import annotations

import numpy as np
import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.data.digit_pictures import GRID, KINDS, WORDS, digit_pictures
from attention_lib.data.handwritten import load_handwritten_digits
from attention_lib.modules import PictureReader
from attention_lib.training import fit, seeded, sequence_cross_entropy, warmup_cosine

FULL = {
    "width": 48,
    "hidden": 32,
    "eye_steps": 800,
    "steps": 1500,
    "batch": 128,
    "train_pictures": 20_000,
    "test_pictures": 2000,
    "learning_rate": 3e-3,
    "examples": 8,
}
TINY = {
    **FULL,
    "width": 8,
    "eye_steps": 5,
    "steps": 10,
    "batch": 8,
    "train_pictures": 16,
    "test_pictures": 20,
    "examples": 2,
}
MODELS = {
    "mean": {"attends": False},
    "one look": {"looks": 1},
    "one look, wider": {"looks": 1, "width": 62},  # as many parameters as two looks
    "two looks": {"looks": 2},
    "one look, neighbours": {"looks": 1, "extra": 40},
}
TEST_SEED = 10_000_000


def train_eye(settings, seed):
    """A network that names single digits, and how often it is right on the digits of the test."""
    train, test = (load_handwritten_digits(split) for split in ("train", "test"))
    images, labels = flat(train.images), torch.from_numpy(train.labels.copy())
    hidden = settings["hidden"]
    draw = torch.Generator().manual_seed(seed)

    def batch(step):
        chosen = torch.randint(len(labels), (64,), generator=draw)
        return images[chosen], labels[chosen]

    with seeded(seed):
        eye = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))
    options = {"steps": settings["eye_steps"], "learning_rate": 3e-3, "progress": False}
    fit(eye, batch, lambda net, pair: F.cross_entropy(net(pair[0]), pair[1]), **options)
    with torch.no_grad():
        named = eye(flat(test.images)).argmax(-1).numpy()
    return eye, float((named == test.labels).mean())


def flat(images):
    """Images `[..., 8, 8]` as rows of pixels."""
    return torch.tensor(images).flatten(-2)


def see(eye, pictures, neighbours):
    """Regions `[n, 9, 10]` as the eye names them; with neighbours 40 more numbers each."""
    with torch.no_grad():
        shown = torch.softmax(eye(flat(pictures.images)), dim=-1)
    if not neighbours:
        return shown
    rows, columns = GRID
    padded = F.pad(shown.unflatten(1, GRID), (0, 0, 1, 1, 1, 1))
    moves = [(1, 0), (1, 2), (0, 1), (2, 1)]  # left, right, above, below
    around = [padded[:, down : down + rows, right : right + columns] for down, right in moves]
    return torch.cat([shown, *(part.flatten(1, 2) for part in around)], dim=-1)


def loss(model, batch):
    regions, tokens, labels = batch
    logits = model(regions, tokens)
    return sequence_cross_entropy(logits, labels[:, None].expand_as(tokens), padding=None)


def train_reader(model, regions, pictures, settings, seed):
    tokens, labels = torch.from_numpy(pictures.tokens), torch.from_numpy(pictures.labels)
    draw = torch.Generator().manual_seed(seed)

    def batch(step):
        chosen = torch.randint(len(labels), (settings["batch"],), generator=draw)
        return regions[chosen], tokens[chosen], labels[chosen]

    steps = settings["steps"]
    rate = warmup_cosine(settings["learning_rate"], warmup=min(50, steps - 1), steps=steps)
    fit(model, batch, loss, steps=steps, learning_rate=rate, progress=False)


def measure(model, eye, neighbours, settings, kind):
    """Right answers, and where the largest weight of each look lies after the last word."""
    n = settings["test_pictures"]
    pictures = digit_pictures(n, seed=TEST_SEED, split="test", kinds=[kind])
    with torch.no_grad():
        regions, tokens = see(eye, pictures, neighbours), torch.from_numpy(pictures.tokens)
        logits, weights = model(regions, tokens, return_weights=True)
    best = weights[:, :, -1].argmax(-1).numpy()  # [n, looks]
    found = {
        "right": float((logits[:, -1].argmax(-1).numpy() == pictures.labels).mean()),
        "at_target": (best == pictures.targets[:, None]).mean(0).tolist(),
    }
    if kind == "relation":
        found["at_anchor"] = (best == pictures.anchors[:, None]).mean(0).tolist()
    return found


def examples(model, eye, settings):
    """Pictures of the test and what is read in them, for each look and word."""
    pictures = digit_pictures(settings["examples"], seed=TEST_SEED + 2, split="test")
    with torch.no_grad():
        regions, tokens = see(eye, pictures, False), torch.from_numpy(pictures.tokens)
        logits, weights = model(regions, tokens, return_weights=True)
    kept = {**pictures._asdict(), "weights": weights.numpy(), "answers": logits.argmax(-1).numpy()}
    return {name: np.asarray(array, dtype=np.float16) for name, array in kept.items()}


def run(name, eye, pictures, settings, seed):
    how = {"width": settings["width"], **MODELS[name]}
    neighbours = "extra" in how
    with seeded(seed):
        model = PictureReader(words=len(WORDS), names=10, grid=GRID, **how)
    train_reader(model, see(eye, pictures, neighbours), pictures, settings, seed)
    model.eval()
    tested = {kind: measure(model, eye, neighbours, settings, kind) for kind in KINDS}
    parameters = sum(p.numel() for p in model.parameters())
    return model, {"model": name, "seed": seed, "parameters": parameters, **tested}


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    results, kept = [], None
    for seed in tqdm(range(arguments.seeds), desc="seeds"):
        eye, seen = train_eye(settings, seed)
        pictures = digit_pictures(settings["train_pictures"], seed=seed)
        for name in MODELS:
            model, result = run(name, eye, pictures, settings, seed)
            results.append({**result, "eye": seen})
            tqdm.write(str(results[-1]))
            if kept is None and name == "two looks":
                kept = examples(model, eye, settings)
    path = save("picture_words", arguments=arguments, settings=settings, results=results)
    np.savez_compressed(path.with_suffix(".npz"), **kept)
    print(path)


if __name__ == "__main__":
    main()
