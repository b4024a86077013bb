"""Pictures of nine handwritten digits, and captions that name one of them by where it stands."""

from typing import NamedTuple

import numpy as np

from ..checks import as_list, check_choice, check_count, check_range, shown
from .handwritten import SPLITS, load_handwritten_digits
from .tokens import as_row

GRID = (3, 3)
N_REGIONS = 9
ROWS = ("top", "middle", "bottom")
COLUMNS = ("left", "centre", "right")
# relation: rows and columns from the anchor to the digit that the caption names
RELATIONS = {"left": (0, -1), "right": (0, 1), "above": (-1, 0), "below": (1, 0)}
DIGIT_WORDS = tuple(str(digit) for digit in range(10))
WORDS = (*DIGIT_WORDS, "at", "of", "just", *ROWS, *COLUMNS, "above", "below")
KINDS = ("place", "relation")
_IDS = {word: index for index, word in enumerate(WORDS)}


class DigitPictures(NamedTuple):
    """Pictures and captions. Regions are counted along the rows, from the top left.

    Attributes:
        images: `[n, 9, 8, 8]` float32 in [0, 1], nine regions with nine different digits.
        tokens: `[n, 3]` int64, the captions, as indices of `WORDS`; digit d is word d.
        labels: `[n]` int64, the digit that the caption names.
        targets: `[n]` int64, the region where it stands.
        anchors: `[n]` int64, the region of the digit from which a relation starts, or -1.
        digits: `[n, 9]` int64, all digits of the picture.
    """

    images: np.ndarray
    tokens: np.ndarray
    labels: np.ndarray
    targets: np.ndarray
    anchors: np.ndarray
    digits: np.ndarray


def digit_pictures(n, *, seed, split="train", kinds=KINDS, target=None):
    """Draw pictures of 3 x 3 real digits, each with a caption that names one digit.

    A caption of the kind "place" says the row and the column: "at top left". One of the kind
    "relation" says where the digit stands from another, its anchor: "left of 7", "just above 7".
    All captions have three words.

    Args:
        n: number of pictures.
        seed: integer >= 0; the same seed gives the same pictures.
        split: of `load_handwritten_digits`, whose images the regions are drawn from.
        kinds: the kinds of caption, drawn evenly.
        target: the region that every caption names; None draws it anew for each picture: evenly
            for "place"; for "relation" from all pairs of neighbours, so that the regions at the
            edges come up less often than the centre.

    Returns:
        a `DigitPictures`.

    Raises:
        TypeError, ValueError: an argument is out of range, or there is no kind.

    Cost: 2.3 KB a picture.
    Source: the digits of `load_handwritten_digits`, under their licence.
    Chapter: 03_3_pictures_words.

    >>> pictures = digit_pictures(2, seed=0)
    >>> [caption(tokens) for tokens in pictures.tokens]
    ['at middle centre', 'left of 4']
    >>> pictures.targets, pictures.anchors, pictures.labels
    (array([4, 4]), array([-1,  5]), array([3, 0]))
    """
    check_count(minimum=0, n=n, seed=seed)
    check_choice("split", split, tuple(SPLITS))
    names = as_list("kinds", kinds, "kinds of caption")
    if not names or not all(isinstance(name, str) and name in KINDS for name in names):
        raise ValueError(f"kinds must hold one or both of {KINDS}, got {shown(kinds)}")
    if target is not None:
        check_count(minimum=0, target=target)
        if target >= N_REGIONS:
            raise ValueError(f"target must be at most {N_REGIONS - 1}, got {target}")
    n = int(n)
    rng = np.random.default_rng([int(seed), list(SPLITS).index(split)])
    digits = rng.permuted(np.tile(np.arange(10), (n, 1)), axis=1)[:, :N_REGIONS]
    images = _draw_images(digits, load_handwritten_digits(split), rng)
    is_place = np.array([name == "place" for name in names])[rng.integers(len(names), size=n)]
    places, relations = _place_captions(target), _relation_captions(target)
    place = places[rng.integers(len(places), size=n)]
    relation = relations[rng.integers(len(relations), size=n)]
    chosen = np.where(is_place[:, None], place, relation)
    tokens, targets, anchors = chosen[:, :3].copy(), chosen[:, 3], chosen[:, 4]
    rows = np.arange(n)
    tokens[:, 2] = np.where(is_place, tokens[:, 2], digits[rows, anchors])
    return DigitPictures(images, tokens, digits[rows, targets], targets, anchors, digits)


def caption(tokens):
    """The words of one row of tokens, `[T]`.

    Raises:
        TypeError, ValueError: tokens are no flat row of ids of words.

    >>> caption([16, 11, 7])
    'left of 7'
    """
    row = as_row("tokens", tokens)
    check_range("tokens", row, 0, len(WORDS) - 1, verb="hold ids of words")
    return " ".join(WORDS[token] for token in row)


def _draw_images(digits, hand, rng):
    images = np.empty((*digits.shape, 8, 8), dtype=np.float32)
    for digit in range(10):
        here = digits == digit
        images[here] = hand.images[rng.choice(np.flatnonzero(hand.labels == digit), here.sum())]
    return images


def _place_captions(only):
    """One row for each caption of a place: three tokens, target, anchor -1."""
    captions = []
    for target in range(N_REGIONS) if only is None else [only]:
        row, column = divmod(target, GRID[1])
        words = ["at", ROWS[row], COLUMNS[column]]
        captions.append([*(_IDS[word] for word in words), target, -1])
    return np.array(captions)


def _relation_captions(only):
    """The same for each pair of neighbours; the last token, the anchor's digit, is still open."""
    captions = []
    for anchor in range(N_REGIONS):
        for relation, (down, right) in RELATIONS.items():
            row, column = anchor // GRID[1] + down, anchor % GRID[1] + right
            target = row * GRID[1] + column
            inside = 0 <= row < GRID[0] and 0 <= column < GRID[1]
            if inside and only in (None, target):
                words = [relation, "of"] if relation in COLUMNS else ["just", relation]
                words = [*words, "0"]
                captions.append([*(_IDS[word] for word in words), target, anchor])
    return np.array(captions)
