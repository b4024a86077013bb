"""The toy tasks are what they say, and their alignments are true."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attention_lib.data import toy

TASKS = (toy.reverse_task, toy.copy_task, toy.sort_task, toy.marker_task)
PAIRS = {"min_pairs": 2, "max_pairs": 5, "vocabulary": 7}
SIZES = {"min_length": 3, "max_length": 7, "vocabulary": 11}


@pytest.mark.parametrize("task", TASKS)
def test_alignment_names_the_source_of_each_target_token(task):
    batch = task(50, **SIZES, seed=0)
    for row in range(50):
        length, steps = batch.source_lengths[row], batch.target_lengths[row]
        assert 3 <= length <= 7
        assert (batch.source[row, :length] >= toy.MARK).all()
        assert (batch.source[row, length:] == toy.PAD).all()
        assert batch.target[row, steps - 1] == toy.EOS
        assert (batch.target[row, steps:] == toy.PAD).all()
        position = batch.alignment[row, : steps - 1]
        assert ((position >= 0) & (position < length)).all()
        assert_array_equal(batch.target[row, : steps - 1], batch.source[row, position])
        assert (batch.alignment[row, steps - 1 :] == -1).all()
        assert_array_equal(batch.target_in[row], [toy.SOS, *batch.target[row, :-1]])


def test_each_task_does_what_its_name_says():
    for task, change in (
        (toy.reverse_task, lambda x: x[::-1]),
        (toy.copy_task, lambda x: x),
        (toy.sort_task, np.sort),
    ):
        batch = task(20, **SIZES, seed=1)
        for source, target, length in zip(
            batch.source, batch.target, batch.source_lengths, strict=True
        ):
            assert_array_equal(target[:length], change(source[:length]))
    batch = toy.marker_task(20, **SIZES, seed=1)
    for source, target in zip(batch.source, batch.target, strict=True):
        assert (source == toy.MARK).sum() == 1
        assert target[0] == source[np.flatnonzero(source == toy.MARK)[0] + 1]


@pytest.mark.parametrize("task", TASKS)
def test_a_seed_repeats_and_another_differs(task):
    first, again = task(9, **SIZES, seed=5), task(9, **SIZES, seed=5)
    for left, right in zip(first, again, strict=True):
        assert left.dtype == np.int64
        assert_array_equal(left, right)
    other = task(9, **{**SIZES, "min_length": 7}, seed=6)
    assert not np.array_equal(task(9, **{**SIZES, "min_length": 7}, seed=5).source, other.source)
    assert task(0, **SIZES, seed=0).source.shape[0] == 0


@pytest.mark.parametrize(
    ("task", "change", "error", "message"),
    [
        (toy.reverse_task, {"max_length": 2}, ValueError, "max_length must be at least min_length"),
        (toy.copy_task, {"vocabulary": 0}, ValueError, "vocabulary must be at least 1, got 0"),
        (toy.copy_task, {"seed": 0.5}, TypeError, "seed must be an integer, got float"),
        (toy.sort_task, {"vocabulary": 6}, ValueError, "at least max_length = 7.*got 6"),
        (toy.marker_task, {"min_length": 1}, ValueError, "min_length must be at least 2"),
    ],
)
def test_bad_sizes_are_named(task, change, error, message):
    with pytest.raises(error, match=message):
        task(3, **{**SIZES, "seed": 0, **change})


def test_recall_asks_for_one_of_the_keys_and_the_answer_is_its_value():
    batch = toy.associative_recall_task(300, **PAIRS, seed=0)
    assert batch.source.shape == (300, 11)
    seen = set()
    for row in range(300):
        length = batch.source_lengths[row]
        tokens = batch.source[row, :length].tolist()
        keys, values, asked = tokens[:-1:2], tokens[1::2], tokens[-1]
        assert 2 <= len(keys) <= 5
        assert len(set(keys)) == len(keys) == len(values)
        assert all(4 <= key < 4 + 7 for key in keys)
        assert all(4 + 7 <= value < 4 + 14 for value in values)
        assert (batch.source[row, length:] == toy.PAD).all()
        place = keys.index(asked)
        assert batch.target[row].tolist() == [values[place], toy.EOS]
        assert batch.alignment[row].tolist() == [2 * place + 1, -1]
        assert batch.target_lengths[row] == 2
        seen.add((len(keys), place))
    assert seen == {(n, place) for n in range(2, 6) for place in range(n)}
    assert set(batch.source[:, 0]) == set(range(4, 11))
    assert set(batch.target[:, 0]) == set(range(11, 18))
    assert batch.target_in.tolist() == [[toy.SOS, answer] for answer in batch.target[:, 0]]


def test_first_equals_last_is_balanced_and_neither_symbol_alone_tells():
    batch = toy.first_equals_last_task(4001, min_length=2, max_length=5, vocabulary=3, seed=0)
    rows = np.arange(4001)
    first, last = batch.tokens[:, 0], batch.tokens[rows, batch.lengths - 1]
    assert_array_equal(batch.labels, first == last)
    assert batch.labels.sum() == 2000
    assert batch.labels[:2000].sum() not in (0, 2000)
    assert set(batch.lengths) == {2, 3, 4, 5}
    for symbols in (first, last):
        for symbol in (4, 5, 6):
            chosen = batch.labels[symbols == symbol]
            assert len(chosen) / 4001 == pytest.approx(1 / 3, abs=0.05)
            assert chosen.mean() == pytest.approx(0.5, abs=0.05)
    beyond = np.arange(5) >= batch.lengths[:, None]
    assert_array_equal(batch.tokens == toy.PAD, beyond)
    assert set(batch.tokens[~beyond]) == {4, 5, 6}


def test_the_answer_of_a_long_row_stands_at_its_end():
    batch = toy.first_equals_last_task(50, min_length=6, max_length=6, vocabulary=2, seed=1)
    middle = batch.tokens[:, 1:-1]
    assert set(middle.ravel()) == {4, 5}
    assert np.abs(np.corrcoef(batch.labels, middle[:, 0])[0, 1]) < 0.5


@pytest.mark.parametrize(
    ("task", "options"),
    [(toy.associative_recall_task, PAIRS), (toy.first_equals_last_task, SIZES)],
)
def test_the_later_tasks_repeat_with_a_seed_too(task, options):
    first, again, other = (
        task(9, **options, seed=5),
        task(9, **options, seed=5),
        task(9, **options, seed=6),
    )
    for left, right in zip(first, again, strict=True):
        assert left.dtype == np.int64
        assert_array_equal(left, right)
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    for empty in task(0, **options, seed=0):
        assert len(empty) == 0
        assert empty.dtype == np.int64


@pytest.mark.parametrize(
    ("task", "options", "error", "message"),
    [
        (
            toy.associative_recall_task,
            {**PAIRS, "max_pairs": 1},
            ValueError,
            "max_pairs must be at least min_pairs = 2, got 1",
        ),
        (
            toy.associative_recall_task,
            {**PAIRS, "vocabulary": 4},
            ValueError,
            r"vocabulary must be at least max_pairs = 5 \(keys do not repeat\), got 4",
        ),
        (
            toy.associative_recall_task,
            {**PAIRS, "min_pairs": 0},
            ValueError,
            "min_pairs must be at least 1, got 0",
        ),
        (
            toy.associative_recall_task,
            {**PAIRS, "seed": -1},
            ValueError,
            "seed must be at least 0, got -1",
        ),
        (
            toy.first_equals_last_task,
            {**SIZES, "min_length": 1},
            ValueError,
            "min_length must be at least 2, got 1",
        ),
        (
            toy.first_equals_last_task,
            {**SIZES, "vocabulary": 1},
            ValueError,
            "vocabulary must be at least 2, got 1",
        ),
        (
            toy.first_equals_last_task,
            {**SIZES, "max_length": 2},
            ValueError,
            "max_length must be at least min_length = 3, got 2",
        ),
    ],
)
def test_bad_sizes_of_the_later_tasks_are_named(task, options, error, message):
    with pytest.raises(error, match=message):
        task(3, **{"seed": 0, **options})
    assert task(3, **{**PAIRS, "seed": 0} if "min_pairs" in options else {**SIZES, "seed": 0})


def test_the_fewest_that_are_allowed_work():
    recall = toy.associative_recall_task(4, min_pairs=1, max_pairs=1, vocabulary=1, seed=0)
    assert recall.source.tolist() == [[4, 5, 4]] * 4
    assert recall.target.tolist() == [[5, 2]] * 4
    same = toy.first_equals_last_task(2, min_length=2, max_length=2, vocabulary=2, seed=0)
    assert sorted(same.labels) == [0, 1]
