"""One sentence through a translating Transformer: what it writes, and where it looks meanwhile.

`trained_translator` is the network that the book keeps, `translate` computes, and `word_by_word`
says how `sweep` shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import shorten
from typing import NamedTuple

import numpy as np
import torch

from attention_lib.checks import check_count, check_instance, check_text
from attention_lib.data.tokeniser_training import translation_tokenisers
from attention_lib.data.tokens import EOS, SOS, UNK
from attention_lib.data.truecase import WORD
from attention_lib.generation import generate
from attention_lib.modules import Transformer

from . import studies
from .arguments import check_dict
from .explorables import HeatMap
from .explorables.captions import LONGEST_TEXT

__all__ = ["Translation", "trained_translator", "translate", "word_by_word"]

PIECE = re.compile(rf"{WORD.pattern}|[^\w\s]")
END = "(end)"


class Translation(NamedTuple):
    """What a model wrote for one sentence, word by word.

    Attributes:
        source: the S tokens of the sentence, "<unk>" for a word that the tokeniser does not know.
        words: the T tokens written, the last one `END` unless the limit came first.
        weights: `[T, S]`, where it looked before it wrote each: the cross-attention, mean of all
            heads of all layers.
        share: `[T]`, the probability of each word when it was written.
        second: T pairs (token, probability): the word that came second.
        text: the translation as text.
        unknown: the words of the sentence that the tokeniser does not know.
    """

    source: list
    words: list
    weights: np.ndarray
    share: np.ndarray
    second: list
    text: str
    unknown: list


def trained_translator():
    """The Transformer of the long run of the study `translation`, and its two tokenisers.

    Returns:
        (model, (english, spanish)): the model in evaluation mode, with the weights that were kept.

    >>> model, (english, spanish) = trained_translator()
    >>> translate(model, (english, spanish), "Tom sleeps.").text
    'Tom duerme.'
    """
    study = studies.load("translation")
    recipe, tokenisers = study.settings["long"]["transformer"], translation_tokenisers("words")
    model = Transformer(
        *map(len, tokenisers),
        n_heads=study.settings["heads"],
        n_layers=study.settings["layers"],
        positions=recipe["positions"],
        **recipe["sizes"],
    )
    model.load_state_dict({name: torch.tensor(one) for name, one in study.weights().items()})
    return model.eval(), tokenisers


def translate(model, tokenisers, sentence, *, max_words=30):
    """The greedy translation of a sentence, with its cross-attention.

    Args:
        model: a `Transformer` from the ids of the first tokeniser to those of the second.
        tokenisers: two `Tokeniser`, of the source and of the target.
        sentence: a text with at least one word.
        max_words: where to stop if the end token does not come.

    Returns:
        a `Translation`.

    Raises:
        TypeError: something else. ValueError: no word in the sentence, max_words below 1.

    Cost: one greedy search, and one pass over its result under teacher forcing.

    >>> from attention_lib.data.tokeniser_training import train_words
    >>> english, spanish = train_words(["a black dog"]), train_words(["un perro negro"])
    >>> model = Transformer(len(english), len(spanish), d_model=8, n_heads=2, n_layers=1, d_ff=8)
    >>> found = translate(model, (english, spanish), "a white dog", max_words=3)
    >>> found.source, found.unknown, found.weights.shape[1]
    (['a', '<unk>', 'dog'], ['white'], 3)
    """
    check_instance(Transformer, model=model)
    check_text(sentence=sentence)
    check_count(max_words=max_words)
    english, spanish = tokenisers
    ids = english.encode(sentence)
    if not ids:
        raise ValueError(f"sentence must hold at least one word, got {sentence!r}")
    source, lengths = torch.tensor([ids]), torch.tensor([len(ids)])
    start = torch.tensor([[SOS]])
    options = {"source": source, "source_lengths": lengths, "end": EOS}
    written = generate(model, start, max_new_tokens=max_words, **options).tokens
    weights, probabilities = _read_again(model, source, lengths, written)
    row = written[0].tolist()
    return Translation(
        source=[english.token(one) for one in ids],
        words=[_word(spanish, one) for one in row],
        weights=weights,
        share=probabilities[range(len(row)), row].numpy(),
        second=[_runner_up(spanish, *pair) for pair in zip(row, probabilities, strict=True)],
        text=spanish.decode(row),
        unknown=[w for w, one in zip(PIECE.findall(sentence), ids, strict=True) if one == UNK],
    )


def _runner_up(tokeniser, token_id, probabilities):
    """The likeliest token but this one, and its probability."""
    others = probabilities.clone()
    others[token_id] = -1
    share, best = others.max(-1)
    return _word(tokeniser, best.item()), share.item()


def _read_again(model, source, lengths, written):
    """All steps in one pass: weights `[T, S]` and probabilities `[T, V]` of what was written."""
    fed = torch.cat([torch.full((1, 1), SOS), written[:, :-1]], dim=1)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            logits, weights = model(source, lengths, fed, return_weights=True)
    finally:
        model.train(was_training)
    looks = torch.stack([layer.cross_attention[0] for layer in weights.decoder])
    return looks.mean((0, 1)).numpy(), logits[0].softmax(-1)  # looks: [layers, H, T, S]


def _word(tokeniser, token_id):
    return END if token_id == EOS else tokeniser.token(token_id)


def word_by_word(translations: Mapping) -> dict:
    """A heat map that grows by a row with each word that is written: one slider for all of it.

    Args:
        translations: sentence -> `Translation`, at least one.

    Returns:
        the arguments of `sweep` but its title. It begins where the first sentence is complete.

    Raises:
        TypeError, ValueError: no translations.
    """
    check_dict("a Translation", translations=translations)
    if not translations:
        raise ValueError("translations must hold at least one, got none")
    for sentence, one in translations.items():
        check_instance(Translation, **{f"translations[{sentence!r}]": one})
    moments, many = {}, len(translations) > 1
    for k, (sentence, one) in enumerate(translations.items(), start=1):
        for n in range(len(one.words) + 1):
            place = f"sentence {k}, " if many else ""
            moments[f"{place}word {n}" if n else f"{place}nothing yet"] = (sentence, one, n)
    rows = max(len(one.words) for one in translations.values())
    columns = max(len(one.source) for one in translations.values())
    names = list(moments)
    return {
        "function": lambda moment: _grown(*moments[moment][1:], rows, columns),
        "axes": {"moment": names},
        "view": HeatMap(
            rows=[_filled(one.words[:n], rows) for _, one, n in moments.values()],
            columns=[_filled(one.source, columns) for _, one, _ in moments.values()],
            per="moment",
            x_label="English (keys)",
            y_label="Spanish, as written",
            value_range=(0, 1),
        ),
        "facts": lambda result, moment: _facts(*moments[moment]),
        "axis_labels": {"moment": "written"},
        "start": {"moment": names[len(next(iter(translations.values())).words)]},
        "caption": "{english} {last}{second} {unknown}",
    }


def _grown(one, n, rows, columns):
    """The first n rows of the weights, in the corner of `[rows, columns]` zeros."""
    grown = np.zeros((rows, columns))
    grown[:n, : len(one.source)] = one.weights[:n]
    return grown


def _filled(texts, size):
    return [*texts, *[""] * (size - len(texts))]


def _facts(sentence, one, n):
    last, second = "Nothing is written yet.", ""
    if n:
        last = f"{one.words[n - 1]} had the probability {_percent(one.share[n - 1])};"
        word, share = one.second[n - 1]
        second = f" {word} came second with {_percent(share)}."
    unknown = f"Unknown: {', '.join(one.unknown)}." if one.unknown else ""
    return {"english": _short(sentence), "last": last, "second": second, "unknown": _short(unknown)}


def _percent(share):
    return f"{share:.0%}" if share >= 0.005 else "less than 1%"


def _short(text):
    return shorten(text, LONGEST_TEXT, placeholder=" …")
