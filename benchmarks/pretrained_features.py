"""What a pretrained encoder makes of the movie sentences, kept for the page: 128 numbers each.

The encoder is that of `real_heads.py`, all-MiniLM-L6-v2, which says how to get it. It is run as it
is, none of its weights is trained here. A sentence's features are the mean of the 384 numbers that
stand at its tokens after the last layer, both marks included, as in the model's own card. A PCA,
fitted on the training sentences, keeps 128 directions; they are divided by one number, so that the
mean square length of all 384 is 1, and kept in steps of 1/128, with the directions beside them.
What this costs is measured by a logistic regression on the features before and after; its C is
the one of four with which most of the validation sentences are right, the smallest if several are.

A plain encoder in NumPy has to give the same features for a few sentences, or the run stops.
"""

from __future__ import annotations

import hashlib

import numpy as np
import real_heads
import sklearn
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from study import options, save
from tqdm.auto import tqdm

from attention_lib import functional
from attention_lib.data.sentiment import SPLITS, load_movie_sentences

FULL = {
    **real_heads.FULL,
    "dimensions": 128,
    "steps": 128,
    "C": [0.1, 1.0, 10.0, 100.0],
    "most": 10_000,
    "batch": 64,
}
TINY = {**FULL, **real_heads.TINY, "dimensions": 3, "most": 20, "batch": 8}
CHECKED = 3  # sentences that the plain encoder reads as well


def sentences(split, settings):
    """The rated sentences of a split; for the made-up model those that it can read."""
    found = load_movie_sentences(split)
    if settings["most"] < len(found):
        words = [one.text.split() for one in found]
        known = [len(text) <= 12 and max(map(len, text)) <= 14 for text in words]
        found = [one for one, fits in zip(found, known, strict=True) if fits]
        rng = np.random.default_rng(0)  # positive ones stand first in the file
        found = [found[k] for k in rng.permutation(len(found))[: settings["most"]]]
    return found


def features_of(texts, arrays, tokenise, settings):
    """The mean of the stream over the tokens of each text: `[n, width]`."""
    encoder = real_heads.library_encoder(arrays, settings)
    ids = [tokenise(text)[1] for text in texts]
    found = np.zeros((len(ids), settings["width"]), np.float32)
    order = np.argsort([len(one) for one in ids], kind="stable")  # little padding in a batch
    for start in tqdm(range(0, len(ids), settings["batch"]), desc="sentences"):
        rows = order[start : start + settings["batch"]]
        lengths = torch.tensor([len(ids[row]) for row in rows])
        x = torch.zeros(len(rows), int(lengths.max()), settings["width"])
        for k, row in enumerate(rows):
            x[k, : lengths[k]] = torch.from_numpy(
                real_heads.embedded(arrays, ids[row]).astype(np.float32)
            )
        mask = functional.padding_mask(lengths, x.shape[1])  # [B, 1, T]
        with torch.no_grad():
            stream = encoder(x, mask=mask[:, None])
        found[rows] = (stream * mask.mT).sum(1) / lengths[:, None]
    _check(found, ids, arrays, settings)
    return found


def _check(found, ids, arrays, settings):
    for row in range(min(CHECKED, len(ids))):
        x = real_heads.embedded(arrays, ids[row]).astype(np.float32)
        plain = real_heads.plain_encoder(arrays, x, settings)[0].mean(0)
        apart = abs(plain - found[row]).max()
        if apart > 1e-4:
            raise RuntimeError(f"the library and the plain encoder differ by {apart:.2g}")


def directions_of(train, dimensions):
    """The mean and the widest directions of a PCA, one row each, over one length for all."""
    pca = PCA(dimensions, svd_solver="full").fit(train)
    length = np.sqrt(((train - pca.mean_) ** 2).sum(1).mean())
    return pca.mean_, pca.components_ / length


def reduced(features, mean, directions):
    return {split: (array - mean) @ directions.T for split, array in features.items()}


def quantised(features, steps):
    """Whole multiples of 1/steps in half precision, which holds them exactly."""
    return {
        split: (np.round(array * steps) / steps).astype(np.float16)
        for split, array in features.items()
    }


def checksum(kept):
    digest = hashlib.sha256()
    for split in SPLITS:
        digest.update(np.ascontiguousarray(kept[split], dtype="<f2").tobytes())
    return digest.hexdigest()


def scores(name, features, labels, settings):
    """What a logistic regression gets right with the features: a row of the result."""
    train = features["train"].astype(np.float64)
    models = [
        LogisticRegression(C=C, max_iter=1000).fit(train, labels["train"]) for C in settings["C"]
    ]
    model = max(models, key=lambda one: one.score(features["validation"], labels["validation"]))
    right = {split: model.score(features[split], labels[split]) for split in SPLITS}
    return {"features": name, "numbers": train.shape[1], "C": model.C, **right}


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    arrays, tokenise = real_heads.made_up_model() if arguments.tiny else real_heads.real_model()
    read = {split: sentences(split, settings) for split in SPLITS}
    labels = {split: np.array([one.label for one in found]) for split, found in read.items()}
    features = {
        split: features_of([one.text for one in found], arrays, tokenise, settings)
        for split, found in read.items()
    }
    mean, directions = directions_of(features["train"], settings["width"])
    whole = reduced(features, mean, directions)
    directions = directions[: settings["dimensions"]]
    few = reduced(features, mean, directions)
    kept = quantised(few, settings["steps"])
    rows = [("all", whole), ("reduced", few), ("kept", kept)]
    results = {
        "scores": [scores(name, array, labels, settings) for name, array in rows],
        "variance_kept": float((few["train"] ** 2).sum(1).mean()),
        "checksum": checksum(kept),
    }
    path = save(
        "pretrained_features",
        arguments=arguments,
        settings=settings,
        results=results,
        peers={"scikit-learn": sklearn.__version__},
    )
    basis = {"mean": mean.astype(np.float16), "directions": directions.astype(np.float16)}
    np.savez_compressed(path.with_suffix(".npz"), **kept, **basis)
    print(path)


if __name__ == "__main__":
    main()
