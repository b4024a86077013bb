"""Strings of spoken digits as batches of frames and tokens."""

from typing import NamedTuple

import numpy as np

from ..checks import as_list, check_count
from .digit_strings import DigitString
from .log_mel import HOP, WINDOW, log_mel
from .tokens import EOS, FIRST_SYMBOL, pad, teacher_forcing


class SpeechBatch(NamedTuple):
    """Strings of spoken digits as frames, padded with zeros and PAD.

    Digit d has the token id FIRST_SYMBOL + d, so that a model needs FIRST_SYMBOL + 10 outputs.

    Attributes:
        source: `[n, S, C]` float32 frames.
        source_lengths: `[n]` int64.
        target: `[n, T]` int64 token ids, each row ended by EOS.
        target_lengths: `[n]` int64, EOS counted.
        starts, ends: `[n, T]` int64; digit t is said in the frames starts .. ends - 1, those whose
            middle lies in it; -1 for EOS and padding.
    """

    source: np.ndarray
    source_lengths: np.ndarray
    target: np.ndarray
    target_lengths: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    @property
    def target_in(self):
        """`[n, T]`, what teacher forcing feeds: SOS, then the target but its last token."""
        return teacher_forcing(self.target)


def speech_batch(strings, *, n_mels=40, stack=4):
    """Frames and tokens of strings of spoken digits, ready for an encoder-decoder.

    Each string's log-mel frames are brought to mean 0 and variance 1 (over all its frames and
    bands), and each `stack` frames in a row become one; up to stack - 1 frames at the end, less
    than 0.01 stack seconds, are left out.

    Args:
        strings: a list of `DigitString`.
        n_mels: bands a frame.
        stack: frames that become one of width C = stack * n_mels, every 0.01 stack seconds.

    Returns:
        a `SpeechBatch`.

    Raises:
        TypeError, ValueError: no strings, or something else than a `DigitString`; a string that is
            silent or shorter than one frame of the batch; an option out of range.

    >>> from attention_lib.data.digit_strings import digit_strings
    >>> batch = speech_batch(digit_strings(1, min_digits=2, max_digits=2, seed=0))
    >>> batch.source.shape, batch.target, batch.starts, batch.ends
    ((1, 33, 160), array([[12, 10,  2]]), array([[ 2, 18, -1]]), array([[14, 30, -1]]))
    """
    check_count(stack=stack)
    stack = int(stack)
    strings = as_list("strings", strings, "DigitString")
    if not strings:
        raise ValueError("strings must hold a DigitString, got none")
    for index, string in enumerate(strings):
        if not isinstance(string, DigitString):
            raise TypeError(f"strings[{index}] must be a DigitString, got {type(string).__name__}")
    frames = [_stacked(index, one.audio, n_mels, stack) for index, one in enumerate(strings)]
    lengths = np.array([len(one) for one in frames], dtype=np.int64)
    source = np.zeros((len(frames), lengths.max(), stack * n_mels), dtype=np.float32)
    for row, one in zip(source, frames, strict=True):
        row[: len(one)] = one
    target, target_lengths = pad([[*(FIRST_SYMBOL + string.digits), EOS] for string in strings])
    starts = [_frame_at(s.starts, stack, n) for s, n in zip(strings, lengths, strict=True)]
    ends = [_frame_at(s.ends, stack, n) for s, n in zip(strings, lengths, strict=True)]
    starts, ends = (pad([[*edge, -1] for edge in one], padding=-1)[0] for one in (starts, ends))
    return SpeechBatch(source, lengths, target, target_lengths, starts, ends)


def _stacked(index, audio, n_mels, stack):
    frames = log_mel(audio, n_mels=n_mels).astype(np.float64)
    if len(frames) < stack:
        raise ValueError(
            f"strings[{index}] must last at least stack = {stack} frames, got {len(frames)}"
        )
    if frames.min() == frames.max():
        raise ValueError(f"strings[{index}] must hold a sound, got silence throughout")
    n = len(frames) // stack
    frames = (frames - frames.mean()) / frames.std()
    return frames[: n * stack].reshape(n, stack * n_mels)


def _frame_at(samples, stack, n_frames):
    """The first stacked frame whose middle is at each of these samples or after it."""
    middle = ((stack - 1) * HOP + WINDOW) // 2  # of stacked frame 0
    return np.clip(-((middle - samples) // (stack * HOP)), 0, n_frames)
