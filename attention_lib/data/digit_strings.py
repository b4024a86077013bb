"""Strings of spoken digits, put together so that it is known when each digit is said."""

import hashlib
from typing import NamedTuple

import numpy as np

from ..checks import as_list, check_choice, check_count, check_positive, check_real, shown
from .speech import RATE, load_spoken_digits

SPLITS = ("train", "validation", "test")
LOUDEST = 300  # dB: float32 holds no more


class Augmentation(NamedTuple):
    """How the digits are joined and changed; each is drawn evenly between its two numbers.

    Attributes:
        gap: seconds of silence before, between and after the digits, drawn for each gap: digits
            stand elsewhere in every string.
        speed: of each digit; 1.1 is 10% faster, and higher in pitch as a tape would be.
        gain: dB, of each digit, from -300 to 300.
        noise: dB by which the voice is stronger than white noise over the whole string, mean power
            to mean power; None adds none.
    """

    gap: tuple = (0.02, 0.2)
    speed: tuple = (0.9, 1.1)
    gain: tuple = (-6.0, 6.0)
    noise: tuple | None = (10.0, 30.0)


class DigitString(NamedTuple):
    """A string of digits and its sound.

    Attributes:
        digits: `[T]` int64, T digits from 0 to 9.
        audio: `[N]` float32, N samples in [-1, 1], 8,000 a second.
        starts, ends: `[T]` int64; digit t is said in `audio[starts[t]:ends[t]]`.
    """

    digits: np.ndarray
    audio: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


def digit_strings(
    n,
    *,
    min_digits,
    max_digits,
    seed,
    split="train",
    language="en",
    augmentation=None,
):
    """Draw strings of digits and say them with the recordings of one speaker.

    A string belongs to one split for good (`split_of_digits`): what is tested is heard in no
    training batch, though parts of it are, and the same seed draws other gaps, speeds and noise in
    another split. But all splits are made from the same ten recordings a language. A test therefore
    shows that a model finds known sounds in unknown strings, under changes of place, speed,
    loudness and noise. It does not show speech recognition: for that another speaker would have to
    say the same words, and there is none here. Another language is another test again: its words
    are other words, from the same speaker for "en" and "es", from another for the rest.

    Args:
        n: number of strings.
        min_digits, max_digits: lengths are drawn evenly between them, both included; min_digits is
            at least 2, for the ten strings of one digit are too few for three splits.
        seed: integer >= 0. String i of a seed is the same whatever n is.
        split: "train" (8 of 10 strings), "validation" or "test" (1 of 10 each).
        language: "en", "es", "fr", "it" or "ru".
        augmentation: an `Augmentation`; None takes its defaults.

    Returns:
        a list of `DigitString`.

    Raises:
        TypeError, ValueError: an argument is out of range; a damaged file.

    Cost: about 30,000 samples (0.12 MB) for five digits.
    Source: the recordings of `load_spoken_digits`, under their licences.

    >>> string = digit_strings(1, min_digits=3, max_digits=3, seed=0)[0]
    >>> string.digits, string.audio.shape, string.starts, string.ends
    (array([8, 6, 5]), (15258,), array([  219,  5589, 10605]), array([ 4115,  9662, 15094]))
    """
    check_count(minimum=0, n=n, seed=seed)
    check_count(minimum=2, min_digits=min_digits)
    check_count(max_digits=max_digits)
    if max_digits < min_digits:
        raise ValueError(f"max_digits must be at least min_digits = {min_digits}, got {max_digits}")
    check_choice("split", split, SPLITS)
    augmentation = Augmentation() if augmentation is None else augmentation
    _check_augmentation(augmentation)
    voices = [clip.samples[clip.start : clip.end] for clip in load_spoken_digits(language)]
    strings = []
    for index in range(n):
        rng = np.random.default_rng([seed, SPLITS.index(split), index])
        length = rng.integers(min_digits, max_digits + 1)
        digits = rng.integers(0, 10, size=length)
        while split_of_digits(digits) != split:
            digits = rng.integers(0, 10, size=length)
        strings.append(_say(digits, voices, augmentation, rng))
    return strings


def split_of_digits(digits):
    """The split that a string of digits belongs to, decided by its SHA-256.

    Args:
        digits: a sequence of integers from 0 to 9.

    Returns:
        "train", "validation" or "test".

    Raises:
        TypeError, ValueError: an entry is not an integer from 0 to 9.

    >>> split_of_digits([3, 1, 4])
    'train'
    """
    digits = as_list("digits", digits, "integers from 0 to 9")
    for index, digit in enumerate(digits):
        check_count(minimum=0, **{f"digits[{index}]": digit})
        if digit > 9:
            raise ValueError(f"digits[{index}] must be at most 9, got {digit}")
    written = "".join(str(digit) for digit in digits)
    tenth = int.from_bytes(hashlib.sha256(written.encode()).digest()[:8]) % 10
    return {0: "test", 1: "validation"}.get(tenth, "train")


def _say(digits, voices, augmentation, rng):
    """The `DigitString` of these digits; `voices[d]` are the samples of digit d."""
    pieces, starts, ends, position = [], [], [], 0
    for digit in digits:
        gap = np.zeros(_draw_gap(augmentation, rng), dtype=np.float32)
        voice = _faster(voices[digit], rng.uniform(*augmentation.speed))
        voice = voice * np.float32(10 ** (rng.uniform(*augmentation.gain) / 20))
        starts.append(position + len(gap))
        position = starts[-1] + len(voice)
        ends.append(position)
        pieces += [gap, voice]
    pieces.append(np.zeros(_draw_gap(augmentation, rng), dtype=np.float32))
    audio = np.concatenate(pieces)
    if augmentation.noise is not None:
        audio = _with_noise(audio, sum(ends) - sum(starts), rng.uniform(*augmentation.noise), rng)
    audio = audio / max(1.0, float(np.abs(audio).max()))  # as it is if already in [-1, 1]
    starts, ends = np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)
    return DigitString(digits, audio, starts, ends)


def _draw_gap(augmentation, rng):
    return round(rng.uniform(*augmentation.gap) * RATE)


def _faster(voice, speed):
    """The samples read at places `speed` apart, in straight lines between them."""
    places = np.arange(0, len(voice) - 1, speed)
    return np.interp(places, np.arange(len(voice)), voice).astype(np.float32)


def _with_noise(audio, n_voiced, decibel, rng):
    # The gaps are silent, so this is the mean power of the voice.
    power = float((audio.astype(np.float64) ** 2).sum()) / n_voiced
    deviation = np.sqrt(power / 10 ** (decibel / 10))
    return audio + rng.standard_normal(len(audio), dtype=np.float32) * np.float32(deviation)


def _check_augmentation(augmentation):
    if not isinstance(augmentation, Augmentation):
        raise TypeError(
            f"augmentation must be an Augmentation or None, got {type(augmentation).__name__}"
        )
    for name, pair in augmentation._asdict().items():
        if name == "noise" and pair is None:
            continue
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(f"{name} must be a tuple of two numbers, got {shown(pair)}")
        low, high = pair
        check_real(**{f"{name}[0]": low, f"{name}[1]": high})
        if high < low:
            raise ValueError(f"{name} must not fall, got {pair}")
        if name in ("gain", "noise") and not -LOUDEST <= low <= high <= LOUDEST:
            raise ValueError(f"{name} must lie in -{LOUDEST}..{LOUDEST} dB, got {pair}")
    check_positive(**{"speed[0]": augmentation.speed[0]})
    if augmentation.gap[0] < 0:
        raise ValueError(f"gap[0] must be at least 0, got {augmentation.gap[0]}")
