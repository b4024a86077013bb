"""What a reader's function prints and changes: shown shortened, and put back."""

import os
import random
import sys
import warnings

import numpy as np
import pytest

from attention_book.exercises import check
from attention_book.exercises.engine import run_checks
from tests.helpers.hostile_functions import quick, right_scores


def test_what_is_printed_is_shown_shortened(capfd):
    def loud(query, key):
        for line in range(20_000):
            print(f"line {line} <b>")
        print("to stderr \ud800\x1b[31m", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return right_scores(query, key)

    feedback = check("seq2seq.dot_scores", loud)
    assert feedback.passed
    assert feedback.printed.startswith("line 0 <b>\nline 1 <b>\n")
    assert len(feedback.printed) < 1010
    assert feedback.printed.endswith(" ...")
    assert "  it printed:\n    line 0 <b>\n    line 1 <b>\n" in repr(feedback)
    assert "<pre>line 0 &lt;b&gt;\n" in feedback._repr_html_()
    assert capfd.readouterr() == ("", "")


def test_only_what_the_last_behaviour_printed_is_shown():
    def loud(query, key):
        print("\x1b[31m", query.shape)
        return right_scores(query, key) if query.ndim == 2 else query

    feedback = check("seq2seq.dot_scores", loud)
    assert (feedback.n_held, feedback.printed) == (1, "�[31m (2, 3, 7)")
    assert check("seq2seq.dot_scores", lambda query, key: print("here")).printed == "here"


def changing_everything(query, key):
    print("before")
    sys.stdout.close()
    print("after")
    sys.stdout = sys.stderr = None
    os.chdir("/")
    np.seterr(all="raise")
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    warnings.simplefilter("error")
    sys.setrecursionlimit(4000)
    np.ones(1) / 0
    return right_scores(query, key)


@pytest.mark.parametrize("answers", [True, False])
def test_the_process_is_left_as_it_was(tmp_path, monkeypatch, answers):
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)

    def state():
        numbers = np.random.get_state()[1].sum()  # noqa: NPY002
        randoms = numbers, random.getstate(), torch.get_rng_state().sum().item()
        limits = sys.getrecursionlimit(), np.geterr(), list(warnings.filters), os.getcwd()
        return sys.stdout, sys.stderr, limits, randoms

    def function(query, key):
        torch.manual_seed(0)
        with np.errstate(divide="ignore"):
            changing_everything(query, key)

    before = state()
    check("seq2seq.dot_scores", changing_everything if answers else function)
    assert state() == before


def test_a_function_may_change_everything_and_be_right():
    def function(query, key):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            print("quiet")
            os.chdir("/")
            sys.stdout = None
            return right_scores(query, key)

    assert check("seq2seq.dot_scores", function).passed


def test_what_one_call_says_of_dividing_by_zero_does_not_reach_the_next():
    exercise, calls = quick(seconds=20), []
    exercise.agrees("twice", [(2.0,), (2.0,)])

    def function(number):
        calls.append(np.ones(1) / np.zeros(1))
        np.seterr(all="raise")
        return number

    assert run_checks(exercise, function).passed
    assert len(calls) == 3


def test_a_folder_that_is_gone_does_not_disturb(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert check("seq2seq.dot_scores", right_scores).passed
