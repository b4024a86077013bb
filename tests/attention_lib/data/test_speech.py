"""Spoken digits: the recordings, and strings of them whose segments are where they say."""

import io
import wave

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.data.digit_strings import (
    Augmentation,
    DigitString,
    digit_strings,
    split_of_digits,
)
from attention_lib.data.log_mel import HOP, WINDOW, log_mel
from attention_lib.data.speech import RATE, VOICES, load_spoken_digits
from attention_lib.data.speech_batch import SpeechBatch, speech_batch
from attention_lib.data.tokens import EOS, FIRST_SYMBOL, PAD, SOS
from attention_lib.data.vendored import read_vendored

PLAIN = Augmentation(gap=(0.1, 0.1), speed=(1.0, 1.0), gain=(0.0, 0.0), noise=None)
SIZES = {"min_digits": 3, "max_digits": 5, "seed": 7}


@pytest.mark.parametrize("language", VOICES)
def test_the_recordings_are_what_the_files_hold(language):
    clips = load_spoken_digits(language)
    assert [clip.digit for clip in clips] == list(range(10))
    for clip in clips:
        content = read_vendored(f"spoken_digits/{language}/{clip.digit}.wav")
        with wave.open(io.BytesIO(content)) as recording:
            assert recording.getframerate() == RATE == 8000
            assert (recording.getnchannels(), recording.getsampwidth()) == (1, 2)
            raw = recording.readframes(recording.getnframes())
        by_hand = [
            int.from_bytes(raw[i : i + 2], "little", signed=True) / 32768
            for i in range(0, len(raw), 2)
        ]
        assert_array_equal(clip.samples, by_hand)
        assert clip.samples.dtype == np.float32
        assert (clip.language, clip.speaker, clip.licence) == (language, *VOICES[language])
        assert 0.2 < len(clip.samples) / RATE < 1
        assert np.abs(clip.samples).max() < 1


@pytest.mark.parametrize("language", VOICES)
def test_the_voice_is_between_its_bounds_and_silence_outside(language):
    for clip in load_spoken_digits(language):
        frames = [clip.samples[i : i + 80] for i in range(0, len(clip.samples) - 79, 80)]
        loudness = [float(np.sqrt(np.mean(frame.astype(float) ** 2))) for frame in frames]
        loud = [i for i, one in enumerate(loudness) if one >= 0.02 * max(loudness)]
        assert (clip.start, clip.end) == (80 * loud[0], 80 * (loud[-1] + 1))
        assert type(clip.start) is type(clip.end) is int
        assert clip.end <= len(clip.samples)
        voice = clip.samples[clip.start : clip.end]
        assert (voice**2).sum() > 0.998 * (clip.samples**2).sum()


def test_recordings_are_shared_and_cannot_be_changed():
    clip = load_spoken_digits("fr")[0]
    assert load_spoken_digits("fr")[0].samples is clip.samples
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0] = 1


def test_another_language_is_refused():
    message = "language must be one of 'en', 'es', 'fr', 'it', 'ru', got 'de'"
    with pytest.raises(ValueError, match=message):
        load_spoken_digits("de")


def test_a_plain_string_is_the_recordings_with_gaps():
    clips = load_spoken_digits("it")
    for string in digit_strings(4, **SIZES, language="it", augmentation=PLAIN):
        gap, expected, starts, ends = np.zeros(800), [], [], []
        for digit in string.digits:
            voice = clips[digit].samples[clips[digit].start : clips[digit].end - 1]
            starts.append(sum(map(len, expected)) + 800)
            ends.append(starts[-1] + len(voice))
            expected += [gap, voice]
        assert_array_equal(string.audio, np.concatenate([*expected, gap]))
        assert_array_equal(string.starts, starts)
        assert_array_equal(string.ends, ends)


def test_the_segments_hold_the_sound_and_the_gaps_none():
    quiet = Augmentation(noise=None)
    for string in digit_strings(20, **SIZES, augmentation=quiet):
        assert isinstance(string, DigitString)
        assert string.audio.dtype == np.float32
        assert string.digits.dtype == string.starts.dtype == string.ends.dtype == np.int64
        assert 3 <= len(string.digits) <= 5
        inside = np.zeros(len(string.audio), dtype=bool)
        edges = np.concatenate([[0], np.stack([string.starts, string.ends], 1).ravel()])
        assert (np.diff(edges) > 0).all()
        gaps = np.append(string.starts, len(string.audio)) - np.append(0, string.ends)
        assert ((gaps >= 0.02 * RATE) & (gaps <= 0.2 * RATE)).all()
        assert len(set(gaps)) > 1
        for start, end in zip(string.starts, string.ends, strict=True):
            inside[start:end] = True
            assert np.abs(string.audio[start:end]).max() > 0.01
        assert not string.audio[~inside].any()
        assert np.abs(string.audio).max() <= 1


def test_speed_changes_length_and_pitch():
    voice = load_spoken_digits("en")[7]
    n = voice.end - voice.start
    for speed in (0.5, 0.9, 1.1, 2.0):
        one = Augmentation((0.0, 0.0), (speed, speed), (0.0, 0.0), None)
        strings = digit_strings(30, **SIZES, augmentation=one)
        lengths = {
            e - s
            for string in strings
            for digit, s, e in zip(string.digits, string.starts, string.ends, strict=True)
            if digit == 7
        }
        assert lengths == {int(np.ceil((n - 1) / speed))}
    fast = Augmentation((0.0, 0.0), (2.0, 2.0), (0.0, 0.0), None)
    string = digit_strings(1, **SIZES, augmentation=fast)[0]
    clip = load_spoken_digits("en")[string.digits[0]]
    voice = clip.samples[clip.start : clip.end - 1 : 2]
    assert_allclose(string.audio[: string.ends[0]], voice, atol=1e-7)
    slow = Augmentation((0.0, 0.0), (0.5, 0.5), (0.0, 0.0), None)
    string = digit_strings(1, **SIZES, augmentation=slow)[0]
    voice = clip.samples[clip.start : clip.end].astype(float)
    assert_allclose(string.audio[1 : string.ends[0] : 2], (voice[1:] + voice[:-1]) / 2, atol=1e-7)


def test_gain_is_in_decibel():
    plain = digit_strings(1, **SIZES, augmentation=PLAIN)[0]
    soft = digit_strings(1, **SIZES, augmentation=PLAIN._replace(gain=(-20.0, -20.0)))[0]
    assert_allclose(soft.audio, plain.audio / 10, rtol=1e-6)
    # what would leave [-1, 1] is made softer as a whole
    loud = digit_strings(1, **SIZES, augmentation=PLAIN._replace(gain=(40.0, 40.0)))[0]
    assert_allclose(loud.audio, plain.audio / np.abs(plain.audio).max(), rtol=1e-6)


@pytest.mark.parametrize("decibel", [0.0, 10.0, 30.0])
def test_noise_has_the_power_that_was_asked_for(decibel):
    soft = PLAIN._replace(gain=(-20.0, -20.0))
    for seed in range(3):
        options = {**SIZES, "seed": seed}
        clean = digit_strings(1, **options, augmentation=soft)[0]
        noisy = digit_strings(1, **options, augmentation=soft._replace(noise=(decibel, decibel)))[0]
        assert_array_equal(clean.digits, noisy.digits)
        noise = (noisy.audio - clean.audio).astype(float)
        said = [clean.audio[s:e] for s, e in zip(clean.starts, clean.ends, strict=True)]
        voice = np.mean(np.concatenate(said).astype(float) ** 2)
        assert 10 * np.log10(voice / np.mean(noise**2)) == pytest.approx(decibel, abs=0.3)
        assert np.mean(noise[:800] ** 2) == pytest.approx(np.mean(noise**2), rel=0.3)


def test_by_default_everything_is_drawn():
    assert Augmentation() == ((0.02, 0.2), (0.9, 1.1), (-6.0, 6.0), (10.0, 30.0))
    default = digit_strings(2, **SIZES)
    named = digit_strings(2, **SIZES, split="train", language="en", augmentation=Augmentation())
    for left, right in zip(default, named, strict=True):
        assert_array_equal(left.audio, right.audio)
    assert default[0].audio[: default[0].starts[0]].any()  # noise in the gap


def test_a_seed_repeats_whatever_n_is_and_others_differ():
    three, five = digit_strings(3, **SIZES), digit_strings(5, **SIZES)
    for left, right in zip(three, five[:3], strict=True):
        for a, b in zip(left, right, strict=True):
            assert_array_equal(a, b)
    assert len({string.audio.tobytes() for string in five}) == 5
    other = digit_strings(3, **{**SIZES, "seed": 8})
    assert not np.array_equal(three[0].audio, other[0].audio)
    assert digit_strings(0, **SIZES) == []


def test_no_string_stands_in_two_splits():
    seen = {}
    for split in ("train", "validation", "test"):
        strings = digit_strings(60, min_digits=2, max_digits=3, seed=1, split=split,
                                augmentation=PLAIN)  # fmt: skip
        for string in strings:
            assert seen.setdefault(tuple(string.digits.tolist()), split) == split
            assert split_of_digits(string.digits) == split
    assert set(seen.values()) == {"train", "validation", "test"}


def test_the_share_of_each_split_never_moves():
    count = {
        length: [
            sum(
                split_of_digits(divmod_digits(number, length)) == split
                for number in range(10**length)
            )
            for split in ("train", "validation", "test")
        ]
        for length in (2, 3, 4)
    }
    assert count == {2: [79, 9, 12], 3: [777, 115, 108], 4: [7950, 1038, 1012]}


def divmod_digits(number, length):
    return [number // 10**place % 10 for place in reversed(range(length))]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n": -1}, ValueError, "n must be at least 0, got -1"),
        ({"seed": 1.0}, TypeError, "seed must be an integer, got float"),
        ({"min_digits": 1}, ValueError, "min_digits must be at least 2, got 1"),
        ({"max_digits": 2}, ValueError, "max_digits must be at least min_digits = 3, got 2"),
        ({"max_digits": 3.0}, TypeError, "max_digits must be an integer, got float"),
        ({"split": "dev"}, ValueError, "split must be one of 'train', 'validation', 'test', got"),
        ({"language": "xx"}, ValueError, "language must be one of"),
        ({"augmentation": 3}, TypeError, "augmentation must be an Augmentation or None, got int"),
        (
            {"augmentation": Augmentation(gap=(-0.1, 0.2))},
            ValueError,
            r"gap\[0\] must be at least 0, got -0.1",
        ),
        (
            {"augmentation": Augmentation(speed=(0.0, 1.0))},
            ValueError,
            r"speed\[0\] must be greater than 0, got 0.0",
        ),
        (
            {"augmentation": Augmentation(gain=(3.0, -3.0))},
            ValueError,
            r"gain must not fall, got \(3.0, -3.0\)",
        ),
        ({"augmentation": Augmentation(noise=(10.0,))}, ValueError, "noise must be a tuple of two"),
        ({"augmentation": Augmentation(gap=None)}, ValueError, "gap must be a tuple of two numb"),
        (
            {"augmentation": Augmentation(noise=(10.0, float("inf")))},
            ValueError,
            r"noise\[1\] must be finite",
        ),
        ({"augmentation": Augmentation(gain=("a", 1))}, TypeError, r"gain\[0\] must be a real"),
    ],
)
def test_bad_options_are_named(change, error, message):
    options = {"n": 1, **SIZES, **change}
    with pytest.raises(error, match=message):
        digit_strings(options.pop("n"), **options)


@pytest.mark.parametrize(
    ("digits", "error", "message"),
    [
        ([3, 10], ValueError, r"digits\[1\] must be at most 9, got 10"),
        ([-1], ValueError, r"digits\[0\] must be at least 0, got -1"),
        ([3.0], TypeError, r"digits\[0\] must be an integer, got float"),
    ],
)
def test_what_is_no_digit_has_no_split(digits, error, message):
    with pytest.raises(error, match=message):
        split_of_digits(digits)


@pytest.mark.parametrize(("stack", "n_mels"), [(4, 40), (1, 20), (3, 23)])
def test_a_speech_batch_holds_the_frames_and_where_each_digit_is(stack, n_mels):
    strings = digit_strings(6, **SIZES, augmentation=Augmentation(gap=(0.0, 0.1)))
    batch = speech_batch(strings, stack=stack, n_mels=n_mels)
    assert isinstance(batch, SpeechBatch)
    assert batch.source.dtype == np.float32
    assert all(array.dtype == np.int64 for array in batch[1:])
    assert batch.source.shape == (6, batch.source_lengths.max(), stack * n_mels)
    assert batch.target.shape == batch.starts.shape == batch.ends.shape
    for row, string in enumerate(strings):
        frames = log_mel(string.audio, n_mels=n_mels).astype(float)
        n, t = len(frames) // stack, len(string.digits)
        assert batch.source_lengths[row] == n
        flat = (frames - frames.mean()) / np.sqrt(((frames - frames.mean()) ** 2).mean())
        for place in range(n):
            expected = np.concatenate([flat[stack * place + i] for i in range(stack)])
            assert_allclose(batch.source[row, place], expected, atol=1e-5)
        assert not batch.source[row, n:].any()
        assert batch.target_lengths[row] == t + 1
        assert_array_equal(batch.target[row, :t], FIRST_SYMBOL + string.digits)
        assert batch.target[row, t] == EOS
        assert (batch.target[row, t + 1 :] == PAD).all()
        assert_array_equal(batch.target_in[row], [SOS, *batch.target[row, :-1]])
        assert (batch.starts[row, t:] == -1).all()
        assert (batch.ends[row, t:] == -1).all()
        middles = [
            (stack * place * HOP + (stack * place + stack - 1) * HOP + WINDOW) / 2
            for place in range(n)
        ]
        for token in range(t):
            said = [
                place
                for place, middle in enumerate(middles)
                if string.starts[token] <= middle < string.ends[token]
            ]
            assert said == list(range(batch.starts[row, token], batch.ends[row, token]))
            assert said


def sounding(audio):
    digits = np.array([0], dtype=np.int64)
    return DigitString(digits, audio.astype(np.float32), digits, digits + 1)


def test_by_default_four_frames_of_forty_bands_become_one():
    strings = digit_strings(2, **SIZES)
    for left, right in zip(
        speech_batch(strings), speech_batch(strings, stack=4, n_mels=40), strict=True
    ):
        assert_array_equal(left, right)


def test_loudness_as_a_whole_does_not_matter_to_the_frames():
    string = digit_strings(1, **SIZES)[0]
    soft = string._replace(audio=string.audio / 2)
    assert_allclose(speech_batch([soft]).source, speech_batch([string]).source, atol=2e-3)


@pytest.mark.parametrize(
    ("strings", "options", "error", "message"),
    [
        ([], {}, ValueError, "strings must hold a DigitString, got none"),
        ([3], {}, TypeError, r"strings\[0\] must be a DigitString, got int"),
        (None, {"stack": 0}, ValueError, "stack must be at least 1, got 0"),
        (None, {"n_mels": 0}, ValueError, "n_mels must be at least 1, got 0"),
        (
            [sounding(np.random.default_rng(0).random(440)), sounding(np.zeros(8000))],
            {},
            ValueError,
            r"^strings\[1\] must hold a sound, got silence throughout$",
        ),
        (
            [sounding(np.random.default_rng(0).random(439))],
            {},
            ValueError,
            r"^strings\[0\] must last at least stack = 4 frames, got 3$",
        ),
    ],
)
def test_a_bad_speech_batch_is_named(strings, options, error, message):
    strings = digit_strings(1, **SIZES) if strings is None else strings
    with pytest.raises(error, match=message):
        speech_batch(strings, **options)
