"""English sentences with their Spanish translation, from Tatoeba."""

import gzip
from functools import cache
from typing import NamedTuple

from ..checks import as_list, check_choice, check_instance
from .splits import connected_groups, sentence_key, split_by_hash
from .vendored import read_vendored

SPLITS = ("train", "validation", "test")


class SentencePair(NamedTuple):
    """A sentence and its translation, with the attribution that the licence asks for.

    Attributes:
        english, spanish: the sentences, as their authors wrote them.
        english_id, spanish_id: their numbers on Tatoeba
            (`https://tatoeba.org/sentences/show/NUMBER`).
        english_user, spanish_user: their authors.
    """

    english: str
    spanish: str
    english_id: int
    english_user: str
    spanish_id: int
    spanish_user: str


def load_tatoeba(split):
    """Pairs of short everyday sentences: 19,000 to train on, 500 to choose by, 500 to test with.

    3 to 12 tokens a side, within the 2,000 most frequent words of each language. Two pairs whose
    English or Spanish sentences agree but for case, punctuation, accents and contractions lie in
    the same split (`pair_groups`), so that no sentence of the test was trained on, on neither side.
    What remains alike: 24% of the English test sentences differ in one word from a sentence of the
    training split. A test score says how a model does on sentences of this kind, no more.

    Args:
        split: "train", "validation" or "test".

    Returns:
        a tuple of `SentencePair`, in the order of the file.

    Raises:
        ValueError: another split, or a damaged file. FileNotFoundError: the file is missing.

    Cost: 0.7 MB are read and split once a process; later calls give the same tuple.
    Source: the contributors of Tatoeba, chosen by manythings.org; CC BY 2.0 France.

    >>> pair = load_tatoeba("test")[0]
    >>> pair.english, pair.spanish, pair.english_user, pair.spanish_user
    ("I'm single again.", 'Estoy solo otra vez.', 'CK', 'DarkHollow')
    """
    check_choice("split", split, SPLITS)
    return _splits()[split]


def pair_groups(pairs):
    """The group of each pair: pairs that share an English or a Spanish sentence, by their keys.

    Returns:
        a list of names, one a pair.

    >>> pair = SentencePair("I'm here.", "Estoy aquí.", 1, "a", 2, "b")
    >>> other = SentencePair("I am here!", "Aquí estoy.", 3, "a", 4, "b")
    >>> pair_groups([pair, other])
    ['en iamhere', 'en iamhere']
    """
    pairs = as_list("pairs", pairs, "SentencePair")
    check_instance(SentencePair, **{f"pairs[{index}]": one for index, one in enumerate(pairs)})
    return connected_groups(
        [("en " + sentence_key(p.english), "es " + sentence_key(p.spanish)) for p in pairs]
    )


@cache
def _splits():
    text = gzip.decompress(read_vendored("tatoeba/eng_spa_20k.tsv.gz")).decode("utf-8")
    pairs = []
    for line in text.rstrip("\n").split("\n"):
        english, spanish, english_id, english_user, spanish_id, spanish_user = line.split("\t")
        pairs.append(
            SentencePair(
                english, spanish, int(english_id), english_user, int(spanish_id), spanish_user
            )
        )
    indices = split_by_hash(pair_groups(pairs), {"test": 500, "validation": 500})
    return {split: tuple(pairs[index] for index in indices[split]) for split in SPLITS}
