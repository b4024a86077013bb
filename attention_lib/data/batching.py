"""Batches of sequences of about the same length: little padding, every example once an epoch."""

import numpy as np

from ..checks import as_list, check_count, check_flag, check_probability
from .tokens import (
    EOS,
    PAD,
    SOS,
    UNK,
    LabelledBatch,
    PairBatch,
    as_array,
    as_row,
    is_integer,
    pad,
)


def length_batches(lengths, batch_size, *, seed, epoch=0, shuffle=True):
    """Divide examples into batches of like lengths.

    The examples are sorted by length, those of equal length at random, cut into batches, and the
    batches come in random order. The last cut may be smaller, and holds the longest.

    Args:
        lengths: `[n]` integers, or `[n, k]` for examples of k sequences (sorted by the first
            column, then by the next).
        batch_size: examples a batch.
        seed, epoch: integers >= 0; the same two give the same batches.
        shuffle: False sorts only, equal lengths by their index: for evaluation.

    Returns:
        a list of int64 arrays of indices; each index stands in exactly one.

    Raises:
        TypeError, ValueError: a wrong shape or dtype, an argument out of range.

    Cost: O(n log n).

    >>> length_batches([7, 2, 7, 3], 2, seed=0, shuffle=False)
    [array([1, 3]), array([0, 2])]
    """
    lengths = _lengths(lengths)
    check_count(batch_size=batch_size)
    check_count(minimum=0, seed=seed, epoch=epoch)
    check_flag(shuffle=shuffle)
    n = len(lengths)
    rng = np.random.default_rng([seed, epoch])
    ties = rng.permutation(n) if shuffle else np.arange(n)
    order = np.lexsort((ties, *lengths.T[::-1]))  # its last key, the first column, weighs most
    size = int(batch_size)
    batches = [order[start : start + size] for start in range(0, n, size)]
    return [batches[i] for i in rng.permutation(len(batches))] if shuffle else batches


def padding_share(lengths, batches):
    """The share of the places in the padded batches that hold nothing: wasted work.

    Each batch is padded to its longest sequence, for examples of k sequences in each column.

    Args:
        lengths: `[n]` or `[n, k]` integers, as for `length_batches`.
        batches: a list of arrays of indices.

    Returns:
        a float from 0 to 1; 0 where there are no places at all.

    Raises:
        TypeError, ValueError: lengths have a wrong shape or dtype; a batch holds no examples, or an
            index that is none of theirs.

    >>> padding_share([4, 1, 4], [np.array([0, 1]), np.array([2])])
    0.25
    """
    lengths = _lengths(lengths)
    batches = as_list("batches", batches, "arrays of indices")
    batches = [_indices(f"batches[{k}]", one, len(lengths)) for k, one in enumerate(batches)]
    real = sum(int(lengths[batch].sum()) for batch in batches)
    places = sum(len(batch) * int(lengths[batch].max(axis=0).sum()) for batch in batches)
    return 1 - real / places if places else 0.0


class _Batches:
    """Batches by step, without end: step t is batch t mod len(self) of epoch t // len(self)."""

    def __init__(self, lengths, batch_size, seed, shuffle):
        self.lengths = lengths
        self.batch_size, self.seed, self.shuffle = batch_size, seed, shuffle
        self._planned = (0, self.plan(0))

    def plan(self, epoch):
        """The indices of each batch of an epoch."""
        return length_batches(
            self.lengths, self.batch_size, seed=self.seed, epoch=epoch, shuffle=self.shuffle
        )

    def __len__(self):
        """Batches an epoch."""
        return -(-len(self.lengths) // self.batch_size)

    def __call__(self, step):
        check_count(minimum=0, step=step)
        epoch, place = divmod(step, len(self))
        if self._planned[0] != epoch:
            self._planned = (epoch, self.plan(epoch))
        return self._drawn(epoch, place, self._planned[1][place])

    def epoch(self, number=0):
        """The batches of one epoch, one after the other."""
        for place, indices in enumerate(self.plan(number)):
            yield self._drawn(number, place, indices)

    def _drawn(self, epoch, place, indices):
        """The batch at a place of an epoch: that of its indices, unless something is random."""
        return self.batch(indices)

    def padding_share(self):
        """The share of padding in the batches; the same in every epoch."""
        return padding_share(self.lengths, self.plan(0))


class PairBatches(_Batches):
    """Batches of pairs of token sequences for `training.fit`, without end.

    Called with a step it gives a `PairBatch`; a pass over all pairs takes `len(batches)` steps, and
    every pass divides them anew. `epoch(k)` gives the batches of one pass, each pair exactly once.

    Args:
        sources, targets: two lists of equally many sequences of token ids. No PAD (the id that
            fills a row) among them, and in the targets neither SOS (start) nor EOS (end), for the
            batch ends each target with EOS.
        batch_size: pairs a batch.
        seed: integer >= 0; seed and step decide the batch.
        shuffle: False keeps one order, sorted by length.

    Raises:
        TypeError, ValueError: no pairs, unequal numbers, something else than lists of integers, a
            special id where there must be none, or an argument out of range.

    >>> batches = PairBatches([[5, 6], [7]], [[8], [9, 9]], 2, seed=0)
    >>> batches(0).target  # 2 is EOS, 0 is PAD
    array([[9, 9, 2], [8, 2, 0]])
    """

    def __init__(self, sources, targets, batch_size, *, seed, shuffle=True):
        _check_examples(sources=sources, targets=targets)
        self.sources = _checked("sources", sources, {"PAD": PAD})
        targets = _checked("targets", targets, {"PAD": PAD, "SOS": SOS, "EOS": EOS})
        self.targets = [[*target, EOS] for target in targets]
        lengths = np.stack([_sizes(self.sources), _sizes(self.targets)], axis=1)
        super().__init__(lengths, batch_size, seed, shuffle)

    def batch(self, indices):
        """The `PairBatch` of these examples."""
        indices = _indices("indices", indices, len(self.lengths))
        sources, source_lengths = pad([self.sources[i] for i in indices])
        targets, target_lengths = pad([self.targets[i] for i in indices])
        return PairBatch(sources, source_lengths, targets, target_lengths)


class LabelledBatches(_Batches):
    """Batches of labelled token sequences for `training.fit`, without end; see `PairBatches`.

    Args:
        sequences: lists of token ids, no PAD among them.
        labels: as many integers, from 0.
        batch_size, seed, shuffle: as for `PairBatches`.
        word_drop: probability in [0, 1) that a token is replaced by UNK, drawn anew in every epoch:
            no single word can be relied on, and UNK learns to stand for a word never seen. `batch`
            gives the sequences as they are.

    Raises:
        TypeError, ValueError: as `PairBatches`; a label is negative or no integer; word_drop is
            not in [0, 1).

    Source: word_drop: Iyyer et al. (2015), who leave the words out altogether.

    >>> LabelledBatches([[5, 6], [7]], [1, 0], 2, seed=0, shuffle=False)(0).labels
    array([0, 1])
    >>> LabelledBatches([[5, 6, 7, 8]], [1], 2, seed=2, word_drop=0.5)(0).tokens  # 3 is UNK
    array([[3, 6, 7, 8]])
    """

    def __init__(self, sequences, labels, batch_size, *, seed, shuffle=True, word_drop=0.0):
        _check_examples(sequences=sequences, labels=labels)
        for index, label in enumerate(labels):
            check_count(minimum=0, **{f"labels[{index}]": label})
        self.sequences = _checked("sequences", sequences, {"PAD": PAD})
        self.labels = np.array(labels, dtype=np.int64)
        check_probability(word_drop=word_drop)
        self.word_drop = float(word_drop)
        super().__init__(_sizes(self.sequences), batch_size, seed, shuffle)

    def batch(self, indices):
        """The `LabelledBatch` of these examples."""
        indices = _indices("indices", indices, len(self.lengths))
        return LabelledBatch(*pad([self.sequences[i] for i in indices]), self.labels[indices])

    def _drawn(self, epoch, place, indices):
        batch = self.batch(indices)
        if not self.word_drop:
            return batch
        rng = np.random.default_rng([self.seed, epoch, 1 + place])
        dropped = rng.random(batch.tokens.shape) < self.word_drop
        return batch._replace(tokens=np.where(dropped & (batch.tokens != PAD), UNK, batch.tokens))


def _sizes(sequences):
    return np.array([len(sequence) for sequence in sequences], dtype=np.int64)


def _checked(name, sequences, absent):
    """The sequences as lists of integers; none of them holds an id of `absent`, by its name."""
    made = []
    for index, sequence in enumerate(sequences):
        row = as_row(f"{name}[{index}]", sequence)
        for special, token_id in absent.items():
            if token_id in row:
                raise ValueError(
                    f"{name}[{index}] must not hold {special}, the id {token_id}: "
                    "the batch puts it where it belongs"
                )
        made.append(row.tolist())
    return made


def _check_examples(**examples):
    for name, one in examples.items():
        has_length = hasattr(one, "__len__") and getattr(one, "ndim", 1) != 0
        if not has_length or isinstance(one, (str, bytes, dict, set)):
            raise TypeError(f"{name} must be a list, got {type(one).__name__}")
    sizes = {name: len(one) for name, one in examples.items()}
    if len(set(sizes.values())) > 1 or 0 in sizes.values():
        listing = " and ".join(f"{size} {name}" for name, size in sizes.items())
        raise ValueError(f"{' and '.join(sizes)} must be equally many and not none, got {listing}")


def _indices(name, indices, n):
    """The indices of some of n examples."""
    row = as_row(name, indices)
    if not len(row) or row.min() < 0 or row.max() >= n:
        raise ValueError(f"{name} must hold indices of the {n} lengths, at least one, got {row}")
    return row


def _lengths(lengths):
    lengths = as_array("lengths", lengths)
    if lengths.ndim not in (1, 2):
        raise ValueError(f"lengths must have shape [n] or [n, k], got {lengths.shape}")
    if lengths.size and not is_integer(lengths):
        raise TypeError(f"lengths must be integers, got dtype {lengths.dtype}")
    if lengths.size and lengths.min() < 0:
        raise ValueError(f"lengths must be at least 0, got {lengths.min()}")
    columns = lengths.shape[1] if lengths.ndim == 2 else 1
    return lengths.astype(np.int64).reshape(len(lengths), columns)
