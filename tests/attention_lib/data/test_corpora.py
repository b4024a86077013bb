"""The texts: what a record holds, splits that never move, and no sentence in two of them."""

import hashlib
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_lib.data.sentiment import RatedSentence, load_movie_sentences
from attention_lib.data.splits import connected_groups, sentence_key, split_by_hash
from attention_lib.data.translation import SentencePair, load_tatoeba, pair_groups

SPLITS = ("train", "validation", "test")


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    ("split", "size", "expected"),
    [
        ("train", 19000, "0a1d508efcf0cda6a3e4fee18922cf38"),
        ("validation", 500, "96b9e26a86121df1ce34f61574d58317"),
        ("test", 500, "cea9b0f78d7ffa795b3060664b9c02a9"),
    ],
)
def test_the_translation_splits_never_move(split, size, expected):
    pairs = load_tatoeba(split)
    assert len(pairs) == size
    assert digest(f"{pair.english_id} {pair.spanish_id}" for pair in pairs) == expected


@pytest.mark.parametrize(
    ("split", "size", "positive", "expected"),
    [
        ("train", 6028, 3038, "e6f7d742d3f58a93dbe06128b551d220"),
        (
            "validation",
            500,
            227,
            "8a1a45764eeeef56c0a28391d3acefd9",
        ),
        ("test", 1000, 502, "f202969ee5d6b022fb8ee086e04495b2"),
    ],
)
def test_the_sentiment_splits_never_move(split, size, positive, expected):
    sentences = load_movie_sentences(split)
    assert len(sentences) == size
    assert sum(sentence.label for sentence in sentences) == positive
    assert digest(sentence.text for sentence in sentences) == expected


def test_no_sentence_of_a_translation_stands_in_two_splits():
    """Counted by a key of its own: letters and digits of the lower-case sentence."""
    for side in (0, 1):
        keys = {
            split: {re.sub(r"[\W_]", "", pair[side].lower()) for pair in load_tatoeba(split)}
            for split in SPLITS
        }
        assert not keys["train"] & keys["test"]
        assert not keys["train"] & keys["validation"]
        assert not keys["validation"] & keys["test"]


def test_no_group_of_pairs_straddles():
    pairs = [(split, pair) for split in SPLITS for pair in load_tatoeba(split)]
    home = {}
    for (split, _), group in zip(pairs, pair_groups([pair for _, pair in pairs]), strict=True):
        assert home.setdefault(group, split) == split
    assert len(home) < 20_000 - 500  # there are sentences to keep together


def test_no_movie_sentence_stands_in_two_splits():
    keys = [
        re.sub(r"[\W_]", "", s.text.lower())
        for split in SPLITS
        for s in load_movie_sentences(split)
    ]
    assert len(set(keys)) == len(keys) == 7528


def test_as_many_test_sentences_have_a_neighbour_as_the_docstring_says():
    def with_gap(sentence):
        words = re.findall(r"\w+", sentence.lower().replace("'", ""))
        return {(*words[:i], "*", *words[i + 1 :]) for i in range(len(words))}

    trained = set().union(*(with_gap(pair.english) for pair in load_tatoeba("train")))
    near = [not trained.isdisjoint(with_gap(pair.english)) for pair in load_tatoeba("test")]
    assert sum(near) / len(near) == pytest.approx(0.24, abs=0.005)


def test_every_pair_keeps_its_attribution():
    seen = set()
    for split in SPLITS:
        for pair in load_tatoeba(split):
            assert isinstance(pair, SentencePair)
            assert pair.english
            assert pair.spanish
            assert pair.english_user
            assert pair.spanish_user
            assert type(pair.english_id) is type(pair.spanish_id) is int
            assert pair.english == pair.english.strip()
            seen.add(pair.english_id)
    assert len(seen) == 20_000


def test_every_rating_is_clear():
    for split in SPLITS:
        for sentence in load_movie_sentences(split):
            assert 1 <= abs(sentence.rating) <= 4
            assert sentence.label == (sentence.rating >= 1)
    assert RatedSentence("so so", -1.0).label == 0
    assert type(RatedSentence("fine", 1.0).label) is int


def test_the_positive_sentences_come_first():
    """So that a slice of a split would be one class: the docstring warns of it."""
    for split in SPLITS:
        labels = [sentence.label for sentence in load_movie_sentences(split)]
        third = len(labels) // 3
        assert sum(labels[:third]) > 0.9 * third
        assert sum(labels[-third:]) < 0.1 * third


def test_loading_twice_gives_the_same_records():
    assert load_tatoeba("test") is load_tatoeba("test")
    assert load_movie_sentences("test") is load_movie_sentences("test")
    assert isinstance(load_tatoeba("train"), tuple)


@pytest.mark.parametrize("load", [load_tatoeba, load_movie_sentences])
@pytest.mark.parametrize("split", ["dev", "all", None])
def test_another_split_is_refused(load, split):
    message = f"split must be one of 'train', 'validation', 'test', got {split!r}"
    with pytest.raises(ValueError, match=message):
        load(split)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It's here.", "IT IS  here!"),
        ("I won't, I can't.", "i will not i cannot"),
        ("Let's go", "Let us go"),
        ("You’ve said we'd", "you have said we would"),
        ("I'm sure they're late; he'll come", "I am sure they are late, he will come"),
        ("Don't!", "do not"),
        ("¿Dónde está?", "Donde esta"),
    ],
)
def test_spellings_of_one_sentence_have_one_key(one, other):
    assert sentence_key(one) == sentence_key(other)


def test_keys_keep_what_tells_sentences_apart():
    assert sentence_key("I am 3, here") == "iam3here"
    assert sentence_key("Tom ran") != sentence_key("Tom run")
    assert sentence_key("¡!") == ""


@given(
    st.lists(
        st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=3).map(tuple), max_size=12
    )
)
def test_groups_are_the_connected_parts(items):
    """Against sets that are merged until nothing changes."""
    parts = [set(keys) for keys in items]
    merged = True
    while merged:
        merged = False
        for i, left in enumerate(parts):
            for j, right in enumerate(parts):
                if i < j and left & right and left is not right:
                    joined = left | right
                    parts = [joined if p is left or p is right else p for p in parts]
                    merged = True
                    break
            if merged:
                break
    assert connected_groups(items) == [min(part) for part in parts]


@given(
    st.lists(st.sampled_from("abcdefghijklmn"), min_size=1, max_size=40),
    st.integers(0, 5),
    st.integers(0, 3),
)
def test_a_split_holds_whole_groups_and_what_was_asked_for(groups, test, validation):
    sizes = {"test": test, "validation": validation}
    groups = [*groups, *"opqrstuv"]  # so that the splits can be filled exactly
    splits = split_by_hash(groups, sizes)
    assert {name: len(splits[name]) for name in sizes} == sizes
    assert list(splits) == ["train", "test", "validation"]
    assert sorted(itertools.chain(*splits.values())) == list(range(len(groups)))
    homes = {}
    for name, indices in splits.items():
        assert indices == sorted(indices)
        for index in indices:
            assert homes.setdefault(groups[index], name) == name


def test_the_order_of_the_hash_decides_and_a_group_too_large_waits():
    names = sorted("pqrst", key=lambda name: hashlib.sha256(name.encode()).digest())
    first, second, third = names[:3]
    groups = [second, second, third, first, second]
    assert split_by_hash(groups, {"test": 1}) == {"train": [0, 1, 2, 4], "test": [3]}
    assert split_by_hash(groups, {"test": 2}) == {"train": [0, 1, 4], "test": [2, 3]}
    assert split_by_hash(groups, {"test": 4})["test"] == [0, 1, 3, 4]
    assert split_by_hash(groups, {}) == {"train": [0, 1, 2, 3, 4]}


def test_a_split_that_cannot_be_filled_is_named():
    with pytest.raises(ValueError, match="dev must get 2 items, got groups that make 1 at most"):
        split_by_hash(["a", "a", "a", "b"], {"dev": 2})
