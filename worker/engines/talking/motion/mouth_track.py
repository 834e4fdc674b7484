"""From a voice to a mouth: how far it opens and where its corners go, in each frame of the video.

Phones say which shape is meant, the features how much of it. The mouth moves past these targets as tissue
does (`trajectory`), is gated by the voice, and averaged over each frame. Lips lead the sound, as in nature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.engines.talking.motion import hints
from worker.engines.talking.motion.targets import Targets, painted, rate_of_speech
from worker.engines.talking.motion.touches import Touches, averaged, touches
from worker.engines.talking.motion.trajectory import HARD, smoothest
from worker.engines.talking.numerics.arrays import Flags, Floats, floats
from worker.engines.talking.numerics.smoothing import gaussian
from worker.engines.talking.numerics.tracks import FrameTracks
from worker.engines.talking.voice.features import Features
from worker.engines.talking.voice.phones import Phone
from worker.engines.talking.voice.visemes import BILABIALS, LABIODENTALS

#: How stiff the jaw and the corners of the mouth are, against a target's weight of 1 per hop of 10 ms.
APERTURE_STIFFNESS, CORNER_STIFFNESS = 120.0, 250.0
#: Standard deviations in hops.
TONGUE_SIGMA, ENERGY_SIGMA = 2.5, 4.0

#: A vowel's aperture is scaled by the voice's strength: the least + slope * loudness, up to the most.
MIN_STRENGTH, STRENGTH_SLOPE, MAX_STRENGTH = 0.45, 0.75, 1.12
STRENGTH_SIGMA = 3.0
#: How much of a vowel's aperture is what the features alone say.
VOWEL_HINT_SHARE = 0.3
#: Quick speech moves the lips, not the jaw (Edwards et al., "JALI", 2016): from so many phones a second on,
#: vowels are less open by so much for each more, down to the least.
QUICK_RATE, LOSS_PER_PHONE, MIN_QUICK_SHARE = 14.0, 0.05, 0.6

#: Lips that meet press on each other: what they aim at lies beyond (Lofqvist and Gracco 1997).
PRESSED_APERTURE = -0.02
#: How far a lower lip at the teeth leaves the mouth open.
BITTEN_APERTURE = 0.05

#: The gate opens so much before what is said, and closes so long after it, its flanks of this sigma; in hops.
SAID_LEAD_HOPS, SAID_RELEASE_HOPS, SAID_SIGMA = 8, 12, 3.0

#: The bounds of what can be drawn (see `MouthTrack`).
MAX_APERTURE, ROUNDEST, WIDEST = 0.65, -0.27, 0.11

#: Lips closer than this are shown as shut.
SHUT = 0.02

#: Between two frames that are closer than this, a single one isn't open further.
FLASH = 0.03

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


def mouth_track(features: Features, phones: Sequence[Phone] | None, frames: int) -> MouthTrack:
    """What the mouth does in `frames` frames, whatever the length of the voice.

    Without phones (None) it follows the features alone: in any language, but the lips never meet for p, b and
    m. Where phones are listened for and none is told, nobody speaks, and the mouth is shut.
    """
    if phones is None:
        return _at_frames(_by_features(features), frames)
    loudness = features.loudness * np.float32(features.aliveness)
    shut, bitten = (touches(phones, names, loudness) for names in (BILABIALS, LABIODENTALS))
    track = _by_phones(features, phones, shut.hops, bitten.hops & ~shut.hops)
    return _touching(_at_frames(track, frames), shut, bitten)


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


def _by_phones(features: Features, phones: Sequence[Phone], shut: Flags, bitten: Flags) -> MouthTrack:
    """At 100 Hz."""
    targets = painted(phones, len(features))
    gate = features.gate * _said(targets)
    wanted = _wanted_aperture(features, targets, rate_of_speech(phones, len(features))) * gate
    aperture = _led(_led(wanted, bitten, BITTEN_APERTURE), shut, PRESSED_APERTURE)
    weight = _led(targets.weight, shut | bitten, HARD)
    return MouthTrack(
        aperture=np.clip(smoothest(aperture, weight, APERTURE_STIFFNESS), 0, MAX_APERTURE) * gate,
        corner=_bounded_corner(smoothest(targets.corner * gate, targets.weight, CORNER_STIFFNESS)) * gate,
        bite=gaussian(floats(bitten), TONGUE_SIGMA) * gate,
        tongue=gaussian(targets.tongue, TONGUE_SIGMA) * gate,
        energy=_energy(features) * gate,
        closure=floats(shut),
        gate=gate,
    )


def _led(track: Floats, where: Flags, value: float) -> Floats:
    return floats(np.where(where, value, track))


def _bounded_corner(corner: Floats) -> Floats:
    """What the smoothest way swings beyond its targets, nobody can draw."""
    return floats(np.clip(corner, ROUNDEST, WIDEST))


def _said(targets: Targets) -> Floats:
    """1 where anything is said, and a little before and after it; 0 where there is but sound."""
    said = floats(targets.said)
    around = np.convolve(said, np.ones(SAID_LEAD_HOPS + SAID_RELEASE_HOPS + 1))[SAID_LEAD_HOPS:][: len(said)]
    return gaussian(floats(around > 0), SAID_SIGMA)


def _energy(features: Features) -> Floats:
    return gaussian(features.loudness, ENERGY_SIGMA) * np.float32(features.aliveness)


def _wanted_aperture(features: Features, targets: Targets, rate: Floats) -> Floats:
    """The targets, with vowels as open as the voice is strong, its first formant says and its pace lets."""
    loudness = gaussian(features.loudness, STRENGTH_SIGMA)
    strength = np.minimum(MIN_STRENGTH + STRENGTH_SLOPE * loudness, MAX_STRENGTH)
    heard = hints.heard_vowel_aperture(features)
    vowel = (1 - VOWEL_HINT_SHARE) * targets.aperture * strength + VOWEL_HINT_SHARE * heard
    quick = np.clip(1 - LOSS_PER_PHONE * (rate - QUICK_RATE), MIN_QUICK_SHARE, 1)
    return floats(np.where(targets.vowel, vowel * quick, targets.aperture))


def _at_frames(track: MouthTrack, frames: int) -> MouthTrack:
    """A 100 Hz track averaged over each frame, as a camera's shutter does, the lips ahead of the sound."""
    shown = MouthTrack(*(averaged(array, frames) for array in track.arrays()))
    return replace(shown, aperture=_led(shown.aperture, shown.aperture < SHUT, 0))


def _touching(track: MouthTrack, shut: Touches, bitten: Touches) -> MouthTrack:
    """With lips that meet in whole frames, and don't part for a single one."""
    is_shut = (track.aperture == 0) | shut.frames(len(track))
    is_bitten = bitten.frames(len(track)) & ~shut.frames(len(track)) & (track.gate > 0)
    return replace(
        track,
        aperture=_without_flashes(_led(track.aperture, is_shut & ~is_bitten, 0)),
        bite=_led(track.bite, is_bitten, 1),
    )


def _without_flashes(aperture: Floats) -> Floats:
    """Without openings of a single frame."""
    around = np.maximum(aperture[:-2], aperture[2:])
    calm = aperture.copy()
    calm[1:-1] = np.where(around < FLASH, np.minimum(calm[1:-1], around), calm[1:-1])
    return calm
