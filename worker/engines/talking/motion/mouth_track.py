"""From a voice to a mouth: how far it opens and where its corners go, in each frame of the video.

Phones say which shape is meant, the features how much of it. Shapes blend into each other (coarticulation),
are scaled and gated by the voice, and are sampled at the frames. Lips lead the sound, as they do in nature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.engines.talking.motion import hints
from worker.engines.talking.motion.targets import Targets, painted, span
from worker.engines.talking.numerics.arrays import Floats, floats, smoothstep
from worker.engines.talking.numerics.smoothing import gaussian
from worker.engines.talking.numerics.tracks import FrameTracks
from worker.engines.talking.voice.features import Features
from worker.engines.talking.voice.phones import Phone
from worker.engines.talking.voice.visemes import BILABIALS
from worker.engines.talking.voice.waveform import HOPS_PER_SECOND
from worker.video_format import FRAME_RATE

#: What a frame shows is what is heard so much after its middle.
LEAD_SECONDS = 0.045

#: Standard deviations in hops of 10 ms: how far shapes reach into their neighbours.
APERTURE_SIGMA, CORNER_SIGMA, TONGUE_SIGMA, ENERGY_SIGMA = 3.2, 4.5, 2.5, 4.0

#: A vowel's aperture is scaled by the voice's strength: the least + slope * loudness, up to the most.
MIN_STRENGTH, STRENGTH_SLOPE, MAX_STRENGTH = 0.45, 0.75, 1.12
STRENGTH_SIGMA = 3.0

#: How much of a vowel's aperture, and of the finished track, is what the features alone say.
VOWEL_HINT_SHARE, HINT_SHARE = 0.3, 0.3
#: Where the phones leave the mouth closer than this, the features get only this much of their share.
NEARLY_SHUT, NEARLY_SHUT_FACTOR = 0.03, 0.35

#: A closure lasts half the phone to both sides of its middle, within these bounds; its flanks, so long each.
#: The shortest is longer than a frame: none falls between two.
MIN_PLATEAU_HOPS, MAX_PLATEAU_HOPS, FLANK_HOPS = 3.0, 7.0, 7.0
#: No closure where nothing so near is as loud as this: in a pause the decoder is not trusted.
CLOSURE_REACH_HOPS, MIN_CLOSURE_LOUDNESS = 15, 0.08

#: Lips closer than this are shown as shut.
SHUT = 0.015

#: How far an open-mouthed picture's lips stay apart in a pause, unless the closure is this sure.
PARTED_APERTURE, SURE_CLOSURE = 0.10, 0.05


@dataclass(frozen=True)
class MouthTrack(FrameTracks):
    """What the mouth does in each frame.

    `aperture`: height between the lips, 0 to about .65; `corner`: how far the corners move, -.27 (rounded)
    to .11 (spread); both in half mouth widths. From 0 to 1: `bite` (lower lip under the teeth), `tongue`
    (raised), `energy` (loudness, smoothed), `closure` (lips pressed together), `gate` (0 in pauses).
    """

    aperture: Floats
    corner: Floats
    bite: Floats
    tongue: Floats
    energy: Floats
    closure: Floats
    gate: Floats


@dataclass(frozen=True)
class _Closure:
    """Lips pressed together: the middle and half the length of the plateau, in hops."""

    middle: float
    plateau: float


def mouth_track(features: Features, phones: Sequence[Phone] | None, frames: int) -> MouthTrack:
    """What the mouth does in `frames` frames, whatever the length of the voice.

    Without phones it follows the features alone: in any language, but the lips never meet for p, b and m.
    """
    if not phones:
        return _at_frames(_by_features(features), frames)
    closures = _closures(phones, features.loudness * np.float32(features.aliveness))
    return _at_frames(_by_phones(features, painted(phones, len(features)), closures), frames)


def kept_parted(track: MouthTrack) -> MouthTrack:
    """The track for a picture whose mouth is open: pauses leave the lips apart, only p, b and m shut them."""
    parted = PARTED_APERTURE * (1 - track.gate) * (track.closure < SURE_CLOSURE)
    return replace(track, aperture=floats(np.maximum(track.aperture, parted)))


def _by_features(features: Features) -> MouthTrack:
    """At 100 Hz."""
    nothing = np.zeros(len(features), np.float32)
    return MouthTrack(
        aperture=hints.aperture(features),
        corner=hints.corner(features),
        bite=nothing,
        tongue=nothing,
        energy=_energy(features),
        closure=nothing,
        gate=features.gate,
    )


def _by_phones(features: Features, targets: Targets, closures: Sequence[_Closure]) -> MouthTrack:
    """At 100 Hz."""
    closure = _closure_track(closures, len(features))
    aperture = _blended(_wanted_aperture(features, targets), targets.weight, APERTURE_SIGMA) * features.gate
    return MouthTrack(
        aperture=_with_hints(aperture, features) * (1 - closure),
        corner=_blended(_wanted_corner(features, targets), targets.weight, CORNER_SIGMA) * features.gate,
        bite=gaussian(targets.bite, TONGUE_SIGMA) * features.gate,
        tongue=gaussian(targets.tongue, TONGUE_SIGMA) * features.gate,
        energy=_energy(features),
        closure=closure,
        gate=features.gate,
    )


def _energy(features: Features) -> Floats:
    return gaussian(features.loudness, ENERGY_SIGMA) * np.float32(features.aliveness)


def _wanted_aperture(features: Features, targets: Targets) -> Floats:
    """The targets, with vowels as open as the voice is strong and its first formant says.

    Where the phones say nothing the features have the word, as they do in languages the decoder doesn't know.
    """
    loudness = gaussian(features.loudness, STRENGTH_SIGMA)
    strength = np.minimum(MIN_STRENGTH + STRENGTH_SLOPE * loudness, MAX_STRENGTH)
    heard = hints.heard_vowel_aperture(features)
    vowel = (1 - VOWEL_HINT_SHARE) * targets.aperture * strength + VOWEL_HINT_SHARE * heard
    known = np.where(targets.vowel, vowel, targets.aperture)
    return floats(np.where(targets.unknown, hints.aperture(features), known))


def _wanted_corner(features: Features, targets: Targets) -> Floats:
    return floats(np.where(targets.unknown, hints.corner(features), targets.corner))


def _blended(target: Floats, weight: Floats, sigma: float) -> Floats:
    """Coarticulation: the weighted mean of the targets around."""
    return gaussian(weight * target, sigma) / gaussian(weight, sigma)


def _with_hints(aperture: Floats, features: Features) -> Floats:
    hint = (hints.loud_aperture(features) + hints.aperture(features)) / 2
    trust = np.where(aperture < NEARLY_SHUT, NEARLY_SHUT_FACTOR, 1)
    return floats((1 - HINT_SHARE) * aperture + HINT_SHARE * trust * hint)


def _closures(phones: Sequence[Phone], loudness: Floats) -> list[_Closure]:
    found = []
    for start, end in (span(phone) for phone in phones if phone.name in BILABIALS):
        around = loudness[max(0, start - CLOSURE_REACH_HOPS) : end + CLOSURE_REACH_HOPS]
        if around.max(initial=0) >= MIN_CLOSURE_LOUDNESS:
            plateau = min(max((end - start) / 2, MIN_PLATEAU_HOPS), MAX_PLATEAU_HOPS)
            found.append(_Closure((start + end) / 2, plateau))
    return found


def _closure_track(closures: Sequence[_Closure], hops: int) -> Floats:
    """1 where the lips are pressed together, with smooth flanks."""
    track = np.zeros(hops, np.float32)
    for closure in closures:
        reach = closure.plateau + FLANK_HOPS
        at = np.arange(max(0, int(closure.middle - reach)), min(hops, int(closure.middle + reach) + 2))
        pressed = smoothstep(reach, closure.plateau, floats(np.abs(at - closure.middle)))
        track[at] = np.maximum(track[at], pressed)
    return track


def _at_frames(track: MouthTrack, frames: int) -> MouthTrack:
    """A 100 Hz track sampled at the middle of each frame, the lips ahead of the sound."""
    at = ((np.arange(frames) + 0.5) / FRAME_RATE + LEAD_SECONDS) * HOPS_PER_SECOND
    hops = np.arange(len(track))
    sampled = MouthTrack(*(floats(np.interp(at, hops, array)) for array in track.arrays()))
    return replace(sampled, aperture=np.where(sampled.aperture < SHUT, np.float32(0), sampled.aperture))
