"""Sound that need not be encoded: AAC-LC goes from the upload into the video as it came, packet by packet."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from worker.sandbox.runner import ProgramFailed
from worker.scene import ReportShare, Sound, SoundTrack
from worker.sound.aac import FRAME_SAMPLES, retiming
from worker.video.packets import Track, track_of


def copied(sound: Sound, folder: Path, report: ReportShare) -> SoundTrack | None:
    """The upload itself, whose packets are to be copied; None where the sound has to be encoded anew.

    The packets must say of themselves what the decoder made of them: as many samples, to within a frame.

    Raises:
        ChildKilled: a child process died of a signal.
    """
    if sound.aac is None:
        return None
    try:
        track = track_of("a", sound.aac, folder, sound.duration_seconds, report)
    except ProgramFailed:
        return None
    if not _agrees(track, sound):
        return None
    return SoundTrack(sound.aac, retiming=retiming(sound, -(track.first_tick or 0), track.packets))


def _agrees(track: Track, sound: Sound) -> bool:
    """Whether the packets, one frame after the other, add up to the samples that were decoded."""
    if track.first_tick is None or Fraction(track.facts["tb"]) != Fraction(1, sound.sample_rate):
        return False
    end = track.first_tick + track.packets * FRAME_SAMPLES
    return track.first_tick <= 0 and 0 <= end - sound.samples < FRAME_SAMPLES
