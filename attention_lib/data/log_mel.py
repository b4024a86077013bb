r"""What a listener's ear gets of a sound: its power in bands of pitch, over time.

Samples are cut into short frames, each frame is taken apart into frequencies, and the power of
neighbouring frequencies is added up in bands that are narrow below and wide above.
"""

import numpy as np

from ..checks import (
    check_count,
    check_dimensions,
    check_floating,
    check_kind,
    check_positive,
    check_size,
)
from .speech import RATE

WINDOW, HOP = 200, 80  # samples: 25 ms every 10 ms


def power_spectrum(audio, *, window=WINDOW, hop=HOP):
    r"""The power of each frame at each frequency, in the short-time Fourier transform.

    $$P_{f,k} = \frac{c_k}{L} \Big| \sum_{t=0}^{W-1} h_t\, x_{fH+t}\, e^{-2 \pi i k t / L} \Big|^2,
    \qquad h_t = \tfrac12 - \tfrac12 \cos(2 \pi t / W)$$

    x are the samples, f counts frames, k frequencies and t the samples of a frame, which the window
    h lets fade in and out. L is the smallest power of two >= W. c_k is 2, for a frequency and its
    mirror image, and 1 for the first and the last k, which have none: so the sum over k is the
    energy of the windowed frame (Parseval).

    Args:
        audio: `[..., N]` samples, floating, N >= window.
        window: W, samples a frame, at least 2.
        hop: H, samples from one frame to the next.

    Returns:
        `[..., F, L / 2 + 1]`, dtype of audio, calculated in float64; F = 1 + (N - W) // H: frames
        that the samples fill, so that up to H - 1 samples at the end are in none. Frame f has its
        middle at sample f H + W / 2, and column k the frequency k / L times the sampling rate.

    Raises:
        TypeError, ValueError: audio is no floating array or too short; an option out of range.

    Cost: O(F L log L).
    Source: Allen and Rabiner (1977); the window is von Hann's (Harris 1978).

    >>> power_spectrum(np.ones(6), window=4, hop=2).round(3)
    array([[1. , 0.5, 0. ], [1. , 0.5, 0. ]])
    """
    check_kind("numpy", audio=audio)
    check_floating(audio=audio)
    check_dimensions(1, audio=audio)
    check_size(minimum=2, window=window)
    check_count(hop=hop)
    window, hop = int(window), int(hop)
    if audio.shape[-1] < window:
        raise ValueError(f"audio must have at least window = {window} samples, got {audio.shape}")
    size = _fourier_size(window)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    frames = np.lib.stride_tricks.sliding_window_view(audio, window, axis=-1)[..., ::hop, :]
    power = np.abs(np.fft.rfft(frames.astype(np.float64) * hann, size, axis=-1)) ** 2 / size
    power[..., 1:-1] *= 2
    return power.astype(audio.dtype)


def mel_filters(n_mels, *, window=WINDOW, rate=RATE):
    r"""How much each frequency counts in each band: triangles, evenly spaced on the mel scale.

    $$m(f) = 2595 \log_{10}(1 + f / 700)$$

    m is the mel number of a frequency f in Hz: equal steps of m sound about equally far apart.
    Triangle j rises from 0 at mel point j to 1 at point j + 1 and falls to 0 at point j + 2; the
    n_mels + 2 points lie evenly in mel between 0 and half the sampling rate. Between their middles
    two neighbours add up to 1.

    Args:
        n_mels: number of bands.
        window: samples a frame, as for `power_spectrum`.
        rate: samples a second.

    Returns:
        `[n_mels, L / 2 + 1]`, float64, entries from 0 to 1; L as for `power_spectrum`.

    Raises:
        TypeError, ValueError: an argument out of range, or so many bands that one of them holds no
            frequency.

    Source: Davis and Mermelstein (1980) for triangles; O'Shaughnessy (1987) for the formula.

    >>> mel_filters(2, window=8, rate=8000).round(2)
    array([[0.  , 0.68, 0.  , 0.  , 0.  ], [0.  , 0.32, 0.91, 0.45, 0.  ]])
    """
    check_size(n_mels=n_mels)
    check_size(minimum=2, window=window)
    check_positive(rate=rate)
    n_mels, rate, size = int(n_mels), float(rate), _fourier_size(window)
    points = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), n_mels + 2)
    # Back from mel to Hz: where each triangle begins, has its top and ends, `[n_mels, 1]` each.
    low, middle, high = (
        (700 * (10 ** (points[i : i + n_mels, None] / 2595) - 1)) for i in range(3)
    )
    frequency = np.arange(size // 2 + 1) * rate / size
    rising, falling = (frequency - low) / (middle - low), (high - frequency) / (high - middle)
    filters = np.clip(np.minimum(rising, falling), 0, None)
    empty = np.flatnonzero(filters.sum(axis=1) == 0)
    if len(empty):
        raise ValueError(
            f"n_mels must leave a frequency in each band, got {n_mels}: with {size} points the "
            f"frequencies are {rate / size:g} Hz apart and band {empty[0]} holds none"
        )
    return filters


def log_mel(audio, *, n_mels=40, window=WINDOW, hop=HOP, rate=RATE, floor=1e-10):
    """Logarithm of the power in each mel band: what a speech model takes for its tokens.

    ln(floor + mel_filters @ power_spectrum), frame by frame.

    Args:
        audio: `[..., N]` samples, floating, N >= window.
        n_mels: number of bands.
        window, hop: samples a frame, and from one frame to the next.
        rate: samples a second.
        floor: added to the power, so that silence has a logarithm, > 0.

    Returns:
        `[..., F, n_mels]` for F frames, dtype of audio, calculated in float64.

    Raises:
        TypeError, ValueError: as `power_spectrum` and `mel_filters`.

    Cost: O(F (L log L + L n_mels)).
    Source: Davis and Mermelstein (1980), without the last cosine transform.

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> log_mel(tone).shape, int(log_mel(tone).mean(axis=0).argmax())
    ((98, 40), 18)
    """
    check_positive(floor=floor)
    check_kind("numpy", audio=audio)
    check_floating(audio=audio)
    power = power_spectrum(audio.astype(np.float64), window=window, hop=hop)
    bands = power @ mel_filters(n_mels, window=window, rate=rate).T
    return np.log(floor + bands).astype(audio.dtype)


def _fourier_size(window):
    return 1 << (int(window) - 1).bit_length()
