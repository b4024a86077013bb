"""Token ids with a meaning of their own, and the batches of them that the models take."""

from typing import NamedTuple

import numpy as np

from ..checks import as_list, check_count, check_plain, check_tensor, dtype_name

PAD = 0
SOS = 1
EOS = 2
MARK = 3  # in the toy tasks
UNK = 3  # in texts
FIRST_SYMBOL = 4


class PairBatch(NamedTuple):
    """Sequences and what they are to become, padded with PAD. All four are int64 arrays.

    Attributes:
        source: `[n, S]` token ids, without SOS or EOS.
        source_lengths: `[n]`.
        target: `[n, T]` token ids, each row ended by EOS.
        target_lengths: `[n]`, EOS counted.
    """

    source: np.ndarray
    source_lengths: np.ndarray
    target: np.ndarray
    target_lengths: np.ndarray

    @property
    def target_in(self):
        """`[n, T]`, what teacher forcing feeds: SOS, then the target but its last token."""
        return teacher_forcing(self.target)


class LabelledBatch(NamedTuple):
    """Sequences with one label each, padded with PAD. All three are int64 arrays.

    Attributes:
        tokens: `[n, S]` token ids.
        lengths: `[n]`.
        labels: `[n]`, 0 .. number of classes - 1.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray


def teacher_forcing(target):
    """SOS, then the target `[..., T]` but its last token; a NumPy array or a torch tensor.

    Raises:
        TypeError, ValueError: target is no array of integers with at least one axis.

    >>> teacher_forcing(np.array([[7, 8, EOS]]))
    array([[1, 7, 8]])
    """
    if not hasattr(target, "dtype") or not hasattr(target, "ndim"):
        raise TypeError(f"target must be an array or a tensor, got {type(target).__name__}")
    check_plain(target=target)
    if not isinstance(target, np.ndarray) and hasattr(target, "layout"):
        check_tensor("target", target)
    if dtype_name(target) not in ("int64", "int32", "int16", "int8", "uint8"):
        raise TypeError(f"target must hold integers, got dtype {dtype_name(target)}")
    if target.ndim == 0:
        raise ValueError("target must have shape [..., T], got ()")
    shifted = target * 0 + SOS
    shifted[..., 1:] = target[..., :-1]
    return shifted


def pad(sequences, *, padding=PAD):
    """Sequences of different lengths as the rows of one array, filled up on the right.

    Args:
        sequences: a sequence of sequences of integers.
        padding: the integer to fill with.

    Returns:
        tokens `[n, longest]` and lengths `[n]`, both int64.

    Raises:
        TypeError: padding or an entry is not an integer. ValueError: a sequence is not flat.

    >>> pad([[5, 6, 7], [8]])
    (array([[5, 6, 7], [8, 0, 0]]), array([3, 1]))
    """
    check_count(minimum=-(2**63), padding=padding)
    sequences = as_list("sequences", sequences, "sequences of integers")
    rows = [as_row(f"sequences[{index}]", one) for index, one in enumerate(sequences)]
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    tokens = np.full((len(rows), lengths.max(initial=0)), padding, dtype=np.int64)
    for index, row in enumerate(rows):
        tokens[index, : len(row)] = row
    return tokens, lengths


def as_row(name, sequence):
    """A flat sequence of integers as an array."""
    row = as_array(name, sequence)
    if row.ndim != 1:
        raise ValueError(f"{name} must have shape [length], got {row.shape}")
    if len(row) and not is_integer(row):
        raise TypeError(f"{name} must hold integers, got dtype {row.dtype}")
    return row


def as_array(name, numbers):
    """The numbers as an array; what NumPy cannot read is named."""
    check_plain(**{name: numbers})
    try:
        return np.asarray(numbers)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be a regular array of integers: {error}") from None


def is_integer(array):
    """The array holds integers that fit int64."""
    return np.issubdtype(array.dtype, np.integer) and np.can_cast(array.dtype, np.int64)
