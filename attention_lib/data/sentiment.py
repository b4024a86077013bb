"""Sentences from movie reviews, rated by at least twenty people each."""

import gzip
from functools import cache
from typing import NamedTuple

from ..checks import check_choice
from .splits import sentence_key, split_by_hash
from .vendored import read_vendored

SPLITS = ("train", "validation", "test")


class RatedSentence(NamedTuple):
    """A sentence and the mean of its ratings, from -4 (extremely negative) to 4."""

    text: str
    rating: float

    @property
    def label(self):
        """1 for a positive rating, 0 for a negative one."""
        return int(self.rating > 0)


def load_movie_sentences(split):
    """Sentences with a clear opinion: 6,028 to train on, 500 to choose by, 1,000 to test with.

    3 to 30 tokens; the mean rating is at least 1 or at most -1. About half are positive: 3,038 of
    the training split, 227 of validation, 502 of the test. Sentences that agree but for case,
    punctuation, accents and contractions lie in the same split; two sentences of one review need
    not, for the source does not say which review a sentence is from.

    Args:
        split: "train", "validation" or "test".

    Returns:
        a tuple of `RatedSentence`, in the order of the file: nearly all positive ones come before
            the negative ones, so a part of them has to be drawn, not cut off.

    Raises:
        ValueError: another split, or a damaged file. FileNotFoundError: the file is missing.

    Cost: 0.3 MB are read and split once a process; later calls give the same tuple.
    Source: Hutto and Gilbert (2014), MIT licence.

    >>> sentence = load_movie_sentences("test")[1]
    >>> sentence.text, sentence.rating, sentence.label
    ('One of the greatest family oriented, fantasy adventure movies ever.', 3.667, 1)
    """
    check_choice("split", split, SPLITS)
    return _splits()[split]


@cache
def _splits():
    text = gzip.decompress(read_vendored("movie_sentences/movie_sentences_7k.tsv.gz"))
    sentences = []
    for line in text.decode("utf-8").rstrip("\n").split("\n"):
        rating, sentence = line.split("\t")
        sentences.append(RatedSentence(sentence, float(rating)))
    groups = [sentence_key(sentence.text) for sentence in sentences]
    indices = split_by_hash(groups, {"test": 1000, "validation": 500})
    return {split: tuple(sentences[index] for index in indices[split]) for split in SPLITS}
