"""The shapes that the phones ask for, painted on a 100 Hz timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from worker.engines.talking.numerics.arrays import Flags, Floats, floats
from worker.engines.talking.voice.phones import Phone
from worker.engines.talking.voice.visemes import (
    CONSONANTS,
    DIPHTHONG_SHARE,
    GAP,
    MAX_GAP_SECONDS,
    REST,
    VOWELS,
    Shape,
)
from worker.engines.talking.voice.waveform import HOPS_PER_SECOND

#: The rate of speech is counted within so much to both sides.
RATE_REACH_SECONDS = 0.5


@dataclass
class Targets:
    """Tracks as in `visemes.Shape`; `vowel` and `said` tell where there is a vowel, and anything at all."""

    hops: int
    aperture: Floats = field(init=False)
    corner: Floats = field(init=False)
    weight: Floats = field(init=False)
    bite: Floats = field(init=False)
    tongue: Floats = field(init=False)
    vowel: Flags = field(init=False)
    said: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.aperture, self.corner, self.weight, self.bite, self.tongue = np.zeros((5, self.hops), np.float32)
        self.vowel, self.said = np.zeros((2, self.hops), np.bool_)
        self._paint(slice(None), REST)

    def add(self, phone: Phone) -> None:
        """Paints a phone."""
        start, end = span(phone)
        if phone.name in VOWELS:
            self._add_vowel(start, end, VOWELS[phone.name])
        else:
            self._paint(slice(start, end), CONSONANTS[phone.name])
        self.said[start:end] = True

    def add_gap(self, before: Phone, after: Phone) -> None:
        """Paints what is too short for a pause, between two phones."""
        if after.start_seconds - before.end_seconds <= MAX_GAP_SECONDS:
            part = slice(span(before)[1], span(after)[0])
            self._paint(part, GAP)
            self.said[part] = True

    def _add_vowel(self, start: int, end: int, shapes: Sequence[Shape]) -> None:
        switch = start + int(DIPHTHONG_SHARE * (end - start))
        self._paint(slice(start, end), shapes[0])
        self._paint(slice(switch, end), shapes[-1])
        self.vowel[start:end] = True

    def _paint(self, part: slice, shape: Shape) -> None:
        tracks = (self.aperture, self.corner, self.weight, self.bite, self.tongue)
        for track, value in zip(tracks, shape, strict=True):
            track[part] = value


def painted(phones: Sequence[Phone], hops: int) -> Targets:
    """The targets of all phones; at rest where there are none."""
    targets = Targets(hops)
    for phone in phones:
        targets.add(phone)
    for before, after in pairwise(phones):
        targets.add_gap(before, after)
    return targets


def rate_of_speech(phones: Sequence[Phone], hops: int) -> Floats:
    """Phones per second around each hop, as if there were no pauses in between."""
    begun, said = np.zeros((2, hops))
    for phone in phones:
        start, end = span(phone)
        begun[start : start + 1] += 1
        said[start:end] = 1 / HOPS_PER_SECOND
    reach = round(RATE_REACH_SECONDS * HOPS_PER_SECOND)
    count, seconds = (_sums_around(track, reach) for track in (begun, said))
    return floats(count / np.maximum(seconds, 0.5 * RATE_REACH_SECONDS))


def _sums_around(track: np.typing.NDArray[np.float64], reach: int) -> np.typing.NDArray[np.float64]:
    sums = np.concatenate(([0], np.cumsum(track)))
    at = np.arange(len(track))
    return np.asarray(sums[np.minimum(at + reach + 1, len(track))] - sums[np.maximum(at - reach, 0)])


def span(phone: Phone) -> tuple[int, int]:
    """The hops of a phone, from and to."""
    return round(phone.start_seconds * HOPS_PER_SECOND), round(phone.end_seconds * HOPS_PER_SECOND)
