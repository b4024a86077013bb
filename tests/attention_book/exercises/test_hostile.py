"""Whatever a reader's function does, the check answers in words and leaves the rest as it was."""

import asyncio
import contextlib
import itertools
import math
import os
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from attention_book.exercises import all_exercises, check
from attention_book.exercises.engine import run_checks
from attention_book.exercises.exercise import Exercise

NAMES = ["seq2seq.dot_scores", "worked_example.softmax", "worked_example.lstm_step"]
NAMES += ["worked_example.decode", "seq2seq.alignment_accuracy", "seq2seq.reinforce_gradient"]


def raising(error):
    def function(*arguments):
        raise error

    return function


def returning(value):
    return lambda *arguments: value


class Dumb(Exception):  # noqa: N818
    """Cannot be shown."""

    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__


class No(BaseException):
    """What `except Exception` lets through."""


class Evil:
    """Raises whatever is asked of it."""

    def no(self, *arguments):
        raise No

    __array__ = __eq__ = __len__ = __iter__ = __repr__ = __str__ = __float__ = __int__ = no
    __bool__ = __index__ = __getitem__ = __getattr__ = __format__ = no
    __hash__ = None
    __class__ = property(no)
    shape = property(no)


class EvilText(str):
    """A text that cannot be shown."""

    __repr__ = __str__ = __len__ = __getitem__ = __format__ = Evil.no


class EvilList(list):
    """A list that cannot be read."""

    __len__ = __iter__ = __getitem__ = __repr__ = Evil.no


class EvilArray(np.ndarray):
    """An array that cannot be computed with."""

    __array_ufunc__ = __eq__ = __repr__ = __len__ = Evil.no


def nameless():
    """A class without a name; a test module must not hold one, for pytest looks at them all."""

    class Meta(type):
        __name__ = property(Evil.no)
        __repr__ = Evil.no

    return Meta("Nameless", (), {})


def nested():
    around = []
    around += [around, around]
    return around


def recurring(*arguments):
    return recurring(*arguments)


def recurring_deeply(*arguments):
    sys.setrecursionlimit(20_000)
    return recurring(*arguments)


def generating(*arguments):
    yield 1


async def waiting(*arguments):
    return 1


def of_many_objects(*arguments):
    array = np.empty(3, dtype=object)
    array[0] = Evil()
    return array


RAISED = {
    "an exception that cannot be shown": (Dumb(), "Dumb: (its message cannot be read)"),
    "no text": (ValueError(), "ValueError (in the line"),
    "a text of 100,000 characters": (ValueError("x" * 100_000), "xxx ..."),
    "a text that cannot be printed": (ValueError("a\ud800\x1b[31m b"), "ValueError: a [31m b"),
    "of memory": (MemoryError("no room"), "MemoryError: no room"),
    "the end of the process": (SystemExit(3), "SystemExit: 3"),
    "an interrupt of its own": (KeyboardInterrupt(), "KeyboardInterrupt"),
    "the end of a generator": (GeneratorExit(), "GeneratorExit"),
    "the end of an iterator": (StopIteration(), "StopIteration"),
    "a cancelled task": (asyncio.CancelledError(), "CancelledError"),
    "a group": (BaseExceptionGroup("two", [SystemExit(), ValueError()]), "two (2 sub-exceptions)"),
}
RETURNED = {
    "a class": (lambda: np.ndarray, "the class ndarray"),
    "a class without a name": (nameless, "the class of no name"),
    "an object of such a class": (lambda: nameless()(), "a value of type unknown type"),
    "a module": (lambda: math, "a value of type module"),
    "a generator": (lambda: generating(), "a value of type generator"),
    "a coroutine": (lambda: waiting(), "a value of type coroutine"),
    "a function": (lambda: print, "a value of type builtin_function_or_method"),
    "an iterator without end": (itertools.count, "a value of type count"),
    "a set": (lambda: {1, 2}, "a value of type set"),
    "NotImplemented": (lambda: NotImplemented, "a value of type NotImplementedType"),
    "a hostile object": (Evil, "a value of type Evil"),
    "a list of hostile objects": (lambda: [Evil()] * 17, "a list of 17"),
    "a hostile list": (lambda: EvilList(["a"]), "a list of 1"),
    "a list that holds itself": (nested, "a list of 2"),
    "an array of hostile objects": (of_many_objects, "an array of shape (3,)"),
    "a hostile text": (lambda: EvilText("abc"), "the str 'abc'"),
    "a long text": (lambda: "x" * 100_000, "xxx ..."),
    "a number too long to write": (lambda: 10**5000, "the int that is too long to write"),
    "an array of 100 TB": (
        lambda: np.broadcast_to(1.0, (10**7, 10**6)),
        "(10000000, 1000000), too large",
    ),
    "a record": (lambda: np.zeros(3, dtype=[("a", int)]), "an array of shape (3,)"),
    "dates": (lambda: np.zeros(3, dtype="M8[s]"), "an array of shape (3,)"),
}
HOSTILE = {f"raises {what}": (raising(error), words) for what, (error, words) in RAISED.items()}
HOSTILE["recurs without end"] = (recurring, "RecursionError: maximum recursion depth exceeded")
HOSTILE["recurs deeply"] = (recurring_deeply, HOSTILE["recurs without end"][1])
HOSTILE["takes no argument"] = (lambda: 1, "TypeError: ")
HOSTILE |= {
    f"returns {what}": (lambda *arguments, make=make: make(), words)
    for what, (make, words) in RETURNED.items()
}


def verdict(feedback):
    """The message, after looking at the feedback as a notebook does."""
    assert not feedback.passed
    assert len(feedback.message) <= 1000
    assert len(repr(feedback)) < 3000
    (repr(feedback) + feedback._repr_html_()).encode("utf-8")
    assert "the check itself stops" not in feedback.message
    return feedback.message


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

    message = verdict(check("worked_example.lstm_step", function))
    assert "states" in message


@pytest.mark.parametrize("make", [Evil, lambda: np.inf, lambda: np.nan, lambda: "three", list])
def test_tokens_that_are_no_numbers_get_words(make):
    message = verdict(check("worked_example.decode", lambda *arguments: [make()]))
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


# --- what it prints and leaves behind -----------------------------------------------------


def right_scores(query, key):
    return query @ np.swapaxes(key, -1, -2)


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


# --- the limit of time --------------------------------------------------------------------


def quick(seconds=0.3, behaviours=1):
    exercise = Exercise("test.quick", "Quick", difficulty=1, seconds=seconds)
    exercise.returns("numbers", lambda number: number)
    for k in range(behaviours):
        exercise.agrees(f"behaviour {k}", [(2.0,)])
    return exercise


def endless(number):
    while True:
        number += 1


def endless_that_catches(number):
    for _ in range(3):
        with contextlib.suppress(BaseException):
            endless(number)


class EndlessArray:
    """An answer that is never read to its end."""

    def __array__(self, *arguments, **options):
        return endless(0)


def printing_for_ever(number):
    while True:
        print(number)


def still_running():
    workers = [one for one in threading.enumerate() if one.name == "exercise"]
    for worker in workers:
        worker.join(2)
    return [worker for worker in workers if worker.is_alive()]


ENDLESS = {
    "a loop": endless,
    "a loop that catches everything": endless_that_catches,
    "a loop that prints": printing_for_ever,
    "a nap in pieces": lambda number: [time.sleep(0.01) for _ in itertools.count()],
    "an answer that is read for ever": lambda number: EndlessArray(),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_function_without_end_is_stopped(what):
    message = verdict(run_checks(quick(), ENDLESS[what]))
    assert message == "your function did not return within 0.3 seconds: does each of its loops end?"
    assert still_running() == []


def test_the_limit_holds_in_another_thread():
    found = []
    worker = threading.Thread(target=lambda: found.append(run_checks(quick(), endless)))
    worker.start()
    worker.join(20)
    assert "did not return within 0.3 seconds" in verdict(found[0])
    assert still_running() == []


def test_a_function_that_checks_itself_is_told_so():
    def function(query, key):
        return check("seq2seq.dot_scores", function)

    message = verdict(check("seq2seq.dot_scores", function))
    assert message.startswith("your function calls check itself")


def test_checks_in_two_threads_put_the_streams_back():
    def slow(number):
        print("slow")
        time.sleep(0.1)
        return number

    stream, printed = sys.stdout, []
    workers = [
        threading.Thread(target=lambda: printed.append(run_checks(quick(20), slow).printed))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
        time.sleep(0.03)
    for worker in workers:
        worker.join(20)
    assert printed == ["slow"] * 3
    assert sys.stdout is stream


def test_what_cannot_be_stopped_is_said():
    free = threading.Event()
    try:
        message = verdict(run_checks(quick(), lambda number: free.wait()))
        assert message.endswith("and goes on in the background: restart the kernel")
    finally:
        free.set()
    assert still_running() == []
    assert run_checks(quick(), lambda number: number).passed


def test_all_behaviours_together_have_three_times_as_long():
    def slow(number):
        time.sleep(0.3)
        return number

    feedback = run_checks(quick(0.6, behaviours=7), slow)
    assert 0 < feedback.n_held < 7
    assert verdict(feedback).startswith("your function took more than 1.8 seconds in all: does")
    assert run_checks(quick(3, behaviours=7), slow).passed


def test_the_first_limit_is_generous():
    assert {exercise.seconds for exercise in all_exercises().values()} == {10.0}


def test_an_interrupt_of_the_user_is_not_held_back():
    """The signal that Ctrl-C and the stop button of a notebook send."""

    def interrupted(number):
        signal.raise_signal(signal.SIGINT)
        return endless(number)

    started = time.monotonic()
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            run_checks(quick(seconds=60), interrupted)
        assert still_running() == []
    assert time.monotonic() - started < 30
    assert run_checks(quick(), lambda number: number).passed


# --- wrong uses of check ------------------------------------------------------------------


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
        ("worked_exmaple.decode", "worked_example.decode"),
    ],
)
def test_the_nearest_name_is_suggested(name, nearest):
    with pytest.raises(ValueError, match=rf"; the nearest is '{nearest}'$"):
        check(name, right_scores)


def test_a_name_like_no_other_gets_the_list_alone():
    with pytest.raises(ValueError, match=r"there are .*'?worked_example\.softmax_backward$"):
        check("zzz", right_scores)


@pytest.mark.parametrize("make", [lambda: right_scores, lambda: None, Evil])
def test_a_name_that_is_no_text_is_refused_with_an_example(make):
    with pytest.raises(TypeError, match=r'then your function, such as check\("seq2seq\.'):
        check(make(), right_scores)
