"""Handwritten digits of 8 x 8 grey pixels, by thirteen people."""

import gzip
from functools import cache
from typing import NamedTuple

import numpy as np

from ..checks import check_choice
from .vendored import read_vendored

# The file is in the order in which the forms were read, so that what one person wrote stands
# together: cut in blocks, it leaves the test with hands that are seldom seen in training.
SPLITS = {"train": slice(0, 1197), "validation": slice(1197, 1397), "test": slice(1397, None)}


class HandwrittenDigits(NamedTuple):
    """Digits and what they are; read-only.

    Attributes:
        images: `[N, 8, 8]` float32 in [0, 1], 0 is paper and 1 is ink; 17 levels.
        labels: `[N]` int64, 0 .. 9.
    """

    images: np.ndarray
    labels: np.ndarray


def load_handwritten_digits(split):
    """Real digits: 1,197 to train on, 200 to choose by, 400 to test with.

    They are 1,797 digits by thirteen people. The file does not say who wrote which, and the splits
    are blocks of it, in its order. Each of the ten digits makes up 8 to 12% of every split.

    Args:
        split: "train", "validation" or "test".

    Returns:
        a `HandwrittenDigits`.

    Raises:
        ValueError: another split, or a damaged file. FileNotFoundError: the file is missing.

    Cost: 0.06 MB are read once a process; later calls give the same arrays.
    Source: Alpaydin and Kaynak (1998), CC BY 4.0.
    Chapter: 03_3_pictures_words.

    >>> digits = load_handwritten_digits("train")
    >>> digits.images.shape, digits.labels[:10]
    ((1197, 8, 8), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    """
    check_choice("split", split, tuple(SPLITS))
    return _splits()[split]


@cache
def _splits():
    lines = gzip.decompress(read_vendored("digits/digits.csv.gz")).decode("ascii").split()
    rows = np.array([line.split(",") for line in lines], dtype=np.int64)
    images = (rows[:, :-1].reshape(-1, 8, 8) / 16).astype(np.float32)
    labels = rows[:, -1].copy()
    for array in (images, labels):
        array.flags.writeable = False
    return {name: HandwrittenDigits(images[cut], labels[cut]) for name, cut in SPLITS.items()}
