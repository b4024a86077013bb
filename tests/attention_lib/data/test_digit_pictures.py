"""Handwritten digits, and pictures of nine of them whose captions are read again by hand."""

import hashlib

import numpy as np
import pytest

from attention_lib.data.digit_pictures import KINDS, WORDS, caption, digit_pictures
from attention_lib.data.handwritten import load_handwritten_digits

SPLITS = {"train": 1197, "validation": 200, "test": 400}
DIGESTS = {
    "train": "50b6856efbccdcde",
    "validation": "5d7347ac87c902cf",
    "test": "2da1616db57a1575",
}
STEPS = {"left of": -1, "right of": 1, "just above": -3, "just below": 3}
PLACES = [
    f"{row} {column}"
    for row in ("top", "middle", "bottom")
    for column in ("left", "centre", "right")
]


@pytest.mark.parametrize("split", SPLITS)
def test_the_splits_of_the_digits_never_move(split):
    images, labels = load_handwritten_digits(split)
    assert images.shape == (SPLITS[split], 8, 8)
    assert images.dtype == np.float32
    assert labels.dtype == np.int64
    counts = np.round(images * 16).astype(np.uint8)
    np.testing.assert_array_equal(counts / np.float32(16), images)
    packed = counts.tobytes() + labels.astype(np.uint8).tobytes()
    assert hashlib.sha256(packed).hexdigest()[:16] == DIGESTS[split]


@pytest.mark.parametrize("split", SPLITS)
def test_every_digit_makes_up_as_much_of_a_split_as_the_docstring_says(split):
    labels = load_handwritten_digits(split).labels
    shares = np.bincount(labels, minlength=10) / len(labels)
    assert shares.min() >= 0.08
    assert shares.max() <= 0.12


def test_the_first_digit_is_a_nought_with_a_hole():
    images, labels = load_handwritten_digits("train")
    assert labels[0] == 0
    ring, hole = images[0, 1:7, [2, 5]], images[0, 3:5, 3:5]
    assert ring.min() > 0
    assert hole.max() == 0


def test_the_arrays_cannot_be_changed_and_are_read_once():
    digits = load_handwritten_digits("test")
    assert load_handwritten_digits("test") is digits
    for array in digits:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("split", SPLITS)
def test_each_region_shows_an_image_of_its_digit_from_the_split(split):
    hand = load_handwritten_digits(split)
    known = {image.tobytes(): label for image, label in zip(*hand, strict=True)}
    pictures = digit_pictures(11, seed=5, split=split)
    assert pictures.images.shape == (11, 9, 8, 8)
    for images, digits in zip(pictures.images, pictures.digits, strict=True):
        assert [known[image.tobytes()] for image in images] == digits.tolist()
        assert len(set(digits.tolist())) == 9


def test_each_caption_names_the_target():
    pictures = digit_pictures(500, seed=3)
    seen = set()
    for i, tokens in enumerate(pictures.tokens):
        words = caption(tokens)
        assert len(words.split()) == len(tokens) == 3
        if words.startswith("at "):
            target, anchor = PLACES.index(words.removeprefix("at ")), -1
        else:
            relation, digit = words.rsplit(" ", 1)
            anchor = pictures.digits[i].tolist().index(int(digit))
            target = anchor + STEPS[relation]
            assert abs(target % 3 - anchor % 3) + abs(target // 3 - anchor // 3) == 1
        assert (pictures.targets[i], pictures.anchors[i]) == (target, anchor)
        assert pictures.labels[i] == pictures.digits[i, target]
        seen.add((words.split()[0], target))
    in_nine_places = {("at", target) for target in range(9)}
    beside = {("left", t) for t in (0, 1, 3, 4, 6, 7)} | {("right", t) for t in (1, 2, 4, 5, 7, 8)}
    in_line = {("just", target) for target in range(9)}
    assert seen == in_nine_places | beside | in_line


def test_the_two_kinds_come_up_alike_and_a_place_as_often_as_another():
    pictures = digit_pictures(9000, seed=1)
    place = pictures.anchors < 0
    assert abs(place.mean() - 0.5) < 0.03
    shares = np.bincount(pictures.targets[place], minlength=9) / place.sum()
    assert abs(shares - 1 / 9).max() < 0.03
    beside = np.bincount(pictures.targets[~place], minlength=9) / (~place).sum()
    np.testing.assert_allclose(beside, np.array([2, 3, 2, 3, 4, 3, 2, 3, 2]) / 24, atol=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_alone(kind):
    pictures = digit_pictures(40, seed=2, kinds=[kind])
    assert np.all((pictures.anchors < 0) == (kind == "place"))


@pytest.mark.parametrize("target", [0, 4, 8])
def test_a_target_for_all(target):
    pictures = digit_pictures(60, seed=2, target=target)
    assert set(pictures.targets.tolist()) == {target}
    assert len({caption(tokens)[:5] for tokens in pictures.tokens}) > 2
    relation = pictures.anchors >= 0
    assert len(set(pictures.anchors[relation].tolist())) == (4 if target == 4 else 2)


def test_the_seed_and_the_split_decide_and_a_digit_is_its_own_word():
    one, again, other = (digit_pictures(7, seed=seed) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one.digits, other.digits)
    assert not np.array_equal(one.digits, digit_pictures(7, seed=3, split="test").digits)
    assert WORDS[:10] == tuple("0123456789")
    assert len(digit_pictures(0, seed=0).labels) == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: digit_pictures(-1, seed=0), ValueError, "n must be at least 0, got -1"),
        (lambda: digit_pictures(1, seed=0.5), TypeError, "seed must be an integer"),
        (lambda: digit_pictures(1, seed=0, split="all"), ValueError, "split must be one of"),
        (
            lambda: digit_pictures(1, seed=0, kinds=()),
            ValueError,
            r"kinds must hold one or both of \('place', 'relation'\), got \(\)",
        ),
        (
            lambda: digit_pictures(1, seed=0, kinds=["colour"]),
            ValueError,
            r"kinds must hold one or both of .*, got \['colour'\]",
        ),
        (lambda: digit_pictures(1, seed=0, kinds=[["place"]]), ValueError, "kinds must hold one"),
        (lambda: digit_pictures(1, seed=0, kinds="place"), TypeError, "kinds must be an iterable"),
        (lambda: caption([16, 99]), ValueError, r"tokens must hold ids of words in 0\.\.20"),
        (lambda: caption([-1]), ValueError, "tokens must hold ids of words"),
        (lambda: caption(16), ValueError, r"tokens must have shape \[length\]"),
        (lambda: digit_pictures(1, seed=0, target=9), ValueError, "target must be at most 8, got"),
        (lambda: digit_pictures(1, seed=0, target=-1), ValueError, "target must be at least 0"),
        (lambda: load_handwritten_digits("dev"), ValueError, "split must be one of"),
    ],
)
def test_a_wrong_argument_is_named(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
