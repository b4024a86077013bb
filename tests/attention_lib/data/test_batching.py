"""Padding says how long each row is; batches of like lengths hold every example once."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from attention_lib import training
from attention_lib.data.batching import (
    LabelledBatches,
    PairBatches,
    length_batches,
    padding_share,
)
from attention_lib.data.tokens import (
    EOS,
    FIRST_SYMBOL,
    MARK,
    PAD,
    SOS,
    UNK,
    LabelledBatch,
    PairBatch,
    pad,
    teacher_forcing,
)
from attention_lib.modules import Seq2Seq

SOURCES = [[10 + i] * (1 + i % 7) for i in range(23)]
TARGETS = [[50 + i] * (1 + i % 5) for i in range(23)]


def test_the_special_ids_are_these():
    assert (PAD, SOS, EOS, MARK, UNK, FIRST_SYMBOL) == (0, 1, 2, 3, 3, 4)


def test_pad_fills_up_on_the_right():
    tokens, lengths = pad([[5, 6, 7], [], (8,), np.array([9, 4], dtype=np.int32)])
    assert_array_equal(tokens, [[5, 6, 7], [0, 0, 0], [8, 0, 0], [9, 4, 0]])
    assert_array_equal(lengths, [3, 0, 1, 2])
    assert tokens.dtype == lengths.dtype == np.int64
    assert_array_equal(pad([[1], [2, 3]], padding=-1)[0], [[1, -1], [2, 3]])
    assert_array_equal(pad([[300], []], padding=np.int8(5))[0], [[300], [5]])


def test_pad_of_nothing_is_nothing():
    tokens, lengths = pad([])
    assert tokens.shape == (0, 0)
    assert lengths.shape == (0,)
    assert tokens.dtype == lengths.dtype == np.int64
    assert pad([[], []])[0].shape == (2, 0)


@pytest.mark.parametrize(
    ("sequences", "padding", "error", "message"),
    [
        ([[1], [2.5]], 0, TypeError, r"sequences\[1\] must hold integers, got dtype float64"),
        ([[2**63]], 0, TypeError, r"sequences\[0\] must hold integers, got dtype uint64"),
        ([[2**70]], 0, TypeError, r"sequences\[0\] must hold integers, got dtype object"),
        ([[True]], 0, TypeError, r"sequences\[0\] must hold integers, got dtype bool"),
        ([[[1, 2]]], 0, ValueError, r"sequences\[0\] must have shape \[length\], got \(1, 2\)"),
        ([3], 0, ValueError, r"sequences\[0\] must have shape \[length\], got \(\)"),
        ([[1]], 0.0, TypeError, "padding must be an integer, got float"),
    ],
)
def test_pad_names_what_is_wrong(sequences, padding, error, message):
    with pytest.raises(error, match=message):
        pad(sequences, padding=padding)


def test_teacher_forcing_moves_by_one_for_arrays_and_tensors():
    target = np.array([[7, 8, EOS], [9, EOS, PAD]])
    expected = [[SOS, 7, 8], [SOS, 9, EOS]]
    assert_array_equal(teacher_forcing(target), expected)
    assert_array_equal(target, [[7, 8, EOS], [9, EOS, PAD]])
    assert teacher_forcing(torch.from_numpy(target)).tolist() == expected
    assert teacher_forcing(target[0]).tolist() == expected[0]
    assert teacher_forcing(target[:0]).shape == (0, 3)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30),
    st.integers(1, 7),
    st.integers(0, 3),
    st.booleans(),
)
def test_every_example_stands_in_one_batch_beside_its_like(lengths, size, epoch, shuffle):
    lengths = np.array(lengths, dtype=np.int64).reshape(-1, 2)
    batches = length_batches(lengths, size, seed=5, epoch=epoch, shuffle=shuffle)
    assert sorted(np.concatenate([*batches, np.zeros(0, dtype=int)])) == list(range(len(lengths)))
    assert all(len(batch) == size for batch in sorted(batches, key=len)[1:])
    ordered = sorted(tuple(row) for row in lengths)
    cuts = sorted(ordered[start : start + size] for start in range(0, len(ordered), size))
    assert sorted(sorted(tuple(lengths[i]) for i in batch) for batch in batches) == cuts


def test_one_column_sorts_like_a_flat_array():
    lengths = np.array([5, 3, 5, 1, 2])
    flat = length_batches(lengths, 2, seed=1)
    column = length_batches(lengths[:, None], 2, seed=1)
    for left, right in zip(flat, column, strict=True):
        assert left.dtype == np.int64
        assert_array_equal(left, right)


def test_without_shuffling_the_order_is_by_length_and_index():
    batches = length_batches([4, 1, 4, 1, 4], 2, seed=0, shuffle=False)
    assert [list(batch) for batch in batches] == [[1, 3], [0, 2], [4]]
    pairs = length_batches([[2, 9], [2, 3], [1, 5]], 3, seed=0, shuffle=False)
    assert [list(batch) for batch in pairs] == [[2, 1, 0]]


def test_seed_and_epoch_decide_the_batches():
    lengths = [3] * 40

    def plan(seed, epoch):
        return np.concatenate(length_batches(lengths, 8, seed=seed, epoch=epoch))

    assert_array_equal(plan(1, 2), plan(1, 2))
    assert_array_equal(np.concatenate(length_batches(lengths, 8, seed=1)), plan(1, 0))
    assert not np.array_equal(plan(1, 2), plan(1, 3))
    assert not np.array_equal(plan(1, 2), plan(2, 2))
    assert not np.array_equal(plan(1, 2), plan(2, 1))
    # equal lengths are mixed anew, not only the order of the batches
    groups = {frozenset(batch.tolist()) for batch in length_batches(lengths, 8, seed=1, epoch=2)}
    assert groups != {frozenset(range(start, start + 8)) for start in range(0, 40, 8)}


def test_the_batches_come_in_mixed_order():
    batches = length_batches(np.arange(60), 3, seed=0)
    firsts = [batch.min() for batch in batches]
    assert firsts != sorted(firsts)


def test_padding_share_by_hand():
    assert padding_share([4, 2, 4], [np.array([0, 1]), np.array([2])]) == pytest.approx(2 / 12)
    lengths = [[4, 1], [2, 3]]  # places 2 * (4 + 3), real 10
    assert padding_share(lengths, [np.array([0, 1])]) == pytest.approx(4 / 14)
    assert padding_share([], []) == 0.0
    assert padding_share([0, 0], [np.array([0, 1])]) == 0.0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"epoch": 0.5}, TypeError, "epoch must be an integer, got float"),
        ({"epoch": -1}, ValueError, "epoch must be at least 0, got -1"),
        ({"shuffle": 1}, TypeError, "shuffle must be True or False, got int"),
        ({"lengths": [1.5]}, TypeError, "lengths must be integers, got dtype float64"),
        ({"lengths": [3, -2]}, ValueError, "lengths must be at least 0, got -2"),
        ({"lengths": 3}, ValueError, r"lengths must have shape \[n\] or \[n, k\], got \(\)"),
        ({"lengths": [[[1]]]}, ValueError, r"shape \[n\] or \[n, k\], got \(1, 1, 1\)"),
    ],
)
def test_length_batches_names_what_is_wrong(change, error, message):
    options = {"lengths": [1, 2], "batch_size": 2, "seed": 0, **change}
    lengths, size = options.pop("lengths"), options.pop("batch_size")
    with pytest.raises(error, match=message):
        length_batches(lengths, size, **options)


def test_pair_batches_hold_every_pair_once_an_epoch_and_never_end():
    batches = PairBatches(SOURCES, TARGETS, 4, seed=3)
    assert len(batches) == 6
    for epoch in range(3):
        seen = []
        for step, again in zip(range(6), batches.epoch(epoch), strict=True):
            batch = batches(6 * epoch + step)
            for left, right in zip(batch, again, strict=True):
                assert_array_equal(left, right)
            assert isinstance(batch, PairBatch)
            seen += _pairs(batch)
        expected = [(s, [*t, EOS]) for s, t in zip(SOURCES, TARGETS, strict=True)]
        assert sorted(seen) == sorted(expected)


def _pairs(batch):
    for row, length in zip(batch.source, batch.source_lengths, strict=True):
        assert (row[length:] == PAD).all()
    for row, length in zip(batch.target, batch.target_lengths, strict=True):
        assert row[length - 1] == EOS
        assert (row[length:] == PAD).all()
    assert all(array.dtype == np.int64 for array in batch)
    assert_array_equal(batch.target_in, teacher_forcing(batch.target))
    rows = zip(*batch, strict=True)
    return [(source[:s].tolist(), target[:t].tolist()) for source, s, target, t in rows]


def test_a_step_gives_the_same_batch_whenever_it_is_asked_for():
    forward = PairBatches(SOURCES, TARGETS, 4, seed=3)
    backward = PairBatches(SOURCES, TARGETS, 4, seed=3)
    steps = range(14)
    there = [forward(step).source for step in steps]
    back = [backward(step).source for step in reversed(steps)][::-1]
    for left, right in zip(there, back, strict=True):
        assert_array_equal(left, right)
    fresh = PairBatches(SOURCES, TARGETS, 4, seed=3)  # its first step is in the second epoch
    assert_array_equal(fresh(8).source, there[8])
    assert any(not np.array_equal(there[s], there[s + 6]) for s in range(6))
    other = PairBatches(SOURCES, TARGETS, 4, seed=4)
    assert any(not np.array_equal(there[s], other(s).source) for s in range(6))


def test_an_epoch_is_planned_once():
    batches, asked = PairBatches(SOURCES, TARGETS, 4, seed=3), []
    plan = batches.plan
    batches.plan = lambda epoch: asked.append(epoch) or plan(epoch)
    for step in range(13):
        batches(step)
    assert asked == [1, 2]


def test_by_default_both_kinds_are_shuffled_and_the_epoch_is_the_first():
    pairs = PairBatches(SOURCES, TARGETS, 4, seed=3)
    labelled = LabelledBatches(SOURCES, np.arange(23, dtype=np.int8), 4, seed=3)
    for batches in (pairs, labelled):
        first = [batch[0] for batch in batches.epoch()]
        for step, tokens in enumerate(first):
            assert_array_equal(tokens, batches(step)[0])
        widths = [tokens.shape[1] for tokens in first]
        assert widths != sorted(widths)
    assert labelled(0).labels.dtype == np.int64


def test_without_shuffling_every_epoch_is_the_same_and_sorted():
    batches = PairBatches(SOURCES, TARGETS, 4, seed=3, shuffle=False)
    longest = [batch.source_lengths.max() for batch in batches.epoch()]
    assert longest == sorted(longest)
    assert_array_equal(batches(1).target, batches(7).target)


def test_like_lengths_save_padding():
    rng = np.random.default_rng(0)
    sources = [[9] * rng.integers(1, 30) for _ in range(500)]
    batches = PairBatches(sources, sources, 16, seed=0)
    order = rng.permutation(500)
    at_random = [order[start : start + 16] for start in range(0, 500, 16)]
    assert batches.padding_share() == padding_share(batches.lengths, batches.plan(0))
    assert batches.padding_share() < 0.05 < 0.3 < padding_share(batches.lengths, at_random)
    assert_array_equal(batches.lengths[:, 1], batches.lengths[:, 0] + 1)


def test_labels_stay_with_their_sequences():
    labels = [i % 3 for i in range(23)]
    batches = LabelledBatches(SOURCES, labels, 4, seed=3)
    seen = []
    for step in range(len(batches)):
        batch = batches(step)
        assert isinstance(batch, LabelledBatch)
        assert all(array.dtype == np.int64 for array in batch)
        for row, length, label in zip(*batch, strict=True):
            assert (row[length:] == PAD).all()
            seen.append((row[:length].tolist(), label))
    assert sorted(seen) == sorted(zip(SOURCES, labels, strict=True))


def test_words_are_dropped_anew_in_every_epoch_and_padding_never():
    options = {"labels": [0] * 23, "batch_size": 4, "seed": 3}
    plain = LabelledBatches(SOURCES, **options)
    dropping = LabelledBatches(SOURCES, **options, word_drop=0.25)
    shares, drops = [], []
    for epoch in range(40):
        whole = zip(plain.epoch(epoch), dropping.epoch(epoch), strict=True)
        for place, (clean, batch) in enumerate(whole):
            assert_array_equal(dropping(6 * epoch + place).tokens, batch.tokens)
            assert_array_equal(batch.lengths, clean.lengths)
            dropped = batch.tokens == UNK
            assert_array_equal(np.where(dropped, clean.tokens, batch.tokens), clean.tokens)
            assert not dropped[clean.tokens == PAD].any()
            shares += dropped[clean.tokens != PAD].tolist()
        drops.append({tuple(row) for batch in dropping.epoch(epoch) for row in batch.tokens})
    assert abs(np.mean(shares) - 0.25) < 0.03  # more than four standard errors
    assert drops[0] != drops[1]
    assert_array_equal(dropping.batch([0, 1]).tokens, plain.batch([0, 1]).tokens)


def test_the_seed_decides_which_words_are_dropped():
    def drawn(seed):
        return LabelledBatches([[5] * 30], [0], 1, seed=seed, word_drop=0.5)(0).tokens

    assert_array_equal(drawn(1), drawn(1))
    assert not np.array_equal(drawn(1), drawn(2))


def test_the_caller_may_change_the_lists_afterwards():
    sources, targets = [[5], [6]], [[7], [8]]
    batches = PairBatches(sources, targets, 2, seed=0, shuffle=False)
    sources[0].append(9)
    targets[1][0] = 9
    assert_array_equal(batches(0).source, [[5], [6]])
    assert_array_equal(batches(0).target, [[7, EOS], [8, EOS]])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: PairBatches([[5]], [], 2, seed=0),
            ValueError,
            "^sources and targets must be equally many and not none, got 1 sources and 0 targets$",
        ),
        (lambda: PairBatches([], [], 2, seed=0), ValueError, "got 0 sources and 0 targets"),
        (lambda: LabelledBatches([[5]], [0, 1], 2, seed=0), ValueError, "1 sequences and 2 labels"),
        (
            lambda: LabelledBatches([[5]], [1], 2, seed=0, word_drop=1),
            ValueError,
            r"^word_drop must lie in \[0, 1\), got 1$",
        ),
        (
            lambda: LabelledBatches([[5]], [1], 2, seed=0, word_drop="0.5"),
            TypeError,
            "word_drop must be a",
        ),
        (lambda: LabelledBatches([[5]], [-1], 2, seed=0), ValueError, r"labels\[0\] must be at le"),
        (lambda: LabelledBatches([[5]], [0.0], 2, seed=0), TypeError, r"labels\[0\] must be an in"),
        (lambda: PairBatches([[5]], [[5]], 0, seed=0), ValueError, "batch_size must be at least 1"),
        (lambda: PairBatches([[5]], [[5]], 1, seed=-1), ValueError, "seed must be at least 0"),
        (lambda: PairBatches([[5]], [[5]], 1, seed=0)(-1), ValueError, "step must be at least 0"),
        (lambda: PairBatches([[5]], [[5]], 1, seed=0)(0.5), TypeError, "step must be an integer"),
        (
            lambda: PairBatches([[5], [5.5]], [[5], [5]], 2, seed=0),
            TypeError,
            r"^sources\[1\] must hold integers, got dtype float64$",
        ),
        (lambda: PairBatches([[5]], ["ab"], 2, seed=0), ValueError, r"^targets\[0\] must have sh"),
        (lambda: PairBatches([5], [[5]], 2, seed=0), ValueError, r"^sources\[0\] must have shape"),
        (
            lambda: LabelledBatches([[5], [[5]]], [0, 1], 2, seed=0),
            ValueError,
            r"^sequences\[1\] must have shape \[length\], got \(1, 1\)$",
        ),
        (
            lambda: PairBatches([[5], [5]], [[5, 6], [5, EOS]], 2, seed=0),
            ValueError,
            r"^targets\[1\] must not hold EOS, the id 2: the batch puts it where it belongs$",
        ),
        (lambda: PairBatches([[5]], [[SOS, 5]], 2, seed=0), ValueError, r"\[0\] must not hold SOS"),
        (
            lambda: PairBatches([[5]], [[5, PAD]], 2, seed=0),
            ValueError,
            "must not hold PAD, the",
        ),
        (
            lambda: PairBatches([[5, PAD]], [[5]], 2, seed=0),
            ValueError,
            "must not hold PAD, the",
        ),
        (
            lambda: LabelledBatches([[PAD]], [0], 2, seed=0),
            ValueError,
            "must not hold PAD, the",
        ),
    ],
)
def test_batches_name_what_is_wrong(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_source_may_start_and_end_with_special_ids():
    batch = PairBatches([[SOS, 5, EOS]], [[5]], 1, seed=0)(0)
    assert_array_equal(batch.source, [[SOS, 5, EOS]])
    assert LabelledBatches([[SOS, 5, EOS]], [0], 1, seed=0)(0).lengths == 3


def test_the_batches_feed_the_training_loop():
    batches = PairBatches(SOURCES, TARGETS, 8, seed=0)
    with training.seeded(0):
        model = Seq2Seq(73, 73, 6)
    history = training.fit(
        model, batches, training.seq2seq_loss, steps=5, learning_rate=0.01, progress=False
    )
    assert len(history.losses) == 5
    assert torch.isfinite(torch.tensor(history.losses)).all()
