"""Utterances: a voice in pieces of a few seconds, which processes share out among themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats
from worker.engines.talking.voice import waveform
from worker.scene import Sound

#: An utterance is cut off where it is quietest between these, measured over QUIET_HOPS.
MIN_SECONDS, MAX_SECONDS = 3, 6
QUIET_HOPS = 9


class Utterance(NamedTuple):
    """Some seconds of 16 kHz mono voice, and when they begin."""

    samples: Floats
    start_seconds: float

    @property
    def seconds(self) -> float:
        return len(self.samples) / waveform.SAMPLE_RATE


def least_count(sound: Sound) -> int:
    """A sound has at least so many."""
    return math.ceil(sound.duration_seconds / MAX_SECONDS)


def utterances(sound: Sound) -> Iterator[Utterance]:
    """The whole voice, cut in its pauses."""
    pending, start_samples = floats([]), 0
    for block in waveform.blocks(sound):
        pending = np.concatenate((pending, block))
        while len(pending) > MAX_SECONDS * waveform.SAMPLE_RATE:
            cut = _quietest_sample(pending)
            yield Utterance(pending[:cut], start_samples / waveform.SAMPLE_RATE)
            pending, start_samples = pending[cut:], start_samples + cut
    yield Utterance(pending, start_samples / waveform.SAMPLE_RATE)


def _quietest_sample(samples: Floats) -> int:
    """Where the utterance that begins here is best cut off."""
    whole = samples[: MAX_SECONDS * waveform.SAMPLE_RATE].reshape(-1, waveform.HOP_SAMPLES)
    loudness = np.sqrt((whole**2).sum(axis=1))
    around = np.convolve(loudness, np.ones(QUIET_HOPS), "same")
    first = MIN_SECONDS * waveform.HOPS_PER_SECOND
    return (first + int(around[first:-QUIET_HOPS].argmin())) * waveform.HOP_SAMPLES
