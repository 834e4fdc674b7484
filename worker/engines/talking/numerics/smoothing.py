"""Smoothing of tracks: one value in, one value out, nothing delayed."""

from __future__ import annotations

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats

#: A Gaussian is cut off after so many standard deviations.
GAUSSIAN_REACH = 4


def gaussian(track: Floats, sigma: float) -> Floats:
    """The track smoothed by a Gaussian of standard deviation `sigma`, in samples; the ends go on level."""
    file_access = int(GAUSSIAN_REACH * sigma + 1)
    return _convolved(track, np.exp(-0.5 * (np.arange(-file_access, file_access + 1) / sigma) ** 2))


def hann(track: Floats, length: int) -> Floats:
    """The track smoothed by a Hann window of `length` samples, an odd number; the ends go on level."""
    return _convolved(track, np.hanning(length + 2)[1:-1])


def _convolved(track: Floats, kernel: np.typing.NDArray[np.float64]) -> Floats:
    file_access = len(kernel) // 2
    padded = np.pad(floats(track), file_access, mode="edge")
    return np.convolve(padded, floats(kernel / kernel.sum()), "valid")
