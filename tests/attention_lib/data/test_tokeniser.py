"""Texts come back from their ids, ids mean what they say, and nothing is learned from the test."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attention_lib.data import tokeniser
from attention_lib.data.sentiment import load_movie_sentences
from attention_lib.data.tokeniser import Tokeniser
from attention_lib.data.tokeniser_training import (
    movie_tokeniser,
    train_bpe,
    train_words,
    translation_tokenisers,
)
from attention_lib.data.tokens import EOS, PAD, SOS, UNK
from attention_lib.data.translation import load_tatoeba
from attention_lib.data.truecase import WORD, learn_truecase, recase, truecase

TEXTS = [
    "The dog sees Tom.",
    "Does Tom see the dog? The dog barks!",
    "I think that I'd see it, too.",
    "¿Dónde está el perro de Tom?",
]
WORDS = train_words(TEXTS)
PARTS = train_bpe(TEXTS, vocabulary=60)


@pytest.fixture(scope="module")
def english_and_spanish():
    return translation_tokenisers()


@pytest.mark.parametrize("made", [WORDS, PARTS])
def test_the_special_ids_are_those_of_the_batches(made):
    assert [made.token(i) for i in range(4)] == ["<pad>", "<sos>", "<eos>", "<unk>"]
    assert (PAD, SOS, EOS, UNK) == (0, 1, 2, 3)
    assert not set(made.encode("The dog.")) & {PAD, SOS, EOS, UNK}


def test_words_are_numbered_by_frequency_and_marks_are_words():
    words = train_words(["b a, a. c a b"], truecased=False)
    assert [words.token(i) for i in range(4, len(words))] == ["a", "b", ",", ".", "c"]
    assert words.encode("c, b z") == [8, 6, 5, UNK]
    assert words.tokens("c, b z") == ["c", ",", "b", "<unk>"]
    assert words.decode([8, 6, 5, UNK]) == "c, b <unk>"
    assert words.encode("") == []
    assert words.decode([]) == ""


def test_what_stands_inside_a_word_stays_there():
    text = "Don't e-mail 3.50 $ at 10:30 o’clock - ok?"
    words = train_words([text], truecased=False)
    assert words.tokens(text) == [
        "Don't", "e-mail", "3.50", "$", "at", "10:30", "o’clock", "-", "ok", "?",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Tom, look: a dog; no (big) cat!",
        '"Yes," he said. "No"',
        "¿Qué? ¡No! It is $3.50, or 10%.",
        'He said "why" and left…',
    ],
)
def test_decoding_words_puts_the_spaces_back(text):
    words = train_words([text], truecased=False)
    assert words.decode(words.encode(text)) == text


@pytest.mark.whole
def test_the_share_that_comes_back_is_the_one_in_the_docstring(english_and_spanish):
    missed = 0
    for side, made in enumerate(english_and_spanish):
        for pair in load_tatoeba("train")[::5]:
            missed += made.decode(made.encode(pair[side])) != pair[side]
    assert missed <= 11
    movies = movie_tokeniser()
    texts = [sentence.text for sentence in load_movie_sentences("train")[::4]]
    back = sum(movies.decode(movies.encode(text)) == text for text in texts)
    assert back / len(texts) == pytest.approx(0.83, abs=0.02)


@given(st.text(alphabet="".join(sorted(set("".join(TEXTS)) | {" "})), max_size=30))
def test_bpe_gives_every_text_of_known_characters_back(text):
    assert PARTS.decode(PARTS.encode(text)) == text
    assert "".join(PARTS.tokens(text)).replace("▁", " ") == (" " + text if text else "")


def test_bpe_joins_the_most_frequent_neighbours_first():
    parts = train_bpe(["ab ab ab ab ab cd cd cd ce"], vocabulary=4 + 6 + 3)
    assert [parts.token(i) for i in range(4, 13)] == [
        "a", "b", "c", "d", "e", "▁", "ab", "▁ab", "▁c",
    ]  # fmt: skip
    assert parts.tokens("ab cd") == ["▁ab", "▁c", "d"]
    assert len(train_bpe(["ab"], vocabulary=1000)) == 4 + 3 + 2  # ▁ a b, ab, ▁ab
    assert len(PARTS) == 60


@pytest.mark.parametrize("made", [WORDS, PARTS])
def test_a_text_that_spells_a_special_token_is_a_text(made):
    for text in ("<eos>", "<pad> dog", "<sos>"):
        assert not set(made.encode(text)) & {PAD, SOS, EOS}
    assert made.encode("<eos>") == Tokeniser.from_json(made.to_json()).encode("<eos>")


def test_unknown_characters_and_words_are_unk():
    assert UNK in PARTS.encode("dög")
    assert PARTS.decode(PARTS.encode("dög")) == "d<unk>g"
    assert WORDS.tokens("the zebra sees") == ["the", "<unk>", "sees"]


@pytest.mark.parametrize("made", [WORDS, PARTS])
def test_decoding_ends_at_the_first_eos_and_leaves_padding_out(made):
    ids = made.encode("Tom sees the dog.")
    dog = made.encode("the dog")
    assert made.decode([SOS, *ids, EOS, *dog, PAD, PAD]) == "Tom sees the dog."
    assert made.decode([SOS, *ids, PAD]) == "Tom sees the dog."
    assert made.decode([EOS, *ids]) == ""


def test_arrays_decode_like_lists():
    ids = WORDS.encode("Tom sees the dog.")
    assert WORDS.decode(np.array([*ids, EOS, PAD])) == "Tom sees the dog."
    assert WORDS.decode(torch.tensor([*ids, EOS, PAD])) == "Tom sees the dog."
    assert WORDS.decode(iter(ids)) == "Tom sees the dog."
    with pytest.raises(TypeError, match=r"ids\[0\] must be an integer, got float"):
        WORDS.decode(np.array([5.0]))


def test_truecasing_makes_one_word_of_two_spellings():
    assert WORDS.encode("The dog")[0] == WORDS.encode("Does the dog")[1]
    plain = train_words(TEXTS, truecased=False)
    assert plain.encode("The dog")[0] != plain.encode("Does the dog")[1]
    assert (
        WORDS.decode(WORDS.encode("Tom barks! The dog sees it?")) == "Tom barks! The dog sees it?"
    )
    assert len(WORDS) < len(plain)
    assert (repr(WORDS), repr(plain)) == (
        f"Tokeniser(words, {len(WORDS)} tokens, truecased)",
        f"Tokeniser(words, {len(plain)} tokens)",
    )
    assert not train_bpe(TEXTS, vocabulary=60).forms
    cased = train_bpe(TEXTS, vocabulary=60, truecased=True)
    assert cased.decode(cased.encode("The dog sees Tom.")) == "The dog sees Tom."
    assert cased.tokens("The dog")[0] == cased.tokens("x. The dog")[3]


def test_the_learned_form_is_the_most_frequent_inside():
    assert learn_truecase(["x US", "y US z us"]) == {"us": "US"}
    assert learn_truecase(["x us US"]) == {}  # equally often: lower case
    assert learn_truecase(["x Us US"]) == {"us": "US"}  # then the alphabet
    assert learn_truecase(["Tom ran. Mary ran! Bob ran? Ann ran."]) == {}  # starts tell nothing
    assert learn_truecase(["a, Tom", "a: Mary", "a 3.5 Bob"]) == {
        "bob": "Bob", "mary": "Mary", "tom": "Tom",
    }  # fmt: skip
    assert list(learn_truecase(["x B A C"])) == ["a", "b", "c"]
    assert learn_truecase([]) == {}


def test_words_at_the_start_take_their_inner_form():
    forms = {"tom": "Tom", "i": "I", "i'm": "I'm", "usa": "USA"}
    assert truecase("Tom is The best.", forms) == "Tom is The best."
    assert truecase("The end. THE end! Usa? ¿Qué? tom", forms) == "the end. the end! USA? ¿qué? Tom"
    assert truecase("I'd go. I'm here. It's so.", forms) == "I'd go. I'm here. it's so."
    assert truecase("", forms) == ""
    assert truecase("...", forms) == "..."


def test_recase_writes_a_capital_where_a_sentence_starts():
    assert recase("the end. is it? ¿no es así? ok! iPod, el.") == (
        "The end. Is it? ¿No es así? Ok! IPod, el."
    )
    assert recase('"así", ¿no?') == '"Así", ¿no?'
    assert recase("it costs 3.5 dollars") == "It costs 3.5 dollars"
    assert recase("") == ""


@pytest.mark.parametrize(
    ("train", "options"),
    [(train_words, {}), (train_words, {"vocabulary": 9}), (train_bpe, {"vocabulary": 70})],
)
def test_training_twice_gives_the_same_bytes(train, options):
    assert train(TEXTS, **options).to_json() == train(iter(TEXTS), **options).to_json()


@pytest.mark.whole
def test_another_process_learns_the_same_bytes():
    source = """
from attention_lib.data.tokeniser_training import train_bpe, train_words
from attention_lib.data.translation import load_tatoeba
import hashlib
texts = [pair.spanish for pair in load_tatoeba("test")]
made = [train_words(texts), train_bpe(texts, vocabulary=400)]
print(*[hashlib.sha256(one.to_json().encode()).hexdigest() for one in made])
"""
    digests = {
        subprocess.run(
            [sys.executable, "-c", source],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
        ).stdout
        for threads in ("1", "4")
    }
    assert len(digests) == 1
    assert len(set(digests.pop().split())) == 2


def test_saving_and_loading_changes_nothing(tmp_path, english_and_spanish):
    for made in (*english_and_spanish, PARTS, train_words(TEXTS, truecased=False)):
        made.save(tmp_path / "made.json")
        again = Tokeniser.load(tmp_path / "made.json")
        assert again.to_json() == made.to_json() == (tmp_path / "made.json").read_text("utf-8")
        assert (again.kind, again.forms, len(again)) == (made.kind, made.forms, len(made))
        for text in (*TEXTS, "I see 3.5 zebras, <eos>"):
            assert again.encode(text) == made.encode(text)
            assert again.decode(made.encode(text)) == made.decode(made.encode(text))
    assert "está" in WORDS.to_json()


def test_nothing_is_learned_from_the_test_split(english_and_spanish):
    """A word that only test sentences hold is unknown."""
    for side, made in enumerate(english_and_spanish):
        assert _untrained(made, [pair[side] for pair in load_tatoeba("train")]) == []
        unknown = [pair for pair in load_tatoeba("test") if UNK in made.encode(pair[side])]
        assert 0 < len(unknown) < 10
    movies = movie_tokeniser()
    assert _untrained(movies, [sentence.text for sentence in load_movie_sentences("train")]) == []
    assert sum(UNK in movies.encode(s.text) for s in load_movie_sentences("test")) > 400


def _untrained(made, texts):
    """The tokens that do not occur in these texts."""
    words = set(re.findall(rf"{WORD.pattern}|[^\w\s]", " ".join(texts).lower()))
    return [i for i in range(4, len(made)) if made.token(i).lower() not in words]


@pytest.mark.whole
def test_the_sizes_are_those_of_the_training_split(english_and_spanish):
    assert [len(made) for made in english_and_spanish] == [1762, 2002]
    assert [made.kind for made in english_and_spanish] == ["words", "words"]
    assert [made.forms["tom"] for made in english_and_spanish] == ["Tom", "Tom"]
    plain = translation_tokenisers(truecased=False)
    assert [len(made) for made in plain] == [2102, 2645]
    parts = translation_tokenisers("bpe", vocabulary=300, truecased=False)
    assert [(made.kind, len(made)) for made in parts] == [("bpe", 300)] * 2
    few = movie_tokeniser(vocabulary=1000)
    assert (few.kind, len(few)) == ("words", 1000)
    assert few.forms
    assert movie_tokeniser("bpe", vocabulary=200, truecased=False).forms is None


def test_rare_words_are_left_out_where_it_is_asked():
    words = train_words(["a a a b b c"], min_count=2)
    assert [words.token(i) for i in range(4, len(words))] == ["a", "b"]
    words = train_words(["a a a b b c"], vocabulary=5)
    assert [words.token(i) for i in range(4, len(words))] == ["a"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: train_words([]), ValueError, "texts must hold a text to learn from, got none"),
        (lambda: train_words("text"), TypeError, "texts must be an iterable of strings, got str"),
        (lambda: train_words(3), TypeError, "texts must be an iterable of strings, got int"),
        (lambda: train_words(["a", 3]), TypeError, r"texts\[1\] must be a string, got int"),
        (lambda: train_words(["a"], min_count=0), ValueError, "min_count must be at least 1"),
        (lambda: train_words(["a"], vocabulary=4), ValueError, "vocabulary must be at least 5"),
        (lambda: train_words(["a"], truecased=1), TypeError, "truecased must be True or False"),
        (lambda: train_bpe(["a"], vocabulary=None), TypeError, "vocabulary must be an integer"),
        (
            lambda: train_bpe(["abc"], vocabulary=7),
            ValueError,
            "vocabulary must be at least 8 to hold each character of the texts, got 7",
        ),
        (lambda: translation_tokenisers("byte"), ValueError, "kind must be one of 'words', 'bpe'"),
        (lambda: translation_tokenisers("bpe"), TypeError, "vocabulary must be an integer"),
        (lambda: movie_tokeniser("byte"), ValueError, "kind must be one of 'words', 'bpe'"),
        (lambda: WORDS.encode(3), TypeError, "text must be a string, got int"),
        (lambda: WORDS.encode(["a"]), TypeError, "text must be a string, got list"),
        (lambda: WORDS.decode([10**6]), ValueError, rf"less than {len(WORDS)}, the size, got 1000"),
        (lambda: WORDS.token(len(WORDS)), ValueError, "token_id must be less than"),
        (lambda: WORDS.decode([-1]), ValueError, r"ids\[0\] must be at least 0, got -1"),
        (lambda: WORDS.decode([4.0]), TypeError, r"ids\[0\] must be an integer, got float"),
        (
            lambda: Tokeniser.from_json("{}"),
            ValueError,
            r"text must be what .*to_json wrote, got K",
        ),
        (lambda: Tokeniser.from_json("no"), ValueError, "to_json wrote, got JSONDecodeError"),
        (
            lambda: Tokeniser.from_json(WORDS.to_json().replace('"words"', '"bytes"')),
            ValueError,
            "kind must be one of 'words', 'bpe', got 'bytes'",
        ),
        (
            lambda: Tokeniser.from_json(json.dumps({"tokenizer": {}, "kind": "bpe"})),
            ValueError,
            "text must be what Tokeniser.to_json wrote",
        ),
    ],
)
def test_what_is_wrong_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_enough_room_for_each_character_is_enough():
    assert len(train_bpe(["abc"], vocabulary=8)) == 8


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    message = r'^tokenisers need the package tokenizers: pip install "attention-lib\[text\]"$'
    for make in (
        lambda: train_words(["a"]),
        lambda: train_bpe(["a"], vocabulary=9),
        lambda: Tokeniser.from_json("{}"),
        tokeniser.tokenizers_package,
    ):
        with pytest.raises(ImportError, match=message):
            make()


def test_an_unknown_word_is_shown_as_it_is_called():
    made = train_words(["He knows Tom.", "Tom sees Mary."])
    assert made.decode(made.encode("Xavier sees Tom.")) == "<unk> sees Tom."
    assert made.decode(made.encode("Tom. Xavier sees Tom.")) == "Tom. <unk> sees Tom."


def change(key, value):
    record = json.loads(WORDS.to_json())
    record[key] = value
    return json.dumps(record)


def swap_ids():
    record = json.loads(WORDS.to_json())
    vocabulary = record["tokenizer"]["model"]["vocab"]
    vocabulary["<eos>"], vocabulary["<unk>"] = vocabulary["<unk>"], vocabulary["<eos>"]
    return json.dumps(record)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (change("truecase", {"tom": 3}), "truecase must map words to their forms"),
        (change("truecase", ["tom"]), "truecase must map words to their forms"),
        (
            change("kind", "bpe"),
            "kind must fit the model of the tokenizer, got 'bpe' and WordLevel",
        ),
        (change("kind", ["words"]), "kind must be one of"),
        (swap_ids(), "text must have <.*> as id"),
        ("[]", "to_json wrote"),
        ("", "to_json wrote"),
    ],
)
def test_a_file_that_reads_well_and_is_wrong_is_named(tmp_path, content, message):
    path = tmp_path / "words.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=f"words.json is not a tokeniser: .*{message}"):
        Tokeniser.load(path)
