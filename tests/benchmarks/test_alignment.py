"""What the page on alignment says of three short trainings is what the study stored."""

import numpy as np
import pytest

from attention_book import studies
from attention_lib.data.tokeniser_training import train_words


@pytest.fixture(scope="module")
def stored():
    return studies.load("alignment")


def test_the_row_that_writes_a_word_looks_at_its_origin_and_the_next_row_does_not(stored):
    mean = {row: stored.values(f"test.mean.{row}") for row in ("predicts", "next")}
    assert len(mean["predicts"]) >= 3
    assert mean["predicts"].min() >= 0.72  # the diagonal: 0.56
    assert mean["next"].max() <= 0.08


def test_the_heads_look_at_the_last_token_to_write_the_mark_and_little_for_words(stored):
    weight, even = stored.values("last.weight"), stored.values("last.even")
    assert weight.shape[1:] == (2, 4)
    assert (weight.mean((1, 2)) < 0.65 * even).all()
    assert (stored.values("last.weight_for_mark") > even[:, None, None]).all()


def test_the_last_token_is_needed_for_marks_and_not_for_words(stored):
    words = {name: stored.values(f"last.closed.{name}.words") for name in ("nothing", "last")}
    marks = {name: stored.values(f"last.closed.{name}.marks") for name in ("nothing", "last")}
    assert (words["last"] - words["nothing"]).max() < 0.05
    assert (marks["last"] / marks["nothing"]).min() > 3
    assert (stored.values("last.closed.word.words") - words["nothing"]).min() > 0.3


def test_the_rows_of_a_word_are_the_one_before_it_and_the_one_after(load):
    rows_of = load("alignment").rows_of
    (weights,) = [np.arange(8.0).reshape(1, 4, 2)]  # three words, the end
    np.testing.assert_array_equal(rows_of([weights], "predicts")[0], weights[:, :3])
    np.testing.assert_array_equal(rows_of([weights], "next")[0], weights[:, 1:])


def test_marks_are_no_words(load):
    is_word = load("alignment").is_word
    tokeniser = train_words(["Tom sees 20 dogs, it's true."])
    found = {tokeniser.token(one): is_word(tokeniser, one) for one in range(4, len(tokeniser))}
    assert [token for token, word in found.items() if not word] == [",", "."]
    assert found["20"]
    assert found["it's"]
