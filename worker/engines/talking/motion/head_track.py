"""When to blink, sway and nod: from the voice alone, and always the same for the same voice.

A head that stands still looks dead; one that moves with the stresses of speech seems to mean what it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats
from worker.engines.talking.numerics.smoothing import hann
from worker.engines.talking.numerics.tracks import FrameTracks
from worker.video_format import FRAME_RATE

#: Sway: the standard deviation of each movement, and the range of its frequencies in Hz.
YAW_RADIANS, YAW_HZ = 0.030, (0.09, 0.33)
PITCH_RADIANS, PITCH_HZ = 0.018, (0.1, 0.4)
ROLL_RADIANS, ROLL_HZ = 0.0065, (0.07, 0.28)
SHIFT_X, SHIFT_X_HZ = 0.006, (0.06, 0.25)
SHIFT_Y, SHIFT_Y_HZ = 0.0035, (0.1, 0.3)
GROWTH, GROWTH_HZ = 0.004, (0.05, 0.2)
#: Each movement is the sum of so many sines; each one's frequency is off by up to this share.
SINES, DETUNING = 4, 0.15

#: A nod is how far loudness, over the first, is above that over the second: frames of Hann windows.
NOD_FRAMES, PHRASE_FRAMES = 9, 25
#: What a nod of 1 adds to pitch and vertical shift; how far it lifts the brows, at most.
NOD_PITCH, NOD_Y, NOD_BROW, MAX_BROW = 0.045, 0.010, 0.036, 0.018

#: The sway of a silent head, as a share; a phrase of this loudness gives it in full.
SILENT_SWAY, FULL_SWAY_LOUDNESS = 0.55, 0.4
#: The head comes to life, and to rest, in so many seconds.
START_SECONDS, END_SECONDS = 0.6, 0.4

#: How far the lids are closed in each frame of a blink, at 25 frames per second.
BLINK = floats([0.35, 0.85, 1.0, 0.75, 0.4, 0.15])
#: Seconds to the first blink, between blinks, and to the second of a double one; the share of double ones.
FIRST_BLINK_SECONDS, BLINK_PAUSE_SECONDS = (0.8, 2.0), (2.0, 5.0)
DOUBLE_BLINK_SECONDS, DOUBLE_BLINK_SHARE = 0.45, 0.12
#: No blink begins in the last of the video.
QUIET_END_SECONDS = 0.4

#: Pauses from this length on let an open-mouth picture return to its own mouth, within so many frames.
MIN_REST_SECONDS, REST_FRAMES = 0.9, 13
#: The gate of a pause.
MAX_PAUSE_GATE = 0.05


@dataclass(frozen=True)
class HeadTrack(FrameTracks):
    """What the head does in each frame.

    `yaw`, `pitch` and `roll` in radians; `x` and `y` (right and down) and `brow` (the lift of the brows) in
    face widths; `growth` is a share added to the size; `blink` how far the lids are closed, 0 to 1.
    """

    yaw: Floats
    pitch: Floats
    roll: Floats
    x: Floats
    y: Floats
    growth: Floats
    brow: Floats
    blink: Floats


def head_track(energy: Floats, seed: int) -> HeadTrack:
    """The head's motion to a voice of this `MouthTrack.energy`; what is left to chance, the seed decides."""
    frames = len(energy)
    chance = np.random.default_rng(seed)
    phrase = hann(energy, PHRASE_FRAMES)
    nod = hann(energy, NOD_FRAMES) - phrase
    ramp = _ramp(frames)
    live = ramp * (SILENT_SWAY + (1 - SILENT_SWAY) * np.clip(phrase / FULL_SWAY_LOUDNESS, 0, 1))
    return HeadTrack(
        yaw=floats(YAW_RADIANS * live * _sway(frames, YAW_HZ, chance)),
        pitch=floats(PITCH_RADIANS * live * _sway(frames, PITCH_HZ, chance) + NOD_PITCH * nod * ramp),
        roll=floats(ROLL_RADIANS * live * _sway(frames, ROLL_HZ, chance)),
        x=floats(SHIFT_X * live * _sway(frames, SHIFT_X_HZ, chance)),
        y=floats(SHIFT_Y * live * _sway(frames, SHIFT_Y_HZ, chance) + NOD_Y * nod * ramp),
        growth=floats(GROWTH * ramp * _sway(frames, GROWTH_HZ, chance)),
        brow=floats(np.clip(NOD_BROW * nod, 0, MAX_BROW) * ramp),
        blink=_blinks(frames, chance),
    )


def rest_track(gate: Floats, *, is_open: bool) -> Floats:
    """How far each frame shows the picture's own mouth, 0 to 1, for a voice with this `MouthTrack.gate`.

    A mouth that is open in the picture (`is_open`) returns in long pauses and at both ends. A closed one
    needs no rest: it is what an aperture of 0 shows.
    """
    rest = np.zeros(len(gate), np.float32)
    if not is_open:
        return rest
    for start, end in _pauses(gate):
        is_at_end = start == 0 or end == len(gate)
        if is_at_end or (end - start) / FRAME_RATE > MIN_REST_SECONDS:
            rest[start:end] = 1
    return hann(rest, REST_FRAMES)


def _pauses(gate: Floats) -> Iterator[tuple[int, int]]:
    """Frames from and to, of each run without speech."""
    is_pause = np.concatenate(([False], gate < MAX_PAUSE_GATE, [False]))
    edges = np.flatnonzero(is_pause[1:] != is_pause[:-1])
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _ramp(frames: int) -> Floats:
    """From 0 to 1 at the start, and back at the end: the first and last frame show the picture as it is."""
    seconds = np.arange(frames) / FRAME_RATE
    start, end = seconds / START_SECONDS, seconds[::-1] / END_SECONDS
    return floats(np.clip(np.minimum(start, end), 0, 1))


def _sway(frames: int, range_hz: tuple[float, float], chance: np.random.Generator) -> Floats:
    """A sum of slow sines, the slower ones stronger, of standard deviation 1 in the long run."""
    seconds = np.arange(frames) / FRAME_RATE
    sway, variance = np.zeros(frames), 0.0
    for hz in np.linspace(*range_hz, SINES):
        detuned_hz = hz * chance.uniform(1 - DETUNING, 1 + DETUNING)
        sway += np.sin(2 * np.pi * (detuned_hz * seconds + chance.uniform())) / np.sqrt(hz)
        variance += 1 / (2 * hz)
    return floats(sway / np.sqrt(variance))


def _blinks(frames: int, chance: np.random.Generator) -> Floats:
    lids = np.zeros(frames + len(BLINK), np.float32)
    seconds = chance.uniform(*FIRST_BLINK_SECONDS)
    while seconds < frames / FRAME_RATE - QUIET_END_SECONDS:
        blink = lids[int(seconds * FRAME_RATE) :][: len(BLINK)]
        np.maximum(blink, BLINK, out=blink)
        is_double = chance.uniform() < DOUBLE_BLINK_SHARE
        seconds += DOUBLE_BLINK_SECONDS if is_double else chance.uniform(*BLINK_PAUSE_SECONDS)
    return lids[:frames]
