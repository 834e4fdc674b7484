"""A loudness meter of our own: ITU-R BS.1770-5 in numpy, to judge by another hand than ffmpeg's."""

from __future__ import annotations

from typing import Any

import numpy as np

Samples = np.ndarray[Any, np.dtype[np.float64]]

#: The two filters before the power is taken, as analogue prototypes: Hz, and quality; the shelf's gain in dB.
SHELF_HZ, SHELF_Q, SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
HIGH_PASS_HZ, HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
SHELF_POWER = 0.4996667741545416

OVERSAMPLING = 8


def integrated_lufs(samples: Samples, rate: int) -> float:
    """Of (samples, channels) between -1 and 1; blocks of 400 ms, three quarters overlapping, gated twice."""
    powers = (_weighted(samples, rate) ** 2).sum(axis=1)
    block, step = round(0.4 * rate), round(0.1 * rate)
    sums = np.concatenate([[0.0], powers.cumsum()])
    starts = np.arange(0, len(powers) - block + 1, step)
    blocks = (sums[starts + block] - sums[starts]) / block
    audible = blocks[_lufs(blocks) > -70]
    return float(_lufs(audible[_lufs(audible) > _lufs(audible.mean()) - 10].mean()))


def true_peak_db(samples: Samples) -> float:
    """The highest point of the curve through the samples."""
    spectrum = np.fft.rfft(samples, axis=0)
    count = len(samples) * OVERSAMPLING
    return float(20 * np.log10(np.abs(np.fft.irfft(spectrum, count, axis=0)).max() * OVERSAMPLING))


def _lufs(power: Any) -> Any:
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-15))


def _weighted(samples: Samples, rate: int) -> Samples:
    count = len(samples) + rate
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(count))
    response = _shelf(turn, rate) * _high_pass(turn, rate)
    filtered = np.fft.irfft(np.fft.rfft(samples, count, axis=0) * response[:, None], count, axis=0)
    return filtered[: len(samples)]


def _shelf(turn: Any, rate: int) -> Any:
    k, high = np.tan(np.pi * SHELF_HZ / rate), 10 ** (SHELF_DB / 20)
    band = high**SHELF_POWER
    top = (high + band * k / SHELF_Q + k * k, 2 * (k * k - high), high - band * k / SHELF_Q + k * k)
    return _biquad(top, k, SHELF_Q, turn)


def _high_pass(turn: Any, rate: int) -> Any:
    k = np.tan(np.pi * HIGH_PASS_HZ / rate)
    scale = 1 + k / HIGH_PASS_Q + k * k
    return _biquad((scale, -2 * scale, scale), k, HIGH_PASS_Q, turn)


def _biquad(top: tuple[float, float, float], k: float, quality: float, turn: Any) -> Any:
    bottom = (1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k)
    return np.polyval(top[::-1], turn) / np.polyval(bottom[::-1], turn)
