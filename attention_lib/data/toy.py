"""Toy tasks with a known alignment: what a model looks at can be judged, not only admired."""

from typing import NamedTuple

import numpy as np

from ..checks import check_count
from .tokens import EOS, FIRST_SYMBOL, MARK, PAD, LabelledBatch, teacher_forcing
from .tokens import SOS as SOS  # the special ids are known by this module's name too


class ToyBatch(NamedTuple):
    """A batch of sequences, padded with PAD. All five are int64 arrays.

    The symbols of a task with `vocabulary=v` have the ids FIRST_SYMBOL .. FIRST_SYMBOL + v - 1, so
    that a model needs FIRST_SYMBOL + v embeddings.

    Attributes:
        source: `[n, S]` token ids, without SOS or EOS.
        source_lengths: `[n]`.
        target: `[n, T]` token ids, each row ended by EOS.
        target_lengths: `[n]`, EOS counted.
        alignment: `[n, T]`, the source position that each target token was taken from; -1 for EOS
            and padding.
    """

    source: np.ndarray
    source_lengths: np.ndarray
    target: np.ndarray
    target_lengths: np.ndarray
    alignment: np.ndarray

    @property
    def target_in(self):
        """`[n, T]`, what teacher forcing feeds: SOS, then the target but its last token."""
        return teacher_forcing(self.target)


def reverse_task(n, *, min_length, max_length, vocabulary, seed):
    """Write the source backwards: the first target token is the last source token.

    Args:
        n: number of sequences.
        min_length, max_length: lengths are drawn evenly between them, both included.
        vocabulary: number of symbols, drawn evenly and independently.
        seed: integer >= 0; the same seed gives the same batch.

    Returns:
        a `ToyBatch`.

    Raises:
        TypeError, ValueError: an argument is not an integer, too small, or max_length < min_length.

    Chapter: 01_seq2seq.

    >>> batch = reverse_task(1, min_length=3, max_length=3, vocabulary=20, seed=0)
    >>> batch.source, batch.target, batch.alignment
    (array([[21, 16, 14]]), array([[14, 16, 21,  2]]), array([[ 2,  1,  0, -1]]))
    """
    rng, lengths = _start(n, min_length, max_length, vocabulary, seed)
    source = _symbols(rng, lengths, vocabulary)
    return _align(source, lengths, lengths[:, None] - 1 - np.arange(source.shape[1]))


def copy_task(n, *, min_length, max_length, vocabulary, seed):
    """Write the source again, in its order. Arguments, returns and errors as for `reverse_task`.

    Chapter: 01_seq2seq.

    >>> batch = copy_task(1, min_length=3, max_length=3, vocabulary=20, seed=0)
    >>> batch.source, batch.target
    (array([[21, 16, 14]]), array([[21, 16, 14,  2]]))
    """
    rng, lengths = _start(n, min_length, max_length, vocabulary, seed)
    source = _symbols(rng, lengths, vocabulary)
    return _align(source, lengths, np.broadcast_to(np.arange(source.shape[1]), source.shape))


def sort_task(n, *, min_length, max_length, vocabulary, seed):
    """Write the symbols of the source, all different, in rising order.

    `alignment` is the order to point in.

    Arguments, returns and errors as for `reverse_task`; vocabulary must be at least max_length.

    Chapter: 01_3_before_its_name.

    >>> batch = sort_task(1, min_length=4, max_length=4, vocabulary=9, seed=0)
    >>> batch.source, batch.target, batch.alignment
    (array([[ 8,  9,  6, 10]]), array([[ 6,  8,  9, 10,  2]]), array([[ 2,  0,  1,  3, -1]]))
    """
    rng, lengths = _start(n, min_length, max_length, vocabulary, seed)
    if vocabulary < max_length:
        raise ValueError(
            f"vocabulary must be at least max_length = {max_length} (symbols do not repeat), "
            f"got {vocabulary}"
        )
    vocabulary, longest = int(vocabulary), lengths.max(initial=0)
    rows = np.tile(np.arange(vocabulary), (len(lengths), 1))
    source = FIRST_SYMBOL + rng.permuted(rows, axis=1)[:, :longest]
    beyond = np.arange(source.shape[1]) >= lengths[:, None]
    order = np.argsort(np.where(beyond, FIRST_SYMBOL + vocabulary, source), axis=1, kind="stable")
    return _align(np.where(beyond, PAD, source), lengths, order)


def marker_task(n, *, min_length, max_length, vocabulary, seed):
    """Name the symbol to the right of the one MARK in the source: what matters is where to look.

    The target is that symbol and EOS. Arguments, returns and errors as for `reverse_task`;
    min_length is at least 2, and the lengths count the mark.

    Chapter: 01_seq2seq.

    >>> batch = marker_task(1, min_length=4, max_length=4, vocabulary=9, seed=0)
    >>> batch.source, batch.target, batch.alignment
    (array([[3, 9, 8, 6]]), array([[9, 2]]), array([[ 1, -1]]))
    """
    check_count(minimum=2, min_length=min_length)
    rng, lengths = _start(n, min_length, max_length, vocabulary, seed)
    source = _symbols(rng, lengths, vocabulary)
    mark = rng.integers(0, lengths - 1)
    source[np.arange(len(source)), mark] = MARK
    return _one_answer(source, lengths, mark + 1)


def associative_recall_task(n, *, min_pairs, max_pairs, vocabulary, seed):
    """Look a key up: the source lists pairs of a key and its value, then asks for one key.

    The source is key, value, key, value, ..., key asked for; the target is the value that followed
    that key, and EOS. The keys of a source are all different, so that there is one answer. Where to
    look depends on what stands there, not on a place: attention by content.

    Args:
        n: number of sequences.
        min_pairs, max_pairs: the numbers of pairs are drawn evenly between them, both included; a
            source with m pairs has 2 m + 1 tokens.
        vocabulary: number of keys, and of values: keys have the ids FIRST_SYMBOL ..
            FIRST_SYMBOL + vocabulary - 1, values the next ones, so that a model needs
            FIRST_SYMBOL + 2 vocabulary embeddings.
        seed: integer >= 0; the same seed gives the same batch.

    Returns:
        a `ToyBatch`.

    Raises:
        TypeError, ValueError: an argument is not an integer, too small, max_pairs < min_pairs, or
            there are fewer keys than pairs.

    Source: Graves, Wayne and Danihelka (2014), section 4.3, with single tokens as items.

    >>> batch = associative_recall_task(1, min_pairs=2, max_pairs=2, vocabulary=5, seed=3)
    >>> batch.source, batch.target, batch.alignment
    (array([[ 8,  9,  6, 13,  6]]), array([[13,  2]]), array([[ 3, -1]]))
    """
    check_count(minimum=0, n=n, seed=seed)
    check_count(min_pairs=min_pairs, max_pairs=max_pairs, vocabulary=vocabulary)
    if max_pairs < min_pairs:
        raise ValueError(f"max_pairs must be at least min_pairs = {min_pairs}, got {max_pairs}")
    if vocabulary < max_pairs:
        raise ValueError(
            f"vocabulary must be at least max_pairs = {max_pairs} (keys do not repeat), "
            f"got {vocabulary}"
        )
    n, min_pairs, max_pairs, vocabulary = map(int, (n, min_pairs, max_pairs, vocabulary))
    rng = np.random.default_rng(int(seed))
    pairs = rng.integers(min_pairs, max_pairs + 1, size=n)
    longest = pairs.max(initial=0)
    keys = rng.permuted(np.tile(np.arange(vocabulary), (n, 1)), axis=1)[:, :longest]
    values = rng.integers(vocabulary, 2 * vocabulary, size=(n, longest))
    asked = rng.integers(0, pairs)
    rows, lengths = np.arange(n), 2 * pairs + 1
    source = np.full((n, 2 * longest + 1), PAD)
    source[:, :-1:2] = FIRST_SYMBOL + keys
    source[:, 1::2] = FIRST_SYMBOL + values
    source[rows, lengths - 1] = source[rows, 2 * asked]
    source = np.where(np.arange(source.shape[1]) < lengths[:, None], source, PAD)
    return _one_answer(source, lengths, 2 * asked + 1)


def first_equals_last_task(n, *, min_length, max_length, vocabulary, seed):
    """Say whether the last symbol is the first one again: one look from end to end decides it.

    Half of the labels (the smaller half of an odd n) are 1. What stands between the two is drawn
    evenly and tells nothing, nor does either of them alone.

    Args:
        n, min_length, max_length, vocabulary, seed: as for `reverse_task`; min_length and
            vocabulary are at least 2.

    Returns:
        a `LabelledBatch`: label 1 where the first and the last symbol are the same, else 0.

    Raises:
        TypeError, ValueError: as `reverse_task`.

    >>> batch = first_equals_last_task(2, min_length=3, max_length=4, vocabulary=9, seed=2)
    >>> batch.tokens, batch.lengths, batch.labels
    (array([[4, 6, 7, 4], [8, 4, 7, 0]]), array([4, 3]), array([1, 0]))
    """
    check_count(minimum=2, min_length=min_length, vocabulary=vocabulary)
    rng, lengths = _start(n, min_length, max_length, vocabulary, seed)
    tokens = _symbols(rng, lengths, vocabulary)
    n, vocabulary = int(n), int(vocabulary)
    labels = rng.permutation(np.arange(n) < n // 2).astype(np.int64)
    first = tokens[:, :1].sum(axis=1) - FIRST_SYMBOL  # [n], also where n is 0
    other = (first + rng.integers(1, vocabulary, size=n)) % vocabulary
    tokens[np.arange(n), lengths - 1] = FIRST_SYMBOL + np.where(labels == 1, first, other)
    return LabelledBatch(tokens, lengths, labels)


def _start(n, min_length, max_length, vocabulary, seed):
    check_count(minimum=0, n=n, seed=seed)
    check_count(min_length=min_length, max_length=max_length, vocabulary=vocabulary)
    if max_length < min_length:
        raise ValueError(f"max_length must be at least min_length = {min_length}, got {max_length}")
    rng = np.random.default_rng(int(seed))
    return rng, rng.integers(int(min_length), int(max_length) + 1, size=int(n))


def _symbols(rng, lengths, vocabulary):
    longest = lengths.max(initial=0)
    source = rng.integers(
        FIRST_SYMBOL, FIRST_SYMBOL + int(vocabulary), size=(len(lengths), longest)
    )
    return np.where(np.arange(longest) < lengths[:, None], source, PAD)


def _align(source, lengths, position):
    """The batch whose target token t is the source token at `position[:, t]`, to its length."""
    n, longest = source.shape
    inside = np.arange(longest + 1) < lengths[:, None]
    position = np.concatenate([position, np.zeros((n, 1), dtype=np.int64)], axis=1)
    alignment = np.where(inside, position, -1)
    target = np.take_along_axis(np.pad(source, ((0, 0), (0, 1))), np.maximum(alignment, 0), axis=1)
    target = np.where(inside, target, PAD)
    target[np.arange(n), lengths] = EOS
    return ToyBatch(source, lengths, target, lengths + 1, alignment)


def _one_answer(source, lengths, position):
    """The batch whose target is the one source token at `position`, and EOS."""
    n = len(source)
    target = np.stack([source[np.arange(n), position], np.full(n, EOS)], axis=1)
    alignment = np.stack([position, np.full(n, -1)], axis=1)
    return ToyBatch(source, lengths, target, np.full(n, 2), alignment)
