"""Spoken digits: fifty recordings, the digits 0 to 9 in five languages."""

import io
import wave
from functools import cache
from typing import NamedTuple

import numpy as np

from ..checks import check_choice
from .vendored import read_vendored

RATE = 8000  # samples a second
# language: speaker, licence
VOICES = {
    "en": ("Allison Smith", "CC BY-SA 3.0"),
    "es": ("Allison Smith", "CC BY-SA 3.0"),
    "fr": ("June Wallack", "CC BY-SA 3.0"),
    "it": ("Carlo Flora", "CC BY 3.0"),
    "ru": ("Maxim Topal", "CC BY 3.0"),
}
_FRAME = 80  # samples, 10 ms
_QUIET = 0.02  # of the loudest frame, -34 dB


class SpokenDigit(NamedTuple):
    """One recording.

    Attributes:
        digit: 0 .. 9.
        language: "en", "es", "fr", "it" or "ru".
        speaker, licence: whom to name when you pass it on, and on which terms.
        samples: `[N]` float32 in [-1, 1), 8,000 a second; read-only.
        start, end: the voice is in `samples[start:end]`; before and after it is all but silent.
    """

    digit: int
    language: str
    speaker: str
    licence: str
    samples: np.ndarray
    start: int
    end: int


def load_spoken_digits(language):
    """The ten digits in one language, by one speaker, one recording each.

    The voice starts with the first and ends with the last stretch of 10 ms whose root mean square
    is 2% (-34 dB) of the loudest one's, or more.

    Args:
        language: "en", "es", "fr", "it" or "ru".

    Returns:
        a tuple of ten `SpokenDigit`, 0 first.

    Raises:
        ValueError: another language, or a damaged file. FileNotFoundError: a file is missing.

    Cost: 0.1 MB are read once a process.
    Source: the Asterisk core sounds 1.6.1, CC BY-SA 3.0 (en, es, fr) and CC BY 3.0 (it, ru).

    >>> seven = load_spoken_digits("en")[7]
    >>> seven.digit, seven.speaker, seven.samples.shape, seven.start, seven.end
    (7, 'Allison Smith', (6561,), 880, 6240)
    """
    check_choice("language", language, tuple(VOICES))
    return _recordings(language)


@cache
def _recordings(language):
    return tuple(_read(language, digit) for digit in range(10))


def _read(language, digit):
    content = read_vendored(f"spoken_digits/{language}/{digit}.wav")
    with wave.open(io.BytesIO(content)) as recording:  # 16 bit, little-endian, one channel
        samples = np.frombuffer(recording.readframes(recording.getnframes()), dtype="<i2")
    samples = samples.astype(np.float32) / 2**15
    samples.flags.writeable = False
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    loudness = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    voiced = np.flatnonzero(loudness >= _QUIET * loudness.max())
    start, end = int(voiced[0]) * _FRAME, (int(voiced[-1]) + 1) * _FRAME
    return SpokenDigit(digit, language, *VOICES[language], samples, start, end)
