"""When the lips are shut in an utterance, by the sound: what is above 600 Hz dips until they part again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats
from worker.engines.talking.voice.waveform import SAMPLE_RATE, sliding

#: The power above MUFFLED_HZ: a Hann window of 12 ms, every 5 ms. Shut lips let only the voice's bar through.
WINDOW_SAMPLES, STEP_SAMPLES = 192, 80
STEPS_PER_SECOND = SAMPLE_RATE // STEP_SAMPLES
SPECTRUM_SAMPLES = 256
MUFFLED_HZ = 600
WINDOW = floats(np.hanning(WINDOW_SAMPLES))
FIRST_BIN = MUFFLED_HZ * SPECTRUM_SAMPLES // SAMPLE_RATE
#: Added to powers before their logarithm: quieter than 16-bit samples are.
TINY_POWER = 1e-6

#: The dip's lowest point lies between these, from where the closure is thought to begin.
DEEPEST_SECONDS = (-0.05, 0.09)
#: Its shoulders are the loudest within so much of it; it is at least so deep.
SHOULDER_SECONDS, MIN_DEPTH_DB = 0.12, 6.0
#: Its edges are where this share of its depth is climbed.
EDGE_SHARE = 0.5
MIN_SECONDS, MAX_SECONDS = 0.03, 0.16
#: A closure whose begin or whose both ends can't be heard.
USUAL_SECONDS = 0.08


class Closure(NamedTuple):
    """From and to, in seconds."""

    start_seconds: float
    end_seconds: float


def muffled_levels(samples: Floats) -> Floats:
    """The level above MUFFLED_HZ in dB, every 5 ms of a 16 kHz voice."""
    windows = next(sliding([samples], WINDOW_SAMPLES, STEP_SAMPLES, WINDOW_SAMPLES // 2))
    spectrum = np.abs(np.fft.rfft(windows * WINDOW, SPECTRUM_SAMPLES, axis=1)) ** 2
    return floats(10 * np.log10(spectrum[:, FIRST_BIN:].sum(axis=1) + TINY_POWER))


def closure_near(levels: Floats, start_seconds: float) -> Closure:
    """The closure that is thought to begin there; as long as most are, where the sound doesn't show it."""
    guess = Closure(start_seconds, start_seconds + USUAL_SECONDS)
    first, end = (_step(start_seconds + way, levels) for way in DEEPEST_SECONDS)
    if end <= first:
        return guess
    deepest = first + int(levels[first:end].argmin())
    reach = round(SHOULDER_SECONDS * STEPS_PER_SECOND)
    before = _climb(levels[max(0, deepest - reach) : deepest + 1][::-1])
    after = _climb(levels[deepest : deepest + reach + 1])
    if after is None:
        return guess
    parted = (deepest + after) / STEPS_PER_SECOND
    if before is None:
        return Closure(parted - USUAL_SECONDS, parted)
    found = Closure((deepest - before) / STEPS_PER_SECOND, parted)
    return found if MIN_SECONDS <= parted - found.start_seconds <= MAX_SECONDS else guess


def _climb(levels: Floats) -> int | None:
    """Steps from the lowest point, which is the first, to the edge; None where it isn't deep enough."""
    depth = float(levels.max() - levels[0])
    if depth < MIN_DEPTH_DB:
        return None
    return int(np.argmax(levels > levels[0] + EDGE_SHARE * depth))


def _step(seconds: float, levels: Floats) -> int:
    return min(max(0, round(seconds * STEPS_PER_SECOND)), len(levels))
