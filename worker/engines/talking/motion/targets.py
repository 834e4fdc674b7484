"""The shapes that the phones ask for, painted on a 100 Hz timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.engines.talking.numerics.arrays import Flags, Floats
from worker.engines.talking.voice.phones import UNKNOWN, Phone
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


@dataclass
class Targets:
    """Tracks as in `visemes.Shape`; `vowel` and `unknown` tell where there is a vowel or anybody's guess."""

    hops: int
    aperture: Floats = field(init=False)
    corner: Floats = field(init=False)
    weight: Floats = field(init=False)
    bite: Floats = field(init=False)
    tongue: Floats = field(init=False)
    vowel: Flags = field(init=False)
    unknown: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.aperture, self.corner, self.weight, self.bite, self.tongue = np.zeros((5, self.hops), np.float32)
        self.vowel, self.unknown = np.zeros((2, self.hops), np.bool_)
        self._paint(slice(None), REST)

    def add(self, phone: Phone, *, is_within: bool) -> None:
        """Paints a phone; `is_within` if others come before and after it."""
        start, end = span(phone)
        if phone.name in VOWELS:
            self._add_vowel(start, end, VOWELS[phone.name])
        elif phone.name in CONSONANTS:
            self._paint(slice(start, end), CONSONANTS[phone.name])
        elif is_within and phone.end_seconds - phone.start_seconds <= MAX_GAP_SECONDS:
            self._paint(slice(start, end), GAP)
        else:
            self._paint(slice(start, end), REST)
            self.unknown[start:end] = phone.name == UNKNOWN

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
    for number, phone in enumerate(phones):
        targets.add(phone, is_within=0 < number < len(phones) - 1)
    return targets


def span(phone: Phone) -> tuple[int, int]:
    """The hops of a phone, from and to."""
    return round(phone.start_seconds * HOPS_PER_SECOND), round(phone.end_seconds * HOPS_PER_SECOND)
