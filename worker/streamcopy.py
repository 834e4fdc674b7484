"""Sound that need not be encoded: AAC-LC goes from the upload into the video as it came, packet by packet."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import ffmpeg

from worker import aac
from worker.aac import FRAME_SAMPLES
from worker.ffmpeg import CLOSED, local
from worker.packets import Track, tracks_of
from worker.process import ProgramFailed
from worker.scene import ReportShare, Sound


def copied(sound: Sound, folder: Path, report: ReportShare) -> Path | None:
    """The upload's own packets in `folder`/sound.m4a; None where they have to be encoded anew.

    The packets must say of themselves what the decoder made of them: as many samples, to within a frame.

    Raises:
        ChildKilled: a child process died of a signal.
    """
    if sound.aac is None:
        return None
    try:
        tracks = tracks_of(sound.aac, folder, sound.duration_seconds, report, streams="0:a:0")
        return _copied(tracks.get("audio", Track()), sound, sound.aac, folder)
    except ProgramFailed:
        return None


def _copied(track: Track, sound: Sound, upload: Path, folder: Path) -> Path | None:
    if not _agrees(track, sound):
        return None
    frames = ffmpeg.input(local(upload), **CLOSED, f="mov")["a:0"]
    return aac.timed(frames, sound, -(track.first_tick or 0), track.packets, folder)


def _agrees(track: Track, sound: Sound) -> bool:
    """Whether the packets, one frame after the other, add up to the samples that were decoded."""
    if track.first_tick is None or Fraction(track.facts["tb"]) != Fraction(1, sound.sample_rate):
        return False
    end = track.first_tick + track.packets * FRAME_SAMPLES
    return track.first_tick <= 0 and 0 <= end - sound.samples < FRAME_SAMPLES
