"""Log-mel frames against sums written out, against Parseval's theorem, and with pure tones."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.data.log_mel import HOP, WINDOW, log_mel, mel_filters, power_spectrum


def test_the_power_spectrum_is_the_sum_of_its_definition():
    audio = np.random.default_rng(0).standard_normal(29)
    window, hop, size = 11, 5, 16
    power = power_spectrum(audio, window=window, hop=hop)
    assert power.shape == (1 + (29 - 11) // 5, 9)
    hann = [math.sin(math.pi * t / window) ** 2 for t in range(window)]
    for frame in range(power.shape[0]):
        for k in range(9):
            total = sum(
                hann[t] * audio[frame * hop + t] * cmath.exp(-2j * math.pi * k * t / size)
                for t in range(window)
            )
            counted = 1 if k in (0, 8) else 2
            assert power[frame, k] == pytest.approx(counted * abs(total) ** 2 / size, abs=1e-12)


@given(st.integers(2, 40), st.integers(1, 13), st.integers(0, 60), st.integers(0, 99))
def test_the_power_of_a_frame_is_its_energy(window, hop, extra, seed):
    """Parseval's theorem, for every window length."""
    audio = np.random.default_rng(seed).standard_normal(window + extra)
    power = power_spectrum(audio, window=window, hop=hop)
    hann = np.hanning(window + 1)[:-1]
    energy = [
        ((audio[start : start + window] * hann) ** 2).sum() for start in range(0, extra + 1, hop)
    ]
    assert_allclose(power.sum(axis=-1), energy, rtol=1e-9, atol=1e-12)


def test_the_defaults_are_25_ms_every_10_ms_at_8_kilohertz():
    assert (WINDOW, HOP) == (200, 80)
    audio = np.random.default_rng(0).standard_normal(1000)
    assert_array_equal(power_spectrum(audio), power_spectrum(audio, window=200, hop=80))
    assert power_spectrum(audio).shape == (11, 129)
    assert_array_equal(
        log_mel(audio),
        log_mel(audio, n_mels=40, window=200, hop=80, rate=8000, floor=1e-10),
    )
    assert_array_equal(mel_filters(7), mel_filters(7, window=200, rate=8000))


@pytest.mark.parametrize("window", [199, 200, 255, 256])
def test_the_transform_has_the_next_power_of_two(window):
    assert power_spectrum(np.ones(300), window=window).shape[-1] == 129
    assert mel_filters(5, window=window).shape == (5, 129)
    assert power_spectrum(np.ones(300), window=257).shape[-1] == 257


def test_a_tone_is_loudest_in_the_band_around_it():
    time = np.arange(4000) / 8000
    centres = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 42) / 2595) - 1)[1:-1]
    for band in range(8, 40, 5):
        frames = log_mel(np.sin(2 * np.pi * centres[band] * time))
        assert set(frames.argmax(axis=-1)) == {band}
        assert (frames[:, band, None] - np.delete(frames, [band - 1, band, band + 1, band + 2]
                [: 4 if band < 38 else 3], axis=1) > 2).all()  # fmt: skip
    low, high = (log_mel(np.sin(2 * np.pi * f * time)).argmax(-1)[0] for f in (300, 3000))
    assert low < high


def test_filters_are_triangles_that_add_up_to_one():
    window, rate, n_mels = 2000, 16000, 13
    filters = mel_filters(n_mels, window=window, rate=rate)
    assert filters.shape == (13, 1025)
    frequency = [k * rate / 2048 for k in range(1025)]

    def mel(f):
        return 2595 * math.log10(1 + f / 700)

    step = mel(rate / 2) / (n_mels + 1)
    points = [700 * (10 ** (step * i / 2595) - 1) for i in range(n_mels + 2)]
    for band in range(n_mels):
        low, middle, high = points[band : band + 3]
        for k in range(0, 1025, 7):
            if frequency[k] <= middle:
                expected = max(0.0, (frequency[k] - low) / (middle - low))
            else:
                expected = max(0.0, (high - frequency[k]) / (high - middle))
            assert filters[band, k] == pytest.approx(expected, abs=1e-12)
    between = [points[1] <= f <= points[-2] for f in frequency]
    assert_allclose(filters.sum(axis=0)[between], 1, atol=1e-12)
    assert filters.min() == 0
    assert filters.max() <= 1


def test_the_bands_keep_the_energy():
    """Between the middle of the first band and that of the last no power is lost or doubled."""
    time = np.arange(2000) / 8000
    audio = sum(np.sin(2 * np.pi * f * time + f) for f in (350, 800, 1700, 3100))
    power = power_spectrum(audio)
    bands = np.exp(log_mel(audio, floor=1e-30))
    assert_allclose(bands.sum(axis=-1), power.sum(axis=-1), rtol=1e-3)


def test_log_mel_is_the_logarithm_of_floor_plus_bands():
    audio = np.random.default_rng(1).standard_normal(900)
    options = {"window": 128, "hop": 50}
    power = power_spectrum(audio, **options)
    filters = mel_filters(11, window=128, rate=11025)
    expected = np.log(0.3 + np.einsum("fk,mk->fm", power, filters))
    frames = log_mel(audio, n_mels=11, rate=11025, floor=0.3, **options)
    assert_allclose(frames, expected, rtol=1e-12)
    assert_allclose(log_mel(np.zeros(200)), math.log(1e-10))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_of_the_sound_comes_back(dtype):
    audio = (np.random.default_rng(2).standard_normal(700) / 8).astype(dtype)
    exact = log_mel(audio.astype(np.float64))
    assert log_mel(audio).dtype == power_spectrum(audio).dtype == dtype
    assert_array_equal(log_mel(audio), exact.astype(dtype))


def test_several_sounds_at_once_and_views_of_them():
    audio = np.random.default_rng(3).standard_normal((2, 3, 1200))
    frames = log_mel(audio[:, ::2, ::2], n_mels=10)
    assert frames.shape == (2, 2, 6, 10)
    alone = log_mel(np.ascontiguousarray(audio[1, 2, ::2]), n_mels=10)
    assert_allclose(frames[1, 1], alone, rtol=1e-12)
    assert log_mel(np.zeros((0, 500))).shape == (0, 4, 40)
    before = audio.copy()
    power_spectrum(audio)
    assert_array_equal(audio, before)


@pytest.mark.parametrize("function", [power_spectrum, log_mel])
@pytest.mark.parametrize(
    ("audio", "options", "error", "message"),
    [
        ([0.0] * 300, {}, TypeError, "audio must be a NumPy array, got list"),
        (np.zeros(300, dtype=np.int16), {}, TypeError, "audio must have a floating dtype .* int16"),
        (np.zeros(199), {}, ValueError, r"audio must have at least window = 200 .*got \(199,\)"),
        (np.float64(0) * np.zeros(()), {}, TypeError, "audio must be a NumPy array, got float64"),
        (np.zeros(300), {"window": 1}, ValueError, "window must be at least 2, got 1"),
        (np.zeros(300), {"hop": 0}, ValueError, "hop must be at least 1, got 0"),
    ],
)
def test_bad_sound_is_named(function, audio, options, error, message):
    with pytest.raises(error, match=message):
        function(audio, **options)


def test_a_number_is_no_sound():
    with pytest.raises(ValueError, match=r"audio must have at least 1 dimension\(s\)"):
        log_mel(np.array(0.0))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_mels": 0}, ValueError, "n_mels must be at least 1, got 0"),
        ({"window": 1}, ValueError, "window must be at least 2, got 1"),
        ({"rate": 0}, ValueError, "rate must be greater than 0, got 0"),
        (
            {"n_mels": 87},
            ValueError,
            "n_mels must leave a frequency in each band, got 87: with 256 points the frequencies "
            "are 31.25 Hz apart and band 0 holds none",
        ),
    ],
)
def test_bad_filters_are_named(options, error, message):
    with pytest.raises(error, match=message):
        mel_filters(**{"n_mels": 5, **options})
    with pytest.raises(error, match=message):
        log_mel(np.zeros(300), **options)


def test_as_many_bands_as_there_are_frequencies_for_are_made():
    assert (mel_filters(86).sum(axis=1) > 0).all()


def test_the_floor_must_be_positive():
    with pytest.raises(ValueError, match=r"floor must be greater than 0, got 0.0"):
        log_mel(np.zeros(300), floor=0.0)
