"""Whatever a reader's function raises or returns, the check answers in words."""

import math

import numpy as np
import pytest

from attention_book.exercises import all_exercises, check
from tests.helpers.hostile_functions import (
    HOSTILE,
    Evil,
    EvilArray,
    nameless,
    returning,
    right_scores,
    verdict,
)

NAMES = ["seq2seq.dot_scores", "worked_example.softmax", "sentence.lstm_step"]
NAMES += ["sentence.decode", "seq2seq.alignment_accuracy"]
NAMES += ["before_its_name.reinforce_gradient"]


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", NAMES[:2])
def test_a_hostile_function_gets_words(name, what):
    function, words = HOSTILE[what]
    message = verdict(check(name, function))
    assert words in message
    assert repr(check(name, function)) == repr(check(name, function))


@pytest.mark.parametrize("name", all_exercises())
def test_no_exercise_stumbles_over_a_hostile_function(name):
    for function, _ in HOSTILE.values():
        verdict(check(name, function))


@pytest.mark.parametrize("part", [0, 1])
def test_parts_of_an_answer_may_be_hostile(part):
    def function(*arguments):
        answer = [arguments[1], arguments[2]]
        answer[part] = Evil()
        return tuple(answer)

    message = verdict(check("sentence.lstm_step", function))
    assert "states" in message


@pytest.mark.parametrize("make", [Evil, lambda: np.inf, lambda: np.nan, lambda: "three", list])
def test_tokens_that_are_no_numbers_get_words(make):
    message = verdict(check("sentence.decode", lambda *arguments: [make()]))
    assert message == "your list should hold tokens, which are whole numbers"


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_long_answer_is_shortened(name):
    verdict(check(name, returning(list(range(100_000)))))


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_hostile_array_is_read_as_an_array(name):
    expected = check(name, lambda *arguments: np.zeros((3, 5))).message
    assert verdict(check(name, lambda *arguments: np.zeros((3, 5)).view(EvilArray))) == expected


def test_arguments_that_are_changed_in_any_way_are_reported():
    def resized(query, key):
        query.resize((2, 2), refcheck=False)
        return query

    def reshaped(query, key):
        query.shape = (-1,)
        return query

    for function in (resized, reshaped):
        assert "changes argument 1 in place" in verdict(check("seq2seq.dot_scores", function))


class Callable:
    """An object that can be called, with nothing to read in it."""

    __slots__ = ()

    def __call__(self, query, key):
        raise ValueError("no")

    def __getattr__(self, name):
        raise RuntimeError(name)


NO_FUNCTIONS = {
    "nothing": ((), 'no function was handed in: write check("seq2seq.dot_scores", your_function)'),
    "None": ((None,), "no function was handed in"),
    "a class": ((np.ndarray,), "is not a function: it is the class ndarray"),
    "a class without a name": ((nameless(),), "is not a function: it is the class of no name"),
    "a module": ((math,), "is not a function: it is a value of type module"),
    "a number": ((3,), "is not a function: it is the int 3"),
    "a hostile object": ((Evil(),), "is not a function: it is a value of type Evil"),
    "an array": ((np.ones((2, 3)),), "is not a function: it is an array of shape (2, 3)"),
    "a hostile function": ((Callable(),), "your function stops with ValueError: no, called with"),
}


@pytest.mark.parametrize("what", NO_FUNCTIONS)
def test_what_is_no_function_gets_words(what):
    handed, words = NO_FUNCTIONS[what]
    assert words in verdict(check("seq2seq.dot_scores", *handed))


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("softmax", "worked_example.softmax"),
        ("seq2seq.dotscores", "seq2seq.dot_scores"),
        ("worked_exmaple.context", "worked_example.context"),
    ],
)
def test_the_nearest_name_is_suggested(name, nearest):
    with pytest.raises(ValueError, match=rf"; the nearest is '{nearest}'$"):
        check(name, right_scores)


def test_a_name_like_no_other_gets_the_list_alone():
    with pytest.raises(ValueError, match=r"there are .*'?worked_example\.softmax$"):
        check("zzz", right_scores)


@pytest.mark.parametrize("make", [lambda: right_scores, lambda: None, Evil])
def test_a_name_that_is_no_text_is_refused_with_an_example(make):
    with pytest.raises(TypeError, match=r'then your function, such as check\("[a-z_]+\.[a-z_]+",'):
        check(make(), right_scores)
