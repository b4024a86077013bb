"""The toy tasks are what they say, and their alignments are true."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attention_lib.data import toy

TASKS = (toy.reverse_task, toy.copy_task, toy.sort_task, toy.marker_task)
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
