"""Spikes of a CTC network: the frames in which it tells a phone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, Indices, floats
from worker.engines.talking.voice.visemes import BILABIALS, CONSONANTS, phone_named

#: The chance of no phone counts only so much: the network tells rather too few.
BLANK_SHARE = 0.9

#: p, b and m are taken for n, w or v. Where their chances together are at least the first, and at least the
#: second of that of the consonant told there, within so many frames, it is one of them.
MIN_BILABIAL, MIN_BILABIAL_SHARE = 0.12, 0.4
NEAR_FRAMES = 3


class Spike(NamedTuple):
    """A phone of `visemes`, the frame that tells it, and its chance there."""

    frame: int
    name: str
    probability: float


def spikes(probabilities: Floats, tokens: Sequence[str], blank: int) -> list[Spike]:
    """The phones told in (frames, tokens) of probabilities, in their order."""
    names = _names(tuple(tokens))
    found = _told(probabilities, names, blank)
    lips = [index for index, name in enumerate(names) if name in BILABIALS]
    for spike in _bilabials(probabilities[:, lips], [names[index] for index in lips]):
        found = _with_bilabial(found, spike)
    return sorted(found)


def _told(probabilities: Floats, names: Sequence[str], blank: int) -> list[Spike]:
    """The likeliest token of each frame, where it is another than before."""
    weighted = probabilities.copy()
    weighted[:, blank] *= BLANK_SHARE
    best: Indices = weighted.argmax(axis=1).astype(np.int32)
    begins = np.flatnonzero(np.diff(best, prepend=np.int32(blank)))
    return [
        Spike(int(frame), names[best[frame]], float(probabilities[frame, best[frame]]))
        for frame in begins
        if names[best[frame]]
    ]


def _bilabials(probabilities: Floats, names: Sequence[str]) -> list[Spike]:
    """The frames in which p, b and m together are likelier than around."""
    together = np.pad(floats(probabilities.sum(axis=1)), 1)
    middle = together[1:-1]
    is_peak = (middle >= together[:-2]) & (middle > together[2:]) & (middle >= MIN_BILABIAL)
    return [
        Spike(int(frame), names[int(probabilities[frame].argmax())], float(middle[frame]))
        for frame in np.flatnonzero(is_peak)
    ]


def _with_bilabial(found: list[Spike], bilabial: Spike) -> list[Spike]:
    """With it in the place of the consonants that are told nearby, if it is likely enough beside them."""
    near = [
        spike
        for spike in found
        if abs(spike.frame - bilabial.frame) <= NEAR_FRAMES and spike.name in CONSONANTS
    ]
    if any(spike.name in BILABIALS for spike in near):
        return found
    if any(bilabial.probability < MIN_BILABIAL_SHARE * spike.probability for spike in near):
        return found
    nearest = min(near, key=lambda spike: abs(spike.frame - bilabial.frame), default=None)
    return [*(spike for spike in found if spike is not nearest), bilabial]


@cache
def _names(tokens: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(phone_named(token) for token in tokens)
