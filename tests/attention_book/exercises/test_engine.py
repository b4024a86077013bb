"""The exercise engine turns every mishap of a reader's function into a sentence."""

import importlib
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from attention_book import exercises
from attention_book.exercises import all_exercises, check
from attention_book.exercises.engine import collect, run_checks
from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import (
    Problem,
    expect_array,
    expect_close,
    expect_rows_sum_to_one,
    expect_tuple,
)
from attention_book.exercises.words import place

NUMBERS = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
DOUBLE = Exercise("test.double", "Double", difficulty=1)
DOUBLE.returns("doubles [row, column]", lambda numbers: 2 * numbers, because="twice the input")
DOUBLE.agrees("it doubles", [(NUMBERS,)])
DOUBLE.agrees("again", [(NUMBERS,)])


def _message(function):
    feedback = run_checks(DOUBLE, function)
    assert not feedback.passed
    return feedback.message


def test_right_answer_passes():
    feedback = run_checks(DOUBLE, lambda numbers: numbers + numbers)
    assert feedback.passed
    assert feedback.n_held == 2


def test_wrong_value_is_named_with_place_and_both_values():
    def wrong(numbers):
        result = 2 * numbers
        result[1, 2] = 7
        return result

    assert (
        _message(wrong)
        == "your doubles are 7 at row 1, column 2, where 12 is right: twice the input"
    )


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda numbers: None, "returns None"),
        (lambda numbers: ..., "returns Ellipsis"),
        (lambda numbers: "twice", "the str 'twice'"),
        (lambda numbers: numbers > 2, "an array of numbers"),
        (lambda numbers: numbers * 2j, "an array of numbers"),
        (lambda numbers: [[1.0], [2.0, 3.0]], "an array of numbers"),
        (lambda numbers: object(), "a value of type object"),
        (lambda numbers: numbers.T * 2, "the shape (2, 3) [row, column], but have (3, 2)"),
        (lambda numbers: numbers * np.nan, "your doubles are nan at row 0, column 0"),
        (lambda numbers: numbers / 0, "your doubles are inf at row 0, column 0"),
        (lambda: 3, "TypeError"),
        (lambda numbers: numbers @ numbers, "stops with ValueError"),
    ],
)
def test_mishaps_become_sentences(function, words):
    assert words in _message(function)


def test_change_of_the_input_is_reported():
    def in_place(numbers):
        numbers *= 2
        return numbers

    assert "changes argument 1 in place" in _message(in_place)


def test_named_arguments_are_guarded_too():
    exercise = Exercise("test.named", "Named", difficulty=1)

    @exercise.behaviour("it keeps its input")
    def _(answer):
        answer(numbers=np.ones(3))

    def in_place(numbers):
        numbers += 1
        return numbers

    assert "argument 'numbers' in place" in run_checks(exercise, in_place).message


def test_crash_names_error_line_and_shape():
    def crashing(numbers):
        missing = {}
        return missing["weights"]

    message = _message(crashing)
    assert message == (
        "your function stops with KeyError: 'weights' (in the line `return missing[\"weights\"]`), "
        "called with an array of shape (2, 3)"
    )


def test_unwritten_function_and_exit_are_reported():
    def unwritten(numbers):
        raise NotImplementedError

    def leaving(numbers):
        raise SystemExit(3)

    assert "not written yet" in _message(unwritten)
    assert "SystemExit" in _message(leaving)


def test_addresses_do_not_reach_the_message():
    def crashing(numbers):
        raise RuntimeError(f"bad {object()!r}")

    assert _message(crashing) == _message(crashing)
    assert "0x..." in _message(crashing)


def test_something_that_is_not_a_function_is_reported():
    assert "is not a function: it is an array of shape (2, 3)" in _message(np.ones((2, 3)))


def test_torch_answers_are_read():
    torch = pytest.importorskip("torch")
    assert run_checks(DOUBLE, lambda numbers: 2 * torch.from_numpy(numbers)).passed


def test_rows_that_do_not_sum_to_one_are_named():
    weights = np.array([[0.5, 0.5], [0.25, 0.75], [0.5, 0.87]])
    with pytest.raises(
        Problem, match=r"your weights do not sum to one over keys: row 2 gives 1\.37"
    ):
        expect_rows_sum_to_one(weights)


def test_wrong_axis_is_recognised():
    with pytest.raises(Problem, match="over queries, which is the wrong axis"):
        expect_rows_sum_to_one(np.array([[0.9, 0.8], [0.1, 0.2]]))


def test_place_in_words():
    assert place((1, 4), ("query", "key")) == "query 1, key 4"
    assert place((1, 4)) == "index (1, 4)"
    assert place((2,)) == "index 2"
    assert place(()) == "its only entry"
    assert place((1, 4), ("batch", "query", "key")) == "query 1, key 4"


def test_expect_array_returns_floats():
    array = expect_array([1, 2, 3], (3,), what="numbers")
    assert array.dtype == np.float64


def test_repr_is_stable_and_lists_the_behaviours():
    feedback = run_checks(DOUBLE, lambda numbers: numbers)
    assert repr(feedback).splitlines() == [
        "test.double: not yet. Your doubles are 1 at row 0, column 0, "
        "where 2 is right: twice the input",
        "  does not hold: it doubles",
        "  not tried: again",
    ]


class _Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.classes, self.words = [], ""

    def handle_starttag(self, tag, attributes):
        self.classes += [value for name, value in attributes if name == "class"]

    def handle_data(self, data):
        self.words += data


@pytest.mark.parametrize(
    ("function", "state", "verdict"),
    [(lambda n: 2 * n, "pass", "Passes"), (lambda n: "<b>", "fail", "Not yet")],
)
def test_html_says_the_verdict_in_words_and_escapes(function, state, verdict):
    parser = _Text()
    parser.feed(run_checks(DOUBLE, function)._repr_html_())
    assert parser.classes == [f"exercise-feedback {state}"]
    assert verdict in parser.words


def test_unknown_exercise_lists_what_exists():
    with pytest.raises(
        ValueError, match=r"no exercise is called 'softmax'; there are .*worked_example\.softmax"
    ):
        check("softmax", lambda: None)


def test_two_exercises_may_not_share_a_name():
    with pytest.raises(ValueError, match=r"two exercises are called 'test\.double'"):
        collect([DOUBLE, DOUBLE])


@pytest.mark.parametrize("difficulty", [0, 4, "easy"])
def test_difficulty_is_one_to_three(difficulty):
    with pytest.raises(ValueError, match="expected 1, 2 or 3"):
        Exercise("test.x", "X", difficulty=difficulty)


def test_kind_is_one_of_four():
    with pytest.raises(ValueError, match=r"kind of 'test\.x': expected one of .*'explain'.*'quiz'"):
        Exercise("test.x", "X", difficulty=1, kind="quiz")


def test_kind_and_minutes_are_kept():
    exercise = Exercise("test.x", "X", difficulty=1, kind="explain", minutes=5)
    assert (exercise.kind, exercise.minutes) == ("explain", 5)
    assert (DOUBLE.kind, DOUBLE.minutes) == ("code", None)


def test_an_exercise_needs_a_behaviour():
    with pytest.raises(ValueError, match="at least one"):
        run_checks(Exercise("test.x", "X", difficulty=1), lambda: 0)


def test_a_mutant_that_answers_right_would_be_noticed():
    exercise = _doubling()
    exercise.mutant("is not wrong at all", lambda numbers: 2 * numbers)
    assert run_checks(exercise, exercise.mutants[0].function).passed


def _doubling():
    exercise = Exercise("book.test.double", "Double.", difficulty=1)
    exercise.returns("doubles [row, column]", lambda numbers: 2 * numbers)
    exercise.agrees("it doubles", [(NUMBERS,)])
    return exercise


def test_an_exercise_has_the_name_of_its_place():
    assert (_doubling().name, _doubling().title) == ("test.double", "Double")
    for name, exercise in all_exercises().items():
        page, _, task = name.partition(".")
        assert exercise.name == name
        assert exercise.title
        assert importlib.import_module(f"attention_book.exercises.{page}.{task}")


def test_every_file_of_a_page_is_found(tmp_path, monkeypatch):
    page = tmp_path / "new_page"
    page.mkdir()
    (page / "__init__.py").write_text("")
    (page / "triple.py").write_text(
        "from attention_book.exercises.exercise import Exercise\n"
        "exercise = Exercise(__name__, 'Triple', difficulty=1)\n"
        "exercise.returns('triples', lambda number: 3 * number)\n"
        "exercise.agrees('it triples', [(2.0,)])\n"
    )
    monkeypatch.setattr(exercises, "__path__", [*exercises.__path__, str(tmp_path)])
    all_exercises.cache_clear()
    try:
        assert check("new_page.triple", lambda number: 3 * number).passed
        assert "worked_example.softmax" in all_exercises()
    finally:
        all_exercises.cache_clear()
        for name in [name for name in sys.modules if "new_page" in name]:
            del sys.modules[name]


def test_a_diagnosis_is_told_to_whoever_makes_that_mistake():
    exercise = _doubling()
    exercise.mutant("crashes", lambda numbers: numbers @ numbers, diagnosis="you multiply")
    exercise.mutant("has another shape", lambda numbers: 3.0, diagnosis="you return one number")
    exercise.mutant("triples", lambda numbers: 3 * numbers, diagnosis="you triple")
    assert [mutant.says for mutant in exercise.mutants][2] == "you triple"
    assert run_checks(exercise, lambda numbers: numbers + 2 * numbers).message == "you triple"
    assert "where 2 is right" in run_checks(exercise, lambda numbers: 3.1 * numbers).message


def test_a_mistake_of_the_exercise_itself_gets_words_too():
    exercise = Exercise("test.broken", "Broken", difficulty=1)
    exercise.behaviour("it adds")(lambda answer: answer(1) + 1)
    message = run_checks(exercise, lambda number: "one").message
    assert message.startswith("the check itself stops with TypeError at what you returned: can")


def test_a_law_sees_the_array_and_the_case():
    exercise = _doubling()
    seen = []

    @exercise.law("it is seen", [(NUMBERS,), (NUMBERS[:1],)])
    def _(array, numbers):
        seen.append((array, numbers))

    exercise.rows_sum_to_one("rows sum to one", [(NUMBERS / 2 / NUMBERS.sum(-1, keepdims=True),)])
    assert run_checks(exercise, lambda numbers: 2 * numbers).passed
    np.testing.assert_equal(seen, [(2 * NUMBERS, NUMBERS), (2 * NUMBERS[:1], NUMBERS[:1])])
    fixed = run_checks(exercise, lambda numbers: 2 * NUMBERS[: len(numbers)])
    assert fixed.message.startswith("your doubles do not sum to one over keys: row 0 gives 12")
    assert "the shape (1, 3)" in run_checks(exercise, lambda numbers: 2 * NUMBERS).message


def test_an_answer_of_several_parts_is_compared_by_the_exercise():
    exercise = Exercise("test.pair", "A pair", difficulty=1)

    @exercise.compare
    def _(given, case, because):
        low, _ = expect_tuple(given, ("low", "high"))
        expect_close(low, case[0], what="lows", because=because)

    exercise.agrees("low and high", [(2.0,)], "low is the number itself")
    assert run_checks(exercise, lambda number: (number, 5)).passed
    assert run_checks(exercise, lambda number: (3.0, 5)).message == (
        "your lows are 3 at its only entry, where 2 is right: low is the number itself"
    )
    assert "2 things, (low, high)" in run_checks(exercise, lambda number: number).message


def test_an_answer_in_float32_passes():
    def scores(query, key):
        product = query.astype("f4") @ np.swapaxes(key, -1, -2).astype("f4")
        return product / np.sqrt(query.shape[-1], dtype="f4")

    def gradient(weights, grad_weights):
        weights, grad_weights = weights.astype("f4"), grad_weights.astype("f4")
        return weights * (grad_weights - (weights * grad_weights).sum(-1, keepdims=True))

    assert check("worked_example.scores", scores).passed
    assert check("way_back.softmax_backward", gradient).passed
    assert not check("worked_example.scores", lambda q, k: scores(q, k) * np.float32(1.001)).passed


def test_a_difference_in_the_fourth_digit_is_shown():
    numbers = np.array([0.1231])
    with pytest.raises(Problem, match=r"are 0\.12311 .* where 0\.1231 is right"):
        expect_close(numbers * 1.0001, numbers, what="weights")
    with pytest.raises(Problem, match=r"row 0 gives 1\.0002"):
        expect_rows_sum_to_one(np.array([[0.5, 0.5002]]))


def test_answers_that_cannot_be_read_become_sentences():
    torch = pytest.importorskip("torch")

    class Stubborn:
        def __array__(self, *arguments, **options):
            raise RuntimeError("no")

    def narrow(weights, value):
        return (torch.tensor(weights) @ torch.tensor(value)).bfloat16()

    assert "is right" in check("worked_example.context", narrow).message
    message = check("worked_example.context", lambda weights, value: Stubborn()).message
    assert "should be an array of numbers" in message


def test_a_list_of_tensors_with_gradient_is_an_answer():
    torch = pytest.importorskip("torch")

    def context(weights, value):
        return list(torch.tensor(weights, requires_grad=True) @ torch.tensor(value))

    assert check("worked_example.context", context).passed


def test_the_decoder_loop_may_return_a_tensor():
    torch = pytest.importorskip("torch")

    def decode(step, state, start, end, max_steps):
        token, written = start, []
        for _ in range(max_steps):
            scores, state = step(token, state)
            token = torch.as_tensor(scores).argmax()
            if token == end:
                break
            written.append(token)
        return torch.tensor(written)

    assert check("sentence.decode", decode).passed


def test_the_weights_of_an_empty_sentence_are_all_shown():
    from attention_lib import reference

    def last_one(scores, lengths):
        mask = reference.padding_mask(lengths, scores.shape[-1])
        weights = reference.softmax(scores, mask=mask)
        weights[lengths == 0, :, -1] = 1.0
        return weights

    assert "(0, 0, 1)" in check("scores.length_softmax", last_one).message
